/* SPDX-License-Identifier: Apache-2.0 */
/* Timeouts on virtual time: g_timeout_add of a program that links timers_fake waits for the clock of clock_fake.
 *
 * Sources are real ones (g_source_remove, g_clear_handle_id), on the default main context, and run only where the test
 * lets them: timers_fake_run.  Idle sources run there too. */
#ifndef TESTS_SUPPORT_TIMERS_FAKE_H
#define TESTS_SUPPORT_TIMERS_FAKE_H

#include <glib.h>

/* Runs everything that is due now, and what follows from it at the same moment.  Returns how many rounds did something.
 */
guint timers_fake_run(void);

#endif
