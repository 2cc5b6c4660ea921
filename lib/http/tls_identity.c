/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/tls_identity.h"

#include "lib/base/unconst.h"
#include "lib/http/serve.h"

#include <string.h>

#define KEY_ID_SIZE 32

static bool fail(GError **error, const char *what, int result)
{
    return hl_fail(error, HL_ERROR_INVALID, "the server's %s cannot be used: %s", what, gnutls_strerror(result));
}

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){ hl_unconst(text), (unsigned)strlen(text) };
}

static bool key_id(gnutls_pubkey_t key, unsigned char *id)
{
    gsize size = KEY_ID_SIZE;

    return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &size) == 0 && size == KEY_ID_SIZE;
}

static bool check_pair(const HlTlsIdentity *identity, GError **error)
{
    unsigned char of_cert[KEY_ID_SIZE];
    unsigned char of_key[KEY_ID_SIZE];
    gnutls_pubkey_t public_key = NULL;
    bool same;

    if (gnutls_pubkey_init(&public_key) != 0)
        return hl_fail(error, HL_ERROR_FAILED, "out of memory for a key");
    same = gnutls_pubkey_import_privkey(public_key, identity->key, 0, 0) == 0 && key_id(public_key, of_key) &&
           key_id(identity->chain[0].pubkey, of_cert) && memcmp(of_cert, of_key, KEY_ID_SIZE) == 0;
    gnutls_pubkey_deinit(public_key);
    return same || hl_fail(error, HL_ERROR_INVALID, "the server's key does not match its certificate");
}

HlTlsIdentity *hl_tls_identity_new(const char *cert_pem, const char *key_pem, GError **error)
{
    g_autoptr(HlTlsIdentity) identity = g_new0(HlTlsIdentity, 1);
    gnutls_datum_t cert = datum(cert_pem);
    gnutls_datum_t key = datum(key_pem);
    unsigned length = HL_TLS_CHAIN;
    int result;

    result = gnutls_pcert_list_import_x509_raw(identity->chain, &length, &cert, GNUTLS_X509_FMT_PEM, 0);
    if (result != 0) {
        fail(error, "certificate", result);
        return NULL;
    }
    identity->length = length;
    result = gnutls_privkey_init(&identity->key);
    if (result == 0)
        result = gnutls_privkey_import_x509_raw(identity->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (result != 0) {
        fail(error, "key", result);
        return NULL;
    }
    return check_pair(identity, error) ? g_steal_pointer(&identity) : NULL;
}

void hl_tls_identity_free(HlTlsIdentity *identity)
{
    while (identity != NULL) {
        HlTlsIdentity *older = identity->older;

        for (unsigned i = 0; i < identity->length; i++)
            gnutls_pcert_deinit(&identity->chain[i]);
        if (identity->key != NULL)
            gnutls_privkey_deinit(identity->key);
        g_free(identity);
        identity = older;
    }
}

GBytes *hl_tls_client_cert(gnutls_session_t session)
{
    const gnutls_datum_t *chain;
    unsigned length = 0;
    unsigned status = 0;

    chain = gnutls_certificate_get_peers(session, &length);
    if (chain == NULL || length == 0 || gnutls_certificate_verify_peers2(session, &status) != 0 || status != 0)
        return NULL;
    return g_bytes_new(chain[0].data, chain[0].size);
}

HlTlsIdentity *hl_http_identity_new(const char *cert_pem, const char *key_pem, GError **error)
{
    return hl_tls_identity_new(cert_pem, key_pem, error);
}

void hl_http_identity_free(HlTlsIdentity *identity)
{
    hl_tls_identity_free(identity);
}
