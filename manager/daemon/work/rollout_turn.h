/* SPDX-License-Identifier: Apache-2.0 */
/* A turn of a roll-out: these members are to have it now.  It is stored, and becomes a command (work/commands.h), or
 * settings of those whose turn it is (work/trials.h).  Who has it, and when, work/rollouts.h decides.
 *
 * Of settings, a member that is on line when its turn is written is open from then on, in the registry too: one that
 * dies from them at once is judged, also by the next manager. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_TURN_H
#define MANAGER_DAEMON_WORK_ROLLOUT_TURN_H

#include "manager/daemon/work/commands.h"
#include "manager/daemon/work/live_rollout.h"
#include "manager/daemon/work/trials.h"

/* Outlives the turns that it was used for. */
typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrCommands *commands;
    MgrTrialsParts trials;
} MgrRolloutTurns;

/* error is NULL when it is stored; live is as it is now, and borrowed.  Called once. */
typedef void (*MgrRolloutDone)(const MgrLiveRollout *live, const GError *error, gpointer user);

/* The next n have theirs.  Where it cannot be stored that is logged, and nothing has changed. */
void mgr_rollout_turn_next(MgrRolloutTurns *turns, MgrLiveRollout *live, guint n);
/* Those of mgr_rollout_find_again have theirs, in the same way; takes the positions. */
void mgr_rollout_turn_put_back_next(MgrRolloutTurns *turns, MgrLiveRollout *live, GArray *positions);
/* These (guint) are to have another one, as many a minute as --rate lets; otherwise as mgr_rollout_turn_again. */
void mgr_rollout_turn_put_back(MgrRolloutTurns *turns, HlWriteSet *set, MgrLiveRollout *live, GArray *positions,
                               MgrRolloutDone done, gpointer user);
/* These (guint) have another one.  Takes the set, which is stored with it, and the positions.  On an error nothing has
 * changed. */
void mgr_rollout_turn_again(MgrRolloutTurns *turns, HlWriteSet *set, MgrLiveRollout *live, GArray *positions,
                            MgrRolloutDone done, gpointer user);

#endif
