/* SPDX-License-Identifier: Apache-2.0 */
/* Making certificates and signing requests. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/pki/digest.h"
#include "lib/pki/internal.h"

#define MAX_CSR_SIZE (16 * 1024)
#define MAX_CN       64 /* RFC 5280, ub-common-name */
#define SERIAL_SIZE  16
#define P256_SIZE    32 /* of a coordinate */

typedef struct {
    int nid;
    const char *value;
} ExtensionRow;

static bool set_subject(X509_NAME *subject, const char *cn, const char *unit)
{
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) ==
               1 &&
           (unit == NULL || X509_NAME_add_entry_by_NID(subject, NID_organizationalUnitName, MBSTRING_UTF8,
                                                       (const unsigned char *)unit, -1, -1, 0) == 1);
}

/* 128 random bits, top bit clear because ASN.1 integers are signed, never 0. */
static bool set_serial(X509 *x509)
{
    uint8_t random[SERIAL_SIZE];
    g_autoptr(BIGNUM) number = NULL;

    hl_random_bytes(random, sizeof random);
    random[0] = (random[0] & 0x7f) | 0x40;
    number = BN_bin2bn(random, sizeof random, NULL);
    return number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
}

static bool add_extensions(X509 *x509, const X509 *issuer, const ExtensionRow *rows, gsize count)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, hl_unconst(issuer), x509, NULL, NULL, 0);
    for (gsize i = 0; i < count; i++) {
        g_autoptr(X509_EXTENSION) extension = X509V3_EXT_conf_nid(NULL, &context, rows[i].nid, rows[i].value);

        if (extension == NULL || X509_add_ext(x509, extension, -1) != 1)
            return false;
    }
    return true;
}

static bool check_cn(const char *cn, GError **error)
{
    if (cn == NULL || cn[0] == '\0' || strlen(cn) > MAX_CN || !g_utf8_validate(cn, -1, NULL))
        return hl_fail(error, HL_ERROR_INVALID, _("'%s' is not a valid name for a certificate: 1 to %d bytes of UTF-8"),
                       cn == NULL ? "" : cn, MAX_CN);
    return true;
}

/* By a clock that is before the authority's beginning, say. */
static bool check_dates(const char *cn, HlTime not_before, HlTime not_after, GError **error)
{
    g_autofree char *begin = hl_time_format(not_before);
    g_autofree char *end = hl_time_format(not_after);

    return not_before < not_after ||
           hl_fail(error, HL_ERROR_INVALID,
                   _("cannot create a certificate for %s: it would end at %s, before it begins (%s): is this machine's "
                     "clock right?"),
                   cn, end, begin);
}

static X509 *begin(EVP_PKEY *public_key, const char *cn, HlCertKind kind, HlTime not_before, HlTime not_after,
                   GError **error)
{
    g_autoptr(X509) x509 = X509_new();

    if (!check_cn(cn, error) || !check_dates(cn, not_before, not_after, error))
        return NULL;
    if (X509_set_version(x509, X509_VERSION_3) != 1 || !set_serial(x509) ||
        !hl_pki_time_set(X509_getm_notBefore(x509), not_before) ||
        !hl_pki_time_set(X509_getm_notAfter(x509), not_after) ||
        !set_subject(X509_get_subject_name(x509), cn, hl_cert_kind_name(kind)) ||
        X509_set_pubkey(x509, public_key) != 1) {
        hl_pki_fail(error, HL_ERROR_INVALID, "cannot create a certificate for %s", cn);
        return NULL;
    }
    return g_steal_pointer(&x509);
}

HlCert *hl_cert_make_ca(const HlKey *key, const char *cn, HlTime not_before, HlTime not_after, GError **error)
{
    static const ExtensionRow rows[] = {
        { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
        { NID_key_usage, "critical,keyCertSign,cRLSign" },
        { NID_subject_key_identifier, "hash" },
    };
    g_autoptr(X509) x509 = begin(key->pkey, cn, HL_CERT_CA, not_before, not_after, error);

    if (x509 == NULL)
        return NULL;
    if (X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
        !add_extensions(x509, x509, rows, G_N_ELEMENTS(rows)) || X509_sign(x509, key->pkey, EVP_sha256()) == 0) {
        hl_pki_fail(error, HL_ERROR_FAILED, "cannot create the CA %s", cn);
        return NULL;
    }
    return hl_cert_from_x509(g_steal_pointer(&x509), cn, error);
}

GBytes *hl_csr_make(const HlKey *key, const char *cn, GError **error)
{
    g_autoptr(X509_REQ) request = X509_REQ_new();
    unsigned char *der = NULL;
    GBytes *bytes;
    int size;

    if (!check_cn(cn, error))
        return NULL;
    if (X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        !set_subject(X509_REQ_get_subject_name(request), cn, NULL) || X509_REQ_set_pubkey(request, key->pkey) != 1 ||
        X509_REQ_sign(request, key->pkey, EVP_sha256()) == 0 || (size = i2d_X509_REQ(request, &der)) <= 0) {
        hl_pki_fail(error, HL_ERROR_FAILED, "cannot create a signing request for %s", cn);
        return NULL;
    }
    bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    return bytes;
}

static X509_REQ *parse_csr(GBytes *csr, GError **error)
{
    gsize size = g_bytes_get_size(csr);
    const unsigned char *start = g_bytes_get_data(csr, NULL);
    const unsigned char *der = start;
    g_autoptr(X509_REQ) request = NULL;

    if (size > 0 && size <= MAX_CSR_SIZE)
        request = d2i_X509_REQ(NULL, &der, (long)size);
    if (request == NULL || der != start + size) {
        hl_pki_fail(error, HL_ERROR_INVALID, "not a signing request (PKCS#10, DER, at most %d bytes)", MAX_CSR_SIZE);
        return NULL;
    }
    return g_steal_pointer(&request);
}

/* The public key of a request whose signature proves that the sender holds the private one.  NULL on failure. */
static EVP_PKEY *key_from_csr(GBytes *csr, GError **error)
{
    g_autoptr(X509_REQ) request = parse_csr(csr, error);
    g_autoptr(EVP_PKEY) pkey = NULL;

    if (request == NULL)
        return NULL;
    pkey = X509_REQ_get_pubkey(request);
    if (pkey == NULL || !hl_pki_is_p256(pkey)) {
        hl_pki_fail(error, HL_ERROR_INVALID, "the key in the signing request is not a P-256 key");
        return NULL;
    }
    if (X509_REQ_verify(request, pkey) != 1) {
        hl_pki_fail(error, HL_ERROR_UNTRUSTED, "the signature of the signing request is not valid");
        return NULL;
    }
    return g_steal_pointer(&pkey);
}

/* One name in the subject, without a zero byte.  Caller frees; "": there is none, or there are several. */
static char *name_of(const X509_NAME *subject)
{
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    bool is_one = at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0;
    unsigned char *utf8 = NULL;
    char *name;
    int size;

    if (!is_one)
        return g_strdup("");
    size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    name = size > 0 && memchr(utf8, '\0', (size_t)size) == NULL ? g_strndup((const char *)utf8, (gsize)size)
                                                                : g_strdup("");
    OPENSSL_free(utf8);
    return name;
}

char *hl_csr_name(GBytes *csr, GError **error)
{
    g_autoptr(EVP_PKEY) asked = key_from_csr(csr, error);
    g_autoptr(X509_REQ) request = asked != NULL ? parse_csr(csr, error) : NULL;

    return request != NULL ? name_of(X509_REQ_get_subject_name(request)) : NULL;
}

/* Of the point itself: a key has several encodings. */
char *hl_cert_key_id(const HlCert *cert)
{
    static const char *const coordinates[] = { OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y };
    EVP_PKEY *pkey = X509_get0_pubkey(cert->x509);
    uint8_t point[2 * P256_SIZE] = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(coordinates); i++) {
        BIGNUM *number = NULL;
        bool ok = pkey != NULL && EVP_PKEY_get_bn_param(pkey, coordinates[i], &number) == 1 &&
                  BN_bn2binpad(number, point + i * P256_SIZE, P256_SIZE) == P256_SIZE;

        BN_free(number);
        if (!ok) {
            ERR_clear_error();
            return g_strdup("");
        }
    }
    return hl_sha256_hex(point, sizeof point);
}

bool hl_cert_answers(const HlCert *cert, GBytes *csr)
{
    g_autoptr(EVP_PKEY) asked = key_from_csr(csr, NULL);
    EVP_PKEY *has = X509_get0_pubkey(cert->x509);

    return asked != NULL && has != NULL && EVP_PKEY_eq(has, asked) == 1;
}

static bool is_dns_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= 253 && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*_") == strlen(name);
}

/* "urn:holdline:endpoint:e-7k3m9x2qv4tb": what a broker that maps names of certificates to users can go by.  No DNS
 * name: endpoints and consoles are servers too, and nothing may take one for the host of that name.  Escaped, so that
 * no name can smuggle in another entry. */
static void add_uri(GString *text, const HlCertSpec *spec)
{
    g_autofree char *name = g_uri_escape_string(spec->cn, NULL, FALSE);

    g_string_append_printf(text, "URI:urn:holdline:%s:%s", hl_cert_kind_name(spec->kind), name);
}

/* "URI:...,IP:192.0.2.1,DNS:example.net"; NULL with *error when a name is neither address nor DNS name.  Each name is
 * checked character by character, because a comma in it would smuggle in another entry.  Caller frees. */
static char *print_names(const HlCertSpec *spec, GError **error)
{
    static const char *const none[] = { NULL };
    const char *const *names = spec->names != NULL ? spec->names : none;
    g_autoptr(GString) text = g_string_new(NULL);

    if (spec->kind != HL_CERT_SERVER)
        add_uri(text, spec);
    for (gsize i = 0; names[i] != NULL; i++) {
        bool is_address = g_hostname_is_ip_address(names[i]) && strchr(names[i], '%') == NULL;

        if (i >= HL_PKI_MAX_NAMES || (!is_address && !is_dns_name(names[i]))) {
            hl_fail(error, HL_ERROR_INVALID,
                    _("'%s' is not a valid host name or IP address for a certificate (at most %d)"), names[i],
                    HL_PKI_MAX_NAMES);
            return NULL;
        }
        g_string_append_printf(text, "%s%s:%s", text->len == 0 ? "" : ",", is_address ? "IP" : "DNS", names[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool check_spec(const HlCert *ca, const HlKey *ca_key, const HlCertSpec *spec, GError **error)
{
    bool has_names = spec->names != NULL && spec->names[0] != NULL;

    g_assert(spec->kind != HL_CERT_CA && spec->kind < HL_CERT_OTHER);
    if (ca->info.kind != HL_CERT_CA || !hl_cert_has_key(ca, ca_key))
        return hl_fail(error, HL_ERROR_INVALID, _("%s is not a CA, or the key is not its own"), ca->info.cn);
    if (spec->kind == HL_CERT_SERVER && !has_names)
        return hl_fail(error, HL_ERROR_INVALID, _("a server certificate needs a host name or an IP address"));
    if (spec->not_after > ca->info.not_after)
        return hl_fail(error, HL_ERROR_INVALID,
                       _("the certificate of %s would outlive the CA: shorten its lifetime or renew the CA"), spec->cn);
    return true;
}

/* Endpoints and consoles are servers too: dialled directly, or called by browsers, they show this certificate. */
static const char *usage_of(HlCertKind kind)
{
    switch (kind) {
    case HL_CERT_SERVER:
        return "serverAuth";
    case HL_CERT_ENDPOINT:
    case HL_CERT_CONSOLE:
        return "clientAuth,serverAuth";
    case HL_CERT_ADMIN:
    case HL_CERT_MONITOR:
    case HL_CERT_MANAGER:
    case HL_CERT_CA:
    case HL_CERT_OTHER:
    case HL_CERT_N_KINDS:
        break;
    }
    return "clientAuth";
}

HlCert *hl_cert_issue(const HlCert *ca, const HlKey *ca_key, GBytes *csr, const HlCertSpec *spec, GError **error)
{
    g_autoptr(EVP_PKEY) public_key = key_from_csr(csr, error);
    g_autofree char *names = NULL;
    g_autoptr(X509) x509 = NULL;
    ExtensionRow rows[] = {
        { NID_basic_constraints, "critical,CA:FALSE" }, { NID_key_usage, "critical,digitalSignature" },
        { NID_ext_key_usage, usage_of(spec->kind) },    { NID_subject_key_identifier, "hash" },
        { NID_authority_key_identifier, "keyid" },      { NID_subject_alt_name, NULL },
    };

    if (public_key == NULL || !check_cn(spec->cn, error) || !check_spec(ca, ca_key, spec, error))
        return NULL;
    names = print_names(spec, error);
    if (names == NULL)
        return NULL;
    rows[G_N_ELEMENTS(rows) - 1].value = names;
    x509 = begin(public_key, spec->cn, spec->kind, MAX(spec->not_before, ca->info.not_before), spec->not_after, error);
    if (x509 == NULL)
        return NULL;
    if (X509_set_issuer_name(x509, X509_get_subject_name(ca->x509)) != 1 ||
        !add_extensions(x509, ca->x509, rows, G_N_ELEMENTS(rows)) || X509_sign(x509, ca_key->pkey, EVP_sha256()) == 0) {
        hl_pki_fail(error, HL_ERROR_FAILED, "cannot issue a certificate for %s", spec->cn);
        return NULL;
    }
    return hl_cert_from_x509(g_steal_pointer(&x509), spec->cn, error);
}
