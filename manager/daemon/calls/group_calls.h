/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about groups and their settings. */
#ifndef MANAGER_DAEMON_CALLS_GROUP_CALLS_H
#define MANAGER_DAEMON_CALLS_GROUP_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/console_state.h"

typedef struct MgrGroupCalls MgrGroupCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
} MgrGroupCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrGroupCalls *mgr_group_calls_new(const MgrGroupCallsOptions *options, MgrDispatch *dispatch);
void mgr_group_calls_free(MgrGroupCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrGroupCalls, mgr_group_calls_free)

#endif
