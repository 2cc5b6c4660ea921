/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about one's own saved views: a filter, an order and columns under a name.  Everybody has theirs, and sees and
 * changes no others. */
#ifndef MANAGER_DAEMON_CALLS_VIEW_CALLS_H
#define MANAGER_DAEMON_CALLS_VIEW_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"

#define MGR_MAX_VIEWS 50 /* of an account */

typedef struct MgrViewCalls MgrViewCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
} MgrViewCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrViewCalls *mgr_view_calls_new(const MgrViewCallsOptions *options, MgrDispatch *dispatch);
void mgr_view_calls_free(MgrViewCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrViewCalls, mgr_view_calls_free)

#endif
