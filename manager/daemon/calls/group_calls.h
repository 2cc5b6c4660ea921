/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about groups, their settings and names, and the versions of these (group_versions.h). */
#ifndef MANAGER_DAEMON_CALLS_GROUP_CALLS_H
#define MANAGER_DAEMON_CALLS_GROUP_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/calls/group_save.h"

typedef struct MgrGroupCalls MgrGroupCalls;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrGroupCalls *mgr_group_calls_new(const MgrGroupCallsOptions *options, MgrDispatch *dispatch);
void mgr_group_calls_free(MgrGroupCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrGroupCalls, mgr_group_calls_free)

#endif
