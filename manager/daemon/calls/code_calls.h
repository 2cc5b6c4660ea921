/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about the one-time codes that an account signs in with, beside its password.  A key is in force once a code of
 * it was shown: nobody is locked out with an app that did not take it. */
#ifndef MANAGER_DAEMON_CALLS_CODE_CALLS_H
#define MANAGER_DAEMON_CALLS_CODE_CALLS_H

#include "manager/daemon/calls/dispatch.h"

typedef struct MgrCodeCalls MgrCodeCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPasses *passes;
} MgrCodeCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrCodeCalls *mgr_code_calls_new(const MgrCodeCallsOptions *options, MgrDispatch *dispatch);
void mgr_code_calls_free(MgrCodeCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCodeCalls, mgr_code_calls_free)

#endif
