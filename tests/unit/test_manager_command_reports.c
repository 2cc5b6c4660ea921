/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/reports: what endpoints report of commands, and what that costs. */
#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

static void tell_update(Parts *parts, uint64_t seq)
{
    HlMsgUpdateNotification update = HOLDLINE__V1__UPDATE_NOTIFICATION__INIT;
    HlMsgComponent component = HOLDLINE__V1__COMPONENT__INIT;
    HlMsgComponent *components[] = { &component };
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    component.name = hl_unconst("virus");
    component.version = 2026112201;
    update.succeeded = true;
    update.source = hl_unconst("https://server.example");
    update.patterns = components;
    update.n_patterns = G_N_ELEMENTS(components);
    report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    report.update = &update;
    parts_report(parts, "e-one", seq, &report);
}

/* What thousands report at once costs as few statements as there are things that change: the number of the report, the
 * state, a row of history. */
static void test_statements(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();
    g_autofree char *id = parts_issue(parts, "@office");
    static const HlCommandState ends[] = { HL_STATE_SUCCEEDED, HL_STATE_FAILED, HL_STATE_REJECTED };

    parts_commit(parts);
    tell_update(parts, 1);
    g_assert_cmpuint(writer_fake_statements(parts->writer), ==, 3);
    parts_commit(parts);
    parts_report_command(parts, "e-one", 2, id, HL_STATE_STARTED);
    g_assert_cmpuint(writer_fake_statements(parts->writer), ==, 2);
    parts_commit(parts);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) { /* the first one ends it */
        mgr_record_flush(parts->record);
        parts_commit(parts);
        parts_report_command(parts, "e-one", 3 + i, id, ends[i]);
        g_assert_cmpuint(writer_fake_statements(parts->writer), ==, 3);
        parts_commit(parts);
    }
    parts_check_registry(parts);
}

/* Two reports about one target before the first is committed: repeated, forward, and out of order. */
static void test_command_states(void)
{
    for (HlCommandState a = HL_STATE_UNKNOWN; a < HL_N_STATES; a++) {
        for (guint k = HL_STATE_UNKNOWN; k < 2 * HL_N_STATES; k++) {
            g_autoptr(Parts) parts = parts_new_on_line();
            HlCommandState b = (HlCommandState)(k / 2);
            g_autofree char *id = NULL;

            parts->gathers = k % 2 == 1;
            g_test_message("case %s, then %s", hl_command_state_name(a), hl_command_state_name(b));
            parts_add_endpoint(parts, "e-two"); /* the command stays open */
            id = parts_issue(parts, "@office");
            parts_report_command(parts, "e-one", 1, id, a);
            clock_fake_advance(HL_SECOND);
            parts_report_command(parts, "e-one", 2, id, b);
            clock_fake_advance(HL_SECOND);
            parts_commit(parts);
            parts_check_registry(parts);
        }
    }
}

/* What the manager ends by itself while a report of the end is being stored. */
static void test_command_ends_beside_report(void)
{
    static const char *const calls[] = { "command cancel", "expiry" };

    for (guint up = 0; up < 2; up++) {
        for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
            g_autoptr(Parts) parts = parts_new_on_line();
            g_autofree char *id = NULL;

            g_test_message("case %s, %s", calls[i], up == 1 ? "sent" : "queued");
            parts_add_endpoint(parts, "e-two");
            parts_birth(parts, "e-two", 1);
            if (up == 0)
                parts_will(parts, "e-one", 1);
            id = parts_issue(parts, "@office");
            parts_report_command(parts, "e-two", 1, id, HL_STATE_STARTED); /* keeps the command open */
            parts_commit(parts);
            if (i == 0) {
                parts_call(parts, "command cancel", "command", id, NULL);
                parts_report_command(parts, "e-one", 1, id, HL_STATE_SUCCEEDED);
            } else {
                clock_fake_advance(4 * HL_DAY + 3 * HL_MINUTE);
                parts_report_command(parts, "e-one", 1, id, HL_STATE_SUCCEEDED);
                mgr_commands_tick(parts->commands);
            }
            parts_commit(parts);
            g_assert_nonnull(mgr_fleet_command(&parts->fleet, id));
            parts_check_registry(parts);
            mgr_commands_tick(parts->commands);
            parts_check_registry(parts);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/command-reports/states", test_command_states);
    g_test_add_func("/manager/command-reports/statements", test_statements);
    g_test_add_func("/manager/command-reports/end-beside-report", test_command_ends_beside_report);
    return g_test_run();
}
