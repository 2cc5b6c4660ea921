/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/clock_fake.h"

static HlTime wall_now = CLOCK_FAKE_WALL;
static HlTime mono_now = CLOCK_FAKE_MONO;

HlTime hl_clock_wall(void)
{
    return wall_now;
}

HlTime hl_clock_mono(void)
{
    return mono_now;
}

void clock_fake_set(HlTime wall, HlTime mono)
{
    wall_now = wall;
    mono_now = mono;
}

void clock_fake_advance(HlTime duration)
{
    g_assert(duration >= 0);
    wall_now += duration;
    mono_now += duration;
}

void clock_fake_jump_wall(HlTime offset)
{
    wall_now += offset;
}
