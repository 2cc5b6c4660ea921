/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/cert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/pki/internal.h"

static const char *const kind_names[HL_CERT_N_KINDS] = {
    [HL_CERT_CA] = "ca",           [HL_CERT_ENDPOINT] = "endpoint", [HL_CERT_ADMIN] = "admin",
    [HL_CERT_MONITOR] = "monitor", [HL_CERT_CONSOLE] = "console",   [HL_CERT_MANAGER] = "manager",
    [HL_CERT_SERVER] = "server",   [HL_CERT_OTHER] = "other",
};

const char *hl_cert_kind_name(HlCertKind kind)
{
    g_assert(kind < HL_CERT_N_KINDS);
    return kind_names[kind];
}

/* The single entry of this kind in the subject; NULL if there is none, more than one, or one with a NUL: a name that
 * two readers could read differently does not count.  Caller frees. */
static char *subject_part(const X509 *x509, int nid)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    unsigned char *text = NULL;
    char *part = NULL;
    int size;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
        return NULL;
    size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size > 0 && memchr(text, '\0', (gsize)size) == NULL)
        part = g_strndup((const char *)text, (gsize)size);
    OPENSSL_free(text);
    return part;
}

/* It is the basic constraints that make a CA, not OU. */
static HlCertKind kind_of(X509 *x509)
{
    g_autofree char *unit = subject_part(x509, NID_organizationalUnitName);
    bool is_ca = X509_check_ca(x509) == 1;

    for (int i = 0; i < HL_CERT_OTHER; i++)
        if (g_strcmp0(unit, kind_names[i]) == 0 && (i == HL_CERT_CA) == is_ca)
            return (HlCertKind)i;
    return HL_CERT_OTHER;
}

/* Hexadecimal, lower case, without leading zeros but even; caller frees. */
static char *print_serial(const ASN1_INTEGER *serial)
{
    g_autoptr(BIGNUM) number = ASN1_INTEGER_to_BN(serial, NULL);
    char *upper = BN_bn2hex(number);
    char *lower = g_ascii_strdown(upper, -1);

    OPENSSL_free(upper);
    return lower;
}

HlTime hl_pki_time_get(const ASN1_TIME *time)
{
    struct tm parts = { 0 };

    return ASN1_TIME_to_tm(time, &parts) == 1 ? (HlTime)timegm(&parts) * HL_SECOND : 0;
}

bool hl_pki_time_set(ASN1_TIME *time, HlTime wall)
{
    return wall >= 0 && ASN1_TIME_set(time, (time_t)(wall / HL_SECOND)) != NULL;
}

HlCert *hl_cert_from_x509(X509 *x509, const char *name, GError **error)
{
    g_autoptr(HlCert) cert = g_new0(HlCert, 1);
    unsigned char fingerprint[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    cert->x509 = x509;
    cert->info.cn = subject_part(x509, NID_commonName);
    if (cert->info.cn == NULL) {
        hl_fail(error, HL_ERROR_INVALID, _("%s: the certificate's subject does not have exactly one common name"),
                name);
        return NULL;
    }
    if (X509_digest(x509, EVP_sha256(), fingerprint, &size) != 1) {
        hl_pki_fail(error, HL_ERROR_INVALID, "%s: cannot compute the certificate's fingerprint", name);
        return NULL;
    }
    cert->info.kind = kind_of(x509);
    cert->info.serial = print_serial(X509_get0_serialNumber(x509));
    cert->info.fingerprint = hl_hex(fingerprint, size);
    cert->info.not_before = hl_pki_time_get(X509_get0_notBefore(x509));
    cert->info.not_after = hl_pki_time_get(X509_get0_notAfter(x509));
    return g_steal_pointer(&cert);
}

HlCert *hl_cert_copy(const HlCert *cert)
{
    HlCert *copy = g_new(HlCert, 1);

    if (X509_up_ref(cert->x509) != 1)
        g_error("a certificate cannot be copied");
    *copy = (HlCert){ .x509 = cert->x509, .info = cert->info };
    copy->info.cn = g_strdup(cert->info.cn);
    copy->info.serial = g_strdup(cert->info.serial);
    copy->info.fingerprint = g_strdup(cert->info.fingerprint);
    return copy;
}

void hl_cert_free(HlCert *cert)
{
    if (cert == NULL)
        return;
    X509_free(cert->x509);
    g_free(hl_unconst(cert->info.cn));
    g_free(hl_unconst(cert->info.serial));
    g_free(hl_unconst(cert->info.fingerprint));
    g_free(cert);
}

HlCert *hl_cert_parse(const char *name, const void *data, gsize size, GError **error)
{
    static const char begin[] = "-----BEGIN ";
    const unsigned char *der = data;
    g_autoptr(X509) x509 = NULL;

    if (size > HL_CERT_MAX_SIZE) {
        hl_fail(error, HL_ERROR_LIMIT, _("%s: %zu bytes are too many for a certificate"), name, size);
        return NULL;
    }
    if (size > 0 && g_strstr_len(data, (gssize)size, begin) != NULL) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(data, (int)size);

        x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    } else if (size > 0) {
        x509 = d2i_X509(NULL, &der, (long)size);
        if (x509 != NULL && der != (const unsigned char *)data + size)
            g_clear_pointer(&x509, X509_free); /* trailing bytes */
    }
    if (x509 == NULL) {
        hl_pki_fail(error, HL_ERROR_INVALID, "%s is not a certificate in PEM or DER form", name);
        return NULL;
    }
    return hl_cert_from_x509(g_steal_pointer(&x509), name, error);
}

HlCert *hl_cert_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = hl_file_read(path, HL_CERT_MAX_SIZE, error);

    return bytes == NULL ? NULL : hl_cert_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

char *hl_cert_print(const HlCert *cert)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

    if (PEM_write_bio_X509(bio, cert->x509) != 1)
        g_error("a certificate cannot be written to memory");
    return hl_pki_bio_text(bio);
}

bool hl_cert_save(const HlCert *cert, const char *path, GError **error)
{
    g_autofree char *pem = hl_cert_print(cert);

    return hl_file_write_text(path, pem, 0644, error);
}

static char *print_address(const guint8 *bytes, int size)
{
    char text[INET6_ADDRSTRLEN] = "";
    int family = size == sizeof(struct in_addr) ? AF_INET : AF_INET6;

    if (size == sizeof(struct in_addr) || size == sizeof(struct in6_addr))
        inet_ntop(family, bytes, text, sizeof text);
    return g_strdup(text);
}

/* One subject alternative name for people; NULL if it is of another kind than those that can be dialled. */
static char *print_name(GENERAL_NAME *name)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    const guint8 *bytes;

    if (kind != GEN_DNS && kind != GEN_IPADD)
        return NULL;
    bytes = ASN1_STRING_get0_data(value);
    if (kind == GEN_DNS)
        return g_strndup((const char *)bytes, (gsize)ASN1_STRING_length(value));
    return print_address(bytes, ASN1_STRING_length(value));
}

GPtrArray *hl_pki_names(X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && list->len <= HL_PKI_MAX_NAMES; i++) {
        g_autofree char *name = print_name(sk_GENERAL_NAME_value(names, i));

        if (name != NULL && !g_ptr_array_find_with_equal_func(list, name, g_str_equal, NULL))
            g_ptr_array_add(list, g_steal_pointer(&name));
    }
    GENERAL_NAMES_free(names);
    return list;
}

char **hl_cert_names(const HlCert *cert)
{
    GPtrArray *list = hl_pki_names(cert->x509);

    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

bool hl_cert_covers(const HlCert *cert, const char *host)
{
    bool covers = X509_check_host(cert->x509, host, 0, 0, NULL) == 1 || X509_check_ip_asc(cert->x509, host, 0) == 1;

    ERR_clear_error(); /* no is an answer, not a failure */
    return covers;
}

const HlCertInfo *hl_cert_info(const HlCert *cert)
{
    return &cert->info;
}

bool hl_cert_has_key(const HlCert *cert, const HlKey *key)
{
    EVP_PKEY *public_key = X509_get0_pubkey(cert->x509);

    return public_key != NULL && EVP_PKEY_eq(public_key, key->pkey) == 1;
}

bool hl_cert_verify_signature(const HlCert *cert, const char *context, GBytes *payload, GBytes *signature)
{
    EVP_PKEY *public_key = X509_get0_pubkey(cert->x509);
    g_autoptr(GByteArray) bytes = hl_pki_signed_bytes(context, payload);
    g_autoptr(EVP_MD_CTX) md = EVP_MD_CTX_new();
    gsize size = 0;
    const uint8_t *data = g_bytes_get_data(signature, &size);
    bool good = public_key != NULL && hl_pki_is_p256(public_key) &&
                EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, public_key) == 1 &&
                EVP_DigestVerify(md, data, size, bytes->data, bytes->len) == 1;

    ERR_clear_error(); /* no is an answer, not a failure */
    return good;
}

typedef enum {
    VALID,
    WRONG_ISSUER,  /* not signed by this CA */
    EXPIRED,       /* signed by it, but past its end */
    NOT_YET_VALID, /* signed by it, but it begins later: most often this machine's clock is wrong */
} Verdict;

bool hl_cert_is_issued_by(const HlCert *cert, const HlCert *ca)
{
    bool is_issued = ca->info.kind == HL_CERT_CA && X509_check_issued(ca->x509, cert->x509) == X509_V_OK &&
                     X509_verify(cert->x509, X509_get0_pubkey(ca->x509)) == 1;

    ERR_clear_error(); /* no is an answer, not a failure */
    return is_issued;
}

/* The signature comes first: the dates of a certificate made by somebody else mean nothing. */
static Verdict judge(const HlCert *cert, const HlCert *ca, HlTime now)
{
    if (!hl_cert_is_issued_by(cert, ca))
        return WRONG_ISSUER;
    if (now >= cert->info.not_after + HL_SECOND) /* the last second is included */
        return EXPIRED;
    if (now < cert->info.not_before)
        return NOT_YET_VALID;
    return VALID;
}

bool hl_cert_verify(const HlCert *cert, const HlCert *ca, HlTime now, const char *remedy, GError **error)
{
    const HlCertInfo *info = &cert->info;
    g_autofree char *begin = hl_time_format(info->not_before);
    g_autofree char *end = hl_time_format(info->not_after);
    g_autofree char *clock = hl_time_format(now);

    switch (judge(cert, ca, now)) {
    case VALID:
        return true;
    case WRONG_ISSUER:
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       _("the certificate of %s (%s) was not issued by %s: it belongs to another installation, or is "
                         "forged"),
                       info->cn, hl_cert_kind_name(info->kind), ca->info.cn);
    case EXPIRED:
        return hl_fail(error, HL_ERROR_EXPIRED, _("the certificate of %s expired at %s (it is now %s): %s"), info->cn,
                       end, clock, hl_tr(remedy));
    case NOT_YET_VALID:
        return hl_fail(
            error, HL_ERROR_EXPIRED,
            _("the certificate of %s is valid from %s on, and the clock of this machine says %s: set the clock"),
            info->cn, begin, clock);
    }
    g_assert_not_reached();
}
