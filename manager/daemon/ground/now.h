/* Both clocks, read together: the time that the pure cores are given (manager/core/now.h). */
#ifndef MANAGER_DAEMON_GROUND_NOW_H
#define MANAGER_DAEMON_GROUND_NOW_H

#include "manager/core/now.h"

static inline MgrNow mgr_now(void)
{
    return (MgrNow){ hl_clock_wall(), hl_clock_mono() };
}

#endif
