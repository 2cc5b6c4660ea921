/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about roll-outs: start, look at, pause, resume, abort, retry, roll back. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOUT_CALLS_H
#define MANAGER_DAEMON_CALLS_ROLLOUT_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/patterns.h"
#include "manager/daemon/work/rollouts.h"

typedef struct MgrRolloutCalls MgrRolloutCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrCommands *commands;
    MgrRollouts *rollouts;
    MgrPatterns *patterns;
} MgrRolloutCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrRolloutCalls *mgr_rollout_calls_new(const MgrRolloutCallsOptions *options, MgrDispatch *dispatch);
void mgr_rollout_calls_free(MgrRolloutCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRolloutCalls, mgr_rollout_calls_free)

#endif
