/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual timers: g_timeout_add, g_timeout_add_seconds, g_idle_add and g_source_remove of a program that is linked with
 * hl_link_timers().  Together with clock_fake a test passes an hour in no time, and nothing runs unless it says so.
 *
 * Sources that are made otherwise (descriptors, g_timeout_source_new) stay with GLib's loop. */
#ifndef TESTS_SUPPORT_TIMER_FAKE_H
#define TESTS_SUPPORT_TIMER_FAKE_H

#include "lib/base/clock.h"

/* Time passes on both clocks: timers that are due on the way are called in order, each at its time. */
void timer_fake_advance(HlTime duration);

/* How many are waiting. */
guint timer_fake_count(void);

/* The end of a test: fails it if a timer is still there, because its owner is not. */
void timer_fake_reset(void);

#endif
