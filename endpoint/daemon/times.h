/* What the endpoint does by itself: scheduled updates and scans (B18), the start-up update. */
#ifndef ENDPOINT_DAEMON_TIMES_H
#define ENDPOINT_DAEMON_TIMES_H

#include "endpoint/daemon/daemon.h"

/* Never NULL. */
EpTimes *ep_times_new(EpDaemon *daemon);
void ep_times_free(EpTimes *times);

void ep_times_settings_changed(EpDaemon *daemon);

/* The user turns the scheduled update off or on; kept over restarts, and in force only while the group's settings give
 * the privilege: what was allowed once must not leave a machine without updates for ever. */
bool ep_times_set_user_off(EpDaemon *daemon, bool off, GError **error);
bool ep_times_is_user_off(const EpTimes *times);

/* Wall time of the next scheduled update; 0: none. */
HlTime ep_times_next_update(const EpDaemon *daemon);

#endif
