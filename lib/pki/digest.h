/* Digests, tokens and comparison in constant time. */
#ifndef LIB_PKI_DIGEST_H
#define LIB_PKI_DIGEST_H

#include <stdint.h>

#include "lib/base/error.h"

#define HL_SHA256_SIZE 32

typedef struct {
    uint8_t bytes[HL_SHA256_SIZE];
} HlDigest;

HlDigest hl_sha256(const void *data, gsize size);

/* In lower-case hexadecimal.  Caller frees. */
char *hl_sha256_hex(const void *data, gsize size);

HlDigest hl_hmac_sha256(const void *key, gsize key_size, const void *data, gsize size);

/* A secret of 160 random bits as 32 characters of base 32.  Caller frees. */
char *hl_token_new(void);

/* What is stored instead of a token: the hexadecimal SHA-256 of it.  (160 random bits need no salt and no slow hash.)
 * Caller frees. */
char *hl_token_digest(const char *token);

/* Takes as long for a near miss as for a far one; the lengths themselves are no secret. */
bool hl_equal_in_constant_time(const void *a, gsize a_size, const void *b, gsize b_size);

#endif
