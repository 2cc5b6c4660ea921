/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of roll-outs that are over have become, for lists.  Commands go on after the end; so what was noted
 * with it is counted again when it is asked for, and once for each change.  That the program of a member was upgraded
 * is no change of a command: there, while somebody is waited for, they are counted again every few seconds. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_COUNTS_H
#define MANAGER_DAEMON_WORK_ROLLOUT_COUNTS_H

#include "manager/daemon/work/live_rollout.h"

typedef struct MgrRolloutCounts MgrRolloutCounts;

MgrRolloutCounts *mgr_rollout_counts_new(MgrRecord *record, const MgrFleet *fleet);
void mgr_rollout_counts_free(MgrRolloutCounts *counts);

/* A command that may be of one that is over changed. */
void mgr_rollout_counts_changed(MgrRolloutCounts *counts, const MgrCommand *command);

/* Of one that is over, as it is read for a list: its counts become those of now. */
bool mgr_rollout_counts_update(MgrRolloutCounts *counts, MgrRolloutRecord *record,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRolloutCounts, mgr_rollout_counts_free)

#endif
