/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/counter: numbers that are not given twice across a restore, whatever the clock did and endpoints say. */
#include "manager/core/counter.h"
#include "manager/core/now.h"

#include <glib.h>

#define NOW     (INT64_C(1795383900) * HL_SECOND) /* 2026-11-22 */
#define YEAR_10 (3650 * HL_DAY)

static void test_next(void)
{
    static const struct {
        uint64_t last;
        HlTime now;
        uint64_t next;
    } rows[] = {
        { 0, NOW, NOW },                           /* a new registry, or one that counted from 1 */
        { 5000, NOW, NOW },                        /* the clock is further */
        { NOW, NOW, NOW + 1 },                     /* two saves in one millisecond */
        { NOW + 7, NOW - HL_DAY, NOW + 8 },        /* set back: never the same again */
        { NOW + YEAR_10, NOW, NOW + YEAR_10 + 1 }, /* was ahead once: goes on from there */
        { 7, -5, 8 },                              /* before 1970 */
        { G_MAXINT64, NOW, G_MAXINT64 },           /* SQLite's end; no overflow */
        { UINT64_MAX, NOW, G_MAXINT64 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(mgr_counter_next(rows[i].last, rows[i].now), ==, rows[i].next);
}

/* Saves before and after a restore at any moment: what is given after it is past all that was given before it. */
static void test_restore(void)
{
    uint64_t highest = 0, last = 0;
    HlTime now = NOW;

    for (guint save = 0; save < 1000; save++) {
        uint64_t backup = last;

        for (guint lost = 0; lost < save % 7; lost++) {
            last = mgr_counter_next(last, now += 1 + save % 3);
            g_assert_cmpuint(last, >, highest);
            highest = last;
        }
        last = backup;
        now++;
    }
}

static void test_judge(void)
{
    static const struct {
        uint64_t last, desired, told;
        bool same;
        MgrCounterVerdict verdict;
    } rows[] = {
        { NOW, NOW, NOW, true, MGR_COUNTER_CURRENT },
        { NOW, NOW, NOW - 1, true, MGR_COUNTER_BEHIND },
        { NOW, NOW, NOW - 1, false, MGR_COUNTER_BEHIND },
        { NOW, NOW, 0, false, MGR_COUNTER_BEHIND },
        { NOW, NOW, NOW, false, MGR_COUNTER_COLLIDES },
        { 3, 3, 3, false, MGR_COUNTER_COLLIDES }, /* numbers of 0.1.0 */
        { 3, 3, 4, true, MGR_COUNTER_AHEAD },
        { 3, 3, NOW + MGR_COUNTER_LEAD, false, MGR_COUNTER_AHEAD },
        { 3, 3, NOW + MGR_COUNTER_LEAD + 1, false, MGR_COUNTER_ABSURD },
        { 3, 3, UINT64_MAX, false, MGR_COUNTER_ABSURD },
        { G_MAXINT64, G_MAXINT64, G_MAXINT64, false, MGR_COUNTER_ABSURD }, /* there is none after it */
        /* this registry's own clock was ahead once: its numbers are not absurd */
        { NOW + YEAR_10, NOW + YEAR_10, NOW + YEAR_10, false, MGR_COUNTER_COLLIDES },
        { NOW + YEAR_10, NOW + YEAR_10, NOW + YEAR_10 + 1, false, MGR_COUNTER_AHEAD },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgrCounterView view = { rows[i].last, rows[i].desired, rows[i].told, rows[i].same, NOW };

        g_test_message("row %u", (unsigned)i);
        g_assert_cmpint(mgr_counter_judge(&view), ==, rows[i].verdict);
    }
}

/* The time by which something ends for good: what a clock says is made up slowly, and no restart hurries it. */
static void test_caught_up(void)
{
    static const HlTime now = 1000 * HL_DAY;
    MgrNow then = { now, 5 * HL_HOUR };
    HlTime kept = now;

    g_assert_cmpint(mgr_now_caught_up(then, (MgrNow){ now + HL_HOUR, 6 * HL_HOUR }), ==, now + HL_HOUR);
    g_assert_cmpint(mgr_now_caught_up(then, (MgrNow){ now - HL_DAY, 6 * HL_HOUR }), ==, now - HL_DAY);
    g_assert_cmpint(mgr_now_caught_up(then, (MgrNow){ now + 365 * HL_DAY, 6 * HL_HOUR }), ==, now + 25 * HL_HOUR);
    /* off for a week, and right: caught up within a day */
    g_assert_cmpint(mgr_now_caught_up(then, (MgrNow){ now + 8 * HL_DAY, 5 * HL_HOUR + HL_DAY }), ==, now + 8 * HL_DAY);
    for (guint i = 0; i < 100; i++) /* a year ahead, for a minute, again and again */
        kept = mgr_now_caught_up((MgrNow){ kept, 0 }, (MgrNow){ now + 365 * HL_DAY, HL_MINUTE });
    g_assert_cmpint(kept, <, now + 2 * HL_DAY);
}

/* What is issued while the clock is behind is of the time that it should be; the endpoints know which of two is right.
 */
static void test_mark(void)
{
    static const HlTime now = 1000 * HL_DAY;
    MgrNow mark = { now, HL_HOUR };
    MgrNow right = { now + HL_HOUR, 2 * HL_HOUR };
    MgrNow behind = { right.wall - 365 * HL_DAY, right.mono };
    MgrNow ahead = { right.wall + 365 * HL_DAY, right.mono };
    MgrNow next;

    g_assert_cmpint(mgr_now_latest((MgrNow){ 0 }, behind), ==, behind.wall);
    g_assert_cmpint(mgr_now_latest(mark, right), ==, right.wall);
    g_assert_cmpint(mgr_now_latest(mark, behind), ==, right.wall);
    g_assert_cmpint(mgr_now_behind(mark, right), ==, 0);
    g_assert_cmpint(mgr_now_behind(mark, (MgrNow){ right.wall - MGR_MARK_SLACK, right.mono }), ==, 0);
    g_assert_cmpint(mgr_now_behind(mark, behind), ==, 365 * HL_DAY);
    for (MgrClocks clocks = MGR_CLOCKS_SILENT; clocks <= MGR_CLOCKS_DIFFER; clocks++) {
        next = mgr_now_mark((MgrNow){ 0 }, right, clocks); /* the first one */
        g_assert_cmpint(next.wall, ==, right.wall);
        next = mgr_now_mark(mark, behind, clocks);
        g_assert_cmpint(next.wall, ==, clocks == MGR_CLOCKS_AGREE ? behind.wall : right.wall);
        g_assert_cmpint(next.mono, ==, behind.mono);
        next = mgr_now_mark(mark, ahead, clocks);
        g_assert_cmpint(next.wall, ==,
                        clocks == MGR_CLOCKS_AGREE    ? ahead.wall
                        : clocks == MGR_CLOCKS_SILENT ? now + 25 * HL_HOUR
                                                      : right.wall);
    }
}

/* The mark is one voice against the clock: alone an endpoint takes no warning away, unless it is the only one for long.
 */
static void test_weigh(void)
{
    static const struct {
        MgrVoices voices;
        MgrClocks clocks;
    } rows[] = {
        { { 0, 0, 0 }, MGR_CLOCKS_SILENT },
        { { 1, 0, 0 }, MGR_CLOCKS_SILENT }, /* word against word */
        { { 1, 0, MGR_CLOCK_STANDS - 1 }, MGR_CLOCKS_SILENT },
        { { 1, 0, MGR_CLOCK_STANDS }, MGR_CLOCKS_AGREE },
        { { 0, 0, MGR_CLOCK_STANDS }, MGR_CLOCKS_SILENT }, /* it has gone */
        { { 0, 1, 0 }, MGR_CLOCKS_DIFFER },
        { { 2, 0, 0 }, MGR_CLOCKS_AGREE },
        { { 1, 1, 0 }, MGR_CLOCKS_DIFFER }, /* one of two lies */
        { { 1, 1, MGR_CLOCK_STANDS }, MGR_CLOCKS_DIFFER },
        { { 0, 2, 0 }, MGR_CLOCKS_DIFFER },
        { { 3, 0, 0 }, MGR_CLOCKS_AGREE },
        { { 2, 1, 0 }, MGR_CLOCKS_SILENT }, /* two of three lie, or one */
        { { 2, 1, MGR_CLOCK_STANDS }, MGR_CLOCKS_AGREE },
        { { 1, 2, 0 }, MGR_CLOCKS_DIFFER },
        { { 1, 2, MGR_CLOCK_STANDS }, MGR_CLOCKS_DIFFER },
        { { 3, 1, 0 }, MGR_CLOCKS_AGREE },
        { { 900, 700, 0 }, MGR_CLOCKS_AGREE },
        { { 700, 900, 0 }, MGR_CLOCKS_DIFFER },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", (unsigned)i);
        g_assert_cmpint(mgr_now_weigh(rows[i].voices), ==, rows[i].clocks);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/counter/next", test_next);
    g_test_add_func("/counter/restore", test_restore);
    g_test_add_func("/counter/judge", test_judge);
    g_test_add_func("/now/caught-up", test_caught_up);
    g_test_add_func("/now/mark", test_mark);
    g_test_add_func("/now/weigh", test_weigh);
    return g_test_run();
}
