/* SPDX-License-Identifier: Apache-2.0 */
/* With which of its certificates somebody calls, as the call says: a certificate that was issued may never have
 * arrived, and the one before it must go on counting until this one was used (manager/core/succession.h).
 *
 * The broker vouches for the name alone.  Who names another certificate of the same name harms that name alone.  Runs
 * ahead of the registry, and is written within a second; the next call says it again.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_USES_H
#define MANAGER_DAEMON_STATE_USES_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"

typedef struct MgrUses MgrUses;

/* Both are borrowed. */
MgrUses *mgr_uses_new(MgrFleet *fleet, MgrRecord *record);
void mgr_uses_free(MgrUses *uses);

/* A call came under the name, with the certificate of that serial ("": it does not say).  One that is not the name's,
 * or is revoked, is passed over. */
void mgr_uses_add(MgrUses *uses, const char *name, const char *serial, HlTime now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrUses, mgr_uses_free)

#endif
