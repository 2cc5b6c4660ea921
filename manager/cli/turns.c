/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/turns.h"

#define UNCOUNTED     5   /* rounds */
#define SHORTEST      400 /* ms; two are then within a second of each other */
#define LONGEST       (3 * HL_SECOND)
#define TIMES_AS_LONG 3

bool cli_visit_is_all(CliVisit *visit, guint fresh, guint counted)
{
    visit->still = fresh == visit->fresh ? visit->still + 1 : 0;
    visit->fresh = fresh;
    return visit->still >= (fresh == counted ? 1 : UNCOUNTED);
}

HlTime cli_turns_pause(HlTime visit)
{
    return CLAMP(visit * TIMES_AS_LONG, SHORTEST, LONGEST);
}
