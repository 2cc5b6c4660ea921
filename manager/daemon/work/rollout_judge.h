/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a roll-out with time: its members are looked at, the core judges, and what the manager found out by
 * itself is stored. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_JUDGE_H
#define MANAGER_DAEMON_WORK_ROLLOUT_JUDGE_H

#include "manager/daemon/work/live_rollout.h"

/* Once a second.  How many more members are to have their turn now. */
guint mgr_rollout_judge(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, HlTime now);

/* One that is over, as the registry has it (mgr_live_rollout_read).  Of a program it is asked what has become of the
 * members that were away at its end: nobody watches their upgrades any longer. */
MgrLiveRollout *mgr_rollout_read_ended(MgrRecord *registry, const MgrFleet *fleet, MgrRolloutRecord *record,
                                       GError **error);

/* Its state and ring, if they are others than are stored.  What a crash forgets of it is decided again. */
void mgr_rollout_write_change(MgrLiveRollout *live, MgrRecord *record);

/* With a state that is stored: that it halted, or is through, is news (state/happenings.h). */
void mgr_rollout_write_news(HlWriteSet *set, const MgrLiveRollout *live);

#endif
