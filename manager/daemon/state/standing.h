/* SPDX-License-Identifier: Apache-2.0 */
/* What "systemctl status" shows of a manager that serves: how many of the fleet's endpoints are online.  That it lost
 * its broker is told by the link, when it happens. */
#ifndef MANAGER_DAEMON_STATE_STANDING_H
#define MANAGER_DAEMON_STATE_STANDING_H

#include "manager/daemon/ground/down.h"
#include "manager/daemon/state/status.h"

typedef struct {
    char *told;     /* the last line; NULL: none since the broker was lost */
    uint64_t epoch; /* when it was told */
} MgrStanding;

/* Once a second; the parts are there as long as it is called.  Says nothing twice in an epoch (fleet.h): in another one
 * the link may have told meanwhile that the broker was lost. */
void mgr_standing_tick(MgrStanding *standing, const MgrStatus *status, const MgrDown *down, uint64_t epoch);
void mgr_standing_clear(MgrStanding *standing);

#endif
