/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a roll-out has reached, as the registry and their versions say: who is to go back. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_REACH_H
#define MANAGER_DAEMON_WORK_ROLLOUT_REACH_H

#include "manager/daemon/work/live_rollout.h"

/* MgrEndpoint * of members that may have what it brings (mgr_member_may_have).  Free with g_ptr_array_unref; NULL with
 * an error: the registry cannot be read. */
GPtrArray *mgr_rollout_reach(const MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, GError **error);

#endif
