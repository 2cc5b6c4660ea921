/* SPDX-License-Identifier: Apache-2.0 */
/* state/clock: a clock that is behind what it was is told of, and nothing is issued or recorded by it; the endpoints
 * say which of two times is right. */
#include "manager/daemon/state/clock.h"
#include "tests/support/manager_parts.h"

#define YEAR (365 * HL_DAY)

static void tick(Parts *parts, MgrClock *clock)
{
    clock_fake_advance(10 * HL_SECOND);
    mgr_console_tick(parts->console);
    mgr_clock_tick(clock);
}

static const char *problem(const Parts *parts)
{
    return mgr_status_view(parts->status).problems[MGR_PROBLEM_CLOCK];
}

static bool says(const Parts *parts, const char *text)
{
    return problem(parts) != NULL && strstr(problem(parts), text) != NULL;
}

static void tell_clock(Parts *parts, const char *id, HlTime skew)
{
    MgrContact *contact = mgr_endpoint_make_contact(mgr_fleet_endpoint(&parts->fleet, id));

    contact->skew = skew;
    contact->has_told_clock = true;
}

static HlTime issued_until(const Parts *parts)
{
    HlTime begin, end;

    mgr_pki_dates(parts->pki, 90 * HL_DAY, &begin, &end);
    return end;
}

/* Started again behind: nobody is there who says so. */
static void test_alone(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrClock clock = { .fleet = &parts->fleet, .record = parts->record, .status = parts->status };
    HlTime right;

    tick(parts, &clock);
    g_assert_null(problem(parts));
    clock_fake_jump_wall(-YEAR);
    tick(parts, &clock);
    right = hl_clock_wall() + YEAR;
    g_assert_true(says(parts, "behind by 365 d") && says(parts, "timedatectl set-ntp true"));
    g_assert_cmpint(mgr_fleet_latest(&parts->fleet), ==, right);
    g_assert_cmpint(issued_until(parts), ==, right + 90 * HL_DAY);
    clock_fake_jump_wall(YEAR);
    tick(parts, &clock);
    g_assert_null(problem(parts));
}

static void add_endpoint(Parts *parts, const char *id)
{
    parts_add_endpoint(parts, id);
    parts_birth(parts, id, 1);
    mgr_endpoint_make_contact(mgr_fleet_endpoint(&parts->fleet, id))->has_told_clock =
        false; /* as a restart finds it */
}

/* It was ahead, and is right now: two endpoints that agree end it. */
static void test_agree(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrClock clock = { .fleet = &parts->fleet, .record = parts->record, .status = parts->status };

    tick(parts, &clock);
    clock_fake_jump_wall(-YEAR);
    add_endpoint(parts, "e-1");
    add_endpoint(parts, "e-2");
    tick(parts, &clock);
    g_assert_nonnull(problem(parts));
    tell_clock(parts, "e-1", 0);
    tick(parts, &clock);
    g_assert_nonnull(problem(parts));
    tell_clock(parts, "e-2", 0);
    tick(parts, &clock);
    g_assert_null(problem(parts));
    g_assert_cmpint(mgr_fleet_latest(&parts->fleet), ==, hl_clock_wall());
}

/* One that lies does not end it, with an honest one beside it or without; where it stays the only one, in a day. */
static void test_alone_on_line(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrClock clock = { .fleet = &parts->fleet, .record = parts->record, .status = parts->status };
    guint day = HL_DAY / (10 * HL_SECOND), n = 0;

    tick(parts, &clock);
    clock_fake_jump_wall(-YEAR);
    add_endpoint(parts, "e-1");
    tick(parts, &clock); /* the step is noticed */
    tell_clock(parts, "e-1", 0);
    for (guint i = 0; i < day - 10; i++)
        tick(parts, &clock);
    g_assert_nonnull(problem(parts));
    add_endpoint(parts, "e-2");
    tell_clock(parts, "e-2", YEAR);
    tick(parts, &clock);
    mgr_endpoint_make_contact(mgr_fleet_endpoint(&parts->fleet, "e-2"))->has_told_clock = false;
    for (n = 0; n <= day + 100 && problem(parts) != NULL; n++)
        tick(parts, &clock);
    g_assert_cmpuint(n, ==, day); /* from its contradiction on */
    g_assert_cmpint(mgr_fleet_latest(&parts->fleet), ==, hl_clock_wall());
}

/* Set while it runs, with an endpoint on line: that one knows better, both ways. */
static void test_differ(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrClock clock = { .fleet = &parts->fleet, .record = parts->record, .status = parts->status };

    parts_add_endpoint(parts, "e-1");
    parts_birth(parts, "e-1", 1);
    tell_clock(parts, "e-1", 0);
    tick(parts, &clock);
    clock_fake_jump_wall(-2 * HL_DAY);
    tick(parts, &clock);
    g_assert_true(says(parts, "behind by 2 d"));
    clock_fake_jump_wall(2 * HL_DAY + YEAR); /* too far */
    for (guint i = 0; i < 100; i++)
        tick(parts, &clock);
    g_assert_null(problem(parts));
    clock_fake_jump_wall(-YEAR);
    tick(parts, &clock);
    g_assert_null(problem(parts));
    g_assert_cmpint(mgr_fleet_latest(&parts->fleet), ==, hl_clock_wall());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/clock/alone", test_alone);
    g_test_add_func("/manager/clock/agree", test_agree);
    g_test_add_func("/manager/clock/alone-on-line", test_alone_on_line);
    g_test_add_func("/manager/clock/differ", test_differ);
    return g_test_run();
}
