/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/herd. */
#include "manager/core/herd.h"

static void test_window(void)
{
    static const struct {
        guint endpoints;
        HlTime most, expected;
    } rows[] = {
        { 0, HL_MINUTE, 2 * HL_SECOND }, { 100, HL_MINUTE, 2 * HL_SECOND }, { 1000, HL_MINUTE, 6 * HL_SECOND },
        { 10000, HL_MINUTE, HL_MINUTE }, { 20000, HL_MINUTE, HL_MINUTE },   { 20000, HL_HOUR, 2 * HL_MINUTE },
        { G_MAXUINT, HL_HOUR, HL_HOUR }, { 1000, HL_SECOND, HL_SECOND }, /* what is configured counts, also where it is
                                                                            less than the least */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mgr_herd_window(rows[i].endpoints, 6, rows[i].most), ==, rows[i].expected);
    g_assert_cmpint(mgr_herd_window(15000, 1, HL_MINUTE), ==, 15 * HL_SECOND);
}

static void test_patience(void)
{
    MgrHerd herd = { .cost_us = 4000 };

    g_assert_cmpint(mgr_herd_patience(&herd, 10, 1, 2 * HL_MINUTE), ==, HL_MINUTE);
    g_assert_cmpint(mgr_herd_patience(&herd, 15000, 1, 2 * HL_MINUTE), ==, 90 * HL_SECOND);
    g_assert_cmpint(mgr_herd_patience(&herd, 15000, 3, 2 * HL_MINUTE), ==, HL_MINUTE);
    g_assert_cmpint(mgr_herd_patience(&herd, 100000, 1, 2 * HL_MINUTE), ==, 3 * HL_MINUTE);
    g_assert_cmpint(mgr_herd_patience(&herd, 10, 1, HL_SECOND), ==, 1500); /* what is configured counts */
}

static void test_downloads(void)
{
    static const struct {
        guint endpoints, at_a_time;
        HlTime most, expected;
    } rows[] = {
        { 0, 100, HL_HOUR, 0 },
        { 1, 1, HL_HOUR, 0 },
        { 1, 0, HL_HOUR, 0 },
        { 100, 100, HL_HOUR, 0 }, /* all fit in */
        { 101, 100, HL_HOUR, 2020 },
        { 15000, 100, HL_HOUR, 5 * HL_MINUTE },
        { 15000, 1000, HL_HOUR, 30 * HL_SECOND },
        { 15000, 100, HL_MINUTE, HL_MINUTE },
        { 15000, 100, 0, 0 }, /* never spread */
        { G_MAXUINT, 1, HL_DAY, HL_DAY },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mgr_herd_downloads(rows[i].endpoints, rows[i].at_a_time, rows[i].most), ==, rows[i].expected);
}

static void test_connects(void)
{
    static const struct {
        uint64_t cost;
        guint endpoints, brokers;
        HlTime most, expected;
    } rows[] = {
        { 0, 0, 1, HL_MINUTE, 0 },
        { 0, 199, 1, HL_MINUTE, 0 }, /* a small fleet dials at once */
        { 0, 200, 1, HL_MINUTE, 500 },
        { 0, 10000, 1, HL_MINUTE, 25 * HL_SECOND },
        { 2000, 10000, 1, HL_MINUTE, 20 * HL_SECOND },
        { 2000, 10000, 0, HL_MINUTE, 20 * HL_SECOND },
        { 2000, 30000, 3, HL_MINUTE, 20 * HL_SECOND }, /* each broker does its own */
        { 2000, 500, 3, HL_MINUTE, 0 },
        { 2000, 100000, 1, HL_MINUTE, HL_MINUTE },
        { 1, 10000, 1, HL_HOUR, 10 * HL_SECOND }, /* what a registry holds is not believed beyond the bounds */
        { G_MAXUINT64, 10000, 1, HL_HOUR, 200 * HL_SECOND },
        { G_MAXUINT64, G_MAXUINT, 1, HL_HOUR, HL_HOUR },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgrHerd herd = { .cost_us = rows[i].cost };

        g_assert_cmpint(mgr_herd_connects(&herd, rows[i].endpoints, rows[i].brokers, rows[i].most), ==,
                        rows[i].expected);
    }
}

static MgrHerdTime took(guint connects, uint64_t ran, uint64_t waited)
{
    return (MgrHerdTime){ connects * ran, connects * waited };
}

static void test_measured(void)
{
    MgrHerd herd = { 0 };

    /* the broker's other work is no connect */
    for (guint i = 0; i < 100; i++)
        g_assert_false(mgr_herd_note(&herd, MGR_HERD_BUSY - 1, took(1, 1000000, 0)));
    g_assert_cmpuint(herd.cost_us, ==, 0);
    g_assert_false(mgr_herd_note(&herd, 199, took(199, 1800, 0)));
    g_assert_true(mgr_herd_note(&herd, 201, took(201, 1800, 0)));
    g_assert_cmpuint(herd.cost_us, ==, 1800);
    g_assert_false(mgr_herd_note(&herd, 200, took(200, 1800, 0)));
    for (guint i = 0; i < 100; i++)
        (void)mgr_herd_note(&herd, 1000, took(1000, 0, 0));
    g_assert_cmpuint(herd.cost_us, ==, MGR_HERD_COST_LEAST);
}

/* Seconds of herds, 250 connects in each: what others do on the machine is seen in the waits, and in what a connect
 * runs, where two threads share a core. */
static void test_trace(void)
{
    static const struct {
        guint seconds;
        uint64_t ran, waited, expected; /* us, for each connect; the estimate afterwards */
    } rows[] = {
        { 4, 1600, 50, 1650 },    { 5, 2400, 9000, 1650 }, /* a moment of contention is not seen: three of eight are of
                                                              before it */
        { 1, 2400, 9000, 4800 },                           /* it goes on: twice what it runs, not five times as much */
        { 20, 2400, 9000, 4800 }, { 2, 1600, 50, 4800 },   { 1, 1600, 50, 1650 }, /* over: three of eight say so */
    };
    MgrHerd herd = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (guint second = 0; second < rows[i].seconds; second++)
            (void)mgr_herd_note(&herd, 250, took(250, rows[i].ran, rows[i].waited));
        g_assert_cmpuint(herd.cost_us, ==, rows[i].expected);
    }
}

/* Nobody came since: the waits pass, what it runs for a connect stays. */
static void test_passes(void)
{
    MgrHerd herd = { 0 };

    for (guint i = 0; i < 10; i++)
        (void)mgr_herd_note(&herd, 250, took(250, 2000, 1600));
    g_assert_cmpuint(herd.cost_us, ==, 3600);
    for (guint i = 1; i < MGR_HERD_PASSES; i++)
        g_assert_false(mgr_herd_note(&herd, 0, took(1, 30000, 900000)));
    g_assert_true(mgr_herd_note(&herd, 0, took(1, 30000, 900000)));
    g_assert_cmpuint(herd.cost_us, ==, 2800);
    for (guint i = 0; i < 12 * MGR_HERD_PASSES; i++)
        (void)mgr_herd_note(&herd, 0, took(1, 30000, 900000));
    g_assert_cmpuint(herd.cost_us, ==, 2000);
}

/* What the registry holds of an earlier start is one measurement. */
static void test_earlier_start(void)
{
    MgrHerd herd = { .cost_us = 9000 };

    for (guint i = 0; i < MGR_HERD_PASSES; i++)
        g_assert_false(mgr_herd_note(&herd, 0, took(1, 30000, 0)));
    g_assert_cmpuint(herd.cost_us, ==, 9000);
    g_assert_true(mgr_herd_note(&herd, 250, took(250, 1700, 100)));
    g_assert_cmpuint(herd.cost_us, <, 2000);
    herd = (MgrHerd){ .cost_us = 1700 };
    g_assert_false(mgr_herd_note(&herd, 250, took(250, 3000, 9000)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/herd/window", test_window);
    g_test_add_func("/herd/patience", test_patience);
    g_test_add_func("/herd/downloads", test_downloads);
    g_test_add_func("/herd/connects", test_connects);
    g_test_add_func("/herd/measured", test_measured);
    g_test_add_func("/herd/trace", test_trace);
    g_test_add_func("/herd/passes", test_passes);
    g_test_add_func("/herd/earlier-start", test_earlier_start);
    return g_test_run();
}
