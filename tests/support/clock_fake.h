/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: hl_clock_wall and hl_clock_mono of a program that links clock_fake.
 *
 * Both clocks stand still until the test moves them; they start at CLOCK_FAKE_WALL and CLOCK_FAKE_MONO.  Only these two
 * functions are replaced: GLib's timers, sleeps and the file system go on with the real time, so WAIT_UNTIL
 * (tests/support/broker.h) has no time limit of its own in such a program. */
#ifndef TESTS_SUPPORT_CLOCK_FAKE_H
#define TESTS_SUPPORT_CLOCK_FAKE_H

#include "lib/base/clock.h"

#define CLOCK_FAKE_WALL (INT64_C(1795383900) * HL_SECOND) /* 2026-11-22T21:45:00Z */
#define CLOCK_FAKE_MONO (100 * HL_HOUR)

/* mono may only go back between two tests. */
void clock_fake_set(HlTime wall, HlTime mono);

/* Time passes, on both clocks; not backwards. */
void clock_fake_advance(HlTime duration);

/* Somebody sets the wall clock, forwards or backwards; mono does not move. */
void clock_fake_jump_wall(HlTime offset);

#endif
