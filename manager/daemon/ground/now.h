/* SPDX-License-Identifier: Apache-2.0 */
/* Both clocks, read together: the time that the pure cores are given (manager/core/now.h). */
#ifndef MANAGER_DAEMON_GROUND_NOW_H
#define MANAGER_DAEMON_GROUND_NOW_H

#include <glib.h>

#include "manager/core/now.h"

static inline MgrNow mgr_now(void)
{
    return (MgrNow){ hl_clock_wall(), hl_clock_mono() };
}

/* How far a clock that somebody told is ahead of the server's; -HL_DAY * 36500 to HL_DAY * 36500, whatever was told. */
static inline HlTime mgr_skew(HlTime told)
{
    HlTime most = 36500 * HL_DAY;
    HlTime now = hl_clock_wall();

    return CLAMP(told, now - most, now + most) - now;
}

#endif
