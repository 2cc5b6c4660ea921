/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints whose certificate ended while they were away: they come over HTTPS, as no broker takes them, and get
 * another one by proof of their old key (docs/protocol.md, "Coming back late").  manager/core/late_renewal decides;
 * this gathers the facts, issues, stores, answers, and says in a sentence what a refused one is to do. */
#ifndef MANAGER_DAEMON_WORK_LATE_RENEWALS_H
#define MANAGER_DAEMON_WORK_LATE_RENEWALS_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/status.h"
#include "manager/daemon/work/applicants.h"

typedef struct MgrLateRenewals MgrLateRenewals;

typedef struct {
    const MgrConf *conf; /* enrolment.certificate-lifetime, .grace */
    MgrApplicants *applicants;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrPki *pki;
    const MgrLocation *location;
} MgrLateRenewalsOptions;

MgrLateRenewals *mgr_late_renewals_new(const MgrLateRenewalsOptions *options);
void mgr_late_renewals_free(MgrLateRenewals *renewals);

/* POST /v1/renew; answers the request, after the commit if a certificate was issued. */
void mgr_late_renewals_handle(MgrLateRenewals *renewals, HlHttpRequest *request);

/* Endpoints that came back so since the start. */
uint64_t mgr_late_renewals_count(const MgrLateRenewals *renewals);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLateRenewals, mgr_late_renewals_free)

#endif
