/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting, in a program that does one thing at a time.  Not what is waited for. */
#ifndef MANAGER_CLI_LOOP_H
#define MANAGER_CLI_LOOP_H

#include <stdbool.h>

#include "lib/base/clock.h"

/* One turn of the loop, woken at the deadline (on the clock that does not jump) and by what is heeded (heed.h); false
 * when the deadline has passed. */
bool cli_loop_turn(GMainContext *context, HlTime deadline);

/* Whether there was nothing to read from fd for so long; -1: there is none, and it only waits.  The loop stands still.
 */
bool cli_loop_pause(int fd, HlTime duration);

#endif
