/* SPDX-License-Identifier: Apache-2.0 */
/* Takes into the registry what was issued beside the manager (manager/site/issued.h): certificates that wait in a
 * directory of the site.  One whose account is gone by then is taken in as revoked; but where no owner is left who is
 * enabled, its account becomes one, and what that was before ends. */
#ifndef MANAGER_DAEMON_WORK_ISSUED_H
#define MANAGER_DAEMON_WORK_ISSUED_H

#include "manager/daemon/state/passes.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/status.h"
#include "manager/store/audit.h"

typedef struct MgrIssued MgrIssued;

typedef struct {
    const char *dir; /* the site; borrowed */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
    MgrStatus *status;
    MgrPasses *passes;
    /* What is taken in, for the audit log: a row to be written with the set.  The row is valid during the call. */
    void (*noted)(HlWriteSet *set, const MgrAuditRecord *row, gpointer user);
    gpointer user;
} MgrIssuedOptions;

MgrIssued *mgr_issued_new(const MgrIssuedOptions *options);
void mgr_issued_free(MgrIssued *issued);

/* Once a second. */
void mgr_issued_tick(MgrIssued *issued);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrIssued, mgr_issued_free)

#endif
