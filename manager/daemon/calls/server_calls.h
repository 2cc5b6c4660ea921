/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about the server itself: where endpoints are told that it is, and by which certificate it is known. */
#ifndef MANAGER_DAEMON_CALLS_SERVER_CALLS_H
#define MANAGER_DAEMON_CALLS_SERVER_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/ends.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/own.h"

typedef struct MgrServerCalls MgrServerCalls;

typedef struct {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    MgrOwn *own;
    const MgrEnds *ends;
    MgrLocation *location;
    MgrSealer *sealer;
    MgrDelivery *delivery;
    const MgrDown *down;
    MgrCalls *calls;
    void (*authorities_changed)(gpointer user); /* other authorities count, to those who are not told by a document */
    gpointer user;
} MgrServerCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrServerCalls *mgr_server_calls_new(const MgrServerCallsOptions *options, MgrDispatch *dispatch);
void mgr_server_calls_free(MgrServerCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrServerCalls, mgr_server_calls_free)

#endif
