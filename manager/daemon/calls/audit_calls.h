/* SPDX-License-Identifier: Apache-2.0 */
/* The call that reads the audit log. */
#ifndef MANAGER_DAEMON_CALLS_AUDIT_CALLS_H
#define MANAGER_DAEMON_CALLS_AUDIT_CALLS_H

#include "manager/daemon/calls/dispatch.h"

typedef struct MgrAuditCalls MgrAuditCalls;

typedef struct {
    const MgrFleet *fleet;
    MgrRecord *record;
} MgrAuditCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrAuditCalls *mgr_audit_calls_new(const MgrAuditCallsOptions *options, MgrDispatch *dispatch);
void mgr_audit_calls_free(MgrAuditCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrAuditCalls, mgr_audit_calls_free)

#endif
