/* SPDX-License-Identifier: Apache-2.0 */
/* Renewal of the certificate over the line: asked for in the last third of its life, by the server's clock, and when
 * another authority issues, with a new key each time.  One that has ended is asked for by work/comeback, and comes in
 * here as well.
 *
 * Of one identity, whose certificate it replaces; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_RENEWAL_H
#define ENDPOINT_DAEMON_WORK_RENEWAL_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/identity/identity.h"
#include "lib/store/db.h"

typedef struct EpRenewal EpRenewal;

typedef struct {
    EpIdentity *identity; /* these five are borrowed, and outlive the renewal */
    HlDb *db;             /* for when the certificate was issued */
    EpSpool *spool;
    EpTrouble *trouble;
    const EpServerTime *time;
    void (*renewed)(gpointer user); /* another certificate is in place; a moment after ep_renewal_install returned */
    gpointer user;
} EpRenewalOptions;

/* Never NULL. */
EpRenewal *ep_renewal_new(const EpRenewalOptions *options);
void ep_renewal_free(EpRenewal *renewal);

/* What a request over HTTPS shows (RenewRequest): the certificate in use, PEM, and the new request signed with its key.
 */
typedef struct {
    char *certificate;
    GBytes *csr, *proof;
} EpRenewalProof;

void ep_renewal_proof_clear(EpRenewalProof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpRenewalProof, ep_renewal_proof_clear)

/* The key of the request is on disk then, as of those over the line; proof must be zeroed. */
bool ep_renewal_prove(const EpRenewal *renewal, EpRenewalProof *proof, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another authority may issue from now on, or the answer to a request may be lost: if the certificate is not by the
 * first of the authorities, one is asked for at a moment at random within window, or sooner if that was planned. */
void ep_renewal_hurry(EpRenewal *renewal, HlTime window);

/* The server's answer, PEM (NULL: none came), and when it was signed (wall of the server; 0: not known): checked
 * against the key that was made for it, the authorities and this endpoint's id; then in place.  Installing the one in
 * use again is fine.  NOT_FOUND: it was not asked for; UNTRUSTED, EXPIRED, INVALID: what is wrong with it; others: it
 * could not be written.  On failure nothing changes. */
bool ep_renewal_install(EpRenewal *renewal, GBytes *pem, HlTime issued, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
