/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/commands and the calls on it: with commits that come late, fail, or find that what they were
 * about is gone.  Time is virtual, the broker is in memory. */
#include <string.h>

#include "tests/support/manager_parts.h"

static HlCommandState state_of(const Parts *parts, const char *command, const char *endpoint)
{
    const MgrTarget *target = mgr_endpoint_find_target(mgr_fleet_endpoint(&parts->fleet, endpoint), command);

    return target != NULL ? target->record.state : HL_STATE_UNKNOWN;
}

/* What the registry says of a command that has left the fleet. */
static char *stored_state(Parts *parts, const char *command)
{
    g_autoptr(json_t) document = NULL;
    const json_t *target;

    parts_call(parts, "command show", "command", command, NULL);
    document = parts_expect_reply(parts, "");
    target = json_array_get(json_object_get(document, "targets"), 0);
    return g_strdup_printf("%s: %s", json_string_value(json_object_get(target, "state")),
                           json_string_value(json_object_get(target, "detail")));
}

static void pass(Parts *parts, HlTime duration)
{
    clock_fake_advance(duration);
    mgr_commands_tick(parts->commands);
}

/* ------------------------------------------------------------------------------------------------- an ordinary life */

static void test_life(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autoptr(HlMsgCommand) sent = NULL;
    g_autofree char *end = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    id = parts_issue(parts, "@office");
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT);
    sent = parts_take_command(parts, "e-one");
    g_assert_cmpstr(sent->id, ==, id);
    g_assert_cmpint(sent->kind, ==, HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW);
    parts_report_command(parts, "e-one", 1, id, HL_STATE_STARTED);
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT); /* memory folds after the commit */
    parts_commit(parts);
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_STARTED);
    parts_check_registry(parts);
    parts_report_command(parts, "e-one", 2, id, HL_STATE_SUCCEEDED);
    parts_commit(parts);
    g_assert_null(mgr_fleet_command(&parts->fleet, id));
    end = stored_state(parts, id);
    g_assert_cmpstr(end, ==, "succeeded: ");
    parts_check_registry(parts);
}

/* An endpoint that is away gets it at its next birth, and again at the one after that. */
static void test_sent_at_birth(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;

    parts_add_endpoint(parts, "e-one");
    id = parts_issue(parts, "e-one");
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_QUEUED);
    g_assert_null(parts_take_command(parts, "e-one"));
    for (uint64_t session = 1; session <= 2; session++) {
        g_autoptr(HlMsgCommand) sent = NULL;

        parts_birth(parts, "e-one", session);
        parts_commit(parts);
        sent = parts_take_command(parts, "e-one");
        g_assert_nonnull(sent);
        g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT);
    }
    parts_check_registry(parts);
}

static void test_expiry(void)
{
    static const struct {
        HlCommandState reported;
        const char *end;
    } cases[] = {
        { HL_STATE_UNKNOWN, "expired: the endpoint did not come back in time" },
        { HL_STATE_RECEIVED, "timed-out: no result came in time" },
        { HL_STATE_STARTED, "timed-out: no result came in time" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        g_autofree char *end = NULL;

        parts_add_endpoint(parts, "e-one");
        if (cases[i].reported != HL_STATE_UNKNOWN)
            parts_birth(parts, "e-one", 1);
        id = parts_issue(parts, "e-one");
        if (cases[i].reported != HL_STATE_UNKNOWN)
            parts_report_command(parts, "e-one", 1, id, cases[i].reported);
        parts_commit(parts);
        pass(parts, 4 * HL_DAY - HL_SECOND);
        g_assert_nonnull(mgr_fleet_command(&parts->fleet, id));
        pass(parts, HL_DAY);
        g_assert_null(mgr_fleet_command(&parts->fleet, id));
        end = stored_state(parts, id);
        g_assert_cmpstr(end, ==, cases[i].end);
        parts_check_registry(parts);
    }
}

/* The server's clock is set ahead: that ends nothing before its time, and once it is set back the command goes out, to
 * an endpoint that was there all the while too. */
static void test_clock_ahead(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autoptr(HlMsgCommand) sent = NULL;

    parts_add_endpoint(parts, "e-one");
    id = parts_issue(parts, "e-one");
    mgr_console_tick(parts->console);
    clock_fake_jump_wall(30 * HL_DAY);
    mgr_console_tick(parts->console);
    pass(parts, HL_SECOND);
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_QUEUED);
    g_assert_null(parts_take_command(parts, "e-one"));
    clock_fake_jump_wall(-30 * HL_DAY);
    mgr_console_tick(parts->console);
    pass(parts, HL_SECOND);
    parts_commit(parts);
    sent = parts_take_command(parts, "e-one");
    g_assert_nonnull(sent);
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT);
    parts_check_registry(parts);
}

/* It stays ahead: what really passed counts. */
static void test_clock_stays_ahead(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autofree char *end = NULL;

    parts_add_endpoint(parts, "e-one");
    id = parts_issue(parts, "e-one");
    clock_fake_jump_wall(30 * HL_DAY);
    pass(parts, 4 * HL_DAY - HL_SECOND);
    g_assert_nonnull(mgr_fleet_command(&parts->fleet, id));
    pass(parts, HL_DAY);
    g_assert_null(mgr_fleet_command(&parts->fleet, id));
    end = stored_state(parts, id);
    g_assert_cmpstr(end, ==, "expired: the endpoint did not come back in time");
    parts_check_registry(parts);
}

/* ----------------------------------------------------------------------------------------------------- cancellation */

static void test_cancel_queued(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autofree char *end = NULL;

    parts_add_endpoint(parts, "e-one");
    id = parts_issue(parts, "e-one");
    parts_call(parts, "command cancel", "command", id, NULL);
    g_assert_null(parts_reply(parts)); /* not before it is stored */
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    g_assert_null(mgr_fleet_command(&parts->fleet, id));
    end = stored_state(parts, id);
    g_assert_cmpstr(end, ==, "cancelled: cancelled before it was sent");
    parts_check_registry(parts);
}

static void test_cancel_sent(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autoptr(HlMsgCommand) sent = NULL;
    g_autoptr(HlMsgCommand) cancel = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    id = parts_issue(parts, "e-one");
    sent = parts_take_command(parts, "e-one");
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    cancel = parts_take_command(parts, "e-one");
    g_assert_cmpint(cancel->kind, ==, HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL);
    g_assert_cmpstr(cancel->subject, ==, id);
    g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT); /* the endpoint says how it ended */
    parts_check_registry(parts);
}

/* The last target ends between the write of the cancellation and its commit: by whatever ends targets. */
static void end_by_expiry(Parts *parts, const char *id G_GNUC_UNUSED)
{
    pass(parts, 5 * HL_DAY);
}

static void end_by_report(Parts *parts, const char *id)
{
    parts_report_command(parts, "e-one", 1, id, HL_STATE_SUCCEEDED);
    /* the report was given to the writer after the cancellation; its fold comes right after that one's */
}

static void end_by_removal(Parts *parts, const char *id G_GNUC_UNUSED)
{
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
}

static void end_by_revocation(Parts *parts, const char *id G_GNUC_UNUSED)
{
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
}

static void test_cancel_overtaken(void)
{
    static const struct {
        void (*end)(Parts *parts, const char *id);
        bool first; /* it is in force before the cancellation is committed */
    } cases[] = {
        { end_by_expiry, true },   { end_by_report, true },     { end_by_report, false },     { end_by_removal, true },
        { end_by_removal, false }, { end_by_revocation, true }, { end_by_revocation, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        guint too_late = 0;

        g_test_message("case %u", (unsigned)i);
        parts_add_endpoint(parts, "e-one");
        parts_birth(parts, "e-one", 1);
        id = parts_issue(parts, "e-one");
        if (cases[i].first && cases[i].end != end_by_expiry) {
            cases[i].end(parts, id);
            parts_call(parts, "command cancel", "command", id, NULL);
        } else {
            parts_call(parts, "command cancel", "command", id, NULL);
            cases[i].end(parts, id);
        }
        parts_commit(parts);
        for (HlMsgCallReply *reply; (reply = parts_reply(parts)) != NULL; hl_wire_free(reply))
            too_late += strcmp(reply->code, "conflict") == 0;
        /* the command had left the fleet before the cancellation was folded: that is an answer, and no crash */
        g_assert_cmpuint(too_late, ==, cases[i].first ? 1 : 0);
        g_assert_null(mgr_fleet_command(&parts->fleet, id));
        parts_check_registry(parts);
    }
}

/* Two who cancel the same at once. */
static void test_cancel_twice(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;

    parts_add_endpoint(parts, "e-one");
    id = parts_issue(parts, "e-one");
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    json_decref(parts_expect_reply(parts, "conflict"));
    parts_call(parts, "command cancel", "command", id, NULL);
    json_decref(parts_expect_reply(parts, "conflict"));
    parts_call(parts, "command cancel", "command", "c-none", NULL);
    json_decref(parts_expect_reply(parts, "not-found"));
    parts_check_registry(parts);
}

/* -------------------------------------------------------------------------------------------- what cannot be stored */

static void test_not_stored(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;

    parts_add_endpoint(parts, "e-one");
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    parts_call(parts, "update-now", "selector", "e-one", NULL);
    parts_commit(parts);
    g_assert_true(writer_fake_failed(parts->writer));
    json_decref(parts_expect_reply(parts, "full"));
    g_assert_cmpuint(g_hash_table_size(parts->fleet.commands), ==, 0);

    id = parts_issue(parts, "e-one");
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_IO);
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "io"));
    g_assert_cmpint(mgr_fleet_command(&parts->fleet, id)->record.cancelled_at, ==, 0);

    writer_fake_refuse(parts->writer, true);
    parts_call(parts, "update-now", "selector", "e-one", NULL);
    json_decref(parts_expect_reply(parts, "limit"));
    parts_call(parts, "command cancel", "command", id, NULL);
    json_decref(parts_expect_reply(parts, "limit"));
    writer_fake_refuse(parts->writer, false);
    parts_check_registry(parts);
}

/* Endpoints that go while the command is being stored never come for it. */
static void test_issued_to_the_gone(void)
{
    static const char *const ends[] = { "endpoint remove", "endpoint revoke" };

    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autoptr(json_t) issued = NULL;
        g_autofree char *end = NULL;
        const char *id;

        parts_add_endpoint(parts, "e-one");
        parts_birth(parts, "e-one", 1);
        parts_call(parts, ends[i], "endpoint", "e-one", NULL);
        parts_call(parts, "update-now", "selector", "e-one", NULL);
        parts_commit(parts);
        issued = parts_expect_reply(parts, "");
        json_decref(parts_expect_reply(parts, "")); /* after the session's end */
        id = json_string_value(json_object_get(issued, "id"));
        g_assert_null(parts_take_command(parts, "e-one"));
        g_assert_null(mgr_fleet_command(&parts->fleet, id));
        end = stored_state(parts, id);
        g_assert_cmpstr(end, ==, "cancelled: the endpoint was removed or revoked");
        parts_check_registry(parts);
    }
}

/* ------------------------------------------------------------------------------------------- sent is durable before */

/* A queued command does not leave before the registry says that it was sent; where that cannot be written, it stays. */
static void test_sent_after_commit(void)
{
    for (guint fails = 0; fails < 2; fails++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        g_autoptr(HlMsgCommand) sent = NULL;

        parts_add_endpoint(parts, "e-one");
        id = parts_issue(parts, "e-one");
        parts_birth(parts, "e-one", 1);
        g_assert_null(parts_take_command(parts, "e-one"));
        if (fails == 1) {
            writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
            parts_commit(parts);
            g_assert_true(writer_fake_failed(parts->writer));
            g_assert_null(parts_take_command(parts, "e-one"));
            g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_QUEUED);
            parts_check_registry(parts);
            parts_birth(parts, "e-one", 2);
        }
        parts_commit(parts);
        sent = parts_take_command(parts, "e-one");
        g_assert_nonnull(sent);
        g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT);
        parts_check_registry(parts);
    }
}

/* A line that went down between the write and its commit: not sent, and known as that. */
static void test_not_sent_after_all(void)
{
    for (guint issued_first = 0; issued_first < 2; issued_first++) {
        g_autoptr(Parts) parts = parts_new();
        const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");
        const MgrTarget *target;

        if (issued_first == 0)
            parts_birth(parts, "e-one", 1);
        parts_call(parts, "update-now", "selector", "e-one", NULL);
        if (issued_first == 1) {
            parts_commit(parts);
            parts_birth(parts, "e-one", 1);
        }
        parts_will(parts, "e-one", 1);
        parts_commit(parts);
        g_assert_null(parts_take_command(parts, "e-one"));
        target = mgr_endpoint_first_target(endpoint);
        g_assert_cmpint(target->record.state, ==, HL_STATE_QUEUED);
        parts_check_registry(parts);
    }
}

/* A cancellation meets a command on its way out, in both orders: it goes after it, and the endpoint says how it ended.
 */
static void test_cancel_sending(void)
{
    for (guint cancelled_first = 0; cancelled_first < 2; cancelled_first++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        g_autoptr(HlMsgCommand) last = NULL;

        parts_add_endpoint(parts, "e-one");
        id = parts_issue(parts, "e-one");
        if (cancelled_first == 1)
            parts_call(parts, "command cancel", "command", id, NULL);
        parts_birth(parts, "e-one", 1);
        if (cancelled_first == 0)
            parts_call(parts, "command cancel", "command", id, NULL);
        parts_commit(parts);
        for (HlMsgCommand *sent; (sent = parts_take_command(parts, "e-one")) != NULL;) {
            g_clear_pointer(&last, hl_wire_free);
            last = sent;
        }
        g_assert_nonnull(last);
        g_assert_cmpint(last->kind, ==, HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL);
        g_assert_cmpint(state_of(parts, id, "e-one"), ==, HL_STATE_SENT);
        parts_check_registry(parts);
    }
}

/* ----------------------------------------------------------------------------------------------------- late results */

static void presume_expired(Parts *parts, const char *id G_GNUC_UNUSED)
{
    pass(parts, 5 * HL_DAY);
}

static void presume_timed_out(Parts *parts, const char *id)
{
    parts_report_command(parts, "e-one", 1, id, HL_STATE_STARTED);
    parts_commit(parts);
    pass(parts, 5 * HL_DAY);
}

static void presume_cancelled(Parts *parts, const char *id)
{
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* What the endpoint says it did corrects what the manager presumed: of a command that is open elsewhere, of one that
 * has left the fleet, and before the presumed end has left the background set. */
static void test_late_results(void)
{
    static const struct {
        void (*presume)(Parts *parts, const char *id);
        HlCommandState reported;
        bool up;
        const char *end;
    } cases[] = {
        { presume_expired, HL_STATE_SUCCEEDED, true, "succeeded: (reported late: it had been taken for expired)" },
        { presume_expired, HL_STATE_FAILED, true, "failed: (reported late: it had been taken for expired)" },
        { presume_expired, HL_STATE_REJECTED, true, "rejected: (reported late: it had been taken for expired)" },
        { presume_expired, HL_STATE_TIMED_OUT, true, "timed-out: (reported late: it had been taken for expired)" },
        { presume_expired, HL_STATE_EXPIRED, true, "expired: the endpoint did not come back in time" },
        { presume_expired, HL_STATE_RECEIVED, true, "expired: the endpoint did not come back in time" },
        { presume_timed_out, HL_STATE_SUCCEEDED, true, "succeeded: (reported late: it had been taken for timed-out)" },
        { presume_cancelled, HL_STATE_SUCCEEDED, false, "succeeded: (reported late: it had been taken for cancelled)" },
    };

    for (gsize i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        bool open_elsewhere = i >= G_N_ELEMENTS(cases);
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        g_autofree char *end = NULL;
        uint64_t seq = cases[i % G_N_ELEMENTS(cases)].presume == presume_timed_out ? 2 : 1;

        g_test_message("case %u, open elsewhere: %d", (unsigned)i, open_elsewhere);
        parts_add_endpoint(parts, "e-one");
        if (cases[i % G_N_ELEMENTS(cases)].up)
            parts_birth(parts, "e-one", 1);
        if (open_elsewhere) {
            parts_add_endpoint(parts, "e-two");
            parts_birth(parts, "e-two", 1);
        }
        id = parts_issue(parts, "@office");
        parts_commit(parts);
        if (open_elsewhere) /* a report that is being stored keeps it open past its end */
            parts_report_command(parts, "e-two", 1, id, HL_STATE_STARTED);
        cases[i % G_N_ELEMENTS(cases)].presume(parts, id);
        parts_report_command(parts, "e-one", seq, id, cases[i % G_N_ELEMENTS(cases)].reported);
        parts_commit(parts);
        end = stored_state(parts, id);
        g_assert_cmpstr(end, ==, cases[i % G_N_ELEMENTS(cases)].end);
        parts_check_registry(parts);
    }
}

/* ---------------------------------------------------------------------------------------------------------- window */

static json_int_t window_of(Parts *parts, const char *call, const char *selector, const char *window)
{
    g_autoptr(json_t) document = NULL;

    if (window != NULL)
        parts_call(parts, call, "selector", selector, "window", window, NULL);
    else
        parts_call(parts, call, "selector", selector, NULL);
    parts_commit(parts);
    document = parts_expect_reply(parts, "");
    return json_integer_value(json_object_get(document, "window_ms"));
}

/* More than may download at a time are spread, over as long as so many need; one begins at once, and what downloads
 * nothing. */
static void test_window(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgCommand) sent = NULL;

    parts->conf.http_downloads = 1;
    parts->conf.update_window = HL_MINUTE;
    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_birth(parts, "e-two", 1);
    g_assert_cmpint(window_of(parts, "update-now", "e-one", NULL), ==, 0);
    g_assert_cmpint(window_of(parts, "scan", "all", NULL), ==, 0);
    g_assert_cmpint(window_of(parts, "synchronize", "all", NULL), ==, 2 * MGR_HERD_DOWNLOAD);
    g_assert_cmpint(window_of(parts, "update-now", "e-one", "5s"), ==, 5 * HL_SECOND);
    g_assert_cmpint(window_of(parts, "update-now", "all", "0s"), ==, 0);
    bus_fake_forget(parts->bus);
    g_assert_cmpint(window_of(parts, "update-now", "all", NULL), ==, 2 * MGR_HERD_DOWNLOAD);
    sent = parts_take_command(parts, "e-two"); /* it has left at once */
    g_assert_cmpuint(sent->window_ms, ==, 2 * MGR_HERD_DOWNLOAD);
    parts->conf.update_window = HL_SECOND;
    g_assert_cmpint(window_of(parts, "update-now", "all", NULL), ==, HL_SECOND);
    parts->conf.update_window = 0;
    g_assert_cmpint(window_of(parts, "update-now", "all", NULL), ==, 0);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/commands/life", test_life);
    g_test_add_func("/manager/commands/sent-at-birth", test_sent_at_birth);
    g_test_add_func("/manager/commands/expiry", test_expiry);
    g_test_add_func("/manager/commands/clock-ahead", test_clock_ahead);
    g_test_add_func("/manager/commands/clock-stays-ahead", test_clock_stays_ahead);
    g_test_add_func("/manager/commands/cancel/queued", test_cancel_queued);
    g_test_add_func("/manager/commands/cancel/sent", test_cancel_sent);
    g_test_add_func("/manager/commands/cancel/overtaken", test_cancel_overtaken);
    g_test_add_func("/manager/commands/cancel/twice", test_cancel_twice);
    g_test_add_func("/manager/commands/not-stored", test_not_stored);
    g_test_add_func("/manager/commands/issued-to-the-gone", test_issued_to_the_gone);
    g_test_add_func("/manager/commands/window", test_window);
    g_test_add_func("/manager/commands/sent/after-commit", test_sent_after_commit);
    g_test_add_func("/manager/commands/sent/not-after-all", test_not_sent_after_all);
    g_test_add_func("/manager/commands/sent/cancelled", test_cancel_sending);
    g_test_add_func("/manager/commands/late-results", test_late_results);
    return g_test_run();
}
