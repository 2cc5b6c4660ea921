/* SPDX-License-Identifier: Apache-2.0 */
/* The sealing key rolls over: a new one is announced under the old, endpoints hold both, and when all do the new one
 * signs and the old one is gone.
 *
 * What is on disk and what is in the registry are two steps; a kill between them leaves a state from which each call
 * goes on.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOVER_CALLS_H
#define MANAGER_DAEMON_CALLS_ROLLOVER_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/ground/down.h"
#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/location.h"

typedef struct MgrRolloverCalls MgrRolloverCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrSealer *sealer;
    MgrDelivery *delivery;
    const MgrDown *down; /* what the broker keeps is withdrawn when there is one */
    MgrLocation *location;
    MgrCalls *calls;
} MgrRolloverCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free.  Looks every ten seconds whether all endpoints
 * hold the new key, and finishes then by itself. */
MgrRolloverCalls *mgr_rollover_calls_new(const MgrRolloverCallsOptions *options, MgrDispatch *dispatch);
void mgr_rollover_calls_free(MgrRolloverCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRolloverCalls, mgr_rollover_calls_free)

#endif
