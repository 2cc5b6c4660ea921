/* SPDX-License-Identifier: Apache-2.0 */
/* What a manager does about itself, however little happens: what is old leaves the registry, by a time that is believed
 * and kept, and free memory goes back to the kernel. */
#ifndef MANAGER_DAEMON_GROUND_UPKEEP_H
#define MANAGER_DAEMON_GROUND_UPKEEP_H

#include "manager/core/conf.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"

typedef struct {
    const MgrConf *conf;
    const MgrFleet *fleet;
    MgrRecord *record;
    HlTime alive_before; /* wall: when the manager before this one lived last; 0: it is the first */
    HlTime started_mono;
    HlTime kept;                                  /* wall: as it is in the registry; 0: not yet */
    HlTime pruned_mono, returned_mono, kept_mono; /* 0: not yet */
} MgrUpkeep;

/* Once a second. */
void mgr_upkeep_tick(MgrUpkeep *upkeep);

#endif
