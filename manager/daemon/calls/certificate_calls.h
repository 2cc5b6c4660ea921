/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about the certificates of people and programs: those of accounts, and monitors.
 *
 * The key is made where it is used: each call gets a signing request. */
#ifndef MANAGER_DAEMON_CALLS_CERTIFICATE_CALLS_H
#define MANAGER_DAEMON_CALLS_CERTIFICATE_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrCertificateCalls MgrCertificateCalls;

typedef struct {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    const MgrLocation *location; /* where those are to go that get a certificate */
} MgrCertificateCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrCertificateCalls *mgr_certificate_calls_new(const MgrCertificateCallsOptions *options, MgrDispatch *dispatch);
void mgr_certificate_calls_free(MgrCertificateCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCertificateCalls, mgr_certificate_calls_free)

#endif
