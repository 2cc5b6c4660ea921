/* SPDX-License-Identifier: Apache-2.0 */
/* What is done about a sender that floods (ground/gate.h tells who): its session is ended, and it is held off for
 * growing times, which end by themselves.
 *
 * Meanwhile the gate drops what it sends, and the managed broker does before that: it has a denial in its access list.
 * An external broker's list is not ours; there the session is ended again, once a second, as long as anything comes of
 * it.  No certificate is revoked, and a restart of the manager forgets all of it. */
#ifndef MANAGER_DAEMON_STATE_FLOODS_H
#define MANAGER_DAEMON_STATE_FLOODS_H

#include "manager/daemon/ground/gate.h"
#include "manager/daemon/state/console_state.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/tracker.h"

typedef struct MgrFloods MgrFloods;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrGate *gate;
    MgrStatus *status;
    MgrPki *pki;
    MgrTracker *tracker;
    MgrConsole *console;
} MgrFloodsOptions;

/* Attaches itself to the gate. */
MgrFloods *mgr_floods_new(const MgrFloodsOptions *options);
void mgr_floods_free(MgrFloods *floods);

/* Once a second: whose time is over; and the gate's own. */
void mgr_floods_tick(MgrFloods *floods);

typedef struct {
    uint64_t total; /* hold-offs that began */
    guint now;      /* held off */
} MgrFloodsCounts;

MgrFloodsCounts mgr_floods_count(const MgrFloods *floods);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrFloods, mgr_floods_free)

#endif
