/* SPDX-License-Identifier: Apache-2.0 */
/* Admin calls about the brokers: which there are, and which are drained. */
#ifndef MANAGER_DAEMON_CALLS_BROKER_CALLS_H
#define MANAGER_DAEMON_CALLS_BROKER_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/ground/brokers.h"
#include "manager/daemon/work/arrivals.h"

typedef struct MgrBrokerCalls MgrBrokerCalls;

typedef struct {
    MgrBrokers *brokers;          /* NULL: an external one */
    MgrArrivals *const *arrivals; /* where it will be, once it is made */
    const MgrDown *down;
} MgrBrokerCallsOptions;

MgrBrokerCalls *mgr_broker_calls_new(const MgrBrokerCallsOptions *options, MgrDispatch *dispatch);
void mgr_broker_calls_free(MgrBrokerCalls *calls);

#endif
