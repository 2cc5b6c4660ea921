/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of all parts in Prometheus' text format: read from their counts, nothing of their own. */
#ifndef MANAGER_DAEMON_FRONT_METRICS_H
#define MANAGER_DAEMON_FRONT_METRICS_H

#include "lib/http/serve.h"
#include "manager/core/health.h"
#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/ends.h"
#include "manager/daemon/state/floods.h"
#include "manager/daemon/state/notifications/notifications.h"
#include "manager/daemon/state/status.h"
#include "manager/daemon/state/timestamp.h"
#include "manager/daemon/work/arrivals.h"
#include "manager/daemon/work/enrol.h"
#include "manager/daemon/work/late_renewals.h"
#include "manager/daemon/work/rollouts.h"

typedef struct {
    const MgrFleet *fleet;
    const MgrRecord *record;
    const MgrDown *down;
    const MgrDelivery *delivery;
    const MgrTracker *tracker;
    MgrGate *gate;
    const MgrFloods *floods;
    const MgrTimestamp *timestamp;
    const MgrPatterns *patterns;
    const MgrEnds *ends;
    const MgrNotifications *notifications;
    const MgrPki *pki;
    const MgrRenewals *renewals;
    const MgrReports *reports;
    const MgrFinds *finds;
    const MgrStatus *status; /* this and the next three are set by the front, whose own they are */
    const MgrApplicants *applicants;
    const MgrEnrol *enrol;
    const MgrLateRenewals *late_renewals;
    const MgrArrivals *arrivals;
    const MgrRollouts *rollouts;
    const MgrDispatch *dispatch;
    const MgrCalls *calls;
} MgrMetricsParts;

/* Caller frees. */
char *mgr_metrics_print(const MgrMetricsParts *parts, const HlHttpCounts *http, const MgrHealth *health);

#endif
