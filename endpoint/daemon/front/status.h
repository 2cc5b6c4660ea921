/* What the daemon tells of itself, as JSON for `holdline-endpoint status` and `history`. */
#ifndef ENDPOINT_DAEMON_FRONT_STATUS_H
#define ENDPOINT_DAEMON_FRONT_STATUS_H

#include "endpoint/daemon/daemon.h"
#include "lib/base/json.h"

json_t *ep_status_json(const EpDaemon *daemon);

/* The newest commands and events, newest first.  NULL on failure. */
json_t *ep_history_json(const EpDaemon *daemon, GError **error);

#endif
