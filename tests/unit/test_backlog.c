/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/scan/backlog: what waits, when it is due, what is missed. */
#include "endpoint/scan/backlog.h"

/* Written many times, looked at once, when it is left alone; one that never is, after a while. */
static void test_quiet(void)
{
    g_autoptr(EpBacklog) backlog = ep_backlog_new();
    HlTime t = HL_HOUR;

    g_assert_cmpint(ep_backlog_take(backlog, t), ==, -1);
    g_assert_cmpint(ep_backlog_pause(backlog, t, 7), ==, 7);
    g_assert_true(ep_backlog_add(backlog, 1, 10, 5, t));
    g_assert_false(ep_backlog_add(backlog, 1, 10, 6, t + EP_BACKLOG_QUIET - 1));
    g_assert_cmpint(ep_backlog_take(backlog, t + EP_BACKLOG_QUIET), ==, -1);
    g_assert_cmpint(ep_backlog_pause(backlog, t + EP_BACKLOG_QUIET, HL_HOUR), ==, EP_BACKLOG_QUIET - 1);
    g_assert_cmpint(ep_backlog_take(backlog, t + 2 * EP_BACKLOG_QUIET - 1), ==, 5);
    g_assert_cmpint(ep_backlog_take(backlog, t + HL_HOUR), ==, -1);
    t += HL_HOUR;
    g_assert_true(ep_backlog_add(backlog, 1, 10, 7, t)); /* again, after the look */
    for (HlTime later = 0; later < EP_BACKLOG_LATE; later += EP_BACKLOG_QUIET / 2) {
        g_assert_false(ep_backlog_add(backlog, 1, 10, 8, t + later));
        g_assert_cmpint(ep_backlog_take(backlog, t + later), ==, -1);
    }
    g_assert_cmpint(ep_backlog_take(backlog, t + EP_BACKLOG_LATE), ==, 7);
}

/* Who has waited longest comes first; the same number on another file system is another file. */
static void test_order(void)
{
    g_autoptr(EpBacklog) backlog = ep_backlog_new();

    g_assert_true(ep_backlog_add(backlog, 1, 10, 3, 0));
    g_assert_true(ep_backlog_add(backlog, 2, 10, 4, 100));
    g_assert_true(ep_backlog_add(backlog, 1, 11, 5, 200));
    g_assert_false(ep_backlog_add(backlog, 1, 10, 6, 300));
    g_assert_cmpint(ep_backlog_take(backlog, HL_HOUR), ==, 4);
    g_assert_cmpint(ep_backlog_take(backlog, HL_HOUR), ==, 5);
    g_assert_cmpint(ep_backlog_take(backlog, HL_HOUR), ==, 3);
}

static void test_bounds(void)
{
    g_autoptr(EpBacklog) backlog = ep_backlog_new();
    EpBacklogNumbers numbers;
    EpBacklogNumbers back;
    g_autoptr(json_t) json = NULL;

    for (int i = 0; i < EP_BACKLOG_MAX; i++)
        g_assert_true(ep_backlog_add(backlog, 1, (ino_t)i, i, 0));
    g_assert_false(ep_backlog_add(backlog, 1, EP_BACKLOG_MAX, 1, 0));
    g_assert_false(ep_backlog_add(backlog, 1, 0, 1, 0)); /* waits already: not missed */
    ep_backlog_overflowed(backlog);
    ep_backlog_unopened(backlog);
    g_assert_cmpint(ep_backlog_take(backlog, HL_MINUTE), >=, 0);
    g_assert_true(ep_backlog_add(backlog, 1, EP_BACKLOG_MAX, 1, 0)); /* there is room again */
    numbers = ep_backlog_numbers(backlog, HL_MINUTE);
    g_assert_cmpuint(ep_backlog_missed(&numbers), ==, 3);
    g_assert_cmpuint(numbers.written, ==, EP_BACKLOG_MAX + 3);
    g_assert_cmpuint(numbers.looked_at, ==, 1);
    g_assert_cmpuint(numbers.waiting, ==, EP_BACKLOG_MAX);
    json = ep_backlog_json(&numbers);
    ep_backlog_parse(&back, json);
    g_assert_cmpmem(&back, sizeof back, &numbers, sizeof numbers);
    ep_backlog_parse(&back, NULL);
    g_assert_cmpuint(back.written, ==, 0);
}

static void test_rate(void)
{
    g_autoptr(EpBacklog) backlog = ep_backlog_new();
    HlTime t = 100 * HL_MINUTE;

    for (int i = 0; i < 30; i++) {
        g_assert_true(ep_backlog_add(backlog, 1, (ino_t)i, i, t - HL_HOUR));
        g_assert_cmpint(ep_backlog_take(backlog, t), ==, i);
    }
    g_assert_cmpuint(ep_backlog_numbers(backlog, t).rate, ==, 0); /* the minute is not over */
    g_assert_cmpuint(ep_backlog_numbers(backlog, t + HL_MINUTE).rate, ==, 30);
    g_assert_true(ep_backlog_add(backlog, 1, 1, 1, t));
    g_assert_cmpint(ep_backlog_take(backlog, t + HL_MINUTE), ==, 1);
    g_assert_cmpuint(ep_backlog_numbers(backlog, t + HL_MINUTE).rate, ==, 30);
    g_assert_cmpuint(ep_backlog_numbers(backlog, t + 2 * HL_MINUTE).rate, ==, 1);
    g_assert_cmpuint(ep_backlog_numbers(backlog, t + 3 * HL_MINUTE).rate, ==, 0);
}

/* What may turn out to be none that is looked at leaves room for the others, and does not count. */
static void test_passed_over(void)
{
    g_autoptr(EpBacklog) backlog = ep_backlog_new();
    HlTime t = 100 * HL_MINUTE;

    for (int i = 0; i < EP_BACKLOG_MAX / 2; i++) {
        g_assert_true(ep_backlog_has_spare(backlog));
        g_assert_true(ep_backlog_add(backlog, 1, (ino_t)i, i, t - HL_HOUR));
    }
    g_assert_false(ep_backlog_has_spare(backlog));
    g_assert_cmpint(ep_backlog_take(backlog, t), >=, 0);
    g_assert_cmpint(ep_backlog_take(backlog, t), >=, 0);
    ep_backlog_passed_over(backlog);
    g_assert_true(ep_backlog_has_spare(backlog));
    g_assert_cmpuint(ep_backlog_numbers(backlog, t).looked_at, ==, 1);
    g_assert_cmpuint(ep_backlog_numbers(backlog, t + HL_MINUTE).rate, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backlog/quiet", test_quiet);
    g_test_add_func("/backlog/order", test_order);
    g_test_add_func("/backlog/bounds", test_bounds);
    g_test_add_func("/backlog/rate", test_rate);
    g_test_add_func("/backlog/passed-over", test_passed_over);
    return g_test_run();
}
