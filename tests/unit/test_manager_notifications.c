/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications as the manager gathers, stores and sends them: with a restart at each step, a disk that is full, and a
 * destination that is away. */
#include <string.h>

#include "tests/support/notification_world.h"
#include "tests/support/sender_fake.h"

/* Killed at each step, the message is sent, under one id, with all that happened. */
static void test_killed(void)
{
    g_autoptr(Parts) parts = notification_make_parts();
    g_autofree char *id = NULL;
    g_autofree char *again = NULL;

    notification_enrol(parts, "e-1");
    notification_restart(parts); /* the row was written, and nobody had read it */
    notification_tick(parts, 1);
    notification_enrol(parts, "e-2");
    notification_restart(parts); /* gathered */
    notification_tick(parts, 10);
    id = notification_expect(NULL, "enrolled: 2");
    notification_restart(parts); /* on its way */
    notification_tick(parts, 2);
    again = notification_expect(id, "enrolled: 2");
    sender_fake_end("ok", NULL);
    parts_commit(parts);
    notification_restart(parts); /* sent */
    notification_tick(parts, 300);
    notification_expect_nothing();
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).waiting, ==, 0);
}

/* The registry takes nothing: nothing is sent, and nothing is lost. */
static void test_full(void)
{
    g_autoptr(Parts) parts = notification_make_parts();
    g_autofree char *id = NULL;

    notification_enrol(parts, "e-1");
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    notification_tick(parts, 1);
    g_assert_true(writer_fake_failed(parts->writer));
    notification_tick(parts, 20);
    notification_expect_nothing();
    notification_tick(parts, 30);
    id = notification_expect(NULL, "enrolled: 1");
    sender_fake_end("ok", NULL);
}

/* An hour without its destination: tried again, shown, and in order when it is back. */
static void test_away(void)
{
    g_autoptr(Parts) parts = notification_make_parts();
    g_autofree char *first = NULL;
    guint attempts = 0;

    notification_enrol(parts, "e-1");
    for (guint second = 0; second < 3600; second++) {
        g_autofree char *sending = NULL;

        notification_tick(parts, 1);
        sending = sender_fake_peek();
        if (second == 600)
            notification_enrol(parts, "e-2");
        if (sending == NULL)
            continue;
        g_free(first);
        first = notification_expect(NULL, "enrolled: 1");
        sender_fake_end(NULL, "it is away");
        attempts++;
    }
    g_assert_cmpuint(attempts, ==, 6); /* at 0, 1, 3, 7, 15 and 31 min */
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).waiting, ==, 2);
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).failing, ==, 1);
    notification_tick(parts, 300);
    g_free(notification_expect(first, "enrolled: 1"));
    sender_fake_end("ok", NULL);
    notification_tick(parts, 1);
    g_free(notification_expect(NULL, "enrolled: 1"));
    sender_fake_end("ok", NULL);
    notification_tick(parts, 1);
    notification_expect_nothing();
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).failing, ==, 0);
}

static void on_tested(const MgrSendEnd *end, gpointer user)
{
    guint *done = user;

    g_assert_no_error(end->error);
    ++*done;
}

/* Somebody has mended the receiver and tries it: what waits goes at once. */
static void test_test(void)
{
    g_autoptr(Parts) parts = notification_make_parts();
    g_autofree char *first = NULL;
    guint done = 0;

    notification_enrol(parts, "e-1");
    for (guint second = 0; second < 120 && first == NULL; second++) {
        g_autofree char *sending = NULL;

        notification_tick(parts, 1);
        sending = sender_fake_peek();
        if (sending != NULL)
            first = notification_expect(NULL, "enrolled: 1");
    }
    sender_fake_end(NULL, "it is away");
    notification_tick(parts, 1);
    notification_expect_nothing();
    g_assert_true(mgr_notifications_test(parts->notifications, "it", on_tested, &done, NULL));
    sender_fake_end("ok", NULL);
    g_assert_cmpuint(done, ==, 1);
    notification_tick(parts, 1);
    g_free(notification_expect(first, "enrolled: 1"));
    sender_fake_end("ok", NULL);
}

/* For weeks: what waits is bounded, and given up in the end. */
static void test_given_up(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    for (guint hour = 0; hour < 100; hour++) {
        g_autofree char *sending = NULL;

        notification_enrol(parts, "e-1");
        notification_tick(parts, 5);
        clock_fake_advance(HL_HOUR);
        notification_tick(parts, 1);
        sending = sender_fake_peek();
        if (sending != NULL)
            sender_fake_end(NULL, "it is away");
        g_assert_cmpuint(mgr_notifications_count(parts->notifications).waiting, <=, 20);
    }
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).given_up, >, 0);
}

/* A rule that is removed while it sends; and one that never heard of what was before it. */
static void test_rules(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_enrol(parts, "e-1");
    notification_tick(parts, 10);
    g_free(notification_expect(NULL, "enrolled: 1"));
    mgr_write_rule_removal(mgr_record_background(parts->record), "it");
    mgr_record_flush(parts->record);
    parts_commit(parts);
    mgr_notifications_remove(parts->notifications, "it");
    sender_fake_end("ok", NULL);
    notification_enrol(parts, "e-2");
    notification_tick(parts, 2);
    notification_set_rule(parts, "kinds=enrolled\ndigest=1s\n");
    notification_restart(parts);
    notification_tick(parts, 10);
    notification_expect_nothing();
    notification_enrol(parts, "e-3");
    notification_set_rule(parts, "kinds=enrolled\nenabled=no\n");
    notification_tick(parts, 10);
    notification_expect_nothing();
}

/* One line breaks for long, and comes back; while the server cannot hear, nobody is judged. */
static void test_offline(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    parts_add_endpoint(parts, "e-one");
    notification_set_rule(parts, "kinds=offline,blind\noffline-after=2m\ndigest=1m\n");
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 70);
    parts_will(parts, "e-one", 1);
    parts_pass(parts, 10);
    g_assert_cmpint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.presence.actual, ==, MGR_ACTUAL_OFFLINE);
    mgr_status_set_blind(parts->status, true);
    notification_tick(parts, 200);
    g_free(notification_expect(NULL, "cannot hear its endpoints"));
    sender_fake_end("ok", NULL);
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 20);
    g_free(notification_expect(NULL, "hears its endpoints again"));
    sender_fake_end("ok", NULL);
    notification_tick(parts, 30);
    notification_expect_nothing(); /* endpoints have the window to come back */
    notification_tick(parts, 200);
    g_free(notification_expect(NULL, "off line for more than 2 min: 1"));
    sender_fake_end("ok", NULL);
    notification_restart(parts);
    notification_tick(parts, 200);
    notification_expect_nothing(); /* it is known */
    clock_fake_set(hl_clock_wall() - HL_DAY, hl_clock_mono());
    notification_tick(parts, 200);
    notification_expect_nothing(); /* and a clock that is set back does not bring it back */
    parts_birth(parts, "e-one", 2);
    parts_commit(parts);
    notification_tick(parts, 200);
    g_free(notification_expect(NULL, "on line again: 1"));
    sender_fake_end("ok", NULL);
}

/* Each source tells its kind: accounts and refusals are in the audit log, finds among the detections. */
static void test_sources(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    parts_add_endpoint(parts, "e-one");
    notification_set_rule(parts, "kinds=account,detection\ndigest=1s\n");
    parts_call(parts, "account create", "name", "zoe", "role", "auditor", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    notification_tick(parts, 3);
    g_free(notification_expect(NULL, "Changes of accounts, certificates and tokens: 1"));
    sender_fake_end("ok", NULL);
    parts_birth(parts, "e-one", 1);
    parts_report_find(parts, "e-one", 1, "/tmp/x");
    parts_commit(parts);
    notification_tick(parts, 3);
    g_free(notification_expect(NULL, "Detections: 1"));
    sender_fake_end("ok", NULL);
    notification_set_rule(parts, "kinds=rollout-halted\ndigest=1s\n");
    mgr_write_history(mgr_record_background(parts->record), hl_clock_wall(), "r-1", "rollout-done", "");
    mgr_write_history(mgr_record_background(parts->record), hl_clock_wall(), "r-2", "rollout-halted", "failures");
    mgr_record_flush(parts->record);
    parts_commit(parts);
    notification_tick(parts, 3);
    g_free(notification_expect(NULL, "Roll-outs that halted: 1"));
    sender_fake_end("ok", NULL);
}

/* Each of the states of brokers that people can be told of is: begun, and over. */
static void test_brokers(void)
{
    static const MgrProblem problems[] = { MGR_PROBLEM_BROKER_RELOAD,  MGR_PROBLEM_BROKER_SPLIT,
                                           MGR_PROBLEM_BROKER_REFUSED, MGR_PROBLEM_BROKER_AWAY,
                                           MGR_PROBLEM_BROKER_DRAINED, MGR_PROBLEM_BROKER_HUNG };
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "kinds=broker\ndigest=1s\n");
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 70);
    for (gsize i = 0; i < G_N_ELEMENTS(problems); i++) {
        mgr_status_set_problem(parts->status, problems[i], "broker 2 (127.0.0.1:8885)");
        notification_tick(parts, 10);
        g_free(notification_expect(NULL, "Something is wrong with the broker: 1"));
        sender_fake_end("ok", NULL);
        mgr_status_set_problem(parts->status, problems[i], NULL);
        notification_tick(parts, 10);
        g_free(notification_expect(NULL, "The broker is in order again: 1"));
        sender_fake_end("ok", NULL);
    }
}

/* A manager that starts while the server cannot hear has read nothing yet: that is no all-clear. */
static void test_blind_start(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "kinds=blind,broker\ndigest=1s\n");
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 70);
    mgr_status_set_blind(parts->status, true);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_SPLIT, "two brokers");
    notification_tick(parts, 60);
    g_free(notification_expect(NULL, ""));
    sender_fake_end("ok", NULL);
    notification_tick(parts, 60);
    if (sender_fake_waits())
        sender_fake_end("ok", NULL); /* the other one of the two */
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_SPLIT, NULL);
    notification_restart(parts);
    notification_tick(parts, 55);
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 1);
    mgr_status_set_blind(parts->status, true); /* too young to be told, if it were not known */
    notification_tick(parts, 60);
    notification_expect_nothing();
    mgr_status_set_blind(parts->status, false);
    notification_tick(parts, 20);
    g_free(notification_expect(NULL, "hears its endpoints again"));
    sender_fake_end("ok", NULL);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_SPLIT,
                           "two brokers"); /* looked at again, which needs the link */
    notification_tick(parts, 60);
    notification_expect_nothing();
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_SPLIT, NULL);
    notification_tick(parts, 20);
    g_free(notification_expect(NULL, ""));
    sender_fake_end("ok", NULL);
}

/* That there are new patterns is said once the repository was read. */
static void test_patterns_old(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "kinds=patterns-old\ndigest=1s\n");
    mgr_status_set_problem(parts->status, MGR_PROBLEM_PATTERNS_OLD, "The server's patterns are of 2026-11-20");
    notification_tick(parts, 60);
    g_free(notification_expect(NULL, "no new patterns for long"));
    sender_fake_end("ok", NULL);
    notification_tick(parts, 60);
    notification_expect_nothing();
    notification_restart(parts);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_PATTERNS_OLD, NULL);
    notification_tick(parts, 120);
    notification_expect_nothing();
    g_free(parts->fleet.latest);
    parts->fleet.latest = g_strdup("virus=2026112901");
    notification_tick(parts, 60);
    g_free(notification_expect(NULL, "has new patterns"));
    sender_fake_end("ok", NULL);
}

/* What is wrong with the server itself: told once, and when it is over, by a kind of its own. */
static void test_problems(void)
{
    static const struct {
        MgrProblem problem;
        const char *rule, *told, *over;
    } cases[] = {
        { MGR_PROBLEM_AUDIT, "kinds=audit\ndigest=1s\n", "is not what was written", "is whole again" },
        { MGR_PROBLEM_CLOCK, "kinds=clock\ndigest=1s\n", "clock is behind", "clock is right again" },
        { MGR_PROBLEM_REPOSITORY, "kinds=files\ndigest=1s\n", "are missing", "is complete again" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = notification_make_parts();

        g_free(parts->fleet.latest);
        parts->fleet.latest = g_strdup("virus=2026112901");
        notification_set_rule(parts, cases[i].rule);
        mgr_status_set_problem(parts->status, cases[i].problem, "what is wrong");
        notification_tick(parts, 120);
        g_free(notification_expect(NULL, cases[i].told));
        sender_fake_end("ok", NULL);
        notification_tick(parts, 60);
        notification_expect_nothing();
        mgr_status_set_problem(parts->status, cases[i].problem, NULL);
        notification_tick(parts, 60);
        g_free(notification_expect(NULL, cases[i].over));
        sender_fake_end("ok", NULL);
    }
}

/* No room to send is no failure of the destination: sent as soon as there is. */
static void test_no_room(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_enrol(parts, "e-1");
    sender_fake_refuse(HL_ERROR_LIMIT);
    notification_tick(parts, 30);
    notification_expect_nothing();
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).failed, ==, 0);
    sender_fake_refuse(HL_ERROR_N_CODES);
    notification_tick(parts, 1);
    g_free(notification_expect(NULL, "enrolled: 1"));
    sender_fake_end("ok", NULL);
}

/* How a call of this account ends. */
static void expect_end(Parts *parts, const char *who, const char *name, const char *const *arguments, const char *code)
{
    g_autofree char *end = NULL;

    parts_request(parts, &(PartsRequest){ .admin = who, .name = name, .arguments = arguments, .correlation = who });
    parts_let_finish(parts);
    end = parts_end_of(parts, who);
    g_assert_cmpstr(end, ==, code);
}

/* Who may not read the audit log is told none of it by a rule, be it a new one or another's. */
static void test_audit(void)
{
    static const char *const mine[] = { "name", "mine", "setting", "to=syslog:", "setting", "kinds=disk,denied", NULL };
    static const char *const theirs[] = { "name", "it", "setting", "to=syslog:", "setting", "kinds=account", NULL };
    static const char *const away[] = { "name", "it", "setting", "to=mailto:meg@example.org", NULL };
    static const char *const less[] = { "name", "it", "setting", "kinds=disk", NULL };
    static const char *const it[] = { "name", "it", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);

    mgr_notifications_tick(parts->notifications);
    parts_call(parts, "admin create", "name", "meg", "csr", csr, "role", "administrator", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    expect_end(parts, "meg", "notification set", mine, "denied");
    expect_end(parts, "admin", "notification set", theirs, "");
    expect_end(parts, "meg", "notification set", away, "denied");
    expect_end(parts, "meg", "notification set", less, "denied"); /* nor is it silenced */
    expect_end(parts, "meg", "notification show", it, "not-found");
    expect_end(parts, "meg", "notification outbox", it, "not-found");
    expect_end(parts, "meg", "notification test", it, "not-found");
    expect_end(parts, "meg", "notification delete", it, "not-found");
    expect_end(parts, "admin", "notification set", less, "");
    expect_end(parts, "meg", "notification show", it, "");
    expect_end(parts, "meg", "notification set", away, "");
}

/* Of two who saw the same version the second is told so; a new one takes the place of none. */
static void test_versions(void)
{
    g_autoptr(Parts) parts = parts_new();
    const char *const rows[][8] = {
        { "", "name", "it", "setting", "to=syslog:", "version", "0", NULL },
        { "exists", "name", "it", "setting", "to=syslog:", "version", "0", NULL },
        { "", "name", "it", "setting", "digest=1h", "version", "1", NULL },
        { "conflict", "name", "it", "setting", "digest=2h", "version", "1", NULL },
        { "invalid", "name", "it", "setting", "digest=2h", "version", "one", NULL },
        { "", "name", "it", "setting", "digest=3h", NULL },
        { "not-found", "name", "other", "setting", "to=syslog:", "version", "1", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        expect_end(parts, "admin", "notification set", rows[i] + 1, rows[i][0]);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/notifications/killed", test_killed);
    g_test_add_func("/manager/notifications/full", test_full);
    g_test_add_func("/manager/notifications/away", test_away);
    g_test_add_func("/manager/notifications/test", test_test);
    g_test_add_func("/manager/notifications/given-up", test_given_up);
    g_test_add_func("/manager/notifications/rules", test_rules);
    g_test_add_func("/manager/notifications/offline", test_offline);
    g_test_add_func("/manager/notifications/sources", test_sources);
    g_test_add_func("/manager/notifications/blind-start", test_blind_start);
    g_test_add_func("/manager/notifications/brokers", test_brokers);
    g_test_add_func("/manager/notifications/patterns-old", test_patterns_old);
    g_test_add_func("/manager/notifications/problems", test_problems);
    g_test_add_func("/manager/notifications/no-room", test_no_room);
    g_test_add_func("/manager/notifications/audit", test_audit);
    g_test_add_func("/manager/notifications/versions", test_versions);
    return g_test_run();
}
