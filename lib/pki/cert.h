/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates of one private CA: making, reading, checking, revoking.
 *
 * The subject is CN = the identity (endpoint id, admin name, ...) and OU = the kind; both are decided by the issuer.
 * Only the public key is taken from a signing request, once its self-signature has been checked.  Only P-256.  Not a
 * general PKI: one CA that signs leaves directly. */
#ifndef LIB_PKI_CERT_H
#define LIB_PKI_CERT_H

#include "lib/base/clock.h"
#include "lib/pki/key.h"

#define HL_CERT_MAX_SIZE (16 * 1024) /* PEM or DER accepted from outside; ours are below 1 KiB */

typedef struct HlCert HlCert;

typedef enum {
    HL_CERT_CA,
    HL_CERT_ENDPOINT,
    HL_CERT_ADMIN,
    HL_CERT_MONITOR,
    HL_CERT_CONSOLE, /* asks for people, with their sessions */
    HL_CERT_MANAGER, /* client of the broker */
    HL_CERT_SERVER,  /* broker and HTTPS front */
    HL_CERT_OTHER,   /* read from outside, with an OU that is not one of ours */
    HL_CERT_N_KINDS,
} HlCertKind;

/* "ca", "endpoint", "admin", "monitor", "console", "manager", "server"; the text in OU. */
const char *hl_cert_kind_name(HlCertKind kind);

typedef struct {
    const char *cn;
    HlCertKind kind;              /* never HL_CERT_CA or HL_CERT_OTHER */
    const char *const *names;     /* DNS names and IP addresses, ends with NULL; NULL: none; required for servers */
    HlTime not_before, not_after; /* wall */
} HlCertSpec;

typedef struct {
    const char *cn;
    HlCertKind kind;
    const char *serial;      /* hexadecimal, lower case */
    const char *fingerprint; /* SHA-256 of the DER form, hexadecimal, lower case */
    HlTime not_before, not_after;
} HlCertInfo;

/* A CA: self-signed, may sign leaf certificates and revocation lists.  Backdate not_before a little: clocks differ. */
HlCert *hl_cert_make_ca(const HlKey *key, const char *cn, HlTime not_before, HlTime not_after, GError **error);

/* A signing request (PKCS#10, DER) for the key. */
GBytes *hl_csr_make(const HlKey *key, const char *cn, GError **error);

/* Whose request it says it is: the common name of its subject; "": there is none, or there are several.  NULL, and the
 * errors of hl_cert_issue, if it is not a sound request.  Caller frees. */
char *hl_csr_name(GBytes *csr, GError **error);

/* Issues a certificate for the public key in a signing request (DER).  UNTRUSTED: the request's signature is not valid;
 * INVALID: not a request, not P-256, or a bad name in spec.  Beside spec's names it carries the URI
 * "urn:holdline:KIND:CN" (percent-encoded), but for servers.  It must not outlive the CA; a start before the CA's is
 * moved up to it. */
HlCert *hl_cert_issue(const HlCert *ca, const HlKey *ca_key, GBytes *csr, const HlCertSpec *spec, GError **error);

/* Another reference to the same. */
HlCert *hl_cert_copy(const HlCert *cert);
void hl_cert_free(HlCert *cert);

/* From the first PEM block or from DER.  Messages call the data name. */
HlCert *hl_cert_parse(const char *name, const void *data, gsize size, GError **error);
HlCert *hl_cert_load(const char *path, GError **error);

/* PEM text; caller frees. */
char *hl_cert_print(const HlCert *cert);

/* Atomic, mode 0644. */
bool hl_cert_save(const HlCert *cert, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Valid as long as the certificate. */
const HlCertInfo *hl_cert_info(const HlCert *cert);

/* Its DNS names and addresses, as HlCertSpec.names takes them; free with g_strfreev. */
char **hl_cert_names(const HlCert *cert);

/* Whether it is one for this DNS name or address (without brackets), by the rules that clients use. */
bool hl_cert_covers(const HlCert *cert, const char *host);

/* Whether the key belongs to the certificate. */
bool hl_cert_has_key(const HlCert *cert, const HlKey *key);

/* SHA-256 of the public key, hexadecimal: the same for two certificates if their key is, however it is encoded.  "": it
 * is not a P-256 key.  Caller frees. */
char *hl_cert_key_id(const HlCert *cert);

/* Whether it is for the key of this signing request (DER), whose signature is valid. */
bool hl_cert_answers(const HlCert *cert, GBytes *csr);

/* Whether the certificate's key signed the payload for this context (hl_key_sign). */
bool hl_cert_verify_signature(const HlCert *cert, const char *context, GBytes *payload, GBytes *signature);

/* Whether this CA signed it, whatever its dates. */
bool hl_cert_is_issued_by(const HlCert *cert, const HlCert *ca);

/* Signature and time; revocation is the caller's list.  UNTRUSTED: not signed by this CA; EXPIRED: signed by it, but
 * past its end or before its beginning (most often this machine's clock is wrong).  remedy, marked with N_: how another
 * one is to be had when it has ended. */
bool hl_cert_verify(const HlCert *cert, const HlCert *ca, HlTime now, const char *remedy,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const char *serial; /* as in HlCertInfo */
    HlTime at;
} HlRevoked;

/* A revocation list (X.509 CRL v2) as PEM text; number grows with each list.  NULL on failure; caller frees. */
char *hl_crl_make(const HlCert *ca, const HlKey *ca_key, const HlRevoked *revoked, gsize count, int64_t number,
                  HlTime now, HlTime next_update, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCert, hl_cert_free)

#endif
