/* SPDX-License-Identifier: Apache-2.0 */
/* How the write sets of a test ended, counted. */
#ifndef TESTS_SUPPORT_TALLY_H
#define TESTS_SUPPORT_TALLY_H

#include "lib/base/error.h"

/* Zeroed: none yet. */
typedef struct {
    guint done, committed;
    HlErrorCode last_code; /* of the last one that failed */
} Tally;

/* An HlWriteDone; user is the Tally. */
void tally_count(const GError *error, gpointer user);

/* Runs the default context until so many have ended. */
void tally_wait(const Tally *tally, guint count);

#endif
