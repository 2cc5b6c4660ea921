/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 private keys for TLS.  (Signing keys are Ed25519: signing.h.) */
#ifndef LIB_PKI_KEY_H
#define LIB_PKI_KEY_H

#include "lib/base/error.h"

#define HL_KEY_MAX_SIGNATURE 72 /* SEQUENCE of two INTEGERs of 33 bytes */

typedef struct HlKey HlKey;

HlKey *hl_key_generate(GError **error);
void hl_key_free(HlKey *key);

/* PKCS#8 PEM without a password; a key of another kind is refused. */
HlKey *hl_key_load(const char *path, GError **error);

/* ECDSA with SHA-256, DER, over a context and a payload as signing.h frames them: what is signed for one purpose passes
 * for no other.  Never NULL (a failure of the library here is a bug and aborts); hl_cert_verify_signature checks it. */
GBytes *hl_key_sign(const HlKey *key, const char *context, GBytes *payload);

/* Caller frees. */
char *hl_key_print(const HlKey *key);

/* Atomic and durable, mode 0600. */
bool hl_key_save(const HlKey *key, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlKey, hl_key_free)

#endif
