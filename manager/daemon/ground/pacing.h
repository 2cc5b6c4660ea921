/* SPDX-License-Identifier: Apache-2.0 */
/* What a connect costs the managed brokers, measured when many come: the time that they ran, or waited for a processor,
 * over the births of that second.  manager/core/herd makes the window of it that endpoints are told; the registry keeps
 * it for the next start. Brokers of others are not seen: there it stays at what is taken for granted. */
#ifndef MANAGER_DAEMON_GROUND_PACING_H
#define MANAGER_DAEMON_GROUND_PACING_H

#include "manager/daemon/ground/brokers.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    const MgrBrokers *brokers; /* NULL: they are not this manager's */
    MgrHerdTime taken;         /* as counted at the last tick, with what follows */
    uint64_t connects;
    guint running; /* brokers */
} MgrPacing;

/* Once a second. */
void mgr_pacing_tick(MgrPacing *pacing);

#endif
