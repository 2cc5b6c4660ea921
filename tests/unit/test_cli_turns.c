/* SPDX-License-Identifier: Apache-2.0 */
/* Those that watch with one certificate: how soon one has seen all, and how long it leaves the line to others. */
#include "manager/cli/turns.h"

/* As many as the server counts, and no other one for a round. */
static void test_counted(void)
{
    CliVisit visit = CLI_VISIT_INIT;

    g_assert_false(cli_visit_is_all(&visit, 120, 200));
    g_assert_false(cli_visit_is_all(&visit, 200, 200));
    g_assert_true(cli_visit_is_all(&visit, 200, 200));
}

/* The count may be of a moment before: of more than that a round in between tells. */
static void test_count_is_old(void)
{
    CliVisit visit = CLI_VISIT_INIT;

    g_assert_false(cli_visit_is_all(&visit, 199, 199));
    g_assert_false(cli_visit_is_all(&visit, 200, 199));
    for (guint i = 0; i < 4; i++)
        g_assert_false(cli_visit_is_all(&visit, 200, 199));
    g_assert_true(cli_visit_is_all(&visit, 200, 199));
}

/* A broker that stops for a moment has not told of all. */
static void test_pause(void)
{
    CliVisit visit = CLI_VISIT_INIT;

    for (guint n = 0; n < 200; n += 20)
        for (guint round = 0; round < 4; round++)
            g_assert_false(cli_visit_is_all(&visit, n, 200));
}

static void test_left_to_others(void)
{
    g_assert_cmpint(2 * CLI_TURNS_ROUND + cli_turns_pause(2 * CLI_TURNS_ROUND), <, HL_SECOND);
    g_assert_cmpint(cli_turns_pause(0), >, 0);
    g_assert_cmpint(cli_turns_pause(HL_SECOND), ==, 3 * HL_SECOND);
    g_assert_cmpint(cli_turns_pause(20 * HL_SECOND), ==, 3 * HL_SECOND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/turns/counted", test_counted);
    g_test_add_func("/cli/turns/count-is-old", test_count_is_old);
    g_test_add_func("/cli/turns/pause", test_pause);
    g_test_add_func("/cli/turns/left-to-others", test_left_to_others);
    return g_test_run();
}
