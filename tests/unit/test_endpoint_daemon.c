/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon as a whole, on a bus in memory: the enrolment comes, changes and goes while there is work; a
 * reload is all or nothing at each statement that fails; callers hang up. */
#include <string.h>

#include "endpoint/daemon/daemon.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/unconst.h"
#include "lib/bus/bus_fake.h"
#include "lib/ctl/client.h"
#include "proto/envelope.h"
#include "proto/wire.h"
#include "tests/support/child_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define OTHER_ID       "e-parts00000002"
#define ANSWER_TIMEOUT (2 * HL_SECOND)

typedef struct {
    EndpointParts *parts; /* for its files and keys; its parts are not used */
    char *conf_path;
    EpDaemon *daemon;
    guint stops;
} Fixture;

static void on_stopped(gpointer user)
{
    Fixture *f = user;

    f->stops++;
}

static EpDaemon *make_daemon(Fixture *f, GError **error)
{
    g_auto(EpConf) conf = { 0 };
    EpDaemonOptions options = { f->conf_path, on_stopped, f };

    g_assert_true(ep_conf_load(&conf, f->conf_path, NULL));
    return ep_daemon_new(&conf, &options, error);
}

static void start(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->daemon = make_daemon(f, &error);
    g_assert_no_error(error);
    parts_update_ends(NULL, "", PARTS_PATTERNS); /* 'show' */
}

static void stop(Fixture *f)
{
    g_clear_pointer(&f->daemon, ep_daemon_free);
    timer_fake_reset();
    child_fake_reset();
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *conf = NULL;

    f->parts = parts_new();
    parts_stop(f->parts);
    f->conf_path = g_build_filename(f->parts->dir, "endpoint.conf", NULL);
    conf =
        g_strdup_printf("[state]\ndirectory = %s\n[identity]\nmachine_id = m-1\n[log]\nlevel = error\n", f->parts->dir);
    g_assert_true(hl_file_write_text(f->conf_path, conf, 0644, NULL));
    start(f);
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    stop(f);
    bus_fake_reset();
    parts_free(f->parts);
    g_free(f->conf_path);
}

static HlBus *line(const char *id)
{
    HlBus *bus = bus_fake_find(id);

    g_assert_nonnull(bus);
    return bus;
}

static void deliver(const char *id, const char *leaf, GBytes *payload)
{
    g_autofree char *topic = g_strdup_printf("holdline/v1/endpoint/%s/%s", id, leaf);
    HlBusMessage message = { .topic = topic, .payload = payload, .qos = 1 };

    bus_fake_deliver(line(id), &message);
}

static void deliver_command(Fixture *f, const HlMsgCommand *command)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(f->parts->signing_key, HL_ENVELOPE_COMMAND, &command->base);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(envelope);

    deliver(command->endpoint, "command", payload);
}

static void deliver_settings(Fixture *f, const char *lines, uint64_t counter)
{
    g_autoptr(GBytes) payload = parts_settings(f->parts, (PartsSettings){ .lines = lines, .counter = counter });

    deliver(PARTS_ID, "settings", payload);
}

/* Reports of commands that the line sent and the test did not look at yet: the last state of each id. */
static HlCommandState last_state(const char *endpoint, const char *command)
{
    g_autofree char *topic = g_strdup_printf("holdline/v1/endpoint/%s/report", endpoint);
    HlCommandState state = HL_STATE_UNKNOWN;

    for (;;) {
        g_autoptr(HlBusMessage) message = bus_fake_take(line(endpoint), topic);
        g_autoptr(HlMsgReport) report = NULL;

        if (message == NULL)
            return state;
        report = hl_wire_decode_bytes(&holdline__v1__report__descriptor, message->payload, NULL);
        if (report->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND && strcmp(report->command->command, command) == 0)
            state = hl_command_state_from_wire((int)report->command->state);
    }
}

/* -------------------------------------------------------------------------------------------------------------- calls
 */

static void serve(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static HlCtlClient *send_call(Fixture *f, const char *name)
{
    g_autofree char *path = g_build_filename(f->parts->dir, "control", NULL);
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    g_autoptr(GError) error = NULL;
    HlCtlClient *client = hl_ctl_connect(path, "", HL_SECOND, &error);
    g_autoptr(GBytes) frame = NULL;

    g_assert_no_error(error);
    call.name = hl_unconst(name);
    frame = HL_WIRE_ENCODE(&call);
    g_assert_true(hl_ctl_client_send(client, frame, -1, HL_SECOND, &error));
    serve();
    return client;
}

/* NULL: no answer is there. */
static HlMsgCallReply *receive(HlCtlClient *client, HlTime timeout)
{
    g_autoptr(GBytes) frame = NULL;

    serve();
    frame = hl_ctl_client_receive(client, timeout, NULL);
    return frame == NULL ? NULL : hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, frame, NULL);
}

static HlMsgCallReply *call(Fixture *f, const char *name)
{
    g_autoptr(HlCtlClient) client = send_call(f, name);
    HlMsgCallReply *reply = receive(client, ANSWER_TIMEOUT);

    g_assert_nonnull(reply);
    return reply;
}

static json_t *status(Fixture *f)
{
    g_autoptr(HlMsgCallReply) reply = call(f, "status");
    json_t *document = hl_json_parse("status", reply->json, strlen(reply->json), NULL);

    g_assert_nonnull(document);
    return document;
}

static void check_identity(Fixture *f, const char *id)
{
    g_autoptr(json_t) document = status(f);

    g_assert_cmpint(json_is_true(json_object_get(document, "enrolled")), ==, id != NULL);
    g_assert_cmpstr(json_string_value(json_object_get(document, "id")), ==, id);
}

static json_int_t settings_counter(Fixture *f)
{
    g_autoptr(json_t) document = status(f);

    return json_integer_value(json_object_get(json_object_get(document, "settings"), "counter"));
}

static void reload(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    HL_IGNORE(ep_daemon_reload(f->daemon, &error));
    g_assert_no_error(error);
}

/* ------------------------------------------------------------------------------------------------------------ the line
 */

/* Whatever comes first down a new line: a command before the settings that allow it nothing, an acknowledgement of
 * nothing. */
static void test_order(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(GBytes) payload = NULL;

    ack.spool = (char *)"s-nothing";
    ack.seq = 7;
    payload = HL_WIRE_ENCODE(&ack);
    bus_fake_up(line(PARTS_ID));
    deliver(PARTS_ID, "ack", payload);
    deliver_command(f, &command);
    deliver_settings(f, "update.sources=https://mirror.example/\n", 3);
    g_assert_nonnull(strstr(child_fake_option(child_fake_last(), "--source"), "server=")); /* it had begun */
    g_assert_cmpint(settings_counter(f), ==, 3);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(PARTS_ID, "c-1"), ==, HL_STATE_SUCCEEDED);
}

/* Settings that could not be stored are asked for again: the birth of a minute later says what is in force. */
static void test_asks_again(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(line(PARTS_ID));
    db_faults_from(DB_FAULTS_WRITES, 1);
    deliver_settings(f, NULL, 3);
    db_faults_at(DB_FAULTS_WRITES, 0);
    g_assert_cmpint(settings_counter(f), ==, 0);
    bus_fake_forget(line(PARTS_ID));
    timer_fake_advance(70 * HL_SECOND);
    g_assert_cmpuint(bus_fake_published(line(PARTS_ID), "holdline/v1/endpoint/+/link"), ==, 1);
    deliver_settings(f, NULL, 3);
    g_assert_cmpint(settings_counter(f), ==, 3);
}

static void test_stop(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(line(PARTS_ID));
    ep_daemon_stop(f->daemon);
    ep_daemon_stop(f->daemon);
    g_assert_cmpuint(f->stops, ==, 0);
    bus_fake_ack(line(PARTS_ID), NULL, 0);
    g_assert_cmpuint(f->stops, ==, 1);
    stop(f);
    start(f);
    bus_fake_up(line(PARTS_ID));
    ep_daemon_stop(f->daemon); /* and a broker that does not answer */
    timer_fake_advance(3 * HL_SECOND);
    g_assert_cmpuint(f->stops, ==, 2);
    stop(f);
    start(f);
    ep_daemon_stop(f->daemon); /* no line: at once */
    g_assert_cmpuint(f->stops, >=, 3);
}

/* ---------------------------------------------------------------------------------------------------------- identity
 */

static void test_leave(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autoptr(HlMsgCallReply) second = NULL;
    g_autoptr(HlBusMessage) last = NULL;

    bus_fake_up(line(PARTS_ID));
    deliver_settings(f, NULL, 3);
    deliver_command(f, &command);
    bus_fake_forget(line(PARTS_ID));
    reply = call(f, "leave"); /* while the command runs */
    g_assert_cmpstr(reply->code, ==, "");
    check_identity(f, NULL);
    last = bus_fake_take_left(PARTS_ID, "holdline/v1/endpoint/+/link");
    g_assert_nonnull(last);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    second = call(f, "leave");
    g_assert_cmpstr(second->code, ==, "not-found");
    reload(f); /* nothing is there to be found */
    check_identity(f, NULL);
    stop(f);
    start(f);
    check_identity(f, NULL);
    g_assert_cmpint(settings_counter(f), ==, 0);
}

/* At each statement: the enrolment is left, or all of it is still there. */
static void test_leave_faults(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bool left = false;
    guint n;

    bus_fake_up(line(PARTS_ID));
    deliver_settings(f, NULL, 3);
    for (n = 1; !left; n++) {
        db_faults_at(DB_FAULTS_WRITES, n);
        left = ep_daemon_leave(f->daemon, NULL);
        db_faults_at(DB_FAULTS_WRITES, 0);
        check_identity(f, left ? NULL : PARTS_ID);
        g_assert_cmpint(settings_counter(f), ==, left ? 0 : 3);
        if (!left)
            g_assert_cmpint(hl_bus_state(line(PARTS_ID)), ==, HL_BUS_UP);
    }
    g_assert_cmpuint(n, >, 3);
}

/* The same identity: the line is made again, the command goes on with the child that runs. */
static void test_reload_same(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);

    bus_fake_up(line(PARTS_ID));
    deliver_settings(f, NULL, 3);
    deliver_command(f, &command);
    reload(f);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_cmpint(settings_counter(f), ==, 3);
    bus_fake_up(line(PARTS_ID));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(PARTS_ID, "c-1"), ==, HL_STATE_SUCCEEDED);
}

/* Another identity: nothing of the earlier one is in force or told, and its server hears that it moved. */
static void test_reload_moved(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(HlBusMessage) message = NULL;
    g_autoptr(HlMsgLink) last = NULL;

    bus_fake_up(line(PARTS_ID));
    deliver_settings(f, NULL, 3);
    deliver_command(f, &command);
    bus_fake_forget(line(PARTS_ID));
    parts_write_identity(f->parts, OTHER_ID);
    reload(f);
    check_identity(f, OTHER_ID);
    g_assert_cmpint(settings_counter(f), ==, 0);
    message = bus_fake_take_left(PARTS_ID, "holdline/v1/endpoint/+/link");
    last = hl_wire_decode_bytes(&holdline__v1__link__descriptor, message->payload, NULL);
    g_assert_cmpstr(last->reason, ==, "moved");
    bus_fake_up(line(OTHER_ID));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(last_state(OTHER_ID, "c-1"), ==, HL_STATE_UNKNOWN);
}

/* At each statement of a reload that brings another identity: all of the new, or all of the old, with the line up. */
static void test_reload_faults(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlBus *before;
    bool done = false;
    guint n;

    bus_fake_up(line(PARTS_ID));
    before = line(PARTS_ID);
    deliver_settings(f, NULL, 3);
    parts_write_identity(f->parts, OTHER_ID);
    for (n = 1; !done; n++) {
        g_autoptr(GError) error = NULL;

        db_faults_at(DB_FAULTS_WRITES, n);
        done = ep_daemon_reload(f->daemon, &error);
        db_faults_at(DB_FAULTS_WRITES, 0);
        if (done)
            break;
        g_assert_true(g_str_has_prefix(error->message, "nothing was changed: "));
        check_identity(f, PARTS_ID);
        g_assert_true(bus_fake_find(PARTS_ID) == before);
        g_assert_cmpint(hl_bus_state(before), ==, HL_BUS_UP);
        g_assert_null(bus_fake_find(OTHER_ID));
        g_assert_cmpint(settings_counter(f), ==, 3);
        deliver_settings(f, NULL, 3); /* it works: the same once more changes nothing */
        g_assert_cmpint(settings_counter(f), ==, 3);
    }
    g_assert_cmpuint(n, >, 8);
    check_identity(f, OTHER_ID);
    g_assert_null(bus_fake_find(PARTS_ID));
    bus_fake_up(line(OTHER_ID));
}

/* The settings of the enrolment are offered until they are stored, and not once more. */
static void test_enrolled_settings(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(f->parts->dir, "identity/settings.sealed", NULL);
    g_autoptr(GBytes) envelope = parts_settings(f->parts, (PartsSettings){ .counter = 3 });
    bool struck = true;

    for (guint n = 1; struck; n++) {
        g_autofree char *db_path = g_build_filename(f->parts->dir, "endpoint.db", NULL);
        bool stored;

        stop(f);
        g_assert_cmpint(remove(db_path), ==, 0);
        start(f); /* so that the identity is known */
        g_assert_true(hl_file_write(path, g_bytes_get_data(envelope, NULL), g_bytes_get_size(envelope), 0600, NULL));
        db_faults_at(DB_FAULTS_WRITES, n);
        HL_IGNORE(ep_daemon_reload(f->daemon, NULL));
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_WRITES, 0);
        stored = settings_counter(f) == 3;
        g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==, !stored);
        reload(f);
        g_assert_cmpint(settings_counter(f), ==, 3);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

/* --------------------------------------------------------------------------------------------------------- callers */

static void test_caller_hangs_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) gone = send_call(f, "rollback");
    g_autoptr(HlCtlClient) stays = send_call(f, "rollback");
    g_autoptr(HlMsgCallReply) progress = NULL;
    g_autoptr(HlMsgCallReply) reply = NULL;

    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    progress = receive(stays, ANSWER_TIMEOUT);
    g_assert_true(progress->more);
    g_clear_pointer(&gone, hl_ctl_client_free); /* in mid-update */
    serve();
    child_fake_say(child_fake_last(), "{\"progress\":80,\"what\":\"virus\"}");
    g_clear_pointer(&progress, hl_wire_free);
    progress = receive(stays, ANSWER_TIMEOUT);
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    reply = receive(stays, ANSWER_TIMEOUT);
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_cmpstr(reply->message, ==, "rolled back");
    g_assert_false(reply->more);
}

/* It hangs up, and nobody has noticed yet when the update ends. */
static void test_caller_gone_unnoticed(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) gone = send_call(f, "rollback");

    g_clear_pointer(&gone, hl_ctl_client_free);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    serve();
    check_identity(f, PARTS_ID);
}

static void test_calls(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlMsgCallReply) unknown = call(f, "no-such-call");
    g_autoptr(HlMsgCallReply) denied = call(f, "update-now"); /* no privilege by default */
    g_autoptr(HlMsgCallReply) history = NULL;
    g_autoptr(HlMsgCallReply) reloaded = call(f, "reload");
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(json_t) document = NULL;
    const json_t *commands;

    g_assert_cmpstr(unknown->code, ==, "usage");
    g_assert_cmpstr(denied->code, ==, "denied");
    g_assert_cmpstr(reloaded->code, ==, "");
    bus_fake_up(line(PARTS_ID));
    deliver_command(f, &command);
    parts_update_ends("untrusted", "hash of virus", PARTS_PATTERNS);
    history = call(f, "history");
    document = hl_json_parse("history", history->json, strlen(history->json), NULL);
    commands = json_object_get(document, "commands");
    g_assert_cmpuint(json_array_size(commands), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(commands, 0), "state")), ==, "failed");
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(commands, 0), "kind")), ==, "update-now");
}

/* ------------------------------------------------------------------------------------------------------- the start */

/* A daemon that cannot start leaves nothing behind, whatever it was that failed. */
static void test_start_fails(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *socket = g_build_filename(f->parts->dir, "control", NULL);
    g_autoptr(GError) error = NULL;
    bool struck = true;

    g_assert_null(make_daemon(f, &error)); /* the other one runs */
    g_assert_nonnull(strstr(error->message, "another endpoint is already running on"));
    g_assert_nonnull(strstr(error->message, f->parts->dir));
    stop(f);
    for (guint n = 1; struck; n++) {
        EpDaemon *daemon;

        db_faults_at(DB_FAULTS_STATEMENTS, n);
        daemon = make_daemon(f, NULL);
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_STATEMENTS, 0);
        if (daemon != NULL) /* some are not needed to run: the status says what is wrong */
            child_fake_exit(child_fake_last(), 0, "", "");
        ep_daemon_free(daemon);
        timer_fake_reset();
        child_fake_reset();
        g_assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
    }
    start(f);
    check_identity(f, PARTS_ID);
}

#define ADD(path, function) g_test_add("/endpoint-daemon/" path, Fixture, NULL, set_up, function, tear_down)

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
    ADD("caller-hangs-up", test_caller_hangs_up);
    ADD("caller-gone-unnoticed", test_caller_gone_unnoticed);
    ADD("calls", test_calls);
    ADD("start-fails", test_start_fails);
    return g_test_run();
}
