/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate authority is followed by another one: started and ended here, step by step (manager/core/succession),
 * and who is left is counted.
 *
 * pki/ca.pem is what counts; the registry's announcement follows it, after a kill between the two by itself.  Loop
 * thread. */
#ifndef MANAGER_DAEMON_CALLS_SUCCESSION_CALLS_H
#define MANAGER_DAEMON_CALLS_SUCCESSION_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/own.h"

typedef struct MgrSuccessionCalls MgrSuccessionCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    MgrOwn *own;
    MgrLocation *location;
    MgrCalls *calls;
    void (*changed)(
        gpointer user); /* other authorities count: the part that says so to accounts and consoles says it again */
    gpointer user;
} MgrSuccessionCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free.  Looks every few seconds whether a step is due.
 */
MgrSuccessionCalls *mgr_succession_calls_new(const MgrSuccessionCallsOptions *options, MgrDispatch *dispatch);
void mgr_succession_calls_free(MgrSuccessionCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSuccessionCalls, mgr_succession_calls_free)

#endif
