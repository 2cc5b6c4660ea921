/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/verify.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/unconst.h"

enum {
    ED25519_KEY_SIZE = 32,
    ED25519_SIGNATURE_SIZE = 64,
    RSA_BITS_MIN = 2048, /* TUF 1.0.34, section 4.2 */
    RSA_BITS_MAX = 8192, /* verifying 16384 bits costs milliseconds a signature, and nobody uses it */
    PEM_SIZE_MAX = 8192,
    /* scrypt for keys at rest: 16 MiB and about 0.2 s a guess; libcrypto reads at most 32 MiB back */
    SCRYPT_N = 1 << 14,
    SCRYPT_BLOCK = 8,
    SCRYPT_PARALLEL = 5,
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

typedef struct {
    const char *name;
    const EVP_MD *(*md)(void);
    gsize size;
} HashRow;

static const HashRow hashes[TUF_HASH_N] = {
    [TUF_HASH_SHA256] = { "sha256", EVP_sha256, 32 },
    [TUF_HASH_SHA512] = { "sha512", EVP_sha512, 64 },
};

struct TufDigest {
    EVP_MD_CTX *context;
};

struct TufPublicKey {
    TufScheme scheme;
    EVP_PKEY *pkey;
    char *identity;
};

struct TufPrivateKey {
    EVP_PKEY *pkey;
};

const char *tuf_hash_name(TufHash hash)
{
    return hashes[hash].name;
}

gsize tuf_hash_hex_length(TufHash hash)
{
    return 2 * hashes[hash].size;
}

TufDigest *tuf_digest_new(TufHash hash)
{
    TufDigest *digest = g_new0(TufDigest, 1);

    digest->context = EVP_MD_CTX_new();
    if (digest->context == NULL || EVP_DigestInit_ex(digest->context, hashes[hash].md(), NULL) != 1)
        g_error("libcrypto has no %s", hashes[hash].name);
    return digest;
}

void tuf_digest_update(TufDigest *digest, const void *data, gsize size)
{
    if (EVP_DigestUpdate(digest->context, data, size) != 1)
        g_error("a digest failed");
}

char *tuf_digest_finish(TufDigest *digest)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (EVP_DigestFinal_ex(digest->context, raw, &size) != 1)
        g_error("a digest failed");
    return hl_hex(raw, size);
}

void tuf_digest_free(TufDigest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    g_free(digest);
}

char *tuf_hash_hex(TufHash hash, const void *data, gsize size)
{
    g_autoptr(TufDigest) digest = tuf_digest_new(hash);

    tuf_digest_update(digest, data, size);
    return tuf_digest_finish(digest);
}

static EVP_PKEY *read_ed25519(const char *hex)
{
    g_autoptr(GBytes) raw = hl_unhex(hex);

    if (raw == NULL || g_bytes_get_size(raw) != ED25519_KEY_SIZE)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, g_bytes_get_data(raw, NULL), ED25519_KEY_SIZE);
}

static EVP_PKEY *read_pem(const char *pem)
{
    gsize size = strlen(pem);
    g_autoptr(BIO) bio = size > PEM_SIZE_MAX ? NULL : BIO_new_mem_buf(pem, (int)size);

    return bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
}

static EVP_PKEY *read_p256(const char *pem)
{
    g_autoptr(EVP_PKEY) pkey = read_pem(pem);
    char group[32] = "";

    if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) != 1 ||
        strcmp(group, SN_X9_62_prime256v1) != 0)
        return NULL;
    return g_steal_pointer(&pkey);
}

static EVP_PKEY *read_rsa(const char *pem)
{
    g_autoptr(EVP_PKEY) pkey = read_pem(pem);
    int bits = pkey == NULL ? 0 : EVP_PKEY_get_bits(pkey);

    if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return NULL;
    return g_steal_pointer(&pkey);
}

typedef struct {
    const char *takes; /* for messages */
    EVP_PKEY *(*read)(const char *text);
    bool hashed;     /* SHA-256 first; Ed25519 takes the message itself */
    int rsa_padding; /* 0: not RSA */
} SchemeRow;

static const SchemeRow schemes[] = {
    [TUF_SCHEME_ED25519] = { "64 hexadecimal digits", read_ed25519, false, 0 },
    [TUF_SCHEME_ECDSA_P256_SHA256] = { "a PEM public key on the curve P-256", read_p256, true, 0 },
    [TUF_SCHEME_RSA_PSS_SHA256] = { "a PEM RSA public key of 2048 to 8192 bits", read_rsa, true,
                                    RSA_PKCS1_PSS_PADDING },
    [TUF_SCHEME_RSA_PKCS1_SHA256] = { "a PEM RSA public key of 2048 to 8192 bits", read_rsa, true, RSA_PKCS1_PADDING },
};

static char *spki_hash(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    char *hex;

    if (size <= 0)
        g_error("libcrypto cannot encode a public key that it has read");
    hex = tuf_hash_hex(TUF_HASH_SHA256, der, (gsize)size);
    OPENSSL_free(der);
    return hex;
}

TufPublicKey *tuf_public_key_new(TufScheme scheme, const char *text, GError **error)
{
    EVP_PKEY *pkey = schemes[scheme].read(text);
    TufPublicKey *key;

    ERR_clear_error();
    if (pkey == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "the public key is not %s", schemes[scheme].takes);
        return NULL;
    }
    key = g_new0(TufPublicKey, 1);
    key->scheme = scheme;
    key->pkey = pkey;
    key->identity = spki_hash(pkey);
    return key;
}

void tuf_public_key_free(TufPublicKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    g_free(key->identity);
    g_free(key);
}

const char *tuf_public_key_identity(const TufPublicKey *key)
{
    return key->identity;
}

bool tuf_verify(const TufPublicKey *key, const void *data, gsize size, const void *signature, gsize signature_size)
{
    const SchemeRow *row = &schemes[key->scheme];
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL; /* belongs to context */
    bool good = context != NULL &&
                EVP_DigestVerifyInit(context, &options, row->hashed ? EVP_sha256() : NULL, NULL, key->pkey) == 1;

    if (good && row->rsa_padding != 0)
        good = EVP_PKEY_CTX_set_rsa_padding(options, row->rsa_padding) == 1;
    /* signers choose the length of the salt: 32 bytes or as long as fits, both are in use */
    if (good && row->rsa_padding == RSA_PKCS1_PSS_PADDING)
        good = EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_AUTO) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha256()) == 1;
    good = good && EVP_DigestVerify(context, signature, signature_size, data, size) == 1;
    ERR_clear_error();
    return good;
}

static TufPrivateKey *private_key_take(EVP_PKEY *pkey)
{
    TufPrivateKey *key = g_new0(TufPrivateKey, 1);

    key->pkey = pkey;
    return key;
}

TufPrivateKey *tuf_private_key_generate(void)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (pkey == NULL)
        g_error("libcrypto cannot make an Ed25519 key");
    return private_key_take(pkey);
}

void tuf_private_key_free(TufPrivateKey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    g_free(key);
}

/* Never asks a terminal: without a passphrase an encrypted key is refused. */
static int give_passphrase(char *buffer, int size, int writing G_GNUC_UNUSED, void *user)
{
    const char *passphrase = user;
    gsize length = passphrase == NULL ? 0 : strlen(passphrase);

    if (length == 0 || length >= (gsize)size)
        return -1;
    g_strlcpy(buffer, passphrase, (gsize)size);
    return (int)length;
}

TufPrivateKey *tuf_private_key_parse(const char *pem, const char *passphrase, GError **error)
{
    gsize size = strlen(pem);
    g_autoptr(BIO) bio = size > PEM_SIZE_MAX ? NULL : BIO_new_mem_buf(pem, (int)size);
    g_autoptr(EVP_PKEY) pkey =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, hl_unconst(passphrase));

    ERR_clear_error();
    if (pkey == NULL && strstr(pem, "ENCRYPTED") != NULL)
        hl_fail(error, HL_ERROR_DENIED, "the private key is encrypted, and %s",
                passphrase == NULL ? "no passphrase is given" : "the passphrase does not open it");
    else if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519)
        hl_fail(error, HL_ERROR_INVALID, "the private key is not an Ed25519 key in PEM (PKCS #8)");
    else
        return private_key_take(g_steal_pointer(&pkey));
    return NULL;
}

/* PKCS #8 with PBES2: AES-256 under a key that scrypt makes of the passphrase.  NULL if libcrypto cannot. */
static X509_SIG *encrypt_key(EVP_PKEY *pkey, const char *passphrase)
{
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_BLOCK, SCRYPT_PARALLEL);
    X509_SIG *encrypted =
        plain == NULL || scheme == NULL ? NULL : PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), plain, scheme);

    if (encrypted == NULL)
        X509_ALGOR_free(scheme); /* otherwise it belongs to the result */
    PKCS8_PRIV_KEY_INFO_free(plain);
    return encrypted;
}

char *tuf_private_key_print(const TufPrivateKey *key, const char *passphrase)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_secmem());
    X509_SIG *encrypted = passphrase == NULL ? NULL : encrypt_key(key->pkey, passphrase);
    char *text = NULL;
    long size;
    int written = 0;

    if (bio != NULL && encrypted != NULL)
        written = PEM_write_bio_PKCS8(bio, encrypted);
    else if (bio != NULL && passphrase == NULL)
        written = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL);
    X509_SIG_free(encrypted);
    if (written != 1)
        g_error("libcrypto cannot write a private key");
    size = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)size);
}

char *tuf_private_key_public_hex(const TufPrivateKey *key)
{
    unsigned char raw[ED25519_KEY_SIZE];
    gsize size = sizeof raw;

    if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &size) != 1)
        g_error("libcrypto cannot tell the public half of a key");
    return hl_hex(raw, size);
}

char *tuf_sign(const TufPrivateKey *key, const void *data, gsize size)
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    unsigned char signature[ED25519_SIGNATURE_SIZE];
    gsize signature_size = sizeof signature;

    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(context, signature, &signature_size, data, size) != 1)
        g_error("libcrypto cannot sign");
    return hl_hex(signature, signature_size);
}
