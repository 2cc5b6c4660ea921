/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about the pattern repository. */
#ifndef MANAGER_DAEMON_CALLS_PATTERN_CALLS_H
#define MANAGER_DAEMON_CALLS_PATTERN_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/patterns.h"

typedef struct MgrPatternCalls MgrPatternCalls;

typedef struct {
    MgrPatterns *patterns;
} MgrPatternCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrPatternCalls *mgr_pattern_calls_new(const MgrPatternCallsOptions *options, MgrDispatch *dispatch);
void mgr_pattern_calls_free(MgrPatternCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrPatternCalls, mgr_pattern_calls_free)

#endif
