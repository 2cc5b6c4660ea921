/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/patrol: who is visited when. */
#include "manager/core/patrol.h"

#define STEP (HL_SECOND / 2)

typedef struct {
    guint people, endpoints;
} Fleet;

static void give(MgrPatrol *patrol, Fleet fleet, HlTime now)
{
    mgr_patrol_begin(patrol);
    for (guint i = 0; i < fleet.people + fleet.endpoints; i++) {
        g_autofree char *name = g_strdup_printf("%s-%u", i < fleet.people ? "p" : "e", i);

        mgr_patrol_give(patrol, name, i < fleet.people, now, i * 7919U);
    }
    mgr_patrol_end(patrol);
}

/* The longest from one visit of a name to the next, of each kind, in so long a time with one turn for each step. */
static void walk(Fleet fleet, HlTime time, HlTime *people, HlTime *endpoints)
{
    g_autoptr(MgrPatrol) patrol = mgr_patrol_new();
    g_autoptr(GHashTable) last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    *people = *endpoints = 0;
    give(patrol, fleet, 0);
    for (HlTime now = STEP; now <= time; now += STEP) {
        const char *name = mgr_patrol_next(patrol, now, (uint64_t)now * 31);
        const HlTime *before = name != NULL ? g_hash_table_lookup(last, name) : NULL;
        HlTime *longest = name != NULL && *name == 'p' ? people : endpoints;
        HlTime at = now;

        if (name == NULL)
            continue;
        *longest = MAX(*longest, now - (before != NULL ? *before : 0));
        g_hash_table_insert(last, g_strdup(name), g_memdup2(&at, sizeof at));
    }
    g_assert_cmpuint(g_hash_table_size(last), ==, fleet.people + fleet.endpoints); /* nobody is left out */
}

/* A few are visited within a minute, and a step; a thousand endpoints make no person wait. */
static void test_paced(void)
{
    HlTime people, endpoints;

    walk((Fleet){ 1, 1 }, 10 * HL_MINUTE, &people, &endpoints);
    g_assert_cmpint(people, <=, HL_MINUTE + STEP);
    g_assert_cmpint(people, >, HL_MINUTE - MGR_PATROL_JITTER - 1);
    g_assert_cmpint(endpoints, <=, HL_MINUTE + 2 * STEP);
    walk((Fleet){ 20, 1000 }, HL_HOUR, &people, &endpoints);
    g_assert_cmpint(people, <=, HL_MINUTE + 40 * STEP); /* every other turn is theirs */
    g_assert_cmpint(endpoints, <=, 12 * HL_MINUTE);
    walk((Fleet){ 500, 10 }, HL_HOUR, &people, &endpoints);
    g_assert_cmpint(endpoints, <=, HL_MINUTE + 20 * STEP);
    g_assert_cmpint(people, <=, 10 * HL_MINUTE);
}

/* Who is no longer revoked, or whose certificate ended, is left alone; one that stays keeps its turn. */
static void test_names(void)
{
    g_autoptr(MgrPatrol) patrol = mgr_patrol_new();

    g_assert_null(mgr_patrol_next(patrol, HL_HOUR, 0));
    give(patrol, (Fleet){ 1, 1 }, 0);
    g_assert_null(mgr_patrol_next(patrol, HL_MINUTE - MGR_PATROL_JITTER, 0));
    give(patrol, (Fleet){ 1, 0 }, 50 * HL_SECOND);
    g_assert_cmpstr(mgr_patrol_next(patrol, HL_MINUTE, 0), ==, "p-0");
    g_assert_null(mgr_patrol_next(patrol, HL_MINUTE, 0));
    g_assert_null(mgr_patrol_next(patrol, 2 * HL_MINUTE - 1, 0));
    give(patrol, (Fleet){ 0, 0 }, 2 * HL_MINUTE);
    g_assert_null(mgr_patrol_next(patrol, 2 * HL_MINUTE, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/patrol/paced", test_paced);
    g_test_add_func("/manager/patrol/names", test_names);
    return g_test_run();
}
