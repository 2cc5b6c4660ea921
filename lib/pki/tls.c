/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/pki/internal.h"

struct HlTlsContext {
    SSL_CTX *ssl;
    HlTlsRole role;
};

struct HlTls {
    SSL *ssl;
    int fd;       /* borrowed */
    HlCert *peer; /* after the handshake */
    char *problem;
};

HlTlsContext *hl_tls_context_new(HlTlsRole role, const HlCert *ca, const HlCert *cert, const HlKey *key, GError **error)
{
    g_autoptr(HlTlsContext) context = g_new0(HlTlsContext, 1);

    context->role = role;
    context->ssl = SSL_CTX_new(role == HL_TLS_CLIENT ? TLS_client_method() : TLS_server_method());
    if (context->ssl == NULL || SSL_CTX_set_min_proto_version(context->ssl, TLS1_3_VERSION) != 1 ||
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), ca->x509) != 1) {
        hl_pki_fail(error, HL_ERROR_FAILED, "TLS context");
        return NULL;
    }
    if (SSL_CTX_use_certificate(context->ssl, cert->x509) != 1 ||
        SSL_CTX_use_PrivateKey(context->ssl, key->pkey) != 1 || SSL_CTX_check_private_key(context->ssl) != 1) {
        hl_pki_fail(error, HL_ERROR_INVALID, "certificate of %s: the private key does not belong to it; enrol again",
                    cert->info.cn);
        return NULL;
    }
    SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context->ssl, 0);
    SSL_CTX_set_mode(context->ssl,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return g_steal_pointer(&context);
}

void hl_tls_context_trust(HlTlsContext *context, const HlCert *ca)
{
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), ca->x509) != 1)
        g_error("TLS: out of memory");
}

void hl_tls_context_free(HlTlsContext *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    g_free(context);
}

HlTls *hl_tls_new(HlTlsContext *context, int fd)
{
    HlTls *tls = g_new0(HlTls, 1);
    BIO *bio;

    tls->ssl = SSL_new(context->ssl);
    if (tls->ssl == NULL)
        g_error("TLS: out of memory");
    tls->fd = fd;
    bio = hl_pki_socket_bio(&tls->fd);
    SSL_set_bio(tls->ssl, bio, bio);
    if (context->role == HL_TLS_CLIENT)
        SSL_set_connect_state(tls->ssl);
    else
        SSL_set_accept_state(tls->ssl);
    return tls;
}

void hl_tls_free(HlTls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    hl_cert_free(tls->peer);
    g_free(tls->problem);
    g_free(tls);
}

static void set_problem(HlTls *tls, int saved_errno)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    unsigned long code = ERR_peek_error();

    g_free(tls->problem);
    if (verdict != X509_V_OK)
        tls->problem = g_strdup_printf("the peer's certificate: %s", X509_verify_cert_error_string(verdict));
    else if (code != 0 && ERR_reason_error_string(code) != NULL)
        tls->problem = g_strdup(ERR_reason_error_string(code));
    else if (saved_errno != 0)
        tls->problem = g_strdup(hl_errno_text(saved_errno));
    else
        tls->problem = g_strdup("the peer closed the connection");
}

/* The outcome of the call that returned result; the error queue was empty before the call. */
static HlTlsOutcome outcome_of(HlTls *tls, int result)
{
    int saved_errno = errno;

    if (result == 1)
        return HL_TLS_DONE;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return HL_TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return HL_TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return HL_TLS_CLOSED;
    default:
        set_problem(tls, saved_errno);
        ERR_clear_error();
        return HL_TLS_FAILED;
    }
}

static void prepare(void)
{
    ERR_clear_error();
    errno = 0;
}

HlTlsOutcome hl_tls_handshake(HlTls *tls)
{
    HlTlsOutcome outcome;

    prepare();
    outcome = outcome_of(tls, SSL_do_handshake(tls->ssl));
    if (outcome == HL_TLS_DONE && tls->peer == NULL) {
        g_autoptr(GError) error = NULL;

        tls->peer = hl_cert_from_x509(SSL_get1_peer_certificate(tls->ssl), "the peer's certificate", &error);
        if (tls->peer == NULL) {
            g_free(tls->problem);
            tls->problem = g_strdup(error->message);
            return HL_TLS_FAILED;
        }
    }
    return outcome;
}

HlTlsOutcome hl_tls_read(HlTls *tls, void *buffer, gsize size, gsize *n)
{
    prepare();
    *n = 0;
    return outcome_of(tls, SSL_read_ex(tls->ssl, buffer, size, n));
}

HlTlsOutcome hl_tls_write(HlTls *tls, const void *data, gsize size, gsize *n)
{
    prepare();
    *n = 0;
    return outcome_of(tls, SSL_write_ex(tls->ssl, data, size, n));
}

void hl_tls_close(HlTls *tls)
{
    prepare();
    if (tls->peer != NULL)
        SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

const char *hl_tls_peer_cn(const HlTls *tls)
{
    g_assert(tls->peer != NULL);
    return tls->peer->info.cn;
}

HlCertKind hl_tls_peer_kind(const HlTls *tls)
{
    g_assert(tls->peer != NULL);
    return tls->peer->info.kind;
}

const char *hl_tls_problem(const HlTls *tls)
{
    return tls->problem != NULL ? tls->problem : "no problem";
}

void hl_tls_read_ahead(gpointer ssl)
{
    if (ssl != NULL)
        SSL_set_read_ahead(ssl, 1);
}

bool hl_tls_has_more(gpointer ssl)
{
    char first;
    bool has = ssl != NULL && SSL_has_pending(ssl) && SSL_peek(ssl, &first, sizeof first) > 0;

    ERR_clear_error();
    return has;
}
