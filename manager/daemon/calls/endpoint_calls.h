/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about endpoints and the whole. */
#ifndef MANAGER_DAEMON_CALLS_ENDPOINT_CALLS_H
#define MANAGER_DAEMON_CALLS_ENDPOINT_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/tracker.h"
#include "manager/daemon/work/commands.h"

typedef struct MgrEndpointCalls MgrEndpointCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrPki *pki;
    MgrCommands *commands;
    /* {"manager_version", ...}: what of the program itself belongs to the summary; the caller's */
    json_t *(*about)(gconstpointer user);
    gconstpointer user;
} MgrEndpointCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrEndpointCalls *mgr_endpoint_calls_new(const MgrEndpointCallsOptions *options, MgrDispatch *dispatch);
void mgr_endpoint_calls_free(MgrEndpointCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrEndpointCalls, mgr_endpoint_calls_free)

#endif
