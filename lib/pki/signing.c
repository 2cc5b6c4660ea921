/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/signing.h"

#include <openssl/err.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/pki/digest.h"
#include "lib/pki/internal.h"

#define LARGEST_KEY_FILE (16 * 1024)
#define KEY_ID_SIZE      8

static const char domain[] = "holdline-v1"; /* its NUL is signed too */

struct HlSigningKey {
    EVP_PKEY *pkey;
    GBytes *public_key;
};

/* Takes pkey. */
static HlSigningKey *wrap(EVP_PKEY *pkey)
{
    uint8_t raw[HL_SIGNING_PUBLIC_SIZE];
    gsize size = sizeof raw;
    HlSigningKey *key = g_new0(HlSigningKey, 1);

    if (EVP_PKEY_get_raw_public_key(pkey, raw, &size) != 1 || size != sizeof raw)
        g_error("an Ed25519 key without its public part");
    key->pkey = pkey;
    key->public_key = g_bytes_new(raw, sizeof raw);
    return key;
}

HlSigningKey *hl_signing_key_generate(GError **error)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (pkey != NULL)
        return wrap(pkey);
    hl_pki_fail(error, HL_ERROR_FAILED, "cannot generate a signing key");
    return NULL;
}

void hl_signing_key_free(HlSigningKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    g_bytes_unref(key->public_key);
    g_free(key);
}

HlSigningKey *hl_signing_key_load(const char *path, GError **error)
{
    g_autofree char *pem = hl_file_read_text(path, LARGEST_KEY_FILE, error);
    g_autoptr(EVP_PKEY) pkey = pem == NULL ? NULL : hl_pki_parse_private(path, pem, error);

    if (pem != NULL)
        OPENSSL_cleanse(pem, strlen(pem));
    if (pkey == NULL)
        return NULL;
    if (EVP_PKEY_is_a(pkey, "ED25519") != 1) {
        hl_fail(error, HL_ERROR_INVALID, _("the key in %s is not an Ed25519 key"), path);
        return NULL;
    }
    return wrap(g_steal_pointer(&pkey));
}

bool hl_signing_key_save(const HlSigningKey *key, const char *path, GError **error)
{
    g_autofree char *pem = hl_pki_print_private(key->pkey);
    bool saved = hl_file_write_text(path, pem, 0600, error);

    OPENSSL_cleanse(pem, strlen(pem));
    return saved;
}

GBytes *hl_signing_key_public(const HlSigningKey *key)
{
    return key->public_key;
}

char *hl_signing_key_id(GBytes *public_key)
{
    HlDigest digest = hl_sha256(g_bytes_get_data(public_key, NULL), g_bytes_get_size(public_key));

    return hl_hex(digest.bytes, KEY_ID_SIZE);
}

GByteArray *hl_pki_signed_bytes(const char *context, GBytes *payload)
{
    gsize size = g_bytes_get_size(payload);
    GByteArray *bytes = g_byte_array_sized_new((guint)(sizeof domain + strlen(context) + 1 + size));

    g_byte_array_append(bytes, (const guint8 *)domain, sizeof domain);
    g_byte_array_append(bytes, (const guint8 *)context, (guint)strlen(context) + 1);
    if (size > 0)
        g_byte_array_append(bytes, g_bytes_get_data(payload, NULL), (guint)size);
    return bytes;
}

GBytes *hl_signing_key_sign(const HlSigningKey *key, const char *context, GBytes *payload)
{
    g_autoptr(GByteArray) bytes = hl_pki_signed_bytes(context, payload);
    g_autoptr(EVP_MD_CTX) md = EVP_MD_CTX_new();
    uint8_t signature[HL_SIGNATURE_SIZE];
    gsize size = sizeof signature;

    if (EVP_DigestSignInit(md, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(md, signature, &size, bytes->data, bytes->len) != 1 || size != sizeof signature)
        g_error("Ed25519 cannot sign");
    return g_bytes_new(signature, size);
}

bool hl_signature_verify(GBytes *public_key, const char *context, GBytes *payload, GBytes *signature)
{
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(EVP_PKEY) pkey = NULL;
    g_autoptr(EVP_MD_CTX) md = NULL;
    bool good;

    if (public_key == NULL || signature == NULL || g_bytes_get_size(public_key) != HL_SIGNING_PUBLIC_SIZE ||
        g_bytes_get_size(signature) != HL_SIGNATURE_SIZE)
        return false;
    bytes = hl_pki_signed_bytes(context, payload);
    pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, g_bytes_get_data(public_key, NULL),
                                          HL_SIGNING_PUBLIC_SIZE);
    md = EVP_MD_CTX_new();
    good = pkey != NULL && EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
           EVP_DigestVerify(md, g_bytes_get_data(signature, NULL), HL_SIGNATURE_SIZE, bytes->data, bytes->len) == 1;
    ERR_clear_error(); /* an invalid signature is an answer, not a failure */
    return good;
}
