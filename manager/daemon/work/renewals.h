/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that endpoints ask for over the line: issued for the key of their request, stored, then sent.  One at a
 * time for each endpoint, and only when one is due (manager/core/quota.h). */
#ifndef MANAGER_DAEMON_WORK_RENEWALS_H
#define MANAGER_DAEMON_WORK_RENEWALS_H

#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrRenewals MgrRenewals;

typedef struct {
    const MgrConf *conf; /* enrolment.certificate-lifetime */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrPki *pki;
    const MgrLocation *location; /* who holds the authority that follows */
} MgrRenewalsOptions;

MgrRenewals *mgr_renewals_new(const MgrRenewalsOptions *options);
void mgr_renewals_free(MgrRenewals *renewals);

/* A failure is logged: the endpoint asks again.  What is not due is counted, and not answered.  One of the authority
 * that follows waits until the broker has read that; a kill forgets it, and the endpoint asks again. */
void mgr_renewals_request(MgrRenewals *renewals, const MgrEndpoint *endpoint, GBytes *csr);

/* Requests that were not due. */
uint64_t mgr_renewals_refused(const MgrRenewals *renewals);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRenewals, mgr_renewals_free)

#endif
