/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log while the manager runs: rows are added to it, and its head is told in the summary (state/witness.h), so
 * that a copy elsewhere proves that nothing was cut off since.
 *
 * Which calls it gets is decided in one place, call.c.  A row's time is the server's when it is added, and no earlier
 * than what the server's clock has said before (mgr_fleet_latest): `at` of what is handed over is not read. */
#ifndef MANAGER_DAEMON_CALLS_AUDIT_H
#define MANAGER_DAEMON_CALLS_AUDIT_H

#include "manager/core/quota.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/witness.h"
#include "manager/store/audit.h"

typedef struct MgrAudit MgrAudit;

/* The witness is told when something was added. */
MgrAudit *mgr_audit_new(const MgrFleet *fleet, MgrRecord *record, MgrWitness *witness);
void mgr_audit_free(MgrAudit *audit);

/* With a change, in its set: whatever happens, both are there or neither.  Copied. */
void mgr_audit_add(MgrAudit *audit, HlWriteSet *set, const MgrAuditRecord *record);

typedef struct {
    const char *account, *call;
    bool by_token;
    gsize size; /* bytes of its row */
} MgrAuditChange;

/* Whether an account may make one more change: each leaves a row for ever.  Else HL_ERROR_LIMIT, which says how long to
 * wait (manager/core/quota.h).  A script that runs away holds nobody up who stops it: what comes with tokens has a room
 * of its own, and so has what the others call to end something. */
bool mgr_audit_may_change(MgrAudit *audit, const MgrAuditChange *change, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether this call ends or revokes something. */
bool mgr_audit_is_ending(const char *call);

/* What changed nothing in the registry, within a second.  The account has room for so many in an hour, by
 * a row of manager/core/quota.h; those beyond are counted, and one row says how many they were. */
void mgr_audit_tell(MgrAudit *audit, const MgrAuditRecord *record, MgrQuotaKind kind);

/* Before the record stops: how many were beyond it is told now. */
void mgr_audit_settle(MgrAudit *audit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrAudit, mgr_audit_free)

#endif
