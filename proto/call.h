/* SPDX-License-Identifier: Apache-2.0 */
/* With which certificate a call comes.  A broker vouches for the sender's name alone, and one that reads no revocation
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

/* A proof is one for so long before and after it was made: two clocks differ, and what somebody has overheard is not
 * one for ever. */
#define HL_CALL_PROOF_LIFE HL_HOUR

typedef struct HlCaller HlCaller;

/* Reads certificate and key; NULL: one of them cannot be read, or they do not belong together. */
HlCaller *hl_caller_load(const char *certificate, const char *key);
void hl_caller_free(HlCaller *caller);

/* Borrowed. */
const HlCert *hl_caller_cert(const HlCaller *caller);

/* The call as it goes over the wire, with certificate and proof; caller NULL: without.  NULL: something in it breaks
 * the rules of the wire. */
GBytes *hl_call_encode(const HlMsgCall *call, const HlCaller *caller, GError **error);

/* Whether the key of this certificate signed the call, not long ago. */
bool hl_call_is_proven(const HlMsgCall *call, const HlCert *cert, HlTime now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCaller, hl_caller_free)

#endif
