/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about who may do what: accounts, their roles, and their end (admin revoke is the same as account delete).
 * Certificates are certificate_calls.h. */
#ifndef MANAGER_DAEMON_CALLS_ACCOUNT_CALLS_H
#define MANAGER_DAEMON_CALLS_ACCOUNT_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrAccountCalls MgrAccountCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    MgrPasses *passes;
} MgrAccountCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrAccountCalls *mgr_account_calls_new(const MgrAccountCallsOptions *options, MgrDispatch *dispatch);
void mgr_account_calls_free(MgrAccountCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrAccountCalls, mgr_account_calls_free)

#endif
