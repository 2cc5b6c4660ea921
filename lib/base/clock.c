/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/clock.h"

#include <errno.h>
#include <time.h>

static HlTime read_clock(clockid_t id)
{
    struct timespec ts;

    if (clock_gettime(id, &ts) != 0)
        g_error("clock_gettime: %s", g_strerror(errno));
    return (HlTime)ts.tv_sec * HL_SECOND + ts.tv_nsec / 1000000;
}

HlTime hl_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

HlTime hl_clock_mono(void)
{
    return read_clock(CLOCK_BOOTTIME);
}
