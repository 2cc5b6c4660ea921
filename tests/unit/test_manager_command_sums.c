/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/calls/command_sums: a list of commands does not count the targets of those that are known to have
 * ended, and says what the registry says. */
#include "manager/daemon/calls/command_sums.h"

#include "tests/support/manager_parts.h"

/* "STATE" of its one target, as 'command list' has it of the newest. */
static char *listed(Parts *parts)
{
    g_autoptr(json_t) reply = NULL;
    const json_t *newest;
    const char *state;

    parts_call(parts, "command list", NULL);
    reply = parts_expect_reply(parts, "");
    newest = json_array_get(json_object_get(reply, "commands"), 0);
    g_assert_cmpint(json_integer_value(json_object_get(newest, "endpoints")), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(newest, "host")), ==,
                    mgr_fleet_endpoint(&parts->fleet, "e-one")->record.host);
    state = json_object_iter_key(json_object_iter(json_object_get(newest, "states")));
    return g_strdup(state);
}

static void assert_listed(Parts *parts, const char *state)
{
    g_autofree char *found = listed(parts);

    g_assert_cmpstr(found, ==, state);
}

static Parts *parts_with_endpoint(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    return parts;
}

/* Open or ended since the start: from memory. */
static void test_not_counted(void)
{
    g_autoptr(Parts) parts = parts_with_endpoint();
    g_autofree char *id = parts_issue(parts, "e-one");

    parts_commit(parts);
    assert_listed(parts, "sent");
    parts_report_command(parts, "e-one", 1, id, HL_STATE_SUCCEEDED);
    parts_commit(parts);
    for (guint i = 0; i < 5; i++)
        assert_listed(parts, "succeeded");
    g_assert_cmpuint(mgr_command_calls_counted(parts->command_calls), ==, 0);
}

/* A late result: counted once more. */
static void test_corrected(void)
{
    g_autoptr(Parts) parts = parts_with_endpoint();
    g_autofree char *id = parts_issue(parts, "e-one");

    parts_commit(parts);
    clock_fake_advance(5 * HL_DAY);
    mgr_commands_tick(parts->commands);
    parts_commit(parts);
    assert_listed(parts, "expired");
    parts_report_command(parts, "e-one", 1, id, HL_STATE_SUCCEEDED);
    parts_commit(parts);
    for (guint i = 0; i < 5; i++)
        assert_listed(parts, "succeeded");
    g_assert_cmpuint(mgr_command_calls_counted(parts->command_calls), ==, 1);
}

/* Those that ended before the start are counted once, one a second, or when somebody asks before. */
static void test_before_start(void)
{
    g_autoptr(Parts) parts = parts_with_endpoint();
    g_autoptr(MgrCommandSums) sums = mgr_command_sums_new(&parts->fleet, parts->record);
    g_autofree char *first = parts_issue(parts, "e-one");
    g_autofree char *second = NULL;

    parts_commit(parts);
    parts_report_command(parts, "e-one", 1, first, HL_STATE_SUCCEEDED);
    parts_commit(parts);
    second = parts_issue(parts, "e-one");
    parts_commit(parts);
    parts_report_command(parts, "e-one", 2, second, HL_STATE_FAILED);
    parts_commit(parts);
    for (guint i = 0; i < 10; i++)
        mgr_command_sums_warm(sums);
    g_assert_cmpuint(mgr_command_sums_counted(sums), ==, 1);
    clock_fake_advance(HL_SECOND);
    for (guint i = 0; i < 10; i++)
        mgr_command_sums_warm(sums);
    g_assert_cmpuint(mgr_command_sums_counted(sums), ==, 2);
    g_assert_cmpuint(mgr_command_sums_get(sums, first, NULL)->counts[HL_STATE_SUCCEEDED], ==, 1);
    g_assert_cmpuint(mgr_command_sums_get(sums, second, NULL)->counts[HL_STATE_FAILED], ==, 1);
    g_assert_cmpuint(mgr_command_sums_counted(sums), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/command-sums/not-counted", test_not_counted);
    g_test_add_func("/manager/command-sums/corrected", test_corrected);
    g_test_add_func("/manager/command-sums/before-start", test_before_start);
    return g_test_run();
}
