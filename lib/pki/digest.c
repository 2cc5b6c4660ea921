/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "lib/base/ident.h"

/* Looked up once, which takes longer than a digest of a few hundred bytes; never freed. */
static const EVP_MD *sha256(void)
{
    static gsize found;

    if (g_once_init_enter(&found)) {
        EVP_MD *method = EVP_MD_fetch(NULL, "SHA256", NULL);

        if (method == NULL)
            g_error("SHA-256 is not available");
        g_once_init_leave(&found, (gsize)method);
    }
    return (const EVP_MD *)found; /* NOLINT(performance-no-int-to-ptr) */
}

HlDigest hl_sha256(const void *data, gsize size)
{
    HlDigest digest;

    if (EVP_Digest(size > 0 ? data : "", size, digest.bytes, NULL, sha256(), NULL) != 1)
        g_error("SHA-256 failed");
    return digest;
}

char *hl_sha256_hex(const void *data, gsize size)
{
    HlDigest digest = hl_sha256(data, size);

    return hl_hex(digest.bytes, sizeof digest.bytes);
}

/* Crockford's base 32: no letter that is easily read as another. */
char *hl_token_new(void)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint8_t random[32];
    char *token = g_malloc(sizeof random + 1);

    hl_random_bytes(random, sizeof random);
    for (gsize i = 0; i < sizeof random; i++)
        token[i] = digits[random[i] & 31];
    token[sizeof random] = '\0';
    OPENSSL_cleanse(random, sizeof random);
    return token;
}

char *hl_token_digest(const char *token)
{
    return hl_sha256_hex(token, strlen(token));
}
