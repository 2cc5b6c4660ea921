/* What the endpoint does by itself: scheduled updates and scans (B18), the start-up update. */
#ifndef ENDPOINT_DAEMON_WORK_SCHEDULER_H
#define ENDPOINT_DAEMON_WORK_SCHEDULER_H

#include "endpoint/daemon/daemon.h"

/* Never NULL. */
EpScheduler *ep_scheduler_new(EpDaemon *daemon);
void ep_scheduler_free(EpScheduler *scheduler);

void ep_scheduler_settings_changed(EpDaemon *daemon);

/* The user turns the scheduled update off or on; kept over restarts, and in force only while the group's settings give
 * the privilege: what was allowed once must not leave a machine without updates for ever. */
bool ep_scheduler_set_user_off(EpDaemon *daemon, bool off, GError **error);
bool ep_scheduler_is_user_off(const EpScheduler *scheduler);

/* Wall time of the next scheduled update; 0: none. */
HlTime ep_scheduler_next_update(const EpDaemon *daemon);

#endif
