/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/active_set.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/clock.h"

#define PATTERNS_FACT "patterns"          /* component versions */
#define SWITCHED_FACT "patterns-switched" /* wall time; 0: no probation */

static void store_switch(const EpActiveSet *set, HlTime at)
{
    g_autoptr(GError) error = NULL;

    if (!ep_store_set_int(set->db, SWITCHED_FACT, at, &error))
        ep_trouble_store_failed(set->trouble, "when patterns changed", error);
}

/* The daemon may have been restarted since the switch, which is stored by the wall clock: the monotonic one starts
 * again with the machine.  A switch in the future was stored by a clock that was wrong: how long ago it was is not
 * known, and the set gets its whole probation. */
static void resume_probation(EpActiveSet *set)
{
    HlTime now = hl_clock_wall();
    HlTime switched = ep_store_get_int(set->db, SWITCHED_FACT, 0);
    HlTime age = MAX(now - switched, 0);

    if (switched == 0 || age >= EP_PROBATION_WINDOW)
        return;
    ep_probation_begin(&set->probation, hl_clock_mono() - age);
    if (switched > now)
        store_switch(set, now);
}

void ep_active_set_load(EpActiveSet *set, HlDb *db, EpTrouble *trouble)
{
    *set = (EpActiveSet){ .db = db, .trouble = trouble, .patterns = ep_store_get(db, PATTERNS_FACT, "") };
    resume_probation(set);
}

void ep_active_set_clear(EpActiveSet *set)
{
    g_clear_pointer(&set->patterns, g_free);
}

void ep_active_set_adopt(EpActiveSet *set, const char *patterns)
{
    g_free(set->patterns);
    set->patterns = g_strdup(patterns);
}

void ep_active_set_become(EpActiveSet *set, const char *patterns, EpActiveSetDirection direction)
{
    if (direction == EP_ACTIVE_SET_BACK) {
        ep_probation_end(&set->probation);
        store_switch(set, 0);
    } else if (strcmp(patterns, set->patterns) != 0) {
        ep_probation_begin(&set->probation, hl_clock_mono());
        store_switch(set, hl_clock_wall());
    }
    ep_active_set_adopt(set, patterns);
}

bool ep_active_set_store(const EpActiveSet *set, GError **error)
{
    return ep_store_set(set->db, PATTERNS_FACT, set->patterns, error);
}
