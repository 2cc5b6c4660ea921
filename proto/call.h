/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate a call comes with.  A broker vouches for the sender's name alone, and one that reads no revocation
 * lists for the name of one whose certificate was revoked as well; so a call shows its certificate, and proves by a
 * signature over the whole of it that the sender has the key. */
#ifndef PROTO_CALL_H
#define PROTO_CALL_H

#include "lib/base/clock.h"
#include "lib/pki/cert.h"
#include "lib/pki/key.h"
#include "proto/messages.h"

/* Of the signature (hl_key_sign). */
#define HL_CALL_PROOF "call"

/* A proof is valid for this long before and after it was made: clocks differ, and an overheard one must not be valid
 * for ever. */
#define HL_CALL_PROOF_LIFE HL_HOUR

typedef struct HlCallSigner HlCallSigner;

/* Reads certificate and key, each once; NULL: one of them cannot be read, or they do not belong together
 * (HL_ERROR_INVALID). */
HlCallSigner *hl_call_signer_load(const char *certificate, const char *key, GError **error);
void hl_call_signer_free(HlCallSigner *signer);

/* Borrowed. */
const HlCert *hl_call_signer_cert(const HlCallSigner *signer);

/* The call as it goes over the wire, with certificate and proof; signer NULL: without.  NULL: something in it breaks
 * the rules of the wire. */
GBytes *hl_call_encode(const HlMsgCall *call, const HlCallSigner *signer, GError **error);

/* Whether the key of this certificate signed the call, not long ago. */
bool hl_call_is_proven(const HlMsgCall *call, const HlCert *cert, HlTime now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCallSigner, hl_call_signer_free)

#endif
