/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/commands over a real journal and spool: every verdict, every end, cancelling, restarts, and each
 * place that writes, with a full disk, and with the identity gone meanwhile. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/unconst.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

static void offer_cancel(EndpointParts *parts, const char *id, const char *subject)
{
    HlMsgCommand command = parts_command(id, HL_KIND_CANCEL);

    command.subject = hl_unconst(subject);
    parts_offer(parts, &command);
}

/* --------------------------------------------------------------------------------------------------- the usual life */

static void test_update(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_RECEIVED), ==, 1);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_STARTED), ==, 1);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 0);
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "update");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "", "updated");
    g_assert_nonnull(parts_last(parts, HOLDLINE__V1__REPORT__BODY_UPDATE));
}

/* At most one report of progress a second, and for ten percent; each replaces the one before while that is not sent. */
static void test_progress(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *child;

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    child = child_fake_last();
    child_fake_say(child, "{\"progress\":20,\"what\":\"virus\"}");
    g_assert_cmpuint(parts_last_command(parts)->percent, ==, 20);
    child_fake_say(child, "{\"progress\":60,\"what\":\"virus\"}"); /* too soon */
    g_assert_cmpuint(parts_last_command(parts)->percent, ==, 20);
    timer_fake_advance(HL_SECOND);
    child_fake_say(child, "{\"progress\":29,\"what\":\"virus\"}"); /* too little */
    g_assert_cmpuint(parts_last_command(parts)->percent, ==, 20);
    child_fake_say(child, "{\"progress\":30,\"what\":\"rules\"}");
    g_assert_cmpuint(parts_last_command(parts)->percent, ==, 30);
    g_assert_cmpstr(parts_last_command(parts)->detail, ==, "rules");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "", "updated");
}

static void test_ends(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-failed", HL_KIND_UPDATE_NOW);
    parts_update_ends("untrusted", "hash of virus", PARTS_PATTERNS);
    parts_check_last(parts, "c-failed", HL_STATE_FAILED, "untrusted", "hash of virus");
    parts_order(parts, "c-late", HL_KIND_UPDATE_NOW);
    child_fake_time_out(child_fake_last());
    parts_check_last(parts, "c-late", HL_STATE_TIMED_OUT, "timeout", "it took too long and was stopped");
    parts_order(parts, "c-crash", HL_KIND_UPDATE_NOW);
    child_fake_die(child_fake_last(), 11);
    parts_check_last(parts, "c-crash", HL_STATE_FAILED, "failed", "the updater ended with signal 11: ");
    child_fake_refuse();
    parts_order(parts, "c-start", HL_KIND_UPDATE_NOW);
    parts_check_last(parts, "c-start", HL_STATE_FAILED, "unavailable", "cannot start holdline-updater");
    parts_order(parts, "c-back", HL_KIND_ROLLBACK);
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "rollback");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    parts_check_last(parts, "c-back", HL_STATE_SUCCEEDED, "", "rolled back");
    parts_order(parts, "c-same", HL_KIND_SYNCHRONIZE);
    g_assert_nonnull(child_fake_option(child_fake_last(), "--components"));
    g_assert_true(g_strv_contains(child_fake_argv(child_fake_last()), "--force"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts_check_last(parts, "c-same", HL_STATE_SUCCEEDED, "", "updated");
}

/* A window spreads the start, and the wall clock may jump while it is waited for. */
static void test_window(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    guint started = child_fake_started();

    parts_line_up(parts);
    command.window_ms = 30 * 60 * 1000;
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_STARTED), ==, 0);
    timer_fake_advance(30 * HL_MINUTE);
    g_assert_cmpuint(child_fake_started(), ==, started + 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    command = parts_command("c-2", HL_KIND_UPDATE_NOW);
    command.window_ms = 30 * 60 * 1000;
    parts_offer(parts, &command);
    clock_fake_jump_wall(2 * HL_HOUR); /* past its end */
    timer_fake_advance(HL_MINUTE);
    parts_check_last(parts, "c-2", HL_STATE_EXPIRED, "expired", "it expired before it could start");
}

/* -------------------------------------------------------------------------------------------------------- verdicts */

static void test_repeated(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_STARTED), ==, 2);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 2);
}

static void test_rejected(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-new", HL_KIND_UPDATE_NOW);
    g_autoptr(GBytes) settings =
        parts_settings(parts, (PartsSettings){ .lines = "mode.independent=yes\n", .counter = 1 });

    parts_line_up(parts);
    command.kind = (Holdline__V1__CommandKind)99;
    parts_offer(parts, &command);
    parts_check_last(parts, "c-new", HL_STATE_REJECTED, "invalid",
                     "this version of the endpoint does not know this kind of command");
    parts_offer(parts, &command); /* once is enough: it is in the journal */
    g_assert_cmpuint(parts_count(parts, "c-new", HL_STATE_REJECTED), ==, 2);
    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    parts_order(parts, "c-alone", HL_KIND_UPDATE_NOW);
    parts_check_last(parts, "c-alone", HL_STATE_REJECTED, "denied", "the endpoint is in independent mode");
    g_assert_cmpuint(child_fake_running(), ==, 0);
    parts_order(parts, "c-renew", HL_KIND_CERTIFICATE); /* an endpoint in independent mode renews too */
    g_assert_cmpuint(parts_count(parts, "c-renew", HL_STATE_STARTED), ==, 1);
}

static void test_refused(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) garbage = g_bytes_new_static("garbage", 7);
    g_autoptr(GBytes) settings = parts_settings(parts, (PartsSettings){ .counter = 1 });
    HlMsgCommand command = parts_command("c-other", HL_KIND_UPDATE_NOW);

    parts_line_up(parts);
    ep_commands_offer(parts->commands, garbage);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_INVALID), ==, 1);
    ep_commands_offer(parts->commands, settings); /* signed by the right key, for another purpose */
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED), ==, 1);
    command.endpoint = (char *)"e-other";
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_WRONG_ENDPOINT), ==, 1);
    parts_order(parts, "not an id", HL_KIND_UPDATE_NOW);
    g_assert_null(parts_last(parts, HOLDLINE__V1__REPORT__BODY_COMMAND)); /* nobody here is asked */
    command = parts_command("c-old", HL_KIND_UPDATE_NOW);
    command.expires_ms = hl_clock_wall();
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_EXPIRED), ==, 1);
    parts_check_last(parts, "c-old", HL_STATE_EXPIRED, "expired", "it had expired when it arrived");
    command = parts_command("c-ever", HL_KIND_UPDATE_NOW);
    command.expires_ms = hl_clock_wall() + EP_COMMAND_MAX_LIFETIME + 1;
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_INVALID), ==, 3);
    parts_check_last(parts, "c-ever", HL_STATE_REJECTED, "invalid", "its id or its expiry is not valid");
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* A command that was forgotten cannot come back, not even with the clock set to before its end. */
static void test_replayed(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);

    parts_line_up(parts);
    parts_offer(parts, &command);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    timer_fake_advance(3 * HL_HOUR);
    parts_order(parts, "c-2", HL_KIND_UPDATE_NOW); /* the issuer's clock is past the end of the first */
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    timer_fake_advance(HL_HOUR); /* which is pruned */
    clock_fake_jump_wall(-4 * HL_HOUR);
    g_assert_true(hl_db_exec(parts->db, "DELETE FROM command", NULL)); /* else the second one tells how late it is */
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_REPLAYED), ==, 1);
    parts_check_last(parts, "c-1", HL_STATE_REJECTED, "conflict", "it is older than the journal");
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

static void test_limit(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    g_assert_true(hl_db_exec(parts->db,
                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                             " INSERT INTO command (id, kind, state, received_ms, start_ms, expires_ms, timeout_ms,"
                             " subject) SELECT 'c-' || i, 1, 0, 0, 0, 9000000000000, 0, '' FROM n",
                             NULL));
    parts_line_up(parts);
    parts_order(parts, "c-more", HL_KIND_UPDATE_NOW);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_LIMIT), ==, 1);
    parts_check_last(parts, "c-more", HL_STATE_REJECTED, "limit", "too many commands are under way");
    g_assert_cmpuint(child_fake_running(), ==, 0);
    offer_cancel(parts, "c-cancel", "c-none"); /* these two make room, and are never too many */
    parts_check_last(parts, "c-cancel", HL_STATE_SUCCEEDED, "", "cancelled before it arrived");
    parts_order(parts, "c-renew", HL_KIND_CERTIFICATE);
    g_assert_cmpuint(parts_count(parts, "c-renew", HL_STATE_FAILED), ==, 1); /* nobody asked for it */
    g_assert_true(hl_db_exec(parts->db, "UPDATE command SET state = 2 WHERE id = 'c-1'", NULL));
    parts_order(parts, "c-more", HL_KIND_UPDATE_NOW); /* an end is an end, though there is room now */
    parts_check_last(parts, "c-more", HL_STATE_REJECTED, "limit", "too many commands are under way");
    g_assert_cmpuint(child_fake_running(), ==, 0);
    parts_order(parts, "c-room", HL_KIND_UPDATE_NOW);
    g_assert_cmpuint(child_fake_running(), ==, 1);
}

/* What a clock says that may be wrong is no end: the server's will tell. */
static void test_not_surely_expired(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    HlTime right = hl_clock_wall();

    parts->time.promised = true;
    parts_line_up(parts);
    clock_fake_jump_wall(30 * HL_DAY);
    parts_offer(parts, &command);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_EXPIRED), ==, 1);
    g_assert_null(parts_last(parts, HOLDLINE__V1__REPORT__BODY_COMMAND));
    ep_server_time_told(&parts->time, right, hl_clock_mono());
    parts_offer(parts, &command); /* at the next birth */
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_STARTED), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

/* Anyone who has the broker can send one command again and again: the spool does not grow by it. */
static void test_asked_without_end(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand old = parts_command("c-old", HL_KIND_UPDATE_NOW);
    HlMsgCommand known = parts_command("c-known", HL_KIND_UPDATE_NOW);

    old.expires_ms = hl_clock_wall();
    parts_offer(parts, &known);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    for (guint i = 0; i < 2 * EP_SPOOL_MAX_ROWS; i++)
        parts_offer(parts, i % 2 == 0 ? &old : &known);
    g_assert_cmpuint(ep_spool_waiting(parts->spool), <=, EP_SPOOL_MAX_ROWS);
    parts_line_up(parts);
    parts_ack(parts);
    g_assert_cmpuint(parts_count(parts, "c-known", HL_STATE_SUCCEEDED), >=, 1);
}

/* ------------------------------------------------------------------------------------------------------ cancelling */

static void test_cancel(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand later = parts_command("c-later", HL_KIND_UPDATE_NOW);

    parts_line_up(parts);
    clock_fake_advance(1);
    later.window_ms = 59 * 60 * 1000;
    parts_offer(parts, &later);
    if (parts_count(parts, "c-later", HL_STATE_STARTED) == 0) { /* else the draw was 0 */
        offer_cancel(parts, "c-cancel", "c-later");
        g_assert_cmpuint(parts_count(parts, "c-later", HL_STATE_CANCELLED), ==, 1);
        parts_check_last(parts, "c-cancel", HL_STATE_SUCCEEDED, "", "cancelled");
    }
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    parts_order(parts, "c-now", HL_KIND_UPDATE_NOW);
    offer_cancel(parts, "c-cancel-2", "c-now");
    parts_check_last(parts, "c-cancel-2", HL_STATE_FAILED, "conflict", "the command has started already");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    offer_cancel(parts, "c-cancel-3", "c-now");
    parts_check_last(parts, "c-cancel-3", HL_STATE_FAILED, "conflict", "the command has ended already");
    offer_cancel(parts, "c-cancel-4", "c-cancel-4"); /* itself */
    parts_check_last(parts, "c-cancel-4", HL_STATE_FAILED, "conflict", "the command has ended already");
    offer_cancel(parts, "c-cancel-5", "no id");
    parts_check_last(parts, "c-cancel-5", HL_STATE_FAILED, "invalid", "it does not say which command to cancel");
}

/* The two overtake each other on the way: the command comes after its cancelling, and must not run. */
static void test_cancel_before_command(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    offer_cancel(parts, "c-cancel", "c-1");
    parts_check_last(parts, "c-cancel", HL_STATE_SUCCEEDED, "", "cancelled before it arrived");
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    parts_check_last(parts, "c-1", HL_STATE_CANCELLED, "", "cancelled before it arrived");
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* ------------------------------------------------------------------------------------------------------ certificate */

static void test_certificate(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-unasked", HL_KIND_CERTIFICATE);
    g_autoptr(GBytes) wrong = NULL;
    g_autoptr(GBytes) right = NULL;
    g_autofree char *kept = NULL;
    g_autofree char *told = NULL;
    HlTime before = hl_cert_info(parts->identity->cert)->not_after;

    parts_line_up(parts);
    parts_offer(parts, &command); /* without one */
    g_assert_cmpuint(parts_count(parts, "c-unasked", HL_STATE_FAILED), ==, 1);
    timer_fake_advance(25 * HL_DAY); /* into the last third of its life */
    wrong = parts_certificate(parts, "e-other");
    command = parts_command("c-wrong", HL_KIND_CERTIFICATE);
    command.certificate.data = hl_unconst(g_bytes_get_data(wrong, &command.certificate.len));
    parts_offer(parts, &command);
    parts_check_last(parts, "c-wrong", HL_STATE_FAILED, "untrusted",
                     "the new certificate is for 'e-other', not for " PARTS_ID);
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_CERTIFICATE, EP_REFUSED_UNTRUSTED), >=, 1);
    right = parts_certificate(parts, PARTS_ID);
    command = parts_command("c-right", HL_KIND_CERTIFICATE);
    command.certificate.data = hl_unconst(g_bytes_get_data(right, &command.certificate.len));
    parts_offer(parts, &command);
    parts_check_last(parts, "c-right", HL_STATE_SUCCEEDED, "", "the new certificate is in use");
    kept = ep_store_get(parts->db, "certificate-issued", "");
    told =
        g_strdup_printf("%s %" G_GINT64_FORMAT, hl_cert_info(parts->identity->cert)->serial, (gint64)command.issued_ms);
    g_assert_cmpint(command.issued_ms, >, 0);
    g_assert_cmpstr(kept, ==, told);
    g_assert_cmpuint(parts->renewals, ==, 0); /* the result goes out over the old line */
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(parts->renewals, ==, 1);
    g_assert_cmpint(hl_cert_info(parts->identity->cert)->not_after, >, before);
    command.id = (char *)"c-again"; /* the one in use once more is fine */
    parts_offer(parts, &command);
    parts_check_last(parts, "c-again", HL_STATE_SUCCEEDED, "", "the new certificate is in use");
    parts_restart(parts);
    g_assert_cmpint(hl_cert_info(parts->identity->cert)->not_after, >, before);
}

/* ------------------------------------------------------------------------------------------------- gone and back */

static void test_restarts(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand later = parts_command("c-later", HL_KIND_UPDATE_NOW);

    parts_line_up(parts);
    later.window_ms = 10 * 60 * 1000;
    parts_offer(parts, &later);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    parts_restart(parts); /* killed in mid-update */
    parts_line_up(parts);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
    timer_fake_advance(10 * HL_MINUTE);
    if (child_fake_running() > 0)
        parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-later", HL_STATE_SUCCEEDED), ==, 1);
    parts_restart(parts); /* nothing is open any longer */
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* Nobody waits any longer for what a machine had begun that was off for weeks.  A clock that may be wrong does not say
 * so: the server's does. */
static void test_interrupted(gconstpointer data)
{
    HlTime off = GPOINTER_TO_INT(data) * HL_DAY;
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    HlTime before = hl_clock_wall();

    parts->server_signs = true;
    command.timeout_ms = 2 * HL_HOUR;
    parts_offer(parts, &command);
    clock_fake_jump_wall(2 * HL_HOUR);
    parts_restart(parts);
    g_assert_cmpuint(child_fake_running(), ==, 1); /* past expires alone, what has begun goes on */
    clock_fake_jump_wall(21 * HL_DAY);
    parts_restart(parts);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    ep_server_time_told(&parts->time, before + off, hl_clock_mono());
    parts_line_up(parts);
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(child_fake_running(), ==, off > 0 ? 0 : 1);
    if (off > 0)
        parts_check_last(parts, "c-1", HL_STATE_TIMED_OUT, "timeout", "it was interrupted, and its time is over");
    else
        parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, off > 0 ? 0 : 1);
}

/* The updates outlive the enrolment; what ran for a command ends without one. */
static void test_identity_leaves(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    parts_leave(parts);
    child_fake_say(child_fake_last(), "{\"progress\":50,\"what\":\"virus\"}");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 0);
    parts_enrol(parts); /* the same identity: its journal knows that the command had not ended */
    parts_line_up(parts);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "up to date", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
}

/* --------------------------------------------------------------------------------------------------- the full disk */

typedef enum { STAYS, LEAVES, IS_KILLED } Meanwhile;

static void let_children_end(void)
{
    while (child_fake_running() > 0)
        parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

static void resend(EndpointParts *parts)
{
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    offer_cancel(parts, "c-cancel", "c-absent");
}

/* One life of two commands with a fault at the n-th statement, then with something that happens before the disk has
 * room again.  However it went: in the end the manager, which sends again what was not reported, hears of each end,
 * and of no other one.  false: there is no n-th statement. */
static bool walk(DbFaultsKind kind, guint n, bool lasting, Meanwhile meanwhile)
{
    g_autoptr(EndpointParts) parts = parts_new();
    bool struck;

    parts_line_up(parts);
    if (lasting)
        db_faults_from(kind, n);
    else
        db_faults_at(kind, n);
    resend(parts);
    let_children_end();
    timer_fake_advance(HL_SECOND);
    struck = db_faults_struck();
    if (meanwhile == LEAVES)
        parts_leave(parts);
    timer_fake_advance(HL_MINUTE);
    db_faults_at(kind, 0);
    if (meanwhile == LEAVES)
        parts_enrol(parts);
    else if (meanwhile == IS_KILLED)
        parts_restart(parts);
    parts_line_up(parts);
    resend(parts);
    timer_fake_advance(2 * HL_MINUTE);
    let_children_end();
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), >=, 1);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_FAILED), ==, 0);
    g_assert_cmpuint(
        parts_count(parts, "c-cancel", HL_STATE_SUCCEEDED) + parts_count(parts, "c-cancel", HL_STATE_FAILED), >=, 1);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_RECEIVED), >=, 1);
    g_assert_null(ep_trouble_view(parts->trouble).text);
    return struck;
}

static void test_faults(gconstpointer data)
{
    Meanwhile meanwhile = (Meanwhile)GPOINTER_TO_INT(data);
    guint n = 1;

    while (walk(DB_FAULTS_WRITES, n, false, meanwhile))
        n++;
    g_assert_cmpuint(n, >, 30); /* the walk went through both lives */
    for (n = 1; walk(DB_FAULTS_WRITES, n, true, meanwhile); n += 3)
        continue;
    for (n = 1; walk(DB_FAULTS_STATEMENTS, n, false, meanwhile); n += 2)
        continue;
}

/* A result that cannot be stored is not told: the manager would forget what a restart here brings back. */
static void test_unstored_end(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    db_faults_from(DB_FAULTS_WRITES, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 0);
    g_assert_nonnull(strstr(ep_trouble_view(parts->trouble).text, "cannot store"));
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW); /* asked again meanwhile: nothing is known of an end */
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 0);
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(parts->retries, ==, 1);
    db_faults_at(DB_FAULTS_WRITES, 0);
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
    g_assert_cmpuint(child_fake_running(), ==, 0); /* one effect */
}

/* A journal that cannot be read when it is resumed is read later. */
static void test_unreadable_journal(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order(parts, "c-1", HL_KIND_UPDATE_NOW);
    parts_leave(parts);
    let_children_end();
    parts_enrol(parts);
    parts_leave(parts);
    child_fake_die(child_fake_last(), 9);
    parts->identity = ep_identity_load(parts->dir, NULL);
    parts_leave(parts);
    parts_enrol(parts);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    db_faults_from(DB_FAULTS_STATEMENTS, 1);
    ep_commands_resume(parts->commands);
    g_assert_nonnull(ep_trouble_view(parts->trouble).text);
    db_faults_at(DB_FAULTS_STATEMENTS, 0);
    timer_fake_advance(10 * HL_SECOND);
    parts_line_up(parts);
    let_children_end();
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-commands/update", test_update);
    g_test_add_func("/endpoint-commands/progress", test_progress);
    g_test_add_func("/endpoint-commands/ends", test_ends);
    g_test_add_func("/endpoint-commands/window", test_window);
    g_test_add_func("/endpoint-commands/repeated", test_repeated);
    g_test_add_func("/endpoint-commands/rejected", test_rejected);
    g_test_add_func("/endpoint-commands/refused", test_refused);
    g_test_add_func("/endpoint-commands/replayed", test_replayed);
    g_test_add_func("/endpoint-commands/limit", test_limit);
    g_test_add_func("/endpoint-commands/not-surely-expired", test_not_surely_expired);
    g_test_add_func("/endpoint-commands/asked-without-end", test_asked_without_end);
    g_test_add_func("/endpoint-commands/cancel", test_cancel);
    g_test_add_func("/endpoint-commands/cancel-before-command", test_cancel_before_command);
    g_test_add_func("/endpoint-commands/certificate", test_certificate);
    g_test_add_func("/endpoint-commands/restarts", test_restarts);
    g_test_add_data_func("/endpoint-commands/interrupted/off", GINT_TO_POINTER(21), test_interrupted);
    g_test_add_data_func("/endpoint-commands/interrupted/wrong-clock", GINT_TO_POINTER(0), test_interrupted);
    g_test_add_func("/endpoint-commands/identity-leaves", test_identity_leaves);
    g_test_add_func("/endpoint-commands/unstored-end", test_unstored_end);
    g_test_add_func("/endpoint-commands/unreadable-journal", test_unreadable_journal);
    g_test_add_data_func("/endpoint-commands/faults/stays", GINT_TO_POINTER(STAYS), test_faults);
    g_test_add_data_func("/endpoint-commands/faults/leaves", GINT_TO_POINTER(LEAVES), test_faults);
    g_test_add_data_func("/endpoint-commands/faults/is-killed", GINT_TO_POINTER(IS_KILLED), test_faults);
    return g_test_run();
}
