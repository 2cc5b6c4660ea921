/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon tells of itself, as JSON: for `holdline-endpoint status` and `history`, and to those who watch.
 * Reads, and changes nothing. */
#ifndef ENDPOINT_DAEMON_FRONT_STATUS_H
#define ENDPOINT_DAEMON_FRONT_STATUS_H

#include "endpoint/daemon/enrolled.h"
#include "endpoint/daemon/work/scheduler.h"
#include "lib/base/json.h"

/* All borrowed. */
typedef struct {
    HlDb *db;
    const EpTrouble *trouble;
    const EpRefusals *refused;
    const EpSettings *settings;
    const EpProgram *program;
    const EpUpdates *updates;
    EpFinds *finds;
    const EpScans *scans;
    const EpOrders *orders;
    const EpScheduler *scheduler;
    const EpEnrolled *enrolled; /* NULL: not enrolled */
} EpStatusView;

/* json_decref. */
json_t *ep_status_json(const EpStatusView *view);

/* What a user's desktop shows (docs/protocol.md, "Calls at the endpoint"), for this caller; nothing in it changes with
 * time alone.  json_decref. */
json_t *ep_watch_json(const EpStatusView *view, EpWho who);

/* The newest commands and events, newest first; json_decref.  NULL on failure. */
json_t *ep_history_json(HlDb *db, GError **error);

#endif
