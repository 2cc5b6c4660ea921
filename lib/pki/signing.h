/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's Ed25519 signatures, independent of how the message travelled.
 *
 * What is signed is "holdline-v1\0" + context + "\0" + payload, so that a signature of one kind ("settings") can never
 * pass for one of another ("command").  A context is a short word without NUL.  Counters, addressees and expiry are
 * inside the payload: not the business of this module. */
#ifndef LIB_PKI_SIGNING_H
#define LIB_PKI_SIGNING_H

#include "lib/base/error.h"

#define HL_SIGNING_PUBLIC_SIZE 32
#define HL_SIGNATURE_SIZE      64

typedef struct HlSigningKey HlSigningKey;

HlSigningKey *hl_signing_key_generate(GError **error);
void hl_signing_key_free(HlSigningKey *key);

/* PKCS#8 PEM; saved atomically with mode 0600. */
HlSigningKey *hl_signing_key_load(const char *path, GError **error);
bool hl_signing_key_save(const HlSigningKey *key, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The public key, 32 raw bytes; borrowed. */
GBytes *hl_signing_key_public(const HlSigningKey *key);

/* First 8 bytes of the public key's SHA-256, hexadecimal: 16 characters.  Caller frees. */
char *hl_signing_key_id(GBytes *public_key);

/* 64 bytes; never NULL (a failure of the library here is a bug and aborts). */
GBytes *hl_signing_key_sign(const HlSigningKey *key, const char *context, GBytes *payload);

/* false unless public key, signature and payload belong together, whatever their sizes. */
bool hl_signature_verify(GBytes *public_key, const char *context, GBytes *payload, GBytes *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlSigningKey, hl_signing_key_free)

#endif
