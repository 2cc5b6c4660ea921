/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about sign-in: sessions of the console, tokens of scripts, passwords.  manager/core/signin decides how often
 * somebody may try; state/passes knows what is good. */
#ifndef MANAGER_DAEMON_CALLS_SESSION_CALLS_H
#define MANAGER_DAEMON_CALLS_SESSION_CALLS_H

#include "manager/daemon/calls/dispatch.h"

typedef struct MgrSessionCalls MgrSessionCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPasses *passes;
} MgrSessionCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrSessionCalls *mgr_session_calls_new(const MgrSessionCallsOptions *options, MgrDispatch *dispatch);
void mgr_session_calls_free(MgrSessionCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSessionCalls, mgr_session_calls_free)

#endif
