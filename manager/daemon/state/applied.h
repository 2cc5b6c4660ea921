/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint says of the settings that it has: taken into memory and registry where it differs, and compared with
 * what it should have.
 *
 * Births and heartbeats say it; when and how it came to be is a report's to tell (work/reports.h).  Runs ahead of the
 * registry like presence: it is told again. */
#ifndef MANAGER_DAEMON_STATE_APPLIED_H
#define MANAGER_DAEMON_STATE_APPLIED_H

#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/tracker.h"

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrTracker *tracker;
} MgrAppliedParts;

typedef enum {
    MGR_APPLIED_ALL,     /* a birth */
    MGR_APPLIED_COUNTER, /* a heartbeat: counter and digest alone are told */
} MgrAppliedTold;

/* It was checked.  Settles what follows from it. */
void mgr_applied_handle(const MgrAppliedParts *parts, MgrEndpoint *endpoint, const HlMsgAppliedSettings *told,
                        MgrAppliedTold how);

/* One that has all is expected to be heard at the interval of these settings.  To any other sends what is missing, if
 * the line is the way for it; where the endpoint's number is not below that of what it shall have (a registry was
 * restored), its own document is first given the number past it (manager/core/counter.h). */
void mgr_applied_settle(const MgrAppliedParts *parts, MgrEndpoint *endpoint);

#endif
