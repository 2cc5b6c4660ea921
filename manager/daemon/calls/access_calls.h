/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about who may come in: bundles for endpoints; accounts (account_calls.h), certificates
 * (certificate_calls.h), sessions and tokens (session_calls.h). */
#ifndef MANAGER_DAEMON_CALLS_ACCESS_CALLS_H
#define MANAGER_DAEMON_CALLS_ACCESS_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/passes.h"
#include "manager/daemon/work/bundle.h"

typedef struct MgrAccessCalls MgrAccessCalls;

typedef struct {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    MgrBundleParts bundle;
    MgrStatus *status;
} MgrAccessCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrAccessCalls *mgr_access_calls_new(const MgrAccessCallsOptions *options, MgrDispatch *dispatch);
void mgr_access_calls_free(MgrAccessCalls *calls);

/* Sessions and tokens; borrowed. */
MgrPasses *mgr_access_calls_passes(const MgrAccessCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrAccessCalls, mgr_access_calls_free)

#endif
