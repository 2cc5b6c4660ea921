/* SPDX-License-Identifier: Apache-2.0 */
/* The time that a pure core is given.  Durations and deadlines use mono alone; wall (the server's clock) is only
 * recorded and shown, so that a jump of it changes no status. */
#ifndef MANAGER_CORE_NOW_H
#define MANAGER_CORE_NOW_H

#include "lib/base/clock.h"

typedef struct {
    HlTime wall, mono;
} MgrNow;

/* By this what has a wall time as its end is over: no later than the wall says, and no more than what really passed
 * since then.  So a clock that was set ahead ends nothing before its time, and one that is set back gives time. */
static inline HlTime mgr_now_believed(MgrNow then, MgrNow now)
{
    HlTime lived = then.wall + (now.mono - then.mono);

    return now.wall < lived ? now.wall : lived;
}

#endif
