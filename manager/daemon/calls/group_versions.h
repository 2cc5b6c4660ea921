/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about what the settings of a group were: the versions that are kept, one of them, and back to one. */
#ifndef MANAGER_DAEMON_CALLS_GROUP_VERSIONS_H
#define MANAGER_DAEMON_CALLS_GROUP_VERSIONS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/calls/group_save.h"

/* parts outlives the calls.  Adds its rows to the dispatch, which must not be used after that. */
void mgr_group_versions_add(const MgrGroupCallsOptions *parts, MgrDispatch *dispatch);

#endif
