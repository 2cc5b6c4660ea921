/* SPDX-License-Identifier: Apache-2.0 */
/* A manager with one rule of notification, "it", and a sender that the test plays (sender_fake.h): what tests of
 * notifications share. */
#ifndef TESTS_SUPPORT_NOTIFICATION_WORLD_H
#define TESTS_SUPPORT_NOTIFICATION_WORLD_H

#include "tests/support/manager_parts.h"

/* The rule tells syslog who enrolled, after a minute; freed by parts_free. */
Parts *notification_make_parts(void);

/* With these lines of options; to=syslog: where they name no other destination. */
void notification_set_rule(Parts *parts, const char *lines);

/* Each second is followed by a tick, and what that wrote is committed. */
void notification_tick(Parts *parts, guint seconds);

/* What a new process would do. */
void notification_restart(Parts *parts);

/* A row of the history. */
void notification_enrol(Parts *parts, const char *id);

/* What is being sent has this in its subject, and this id if one is given; returns the id, caller frees. */
char *notification_expect(const char *id, const char *subject);

/* Nothing is being sent. */
void notification_expect_nothing(void);

#endif
