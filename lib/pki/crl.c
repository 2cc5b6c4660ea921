/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/pki/internal.h"

#define MAX_SERIAL 40 /* hexadecimal digits: 20 bytes, RFC 5280 4.1.2.2 */

static bool is_serial(const char *serial)
{
    gsize size = strlen(serial);

    return size > 0 && size <= MAX_SERIAL && strspn(serial, "0123456789abcdefABCDEF") == size;
}

static bool add_revoked(X509_CRL *crl, const HlRevoked *row, GError **error)
{
    X509_REVOKED *revoked = NULL;
    g_autoptr(ASN1_INTEGER) serial = NULL;
    g_autoptr(ASN1_TIME) at = ASN1_TIME_new();
    BIGNUM *number = NULL;

    if (!is_serial(row->serial))
        return hl_fail(error, HL_ERROR_INVALID, _("'%s' is not a serial number"), row->serial);
    BN_hex2bn(&number, row->serial);
    serial = BN_to_ASN1_INTEGER(number, NULL);
    BN_free(number);
    revoked = X509_REVOKED_new();
    if (!hl_pki_time_set(at, row->at) || X509_REVOKED_set_serialNumber(revoked, serial) != 1 ||
        X509_REVOKED_set_revocationDate(revoked, at) != 1 || X509_CRL_add0_revoked(crl, revoked) != 1) {
        X509_REVOKED_free(revoked);
        return hl_pki_fail(error, HL_ERROR_FAILED, "cannot revoke %s", row->serial);
    }
    return true;
}

static bool set_head(X509_CRL *crl, const HlCert *ca, int64_t number, HlTime now, HlTime next_update)
{
    g_autoptr(ASN1_TIME) last = ASN1_TIME_new();
    g_autoptr(ASN1_TIME) next = ASN1_TIME_new();
    g_autoptr(ASN1_INTEGER) crl_number = ASN1_INTEGER_new();
    g_autoptr(X509_EXTENSION) authority = NULL;
    X509V3_CTX context;

    X509V3_set_ctx(&context, ca->x509, NULL, NULL, crl, 0);
    authority = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid");
    return hl_pki_time_set(last, now) && hl_pki_time_set(next, next_update) &&
           X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
           X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509)) == 1 &&
           X509_CRL_set1_lastUpdate(crl, last) == 1 && X509_CRL_set1_nextUpdate(crl, next) == 1 &&
           ASN1_INTEGER_set_int64(crl_number, number) == 1 && authority != NULL &&
           X509_CRL_add_ext(crl, authority, -1) == 1 &&
           X509_CRL_add1_ext_i2d(crl, NID_crl_number, crl_number, 0, 0) == 1;
}

char *hl_crl_make(const HlCert *ca, const HlKey *ca_key, const HlRevoked *revoked, gsize count, int64_t number,
                  HlTime now, HlTime next_update, GError **error)
{
    g_autoptr(X509_CRL) crl = X509_CRL_new();
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

    if (ca->info.kind != HL_CERT_CA || !hl_cert_has_key(ca, ca_key)) {
        hl_fail(error, HL_ERROR_INVALID, _("%s is not a CA, or the key is not its own"), ca->info.cn);
        return NULL;
    }
    for (gsize i = 0; i < count; i++)
        if (!add_revoked(crl, &revoked[i], error))
            return NULL;
    X509_CRL_sort(crl);
    if (!set_head(crl, ca, number, now, next_update) || X509_CRL_sign(crl, ca_key->pkey, EVP_sha256()) == 0 ||
        PEM_write_bio_X509_CRL(bio, crl) != 1) {
        hl_pki_fail(error, HL_ERROR_FAILED, "cannot create the revocation list of %s", ca->info.cn);
        return NULL;
    }
    return hl_pki_bio_text(bio);
}
