/* SPDX-License-Identifier: Apache-2.0 */
/* What a roll-out brought to whom: the patterns that its members have before their first turns are noted with them, and
 * a roll-back is for those that have others since (manager/core/rollout.h decides). */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_BACK_H
#define MANAGER_DAEMON_WORK_ROLLOUT_BACK_H

#include "manager/daemon/work/live_rollout.h"

/* With a turn of these positions (guint): what those have for which it is the first. */
void mgr_rollout_back_write(HlWriteSet *set, const MgrLiveRollout *live, const MgrFleet *fleet,
                            const GArray *positions);
/* Once that is stored. */
void mgr_rollout_back_fold(MgrLiveRollout *live, const MgrFleet *fleet, const GArray *positions);

/* Leaves those of these members (MgrEndpoint *), which may have what it brings, that it has brought something. */
void mgr_rollout_back_keep(const MgrLiveRollout *live, const MgrFleet *fleet, GPtrArray *reached);

#endif
