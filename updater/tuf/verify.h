/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, signatures and keys of TUF metadata on OpenSSL 3; the one file of the updater that knows OpenSSL.
 *
 * Not a policy: which key may sign what is decided in trusted.h.  Any thread; nothing is kept between calls. */
#ifndef UPDATER_TUF_VERIFY_H
#define UPDATER_TUF_VERIFY_H

#include "lib/base/error.h"

/* Digests.  Metadata may list others beside these; they are ignored, but one of these must be there. */

typedef enum { TUF_HASH_SHA256, TUF_HASH_SHA512, TUF_HASH_N } TufHash;

/* "sha256", "sha512". */
const char *tuf_hash_name(TufHash hash);

/* Length of its hexadecimal form without the NUL. */
gsize tuf_hash_hex_length(TufHash hash);

/* Lower-case hexadecimal digest.  Caller frees. */
char *tuf_hash_hex(TufHash hash, const void *data, gsize size);

/* The same for what comes in pieces. */
typedef struct TufDigest TufDigest;
TufDigest *tuf_digest_new(TufHash hash);
void tuf_digest_update(TufDigest *digest, const void *data, gsize size);
/* Ends the digest, which can then only be freed.  Caller frees the text. */
char *tuf_digest_finish(TufDigest *digest);
void tuf_digest_free(TufDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TufDigest, tuf_digest_free)

/* Public keys. */

typedef enum {
    TUF_SCHEME_ED25519,
    TUF_SCHEME_ECDSA_P256_SHA256,
    TUF_SCHEME_RSA_PSS_SHA256,
    TUF_SCHEME_RSA_PKCS1_SHA256,
} TufScheme;

typedef struct TufPublicKey TufPublicKey;

/* text as in "keyval"."public": 64 hexadecimal digits for ed25519, PEM for the others.  NULL when it is not such a key,
 * not on the curve P-256, or an RSA key outside of 2048 to 8192 bits. */
TufPublicKey *tuf_public_key_new(TufScheme scheme, const char *text, GError **error);
void tuf_public_key_free(TufPublicKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TufPublicKey, tuf_public_key_free)

/* SHA-256 of the SubjectPublicKeyInfo in hexadecimal: the same for one key in whatever encoding.  Borrowed. */
const char *tuf_public_key_identity(const TufPublicKey *key);

/* Whether signature is this key's over data. */
bool tuf_verify(const TufPublicKey *key, const void *data, gsize size, const void *signature, gsize signature_size);

/* Private keys, Ed25519 only: what a repository of ours signs with. */

typedef struct TufPrivateKey TufPrivateKey;

TufPrivateKey *tuf_private_key_generate(void);
void tuf_private_key_free(TufPrivateKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TufPrivateKey, tuf_private_key_free)

/* PKCS #8 PEM; passphrase NULL for a key that is stored in the clear.  A wrong passphrase is HL_ERROR_DENIED. */
TufPrivateKey *tuf_private_key_parse(const char *pem, const char *passphrase, GError **error);

/* With a passphrase it is encrypted: AES-256, the key derived by scrypt.  Caller frees (and wipes). */
char *tuf_private_key_print(const TufPrivateKey *key, const char *passphrase);

/* 64 hexadecimal digits, as in "keyval"."public".  Caller frees. */
char *tuf_private_key_public_hex(const TufPrivateKey *key);

/* 128 hexadecimal digits, as in "sig".  Caller frees. */
char *tuf_sign(const TufPrivateKey *key, const void *data, gsize size);

#endif
