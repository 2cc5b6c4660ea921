/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes that are none: the functions of lib/base/exec.h for parts that start programs.  The test plays the
 * program: it says what it prints and how it ends.  Callbacks come out of the calls that cause them.
 *
 * A program that links child_fake must not use hl_exec. */
#ifndef TESTS_SUPPORT_CHILD_FAKE_H
#define TESTS_SUPPORT_CHILD_FAKE_H

#include "lib/base/exec.h"

/* The newest that runs; NULL: none. */
HlChild *child_fake_last(void);

/* The newest that runs and whose first argument is that; NULL: none. */
HlChild *child_fake_find(const char *verb);

/* How many run, and how many were started since the last reset. */
guint child_fake_running(void);
guint child_fake_started(void);

/* What it was started with, ends with NULL; borrowed. */
const char *const *child_fake_argv(const HlChild *child);

/* The word after name in its arguments; NULL: it has no such option. */
const char *child_fake_option(const HlChild *child, const char *name);

/* Prints a line. */
void child_fake_say(HlChild *child, const char *line);

/* Ends: done is called, and the child is gone.  Texts may be NULL. */
void child_fake_exit(HlChild *child, int status, const char *output, const char *errors);
void child_fake_die(HlChild *child, int signal_number);
void child_fake_time_out(HlChild *child);

/* It does not end, and is given up. */
void child_fake_lose(HlChild *child);

/* Whether hl_child_stop or hl_child_kill was called. */
bool child_fake_is_stopped(const HlChild *child);

/* The next hl_child_start fails so. */
void child_fake_refuse(void);

/* The end of a test: fails it if a child still runs. */
void child_fake_reset(void);

#endif
