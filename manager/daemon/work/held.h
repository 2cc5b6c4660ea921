/* SPDX-License-Identifier: Apache-2.0 */
/* Members of roll-outs whose command is held for the maintenance window of their group: who is let go when. */
#ifndef MANAGER_DAEMON_WORK_HELD_H
#define MANAGER_DAEMON_WORK_HELD_H

#include "manager/daemon/work/commands.h"
#include "manager/daemon/work/live_rollout.h"

/* At each tick: those of a roll-out under way, as fast as its core allows. */
void mgr_held_look(MgrLiveRollout *live, const MgrFleet *fleet, MgrCommands *commands);

/* At each tick: those that were away when theirs ended (it is not one of these, by id).  looked is the mono time of the
 * last walk, from 0. */
void mgr_held_look_at_ended(GHashTable *live, const MgrFleet *fleet, MgrCommands *commands, HlTime *looked);

/* How long a command for these endpoints (MgrEndpoint *) may have to wait for a window. */
HlTime mgr_held_longest(const GPtrArray *endpoints);

#endif
