/* Ed25519 seals: what the manager's key signed, whoever carried it.
 *
 * Signed are "holdline-v1\0" + context + "\0" + payload, so that a seal of one kind ("settings") can never be shown as
 * one of another ("command").  A context is a short word without NUL.  Counters, addressees and expiry are inside the
 * payload: not the business of this module. */
#ifndef LIB_PKI_SEAL_H
#define LIB_PKI_SEAL_H

#include "lib/base/error.h"

#define HL_SEAL_PUBLIC_SIZE    32
#define HL_SEAL_SIGNATURE_SIZE 64

typedef struct HlSealKey HlSealKey;

HlSealKey *hl_seal_key_generate(GError **error);
void hl_seal_key_free(HlSealKey *key);

/* PKCS#8 PEM; saved atomically with mode 0600. */
HlSealKey *hl_seal_key_load(const char *path, GError **error);
bool hl_seal_key_save(const HlSealKey *key, const char *path, GError **error);

/* The public key, 32 raw bytes; borrowed. */
GBytes *hl_seal_key_public(const HlSealKey *key);

/* First 8 bytes of the public key's SHA-256, hexadecimal: 16 characters.  Caller frees. */
char *hl_seal_key_id(GBytes *public_key);

/* 64 bytes; never NULL (a failure of the library here is a bug and aborts). */
GBytes *hl_seal_sign(const HlSealKey *key, const char *context, GBytes *payload);

/* false for any public key, signature or payload that does not fit, whatever its size. */
bool hl_seal_verify(GBytes *public_key, const char *context, GBytes *payload, GBytes *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlSealKey, hl_seal_key_free)

#endif
