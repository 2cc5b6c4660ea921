/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of lib/pki, and nobody else. */
#ifndef LIB_PKI_INTERNAL_H
#define LIB_PKI_INTERNAL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/pki/cert.h"

struct HlKey {
    EVP_PKEY *pkey;
};

struct HlCert {
    X509 *x509;
    HlCertInfo info;
};

/* Sets *error to "text: " and OpenSSL's first reason, clears OpenSSL's queue, returns false. */
bool hl_pki_fail(GError **error, HlErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A private key from PKCS#8 PEM without asking for a password.  NULL on failure. */
EVP_PKEY *hl_pki_parse_private(const char *name, const char *pem, GError **error);

/* The text in a memory BIO; caller frees. */
char *hl_pki_bio_text(BIO *bio);

/* PKCS#8 PEM.  Caller frees. */
char *hl_pki_print_private(EVP_PKEY *pkey);

bool hl_pki_is_p256(EVP_PKEY *pkey);

/* What a signature for this context covers (signing.h). */
GByteArray *hl_pki_signed_bytes(const char *context, GBytes *payload);

/* Takes x509. */
HlCert *hl_cert_from_x509(X509 *x509, const char *name, GError **error);

#define HL_PKI_MAX_NAMES 32 /* of a certificate of ours */

/* The DNS names and addresses of a certificate, each once, as text; at most one more than that.  Free with
 * g_ptr_array_unref. */
GPtrArray *hl_pki_names(X509 *cert);

/* 0 if it is none. */
HlTime hl_pki_time_get(const ASN1_TIME *time);

/* A BIO on a non-blocking socket, which stays the caller's and is read through the pointer.  OpenSSL's own writes with
 * write(), which raises SIGPIPE; this one does not. */
BIO *hl_pki_socket_bio(const int *fd);

/* false when time is outside the years that a certificate can hold. */
bool hl_pki_time_set(ASN1_TIME *time, HlTime wall);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

#endif
