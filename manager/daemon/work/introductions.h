/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that the registry does not know: it was restored from a backup, and the endpoint has renewed since.
 *
 * An unknown certificate cannot be put on the revocation list.  So a birth names the serial number in use; if that is
 * unknown, the notice that answers the birth asks for the certificate, and the endpoint shows it in a report.  All that
 * counts is the authority's own signature for this endpoint; with it the certificate is known from then on. */
#ifndef MANAGER_DAEMON_WORK_INTRODUCTIONS_H
#define MANAGER_DAEMON_WORK_INTRODUCTIONS_H

#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/status.h"

typedef struct MgrIntroductions MgrIntroductions;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrPki *pki;
} MgrIntroductionsOptions;

MgrIntroductions *mgr_introductions_new(const MgrIntroductionsOptions *options);
void mgr_introductions_free(MgrIntroductions *introductions);

/* The certificate (PEM) that the endpoint shows.  What is not its own is logged, and changes nothing. */
void mgr_introductions_show(MgrIntroductions *introductions, MgrEndpoint *endpoint, GBytes *pem);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrIntroductions, mgr_introductions_free)

#endif
