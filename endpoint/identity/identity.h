/* SPDX-License-Identifier: Apache-2.0 */
/* Who this endpoint is: the files of STATE/identity.
 *
 *   identity.json     id, group at enrolment, broker addresses, server, pinned signing key
 *   endpoint.pem      certificate, then its private key: one file, so that a renewal replaces both at once
 *   ca.pem            the authorities trusted for broker and server: that of the enrolment, later those that the server
 *                     names; the first one issues
 *   root.json         the pattern repository's first trusted root; may be missing
 *   settings.sealed   the settings that came with the enrolment
 *   renewal.pem       key of a certificate that was requested; removed once it has come
 *
 * The directory appears and is replaced as a whole (ep_identity_install).  Blocking; small files. */
#ifndef ENDPOINT_IDENTITY_IDENTITY_H
#define ENDPOINT_IDENTITY_IDENTITY_H

#include "lib/pki/trust.h"

/* How an endpoint whose certificate has ended gets another one. */
extern const char *const ep_identity_remedy;

typedef struct {
    char *id;
    char *group;
    char *server;   /* the first of: */
    char **servers; /* https://host:port */
    char **brokers; /* host:port */
    GBytes *signing_key;
    char *pem_path, *ca_path, *root_path, *settings_path, *renewal_path;
    HlTrust *trust; /* never NULL */
    HlCert *cert;
} EpIdentity;

/* Reads and checks: the certificate is for this id, matches the key beside it, and is signed by an authority of
 * ca.pem; its time is not
 * judged.  NULL on failure: NOT_FOUND if this machine is not enrolled, INVALID if its files cannot be used. */
EpIdentity *ep_identity_load(const char *state_dir, GError **error);
void ep_identity_free(EpIdentity *identity);

/* Certificate and key into PATH, atomically. */
bool ep_identity_save_pem(const char *path, const HlCert *cert, const HlKey *key,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another certificate of the same identity with its key: on disk, then in *identity, which takes cert.  On failure
 * nothing changes and cert is the caller's. */
bool ep_identity_replace_cert(EpIdentity *identity, HlCert *cert, const HlKey *key,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the certificate has ended by this machine's clock, or does within HL_TRUST_LAST: then its authority may be
 * one that nobody trusts any longer. */
bool ep_identity_is_over(const EpIdentity *identity);

/* Other authorities: on disk, then in *identity, which takes trust.  On failure nothing changes and trust is the
 * caller's. */
bool ep_identity_replace_trust(EpIdentity *identity, HlTrust *trust, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Text of identity.json; caller frees. */
typedef struct {
    const char *id, *group;
    char *const *servers, *const *brokers; /* at least one each */
    gsize n_servers, n_brokers;
    GBytes *signing_key;
} EpIdentityText;

char *ep_identity_print(const EpIdentityText *text);

/* Makes the prepared directory STATE/identity.new the identity; the previous one is removed. */
bool ep_identity_install(const char *state_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpIdentity, ep_identity_free)

#endif
