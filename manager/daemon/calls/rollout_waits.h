/* SPDX-License-Identifier: Apache-2.0 */
/* What a roll-out waits for, as a document. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOUT_WAITS_H
#define MANAGER_DAEMON_CALLS_ROLLOUT_WAITS_H

#include "lib/base/json.h"
#include "manager/daemon/work/live_rollout.h"

/* A row for each group with members that wait for its maintenance window, by the groups' ids: {"group", "name",
 * "members", "window", "until"}.  "until" is empty where the window is open, and they wait for their turn in it. */
json_t *mgr_rollout_waits(const MgrFleet *fleet, const MgrLiveRollout *live);

#endif
