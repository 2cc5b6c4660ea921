/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/pki/internal.h"

#define LARGEST_KEY_FILE (16 * 1024)

bool hl_pki_fail(GError **error, HlErrorCode code, const char *format, ...)
{
    unsigned long reason = ERR_get_error();
    bool is_system = ERR_SYSTEM_ERROR(reason); /* a file that cannot be read */
    const char *text = reason == 0 ? NULL
                       : is_system ? hl_errno_text(ERR_GET_REASON(reason))
                                   : ERR_reason_error_string(reason);
    g_autofree char *prefix = NULL;
    va_list args;

    va_start(args, format);
    prefix = g_strdup_vprintf(format, args);
    va_end(args);
    ERR_clear_error();
    if (text == NULL)
        return hl_fail(error, code, "%s", prefix);
    return hl_fail(error, code, "%s: %s", prefix, text);
}

/* Without it OpenSSL asks for a password on the terminal. */
static int no_password(char *buffer G_GNUC_UNUSED, int size G_GNUC_UNUSED, int writing G_GNUC_UNUSED,
                       void *user G_GNUC_UNUSED)
{
    return -1;
}

EVP_PKEY *hl_pki_parse_private(const char *name, const char *pem, GError **error)
{
    gsize size = strlen(pem);
    g_autoptr(BIO) bio = NULL;
    EVP_PKEY *pkey;

    if (size > LARGEST_KEY_FILE) {
        hl_fail(error, HL_ERROR_LIMIT, _("%s is too long to be a key"), name);
        return NULL;
    }
    bio = BIO_new_mem_buf(pem, (int)size);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    if (pkey == NULL)
        hl_pki_fail(error, HL_ERROR_INVALID, "%s does not contain a private key in PEM form without a password", name);
    return pkey;
}

char *hl_pki_bio_text(BIO *bio)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);

    return g_strndup(data, (gsize)size);
}

char *hl_pki_print_private(EVP_PKEY *pkey)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_secmem()); /* wiped when freed */

    if (PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
        g_error("a private key cannot be written to memory");
    return hl_pki_bio_text(bio);
}

bool hl_pki_is_p256(EVP_PKEY *pkey)
{
    char group[32] = "";

    return EVP_PKEY_is_a(pkey, "EC") == 1 && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

static HlKey *wrap(EVP_PKEY *pkey)
{
    HlKey *key = g_new0(HlKey, 1);

    key->pkey = pkey;
    return key;
}

HlKey *hl_key_generate(GError **error)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");

    if (pkey != NULL)
        return wrap(pkey);
    hl_pki_fail(error, HL_ERROR_FAILED, "cannot generate a key");
    return NULL;
}

void hl_key_free(HlKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    g_free(key);
}

static HlKey *parse(const char *name, const char *pem, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = hl_pki_parse_private(name, pem, error);

    if (pkey == NULL)
        return NULL;
    if (!hl_pki_is_p256(pkey)) {
        hl_fail(error, HL_ERROR_INVALID, _("the key in %s is not a P-256 key; generate a new one"), name);
        return NULL;
    }
    return wrap(g_steal_pointer(&pkey));
}

HlKey *hl_key_load(const char *path, GError **error)
{
    g_autofree char *pem = hl_file_read_text(path, LARGEST_KEY_FILE, error);
    HlKey *key = pem == NULL ? NULL : parse(path, pem, error);

    if (pem != NULL)
        OPENSSL_cleanse(pem, strlen(pem));
    return key;
}

GBytes *hl_key_sign(const HlKey *key, const char *context, GBytes *payload)
{
    g_autoptr(GByteArray) bytes = hl_pki_signed_bytes(context, payload);
    g_autoptr(EVP_MD_CTX) md = EVP_MD_CTX_new();
    uint8_t signature[HL_KEY_MAX_SIGNATURE];
    gsize size = sizeof signature;

    if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key->pkey) != 1 ||
        EVP_DigestSign(md, signature, &size, bytes->data, bytes->len) != 1)
        g_error("a P-256 key cannot sign");
    return g_bytes_new(signature, size);
}

char *hl_key_print(const HlKey *key)
{
    return hl_pki_print_private(key->pkey);
}

bool hl_key_save(const HlKey *key, const char *path, GError **error)
{
    g_autofree char *pem = hl_key_print(key);
    bool saved = hl_file_write_text(path, pem, 0600, error);

    OPENSSL_cleanse(pem, strlen(pem));
    return saved;
}
