/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/program beside the updates, with the updater and the helper that upgrades played by the test:
 * when the helper is asked, what those who wait are told, and the one report of how it ended. */
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/program.h"
#include "tests/support/child_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define NEXT    "9.9.9"
#define RELEASE 2026112801

/* A helper that could be started, and a release that the updater has fetched. */
static EndpointParts *world_new(void)
{
    EndpointParts *parts = parts_new();
    g_autofree char *next = g_build_filename(parts->dir, "program", "next", NULL);
    g_autofree char *path = g_build_filename(next, HL_PROGRAM_RECORD, NULL);
    g_autofree char *text =
        g_strdup_printf("{\"release\":%d,\"version\":\"" NEXT "\",\"files\":[{\"name\":\"holdline-endpoint.deb\","
                        "\"package\":\"holdline-endpoint\",\"sha256\":\"%064d\",\"length\":1}]}",
                        RELEASE, 0);

    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "upgrade.helper", "/bin/sh", NULL));
    g_assert_true(hl_dir_make(next, 0700, NULL));
    g_assert_true(hl_file_write_text(path, text, 0600, NULL));
    parts_line_up(parts);
    return parts;
}

static void on_done(const EpUpdateEnd *end, gpointer user)
{
    char **detail = user;

    g_free(*detail);
    *detail = g_strdup(end->detail);
}

/* One update, of which the updater says this of the program; what those who wait are told. */
static char *update(EndpointParts *parts, HlUpdaterProgramOutcome outcome, const char *version, const char *message)
{
    char *detail = NULL;
    EpUpdateRequest wanted = { .work = EP_UPDATE_UPDATE, .trigger = "manual", .done = on_done, .user = &detail };
    HlUpdaterResult result = { .outcome = HL_UPDATER_CURRENT,
                               .message = (char *)"current",
                               .source = (char *)"server",
                               .components = (char *)PARTS_PATTERNS,
                               .program = { outcome, hl_unconst(version), hl_unconst(message) } };
    g_autofree char *line = hl_updater_line_updated(&result);

    ep_updates_request(parts->updates, &wanted);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_say(child_fake_last(), line);
    child_fake_exit(child_fake_last(), 0, line, "");
    return detail;
}

/* The same where nobody looks at what they are told. */
static void update_to(EndpointParts *parts, const char *version)
{
    g_free(update(parts, HL_UPDATER_PROGRAM_OFFERED, version, ""));
}

static bool has(const EndpointParts *parts, EpDeskPaper paper)
{
    return ep_desk_has(parts->dir, paper);
}

static const char *told(const EndpointParts *parts)
{
    const HlMsgReport *report = parts_last(parts, HOLDLINE__V1__REPORT__BODY_UPDATE);

    g_assert_nonnull(report);
    return report->update->detail;
}

static const HlMsgProgramUpgrade *reported(const EndpointParts *parts)
{
    const HlMsgReport *report = parts_last(parts, HOLDLINE__V1__REPORT__BODY_PROGRAM);

    return report != NULL ? report->program : NULL;
}

/* The helper reads the request and gets as far as this. */
static void helper_is_at(const EndpointParts *parts, EpUpgradeState state, const char *detail, bool lasting)
{
    EpDeskUpgrade upgrade = { .release = RELEASE,
                              .from = (char *)HOLDLINE_VERSION,
                              .to = (char *)NEXT,
                              .upgrade = { state, 1 },
                              .detail = hl_unconst(detail),
                              .ended = ep_upgrade_is_end(state) ? 4711 : 0,
                              .lasting = lasting };

    g_assert_true(
        ep_desk_write(parts->dir, ep_upgrade_is_end(state) ? EP_DESK_ENDED : EP_DESK_RUNNING, &upgrade, NULL));
    g_assert_true(ep_desk_remove(parts->dir, EP_DESK_REQUEST, NULL));
    if (ep_upgrade_is_end(state))
        g_assert_true(ep_desk_remove(parts->dir, EP_DESK_RUNNING, NULL));
}

/* ---------------------------------------------------------------------------------------------- when it is asked */

static bool argv_has(const char *word)
{
    return g_strv_contains(child_fake_argv(child_fake_last()), word);
}

static void test_updater_is_told(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    EpUpdateRequest wanted = { .work = EP_UPDATE_UPDATE, .trigger = "manual" };
    EpUpdateRequest of_one = { .work = EP_UPDATE_UPDATE, .trigger = "command", .component = "rules" };

    ep_updates_request(parts->updates, &of_one); /* the program is no part of that */
    g_assert_false(argv_has("--program-dir"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    ep_updates_request(parts->updates, &wanted);
    g_assert_true(argv_has("--program-dir"));
    g_assert_true(argv_has("--installed-program"));
    g_assert_true(argv_has(HOLDLINE_VERSION));
    g_assert_false(argv_has("--block-program"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    /* a machine whose program did not come in packages */
    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "upgrade.helper", "/nonexistent/helper", NULL));
    ep_updates_request(parts->updates, &wanted);
    g_assert_false(argv_has("--program-dir"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

static void test_asked(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_auto(EpDeskUpgrade) asked = { 0 };
    g_autofree char *detail = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");

    g_assert_cmpstr(detail, ==, "current; program: " HOLDLINE_VERSION ", version " NEXT " is being installed");
    g_assert_nonnull(strstr(told(parts), "program: " HOLDLINE_VERSION ", version " NEXT " is being installed"));
    g_assert_cmpint(ep_desk_read(parts->dir, EP_DESK_REQUEST, &asked, NULL), ==, EP_DESK_FOUND);
    g_assert_cmpuint(asked.release, ==, RELEASE);
    g_assert_cmpstr(asked.from, ==, HOLDLINE_VERSION);
    g_assert_cmpstr(asked.to, ==, NEXT);
    g_assert_cmpstr(ep_program_view(parts->program).state, ==, "asked");
    /* meanwhile it is not asked a second time */
    helper_is_at(parts, EP_UPGRADE_INSTALLING, "", false);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_cmpstr(ep_program_view(parts->program).state, ==, "installing");
    g_free(detail);
    detail = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_cmpstr(detail, ==, "current");
    g_assert_nonnull(strstr(told(parts), "an upgrade is under way"));
    g_assert_false(has(parts, EP_DESK_REQUEST));
}

static void test_not_asked(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_autofree char *none = update(parts, HL_UPDATER_PROGRAM_CURRENT, "", "");
    g_autofree char *unsuited = NULL;
    g_autofree char *other = NULL;
    g_autofree char *down = NULL;

    g_assert_cmpstr(none, ==, "current");
    g_assert_nonnull(strstr(told(parts), "no upgrade is offered"));
    unsuited = update(parts, HL_UPDATER_PROGRAM_NO_WAY_BACK, NEXT, "the version before is gone");
    g_assert_nonnull(strstr(told(parts), "not upgraded: the version before is gone"));
    /* what lies ready is another version than what the updater says */
    other = update(parts, HL_UPDATER_PROGRAM_OFFERED, "9.9.8", "");
    g_assert_nonnull(strstr(told(parts), "no upgrade is offered"));
    parts->line_up = false;
    down = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_false(has(parts, EP_DESK_REQUEST));
}

/* ------------------------------------------------------------------------------------------------- how it ended */

/* Another process, which may be of another version, tells it, and once. */
static void test_end_is_reported_once(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    update_to(parts, NEXT);
    helper_is_at(parts, EP_UPGRADE_WAITING, "", false);
    parts_restart(parts);
    parts_line_up(parts);
    g_assert_null(reported(parts));
    helper_is_at(parts, EP_UPGRADE_DONE, "", false);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_nonnull(reported(parts));
    g_assert_cmpstr(reported(parts)->end, ==, "done");
    g_assert_cmpstr(reported(parts)->from, ==, HOLDLINE_VERSION);
    g_assert_cmpstr(reported(parts)->to, ==, NEXT);
    g_assert_cmpuint(reported(parts)->release, ==, RELEASE);
    parts_ack(parts);
    g_ptr_array_set_size(parts->reports, 0);
    parts_restart(parts);
    parts_line_up(parts);
    g_assert_null(reported(parts));
    g_assert_cmpstr(ep_program_view(parts->program).state, ==, "done");
}

/* The way back may take hours: that it was begun is told once, and then its end. */
static void test_way_back_is_told(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    update_to(parts, NEXT);
    helper_is_at(parts, EP_UPGRADE_GOING_BACK, "its line did not come up", true);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_cmpstr(ep_program_view(parts->program).state, ==, "going-back");
    g_assert_nonnull(reported(parts));
    g_assert_cmpstr(reported(parts)->end, ==, "going-back");
    g_assert_cmpstr(reported(parts)->detail, ==, "its line did not come up");
    parts_ack(parts);
    g_ptr_array_set_size(parts->reports, 0);
    timer_fake_advance(10 * HL_SECOND);
    parts_restart(parts);
    parts_line_up(parts);
    g_assert_null(reported(parts));
    helper_is_at(parts, EP_UPGRADE_BACK, "its line did not come up", true);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_nonnull(reported(parts));
    g_assert_cmpstr(reported(parts)->end, ==, "back");
}

/* While no daemon ran. */
static void test_end_before_the_start(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    helper_is_at(parts, EP_UPGRADE_STUCK, "disk trouble", true);
    parts_restart(parts);
    parts_line_up(parts);
    g_assert_nonnull(reported(parts));
    g_assert_cmpstr(reported(parts)->end, ==, "stuck");
    g_assert_cmpstr(reported(parts)->detail, ==, "disk trouble");
}

static void test_failed_waits_for_a_word(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *second = NULL;
    g_autofree char *third = NULL;

    update_to(parts, NEXT);
    helper_is_at(parts, EP_UPGRADE_BACK, "its line did not come up", true);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_cmpstr(reported(parts)->end, ==, "back");
    second = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_nonnull(strstr(told(parts), "has failed here"));
    g_assert_false(has(parts, EP_DESK_REQUEST));
    g_assert_true(ep_program_retry(parts->program, &error));
    g_assert_no_error(error);
    parts_restart(parts);
    parts_line_up(parts);
    third = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_true(has(parts, EP_DESK_REQUEST));
}

/* What was refused for the moment's sake is tried again by the next update. */
static void test_refused_for_now(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_autofree char *second = NULL;

    update_to(parts, NEXT);
    helper_is_at(parts, EP_UPGRADE_REFUSED, "another package manager", false);
    timer_fake_advance(2 * HL_SECOND);
    second = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_true(has(parts, EP_DESK_REQUEST));
}

/* A machine whose service manager does not look at requests. */
static void test_nobody_reads_it(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_autofree char *detail = NULL;

    helper_is_at(parts, EP_UPGRADE_DONE, "", false);
    parts_restart(parts);
    parts_line_up(parts);
    detail = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    timer_fake_advance(HL_MINUTE);
    g_assert_true(has(parts, EP_DESK_REQUEST));
    timer_fake_advance(2 * HL_MINUTE);
    g_assert_false(has(parts, EP_DESK_REQUEST));
    g_assert_cmpstr(reported(parts)->end, ==, "refused");
    g_assert_nonnull(strstr(reported(parts)->detail, "holdline-upgrade.path as installed watches /var/lib/holdline"));
    g_assert_nonnull(strstr(reported(parts)->detail, parts->dir));
    parts_ack(parts);
    g_ptr_array_set_size(parts->reports, 0);
    parts_restart(parts);
    parts_line_up(parts);
    g_assert_null(reported(parts)); /* nor what ended before that */
    /* here nobody ever looks: not at every update once more */
    g_free(detail);
    detail = update(parts, HL_UPDATER_PROGRAM_OFFERED, NEXT, "");
    g_assert_false(has(parts, EP_DESK_REQUEST));
}

/* --------------------------------------------------------------------------------------- what the helper is told */

static EpDeskLine said(const EndpointParts *parts)
{
    EpDeskLine line;
    int64_t pid = ep_desk_who_is_alive(parts->dir, HOLDLINE_VERSION, &line);

    g_assert_true(pid == getpid() || (pid == 0 && line == EP_DESK_LINE_DOWN));
    return line;
}

/* A broker that says that the manager is away says nothing of a line on which the manager has answered. */
static void test_away(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    ep_program_manager(parts->program, false);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_AWAY);
    ep_program_manager(parts->program, true);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_DOWN);
    ep_program_line(parts->program, EP_DESK_LINE_UP);
    ep_program_manager(parts->program, false);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_UP);
    ep_program_line(parts->program, EP_DESK_LINE_AWAY);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_AWAY);
}

static void test_alive(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    ep_program_line(parts->program, EP_DESK_LINE_UP);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_UP);
    ep_program_line(parts->program, EP_DESK_LINE_DOWN);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_DOWN);
    ep_program_line(parts->program, EP_DESK_LINE_UP);
    parts_leave(parts);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_DOWN);
}

/* A daemon that was killed left that its line is up; the one after it is not yet. */
static void test_alive_after_a_kill(void)
{
    g_autoptr(EndpointParts) parts = world_new();

    parts_leave(parts);
    g_assert_true(ep_desk_say_alive(parts->dir, HOLDLINE_VERSION, getpid(), EP_DESK_LINE_UP, NULL));
    parts_restart(parts);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_DOWN);
}

static void test_alive_is_written_at_last(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    g_autofree char *desk = ep_desk_directory(parts->dir);
    g_autofree char *away = g_strconcat(desk, "-away", NULL);

    g_assert_cmpint(rename(desk, away), ==, 0);
    ep_program_line(parts->program, EP_DESK_LINE_UP);
    g_assert_cmpint(rename(away, desk), ==, 0);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_DOWN);
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpint(said(parts), ==, EP_DESK_LINE_UP);
}

/* ------------------------------------------------------------------------------------------------ left to roll-outs */

static void test_left_to_rollouts(void)
{
    g_autoptr(EndpointParts) parts = world_new();
    EpUpdateRequest plain = { .work = EP_UPDATE_UPDATE, .trigger = "manual" };
    EpUpdateRequest with = { .work = EP_UPDATE_UPDATE, .trigger = "command", .program = true };
    g_autoptr(GBytes) settings =
        parts_settings(parts, (PartsSettings){ .lines = "update.program=rollout\n", .counter = 5, .path = "channel" });

    ep_intake_offer(parts->intake, settings, "channel", 1);
    ep_updates_request(parts->updates, &plain);
    g_assert_false(argv_has("--program-dir"));
    ep_updates_request(parts->updates, &with); /* does not join one that does not look */
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_nonnull(strstr(told(parts), "upgrades are left to roll-outs"));
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_true(argv_has("--program-dir"));
    ep_updates_request(parts->updates, &plain); /* this one does */
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    /* as a command's scope */
    parts_order_of(parts, "c-1", HL_KIND_UPDATE_NOW, "program");
    g_assert_true(argv_has("--program-dir"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/program/updater", test_updater_is_told);
    g_test_add_func("/endpoint/program/asked", test_asked);
    g_test_add_func("/endpoint/program/not-asked", test_not_asked);
    g_test_add_func("/endpoint/program/once", test_end_is_reported_once);
    g_test_add_func("/endpoint/program/way-back-is-told", test_way_back_is_told);
    g_test_add_func("/endpoint/program/before-the-start", test_end_before_the_start);
    g_test_add_func("/endpoint/program/failed", test_failed_waits_for_a_word);
    g_test_add_func("/endpoint/program/refused", test_refused_for_now);
    g_test_add_func("/endpoint/program/nobody", test_nobody_reads_it);
    g_test_add_func("/endpoint/program/alive", test_alive);
    g_test_add_func("/endpoint/program/away", test_away);
    g_test_add_func("/endpoint/program/alive/kill", test_alive_after_a_kill);
    g_test_add_func("/endpoint/program/alive/at-last", test_alive_is_written_at_last);
    g_test_add_func("/endpoint/program/left", test_left_to_rollouts);
    return g_test_run();
}
