/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/report_turns: in which order what endpoints report is written, and when. */
#include "manager/daemon/work/report_turns.h"

#include <string.h>

#include "lib/base/clock.h"
#include "tests/support/clock_fake.h"
#include "tests/support/timer_fake.h"

typedef struct {
    MgrReportTurns *turns;
    bool busy;
    GString *written; /* the batches, a letter each */
} World;

static bool is_busy(gpointer user)
{
    return ((const World *)user)->busy;
}

static void submit(gpointer batch, gpointer user)
{
    g_autofree char *text = batch;

    g_string_append(((World *)user)->written, text);
}

static World *start(void)
{
    World *world = g_new0(World, 1);

    clock_fake_set(CLOCK_FAKE_WALL, CLOCK_FAKE_MONO);
    world->written = g_string_new(NULL);
    world->turns = mgr_report_turns_new(&(MgrReportTurnsOptions){ is_busy, submit, g_free, world });
    return world;
}

static void stop(World *world)
{
    mgr_report_turns_free(world->turns);
    g_string_free(world->written, TRUE);
    g_free(world);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, stop)

static void say(const World *world, int64_t endpoint, const char *what)
{
    mgr_report_turns_add(world->turns, endpoint, g_strdup(what));
}

/* Written until now, and not asked for before. */
static void assert_written(const World *world, const char *expected)
{
    g_assert_cmpstr(world->written->str, ==, expected);
    g_string_truncate(world->written, 0);
}

/* What comes by itself is not held back; what follows closely is gathered. */
static void test_pace(void)
{
    g_autoptr(World) world = start();

    timer_fake_advance(HL_SECOND);
    say(world, 1, "a");
    timer_fake_advance(0);
    assert_written(world, "a");
    say(world, 1, "b");
    say(world, 2, "c");
    timer_fake_advance(MGR_REPORT_PACE - 1);
    say(world, 1, "d");
    assert_written(world, "");
    timer_fake_advance(1);
    assert_written(world, "bdc"); /* those of an endpoint in their order */
}

/* Others have their turns between those of thousands. */
static void test_slices(void)
{
    g_autoptr(World) world = start();

    for (int64_t i = 0; i < 2 * MGR_REPORT_SLICE; i++)
        say(world, i, "a");
    while (world->written->len == 0)
        timer_fake_advance(1);
    g_assert_cmpuint(world->written->len, <=, 2 * MGR_REPORT_SLICE);
    timer_fake_advance(1);
    g_assert_cmpuint(world->written->len, ==, 2 * MGR_REPORT_SLICE);
}

/* Answers to what goes out to many wait for its end; what else an endpoint says does not, with what it said before. */
static void test_yields(void)
{
    g_autoptr(World) world = start();

    world->busy = true;
    say(world, 1, "a");
    say(world, 2, "b");
    timer_fake_advance(MGR_REPORT_YIELD / 2);
    assert_written(world, "");
    say(world, 2, "c");
    mgr_report_turns_hurry(world->turns, 2);
    mgr_report_turns_hurry(world->turns, 3); /* said nothing */
    timer_fake_advance(MGR_REPORT_PACE);
    assert_written(world, "bc");
    world->busy = false;
    timer_fake_advance(MGR_REPORT_PACE);
    assert_written(world, "a");
}

/* To a broker that takes nothing it goes out for ever. */
static void test_yields_no_longer(void)
{
    g_autoptr(World) world = start();

    world->busy = true;
    say(world, 1, "a");
    timer_fake_advance(MGR_REPORT_YIELD - 1);
    assert_written(world, "");
    timer_fake_advance(MGR_REPORT_PACE);
    assert_written(world, "a");
}

/* However much else there is: what waited its time has a slice in each turn. */
static void test_beside_many(void)
{
    g_autoptr(World) world = start();

    world->busy = true;
    say(world, 1, "a");
    timer_fake_advance(MGR_REPORT_YIELD);
    for (int64_t i = 2; i < 2 + 3 * MGR_REPORT_SLICE; i++) {
        say(world, i, "b");
        mgr_report_turns_hurry(world->turns, i);
    }
    for (guint i = 0; world->written->len == 0 && i < 2 * MGR_REPORT_PACE; i++)
        timer_fake_advance(1);
    g_assert_nonnull(strchr(world->written->str, 'a'));
}

static void test_last(void)
{
    g_autoptr(World) world = start();

    g_assert_null(mgr_report_turns_last(world->turns, 1));
    say(world, 1, "a");
    say(world, 1, "b");
    g_assert_cmpstr(mgr_report_turns_last(world->turns, 1), ==, "b");
    mgr_report_turns_hurry(world->turns, 1);
    g_assert_cmpstr(mgr_report_turns_last(world->turns, 1), ==, "b");
    mgr_report_turns_flush(world->turns);
    assert_written(world, "ab");
    g_assert_null(mgr_report_turns_last(world->turns, 1));
    say(world, 1, "c"); /* is freed with the rest */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report-turns/pace", test_pace);
    g_test_add_func("/report-turns/slices", test_slices);
    g_test_add_func("/report-turns/yields", test_yields);
    g_test_add_func("/report-turns/yields-no-longer", test_yields_no_longer);
    g_test_add_func("/report-turns/beside-many", test_beside_many);
    g_test_add_func("/report-turns/last", test_last);
    return g_test_run();
}
