/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs of a group's settings: what their turns, their end and their abort write, and what follows in memory after
 * the commit (work/rollouts.h decides when).  Who has what is ground/group.h's.
 *
 * Whatever changes an endpoint's settings gives its document a number of its own, past all that it had, as a move to
 * another group does: forward with its turn and with a retry, back with an abort. */
#ifndef MANAGER_DAEMON_WORK_TRIALS_H
#define MANAGER_DAEMON_WORK_TRIALS_H

#include "manager/daemon/state/console_state.h"
#include "manager/daemon/work/live_rollout.h"

typedef struct {
    MgrFleet *fleet;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
} MgrTrialsParts;

/* Started: nobody has it yet. */
void mgr_trials_fold_start(const MgrTrialsParts *parts, const MgrRolloutRecord *record);

/* Numbers for those that had this turn (NULL: any), after it was written.  What they are; the fold takes it. */
uint64_t mgr_trials_write_numbers(const MgrTrialsParts *parts, HlWriteSet *set, const MgrRolloutRecord *record,
                                  const char *turn);
/* These (positions, guint) have it. */
void mgr_trials_fold_turn(const MgrTrialsParts *parts, const MgrLiveRollout *live, const GArray *positions,
                          uint64_t counter);
/* Nobody has it any more. */
void mgr_trials_fold_abort(const MgrTrialsParts *parts, const MgrRolloutRecord *record, uint64_t counter);

/* The last ring is through, at this time: it is the group's next version. */
void mgr_trials_write_end(HlWriteSet *set, const MgrRolloutRecord *record, HlTime at);
void mgr_trials_fold_end(const MgrTrialsParts *parts, const MgrRolloutRecord *record, HlTime at);

/* What an endpoint refuses counts against what it has on trial if that cannot be used: written with its report, which
 * is told once; then in memory. */
void mgr_trials_write_refusal(HlWriteSet *set, const MgrEndpoint *endpoint, const HlMsgRefusal *body);
void mgr_trials_fold_refusal(MgrEndpoint *endpoint, const HlMsgRefusal *body);

/* Whether its group's maintenance window lets a turn begin now. */
bool mgr_trials_may_begin(const MgrTrialsParts *parts, const MgrRolloutRecord *record);

#endif
