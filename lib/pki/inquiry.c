/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/inquiry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/pki/internal.h"
#include "lib/pki/trust.h"

#define NAMES_SHOWN 5 /* of a certificate; ours have two or three */

struct HlInquiry {
    char *ca_path, *cert_path, *key_path, *host;
    SSL_CTX *context;
    SSL *ssl;
    int fd;         /* borrowed */
    bool is_judged; /* the server's certificate was found wrong; verdict says how */
    HlInquiryOutcome verdict;
    HlCert *shown;   /* the server's; NULL: none yet */
    bool has_ticket; /* the server sent one: it does so only once it has accepted the own certificate */
    char *detail;
    HlTime date;
};

HlInquiry *hl_inquiry_new(const HlInquirySpec *spec)
{
    HlInquiry *inquiry = g_new0(HlInquiry, 1);

    inquiry->ca_path = g_strdup(spec->ca_path);
    inquiry->cert_path = g_strdup(spec->cert_path);
    inquiry->key_path = g_strdup(spec->key_path);
    inquiry->host = g_strdup(spec->host);
    return inquiry;
}

void hl_inquiry_free(HlInquiry *inquiry)
{
    if (inquiry == NULL)
        return;
    SSL_free(inquiry->ssl);
    hl_cert_free(inquiry->shown);
    SSL_CTX_free(inquiry->context);
    g_free(inquiry->ca_path);
    g_free(inquiry->cert_path);
    g_free(inquiry->key_path);
    g_free(inquiry->host);
    g_free(inquiry->detail);
    g_free(inquiry);
}

const char *hl_inquiry_detail(const HlInquiry *inquiry)
{
    return inquiry->detail != NULL ? inquiry->detail : "";
}

HlTime hl_inquiry_date(const HlInquiry *inquiry)
{
    return inquiry->date;
}

const HlCert *hl_inquiry_shown(const HlInquiry *inquiry)
{
    return inquiry->shown;
}

/* Takes detail, which may be NULL. */
static HlInquiryOutcome conclude(HlInquiry *inquiry, HlInquiryOutcome outcome, char *detail, HlTime date)
{
    g_free(inquiry->detail);
    inquiry->detail = detail;
    inquiry->date = date;
    return outcome;
}

/* ----------------------------------------------------------------------------------------- the server's certificate */

static bool is_for(X509 *cert, const char *host)
{
    return X509_check_host(cert, host, 0, 0, NULL) == 1 || X509_check_ip_asc(cert, host, 0) == 1;
}

static char *names_of(X509 *cert)
{
    g_autoptr(GPtrArray) list = hl_pki_names(cert);

    if (list->len == 0)
        return g_strdup("no name at all");
    if (list->len > NAMES_SHOWN) {
        g_ptr_array_set_size(list, NAMES_SHOWN);
        g_ptr_array_add(list, g_strdup("..."));
    }
    g_ptr_array_add(list, NULL);
    return g_strjoinv(", ", (char **)list->pdata);
}

/* What is not in the table makes the certificate invalid in OpenSSL's words. */
static const struct {
    int error;
    HlInquiryOutcome outcome;
} verdicts[] = {
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_CERT_SIGNATURE_FAILURE, HL_INQUIRY_OTHER_AUTHORITY },
    { X509_V_ERR_CERT_HAS_EXPIRED, HL_INQUIRY_SERVER_ENDED },
    { X509_V_ERR_CERT_NOT_YET_VALID, HL_INQUIRY_SERVER_NOT_YET },
};

static char *print_name(const X509_NAME *name)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    return hl_pki_bio_text(bio);
}

/* Whose it is, for people on both sides to compare: of the authority itself, if the server sends it, else of its
 * certificate.  Nothing of it is proven. */
static char *describe_stranger(X509 *cert, const HlCert *shown)
{
    g_autofree char *issuer = print_name(X509_get_issuer_name(cert));
    bool is_authority = X509_check_issued(cert, cert) == X509_V_OK;
    g_autoptr(HlCert) authority = is_authority ? hl_cert_from_x509(X509_dup(cert), "issuer", NULL) : NULL;
    const HlCert *known = authority != NULL ? authority : shown;

    if (known == NULL)
        return g_strdup_printf("its issuer is %s", issuer);
    return g_strdup_printf(authority != NULL ? "its issuer is %s, with the fingerprint %.*s..."
                                             : "its issuer is %s, and its own fingerprint %.*s...",
                           issuer, HL_TRUST_ID_SIZE, hl_cert_info(known)->fingerprint);
}

static HlInquiryOutcome judge_chain(HlInquiry *inquiry, int error, int depth, X509 *cert)
{
    HlInquiryOutcome outcome = HL_INQUIRY_SERVER_INVALID;
    const char *whose = depth == 0 ? "the server's certificate" : "the certificate of its authority";

    for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++)
        if (verdicts[i].error == error)
            outcome = verdicts[i].outcome;
    if (cert != NULL && outcome == HL_INQUIRY_OTHER_AUTHORITY)
        return conclude(inquiry, outcome, describe_stranger(cert, inquiry->shown), 0);
    if (cert == NULL || (outcome != HL_INQUIRY_SERVER_ENDED && outcome != HL_INQUIRY_SERVER_NOT_YET))
        return conclude(inquiry, outcome, g_strdup(X509_verify_cert_error_string(error)), 0);
    return conclude(
        inquiry, outcome, g_strdup(whose),
        hl_pki_time_get(outcome == HL_INQUIRY_SERVER_ENDED ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert)));
}

/* Called for each certificate of the chain, from the authority down, and once for what is wrong.  The names come last:
 * those of a certificate that somebody else has made mean nothing. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    HlInquiry *inquiry = SSL_get_app_data(ssl);
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    X509 *shown = X509_STORE_CTX_get0_cert(store); /* also one that is refused for its authority, before its turn */
    int depth = X509_STORE_CTX_get_error_depth(store);

    if (inquiry->shown == NULL && shown != NULL)
        inquiry->shown = hl_cert_from_x509(X509_dup(shown), inquiry->host, NULL);
    if (ok == 1 && (depth > 0 || is_for(cert, inquiry->host)))
        return 1;
    inquiry->is_judged = true;
    if (ok == 1) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        inquiry->verdict = conclude(inquiry, HL_INQUIRY_OTHER_NAMES, names_of(cert), 0);
    } else {
        inquiry->verdict = judge_chain(inquiry, X509_STORE_CTX_get_error(store), depth, cert);
    }
    return 0;
}

/* -------------------------------------------------------------------------------------------------------- own files */

static int on_ticket(SSL *ssl, SSL_SESSION *session G_GNUC_UNUSED)
{
    HlInquiry *inquiry = SSL_get_app_data(ssl);

    inquiry->has_ticket = true;
    return 0; /* not kept */
}

/* Without it OpenSSL asks for a password on the terminal. */
static int no_password(char *buffer G_GNUC_UNUSED, int size G_GNUC_UNUSED, int writing G_GNUC_UNUSED,
                       void *user G_GNUC_UNUSED)
{
    return -1;
}

static bool load(HlInquiry *inquiry, GError **error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    ERR_clear_error();
    inquiry->context = context;
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return hl_pki_fail(error, HL_ERROR_FAILED, "TLS context");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_ticket);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_load_verify_locations(context, inquiry->ca_path, NULL) != 1)
        return hl_pki_fail(error, HL_ERROR_INVALID, "the authority's certificate in %s", inquiry->ca_path);
    if (inquiry->cert_path == NULL)
        return true;
    if (SSL_CTX_use_certificate_chain_file(context, inquiry->cert_path) != 1)
        return hl_pki_fail(error, HL_ERROR_INVALID, "the certificate in %s", inquiry->cert_path);
    if (SSL_CTX_use_PrivateKey_file(context, inquiry->key_path, SSL_FILETYPE_PEM) != 1)
        return hl_pki_fail(error, HL_ERROR_INVALID, "the key in %s", inquiry->key_path);
    return true;
}

HlInquiryOutcome hl_inquiry_check_own(HlInquiry *inquiry, HlTime now)
{
    g_autoptr(GError) error = NULL;
    const X509 *own;
    HlTime begin, end;

    if (!load(inquiry, &error))
        return conclude(inquiry, HL_INQUIRY_UNUSABLE, g_strdup(error->message), 0);
    own = SSL_CTX_get0_certificate(inquiry->context);
    if (own == NULL)
        return conclude(inquiry, HL_INQUIRY_ACCEPTED, NULL, 0);
    begin = hl_pki_time_get(X509_get0_notBefore(own));
    end = hl_pki_time_get(X509_get0_notAfter(own));
    if (now >= end + HL_SECOND) /* the last second is included */
        return conclude(inquiry, HL_INQUIRY_OWN_ENDED, NULL, end);
    if (now < begin)
        return conclude(inquiry, HL_INQUIRY_OWN_NOT_YET, NULL, begin);
    return conclude(inquiry, HL_INQUIRY_ACCEPTED, NULL, 0);
}

/* ---------------------------------------------------------------------------------------------------- the handshake */

/* By these a server says that it does not like the certificate; all others are about TLS itself. */
static const struct {
    int alert;
    const char *text;
} about_certificates[] = {
    { SSL_AD_BAD_CERTIFICATE, "bad certificate" },
    { SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported certificate" },
    { SSL_AD_CERTIFICATE_REVOKED, "certificate revoked" },
    { SSL_AD_CERTIFICATE_EXPIRED, "certificate expired" },
    { SSL_AD_CERTIFICATE_UNKNOWN, "certificate unknown" },
    { SSL_AD_ACCESS_DENIED, "access denied" },
    { SSL_AD_CERTIFICATE_REQUIRED, "certificate required" },
};

static HlInquiryOutcome judge_alert(HlInquiry *inquiry, int alert)
{
    if (alert == SSL_AD_UNKNOWN_CA)
        return conclude(inquiry, HL_INQUIRY_UNKNOWN_AUTHORITY, NULL, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(about_certificates); i++)
        if (about_certificates[i].alert == alert)
            return conclude(inquiry, HL_INQUIRY_TURNED_AWAY, g_strdup(about_certificates[i].text), 0);
    return conclude(inquiry, HL_INQUIRY_NO_AGREEMENT, g_strdup(SSL_alert_desc_string_long(alert)), 0);
}

static HlInquiryOutcome judge_failure(HlInquiry *inquiry, int kind)
{
    unsigned long code = ERR_get_error();
    int reason = ERR_GET_REASON(code);
    const char *text = ERR_reason_error_string(code);

    ERR_clear_error();
    if (inquiry->is_judged)
        return inquiry->verdict;
    if (kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && code == 0) ||
        (kind == SSL_ERROR_SSL && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING))
        return conclude(inquiry, HL_INQUIRY_CLOSED, NULL, 0);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
        return judge_alert(inquiry, reason - SSL_AD_REASON_OFFSET);
    return conclude(inquiry,
                    SSL_get_current_cipher(inquiry->ssl) == NULL ? HL_INQUIRY_NOT_TLS : HL_INQUIRY_NO_AGREEMENT,
                    g_strdup(text), 0);
}

static bool is_address(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static void begin(HlInquiry *inquiry, int fd)
{
    BIO *bio;

    inquiry->fd = fd;
    inquiry->ssl = SSL_new(inquiry->context);
    if (inquiry->ssl == NULL)
        g_error("TLS: out of memory");
    bio = hl_pki_socket_bio(&inquiry->fd);
    SSL_set_bio(inquiry->ssl, bio, bio);
    SSL_set_app_data(inquiry->ssl, inquiry);
    if (!is_address(inquiry->host)) /* an address is no server name (RFC 6066) */
        SSL_set_tlsext_host_name(inquiry->ssl, inquiry->host);
    SSL_set_connect_state(inquiry->ssl);
}

/* In TLS 1.3 the handshake is complete here before the server has looked at the certificate of this machine. */
static bool is_complete(const HlInquiry *inquiry)
{
    return SSL_is_init_finished(inquiry->ssl) == 1;
}

HlInquiryOutcome hl_inquiry_step(HlInquiry *inquiry, int fd)
{
    char byte;
    int result, kind;

    if (inquiry->ssl == NULL)
        begin(inquiry, fd);
    ERR_clear_error();
    result = is_complete(inquiry) ? SSL_peek(inquiry->ssl, &byte, 1) : SSL_do_handshake(inquiry->ssl);
    kind = SSL_get_error(inquiry->ssl, result);
    if (kind == SSL_ERROR_NONE && !is_complete(inquiry))
        return HL_INQUIRY_WANT_READ;
    if (inquiry->has_ticket || (is_complete(inquiry) && SSL_version(inquiry->ssl) < TLS1_3_VERSION))
        return conclude(inquiry, HL_INQUIRY_ACCEPTED, NULL, 0);
    switch (kind) {
    case SSL_ERROR_NONE:
        return HL_INQUIRY_SETTLING;
    case SSL_ERROR_WANT_READ:
        return is_complete(inquiry) ? HL_INQUIRY_SETTLING : HL_INQUIRY_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return HL_INQUIRY_WANT_WRITE;
    default:
        return judge_failure(inquiry, kind);
    }
}
