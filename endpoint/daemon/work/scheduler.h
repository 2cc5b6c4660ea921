/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoint does by itself: scheduled updates and scans (B18), the start-up update, and another try after a
 * temporary failure.  endpoint/core/schedule and endpoint/core/retry decide when.
 *
 * Exists whether the machine is enrolled or not: scheduled scans need no server.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SCHEDULER_H
#define ENDPOINT_DAEMON_WORK_SCHEDULER_H

#include "endpoint/daemon/work/orders.h"

typedef struct EpScheduler EpScheduler;

/* All borrowed, and outlive the scheduler. */
typedef struct {
    HlDb *db;
    EpTrouble *trouble;
    EpSettings *settings;
    EpUpdates *updates;
    EpOrders *orders;
    EpPulse *pulse; /* may be NULL */
} EpSchedulerOptions;

/* The start-up update is for a start with the settings that ask for it, or for the enrolment of a machine that runs:
 * settings that come later are no start.  Never NULL. */
EpScheduler *ep_scheduler_new(const EpSchedulerOptions *options);
void ep_scheduler_free(EpScheduler *scheduler);

void ep_scheduler_settings_changed(EpScheduler *scheduler);

/* The user turns the scheduled update off or on; kept over restarts, and in force only while the group's settings give
 * the privilege: what was allowed once must not leave a machine without updates forever. */
bool ep_scheduler_set_user_off(EpScheduler *scheduler, bool off, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_scheduler_is_user_off(const EpScheduler *scheduler);

/* Wall time of the next scheduled update; 0: none. */
HlTime ep_scheduler_next_update(const EpScheduler *scheduler);

#endif
