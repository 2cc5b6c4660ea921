/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon as a whole, on a bus in memory: the enrolment comes, changes and goes while there is work; a
 * reload is all or nothing at each statement that fails. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "proto/envelope.h"
#include "tests/support/child_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_daemon.h"
#include "tests/support/timer_fake.h"

#define OTHER_ID "e-parts00000002"

/* Reports of commands that the line sent and the test did not look at yet: the last state of each id. */
static HlCommandState last_state(const char *endpoint, const char *command)
{
    g_autofree char *topic = g_strdup_printf("holdline/v1/endpoint/%s/report", endpoint);
    HlCommandState state = HL_STATE_UNKNOWN;

    for (;;) {
        g_autoptr(HlBusMessage) message = bus_fake_take(daemon_line(endpoint), topic);
        g_autoptr(HlMsgReport) report = NULL;

        if (message == NULL)
            return state;
        report = hl_wire_decode_bytes(&holdline__v1__report__descriptor, message->payload, NULL);
        if (report->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND && strcmp(report->command->command, command) == 0)
            state = hl_command_state_from_wire((int)report->command->state);
    }
}

/* --------------------------------------------------------------------------------------------------------- the line */

/* Whatever comes first down a new line: a command before the settings that allow it nothing, an acknowledgement of
 * nothing. */
static void test_order(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(GBytes) payload = NULL;

    ack.spool = (char *)"s-nothing";
    ack.seq = 7;
    payload = HL_WIRE_ENCODE(&ack);
    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver(PARTS_ID, "ack", payload);
    daemon_deliver_command(f, &command);
    daemon_deliver_settings(f, "update.sources=https://mirror.example/\n", 3);
    g_assert_nonnull(strstr(child_fake_option(child_fake_last(), "--source"), "server=")); /* it had begun */
    g_assert_cmpint(daemon_settings_counter(f), ==, 3);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(PARTS_ID, "c-1"), ==, HL_STATE_SUCCEEDED);
}

/* Settings that could not be stored are asked for again: the birth of a minute later says what is in force. */
static void test_asks_again(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(daemon_line(PARTS_ID));
    db_faults_from(DB_FAULTS_WRITES, 1);
    daemon_deliver_settings(f, NULL, 3);
    db_faults_at(DB_FAULTS_WRITES, 0);
    g_assert_cmpint(daemon_settings_counter(f), ==, 0);
    bus_fake_forget(daemon_line(PARTS_ID));
    timer_fake_advance(70 * HL_SECOND);
    g_assert_cmpuint(bus_fake_published(daemon_line(PARTS_ID), "holdline/v1/endpoint/+/link"), ==, 1);
    daemon_deliver_settings(f, NULL, 3);
    g_assert_cmpint(daemon_settings_counter(f), ==, 3);
}

static void test_stop(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(daemon_line(PARTS_ID));
    ep_daemon_stop(f->daemon);
    ep_daemon_stop(f->daemon);
    g_assert_cmpuint(f->stops, ==, 0);
    bus_fake_ack(daemon_line(PARTS_ID), NULL, 0);
    g_assert_cmpuint(f->stops, ==, 1);
    daemon_stop(f);
    daemon_start(f);
    bus_fake_up(daemon_line(PARTS_ID));
    ep_daemon_stop(f->daemon); /* and a broker that does not answer */
    timer_fake_advance(3 * HL_SECOND);
    g_assert_cmpuint(f->stops, ==, 2);
    daemon_stop(f);
    daemon_start(f);
    ep_daemon_stop(f->daemon); /* no line: at once */
    g_assert_cmpuint(f->stops, >=, 3);
}

/* --------------------------------------------------------------------------------------------------------- identity */

static void test_leave(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autoptr(HlMsgCallReply) second = NULL;
    g_autoptr(HlBusMessage) last = NULL;

    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver_settings(f, NULL, 3);
    daemon_deliver_command(f, &command);
    bus_fake_forget(daemon_line(PARTS_ID));
    reply = daemon_call(f, "leave"); /* while the command runs */
    g_assert_cmpstr(reply->code, ==, "");
    daemon_check_identity(f, NULL);
    last = bus_fake_take_left(PARTS_ID, "holdline/v1/endpoint/+/link");
    g_assert_nonnull(last);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    second = daemon_call(f, "leave");
    g_assert_cmpstr(second->code, ==, "not-found");
    daemon_reload(f); /* nothing is there to be found */
    daemon_check_identity(f, NULL);
    daemon_stop(f);
    daemon_start(f);
    daemon_check_identity(f, NULL);
    g_assert_cmpint(daemon_settings_counter(f), ==, 0);
}

/* At each statement: the enrolment is left, or all of it is still there. */
static void test_leave_faults(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bool left = false;
    guint n;

    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver_settings(f, NULL, 3);
    for (n = 1; !left; n++) {
        db_faults_at(DB_FAULTS_WRITES, n);
        left = ep_daemon_leave(f->daemon, NULL);
        db_faults_at(DB_FAULTS_WRITES, 0);
        daemon_check_identity(f, left ? NULL : PARTS_ID);
        g_assert_cmpint(daemon_settings_counter(f), ==, left ? 0 : 3);
        if (!left)
            g_assert_cmpint(hl_bus_state(daemon_line(PARTS_ID)), ==, HL_BUS_UP);
    }
    g_assert_cmpuint(n, >, 3);
}

/* The same identity: the line is made again, the command goes on with the child that runs. */
static void test_reload_same(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);

    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver_settings(f, NULL, 3);
    daemon_deliver_command(f, &command);
    daemon_reload(f);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_cmpint(daemon_settings_counter(f), ==, 3);
    bus_fake_up(daemon_line(PARTS_ID));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(PARTS_ID, "c-1"), ==, HL_STATE_SUCCEEDED);
}

/* Another identity: nothing of the earlier one is in force or told, and its server hears that it moved. */
static void test_reload_moved(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(HlBusMessage) message = NULL;
    g_autoptr(HlMsgLink) last = NULL;

    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver_settings(f, NULL, 3);
    daemon_deliver_command(f, &command);
    bus_fake_forget(daemon_line(PARTS_ID));
    parts_write_identity(f->parts, OTHER_ID);
    daemon_reload(f);
    daemon_check_identity(f, OTHER_ID);
    g_assert_cmpint(daemon_settings_counter(f), ==, 0);
    message = bus_fake_take_left(PARTS_ID, "holdline/v1/endpoint/+/link");
    last = hl_wire_decode_bytes(&holdline__v1__link__descriptor, message->payload, NULL);
    g_assert_cmpstr(last->reason, ==, "moved");
    bus_fake_up(daemon_line(OTHER_ID));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(OTHER_ID, "c-1"), ==, HL_STATE_UNKNOWN);
}

/* At each statement of a reload that brings another identity: all of the new, or all of the old, with the line up. */
static void test_reload_faults(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlBus *before;
    bool done = false;
    guint n;

    bus_fake_up(daemon_line(PARTS_ID));
    before = daemon_line(PARTS_ID);
    daemon_deliver_settings(f, NULL, 3);
    parts_write_identity(f->parts, OTHER_ID);
    for (n = 1; !done; n++) {
        g_autoptr(GError) error = NULL;

        db_faults_at(DB_FAULTS_WRITES, n);
        done = ep_daemon_reload(f->daemon, &error);
        db_faults_at(DB_FAULTS_WRITES, 0);
        if (done)
            break;
        g_assert_true(g_str_has_prefix(error->message, "nothing was changed: "));
        daemon_check_identity(f, PARTS_ID);
        g_assert_true(bus_fake_find(PARTS_ID) == before);
        g_assert_cmpint(hl_bus_state(before), ==, HL_BUS_UP);
        g_assert_null(bus_fake_find(OTHER_ID));
        g_assert_cmpint(daemon_settings_counter(f), ==, 3);
        daemon_deliver_settings(f, NULL, 3); /* it works: the same once more changes nothing */
        g_assert_cmpint(daemon_settings_counter(f), ==, 3);
    }
    g_assert_cmpuint(n, >, 8);
    daemon_check_identity(f, OTHER_ID);
    g_assert_null(bus_fake_find(PARTS_ID));
    bus_fake_up(daemon_line(OTHER_ID));
}

/* The settings of the enrolment are offered until they are stored, and not once more. */
static void test_enrolled_settings(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(f->parts->dir, "identity/settings.sealed", NULL);
    g_autoptr(GBytes) envelope = parts_settings(f->parts, (PartsSettings){ .counter = 3 });
    bool struck = true;

    for (guint n = 1; struck; n++) {
        g_autofree char *db_path = g_build_filename(f->parts->dir, "endpoint.db", NULL);
        bool stored;

        daemon_stop(f);
        g_assert_cmpint(remove(db_path), ==, 0);
        daemon_start(f); /* so that the identity is known */
        g_assert_true(hl_file_write(path, g_bytes_get_data(envelope, NULL), g_bytes_get_size(envelope), 0600, NULL));
        db_faults_at(DB_FAULTS_WRITES, n);
        HL_IGNORE(ep_daemon_reload(f->daemon, NULL));
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_WRITES, 0);
        stored = daemon_settings_counter(f) == 3;
        g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==, !stored);
        daemon_reload(f);
        g_assert_cmpint(daemon_settings_counter(f), ==, 3);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

/* ------------------------------------------------------------------------------------------------------- the start */

/* A daemon that cannot start leaves nothing behind, whatever it was that failed. */
static void test_start_fails(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *socket = g_build_filename(f->parts->dir, "control", NULL);
    g_autoptr(GError) error = NULL;
    bool struck = true;

    g_assert_null(daemon_make(f, &error)); /* the other one runs */
    g_assert_nonnull(strstr(error->message, "another endpoint is already running on"));
    g_assert_nonnull(strstr(error->message, f->parts->dir));
    daemon_stop(f);
    for (guint n = 1; struck; n++) {
        EpDaemon *daemon;

        db_faults_at(DB_FAULTS_STATEMENTS, n);
        daemon = daemon_make(f, NULL);
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_STATEMENTS, 0);
        if (daemon != NULL) /* some are not needed to run: the status says what is wrong */
            child_fake_exit(child_fake_last(), 0, "", "");
        ep_daemon_free(daemon);
        timer_fake_reset();
        child_fake_reset();
        g_assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
    }
    daemon_start(f);
    daemon_check_identity(f, PARTS_ID);
}

#define ADD(path, function) \
    g_test_add("/endpoint-daemon/" path, DaemonFixture, NULL, daemon_set_up, function, daemon_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("order", test_order);
    ADD("asks-again", test_asks_again);
    ADD("stop", test_stop);
    ADD("leave", test_leave);
    ADD("leave-faults", test_leave_faults);
    ADD("reload-same", test_reload_same);
    ADD("reload-moved", test_reload_moved);
    ADD("reload-faults", test_reload_faults);
    ADD("enrolled-settings", test_enrolled_settings);
    ADD("start-fails", test_start_fails);
    return g_test_run();
}
