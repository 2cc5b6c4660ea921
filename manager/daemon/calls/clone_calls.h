/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that say what becomes of two machines with one identity. */
#ifndef MANAGER_DAEMON_CALLS_CLONE_CALLS_H
#define MANAGER_DAEMON_CALLS_CLONE_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/tracker.h"

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrTracker *tracker;
} MgrCloneCallsOptions;

/* Adds its rows to the dispatch, which must not be used after what parts points to is gone. */
void mgr_clone_calls_add(MgrDispatch *dispatch, MgrCloneCallsOptions *parts);

#endif
