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

/* By this something ends for good.  then: the last time that was believed, kept over restarts.  After an absence the
 * wall may be right, or ahead for some minutes: a machine without a battery, until it is told the time.  So what is
 * missing is made up slowly, an hour of life for a day, and however often a manager starts, a clock a year ahead would
 * have to stand for a fortnight.  A clock that is behind is believed. */
#define MGR_CATCH_UP 25

static inline HlTime mgr_now_caught_up(MgrNow then, MgrNow now)
{
    HlTime lived = then.wall + MGR_CATCH_UP * (now.mono - then.mono);

    return now.wall < lived ? now.wall : lived;
}

#endif
