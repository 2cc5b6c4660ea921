/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and tokens. */
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

/* A secret of 160 random bits as 32 characters of base 32.  Caller frees. */
char *hl_token_new(void);

/* What is stored instead of a token: its SHA-256 in hexadecimal.  (160 random bits need no salt and no slow hash.)
 * Caller frees. */
char *hl_token_digest(const char *token);

#endif
