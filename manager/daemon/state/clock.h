/* SPDX-License-Identifier: Apache-2.0 */
/* The mark that the server's clock leaves (core/now.h): kept, compared with the clocks of the endpoints, and told of
 * where the clock is behind it.  What is issued and recorded meanwhile is of the time that it should be
 * (mgr_fleet_latest); what was stored by a clock that is set while the manager runs is console_state's. */
#ifndef MANAGER_DAEMON_STATE_CLOCK_H
#define MANAGER_DAEMON_STATE_CLOCK_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"

#define MGR_CLOCK_COUNTER "clock" /* the mark, in the registry */

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    HlTime kept_mono, looked_mono, warned_mono; /* 0: not yet */
    HlTime stood;                               /* of MgrVoices */
    bool is_behind;
} MgrClock;

/* Once a second, after a step of the clock was noticed. */
void mgr_clock_tick(MgrClock *clock);

#endif
