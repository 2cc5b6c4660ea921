/* SPDX-License-Identifier: Apache-2.0 */
/* The authorities that somebody trusts: one, and two while one follows another.  The first one issues.
 *
 * In a file they lie behind one another, as PEM: what reads certificates of authorities from a file, ours or not, takes
 * all of them. */
#ifndef LIB_PKI_TRUST_H
#define LIB_PKI_TRUST_H

#include "lib/pki/cert.h"

#define HL_TRUST_MAX     4 /* authorities in one */
#define HL_TRUST_ID_SIZE 16

/* So long before its end an authority counts as over: the server's certificate by it ends a day before it does. */
#define HL_TRUST_LAST (HL_DAY + HL_HOUR)

typedef struct HlTrust HlTrust;

/* From PEM blocks, or one certificate as DER.  INVALID: none, too many, or one that is not an authority's.  Messages
 * call the data name. */
HlTrust *hl_trust_parse(const char *name, const void *data, gsize size, GError **error);
HlTrust *hl_trust_load(const char *path, GError **error);
void hl_trust_free(HlTrust *trust);

/* At least one; borrowed. */
guint hl_trust_count(const HlTrust *trust);
const HlCert *hl_trust_at(const HlTrust *trust, guint i);

/* Whether one of them is over: whose certificate a server goes on showing, or nothing else is trusted. */
bool hl_trust_is_over(const HlTrust *trust, HlTime now);

/* Which of them signed it, whatever its dates; borrowed.  NULL: none. */
const HlCert *hl_trust_issuer(const HlTrust *trust, const HlCert *cert);

/* As hl_cert_verify, by whichever of them it is. */
bool hl_trust_verify(const HlTrust *trust, const HlCert *cert, HlTime now, const char *remedy,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* By what an authority is named beside its certificate: the beginning of its fingerprint, HL_TRUST_ID_SIZE digits.
 * Caller frees. */
char *hl_trust_id(const HlCert *authority);

/* The ids in their order, separated by commas.  Caller frees. */
char *hl_trust_ids(const HlTrust *trust);

/* PEM, one behind the other; caller frees. */
char *hl_trust_print(const HlTrust *trust);

/* Whether another one issues now, by the first of ids, than the one of the file that signed the certificate; false if
 * that is not known (ids NULL, a file that cannot be read). */
bool hl_trust_is_behind(const char *path, char *const *ids, const HlCert *cert);

/* The file holds these (PEM) from now on, if it does not already; NULL: nothing changes. */
bool hl_trust_take(const char *path, const char *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The file keeps only the authorities with these ids, in their order (ends with NULL; NULL: nothing changes).  Where
 * one is not in it, or it has no others, nothing changes either: it never trusts more afterwards. */
bool hl_trust_narrow(const char *path, char *const *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlTrust, hl_trust_free)

#endif
