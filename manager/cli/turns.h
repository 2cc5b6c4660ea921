/* SPDX-License-Identifier: Apache-2.0 */
/* Several that watch with one certificate, of which the broker holds one line: each visits, and leaves it to the
 * others. How long for both is why one of them is behind what the server knows.  Pure. */
#ifndef MANAGER_CLI_TURNS_H
#define MANAGER_CLI_TURNS_H

#include <stdbool.h>

#include <glib.h>

#include "lib/base/clock.h"

#define CLI_TURNS_ROUND (HlTime)100 /* ms: after each a visit is looked at */

/* A visit that goes on.  Begin with CLI_VISIT_INIT. */
typedef struct {
    guint fresh; /* endpoints that were told of by the last round */
    guint still; /* rounds since then in which none was added */
} CliVisit;

#define CLI_VISIT_INIT \
    {                  \
        G_MAXUINT, 0   \
    }

/* After a round: whether all have been told of.  Where as many were as the server counts, a round without another one
 * is enough, else half a second. */
bool cli_visit_is_all(CliVisit *visit, guint fresh, guint counted);

/* How long the line is left to others after a visit that took so long: of a large fleet a visit costs the broker as
 * much as it takes. */
HlTime cli_turns_pause(HlTime visit);

#endif
