/* SPDX-License-Identifier: Apache-2.0 */
/* Those who call the endpoint daemon over its control socket: what they are answered, that they may hang up at any
 * moment, and what those see who watch. */
#include <string.h>

#include "endpoint/daemon/front/watchers.h"
#include "lib/base/json.h"
#include "tests/support/child_fake.h"
#include "tests/support/endpoint_daemon.h"
#include "tests/support/timer_fake.h"

static void test_caller_hangs_up(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) gone = daemon_send_call(f, "rollback");
    g_autoptr(HlCtlClient) stays = daemon_send_call(f, "rollback");
    g_autoptr(HlMsgCallReply) progress = NULL;
    g_autoptr(HlMsgCallReply) reply = NULL;

    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    progress = daemon_receive(stays, DAEMON_ANSWER);
    g_assert_true(progress->more);
    g_clear_pointer(&gone, hl_ctl_client_free); /* in mid-update */
    daemon_serve();
    child_fake_say(child_fake_last(), "{\"progress\":80,\"what\":\"virus\"}");
    g_clear_pointer(&progress, hl_wire_free);
    progress = daemon_receive(stays, DAEMON_ANSWER);
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    reply = daemon_receive(stays, DAEMON_ANSWER);
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_cmpstr(reply->message, ==, "rolled back");
    g_assert_false(reply->more);
}

/* It hangs up, and nobody has noticed yet when the update ends. */
static void test_caller_gone_unnoticed(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) gone = daemon_send_call(f, "rollback");

    g_clear_pointer(&gone, hl_ctl_client_free);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    daemon_serve();
    daemon_check_identity(f, PARTS_ID);
}

/* One member of the next document, by its name or "object.member"; NULL: there is none yet. */
static char *next_document(HlCtlClient *watcher, const char *object, const char *member)
{
    g_autoptr(HlMsgCallReply) reply = daemon_receive(watcher, 0);
    g_autoptr(json_t) document = NULL;
    const json_t *within;

    if (reply == NULL)
        return NULL;
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_true(reply->more);
    document = hl_json_parse("document", reply->json, strlen(reply->json), NULL);
    within = object != NULL ? json_object_get(document, object) : document;
    g_assert_nonnull(json_object_get(within, member));
    return json_dumps(json_object_get(within, member), JSON_ENCODE_ANY);
}

static void check_next(HlCtlClient *watcher, const char *object, const char *member, const char *expected)
{
    g_autofree char *value = NULL;

    timer_fake_advance(EP_PULSE_REST);
    value = next_document(watcher, object, member);
    g_assert_cmpstr(value, ==, expected);
}

/* What the administrator allows, how an update goes and that the machine leaves its server are seen as they happen. */
static void test_watch(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) watcher = NULL;
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    guint timers;

    timer_fake_advance(10 * HL_SECOND);
    timers = timer_fake_count();
    watcher = daemon_send_call(f, "watch");
    check_next(watcher, "may", "update-now", "false");
    timer_fake_advance(10 * HL_SECOND);
    check_next(watcher, NULL, "line", NULL); /* nothing has changed */
    g_assert_cmpuint(timer_fake_count(), ==, timers);
    bus_fake_up(daemon_line(PARTS_ID));
    check_next(watcher, NULL, "line", "\"up\"");
    daemon_deliver_settings(f, "privilege.update-now=yes\n", 3);
    check_next(watcher, "may", "update-now", "true");
    daemon_deliver_command(f, &command);
    check_next(watcher, "update", "running", "true");
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    check_next(watcher, "update", "percent", "40");
    parts_update_ends(NULL, "updated", "virus=2026112209");
    check_next(watcher, "patterns", "virus", "2026112209");
    bus_fake_down(daemon_line(PARTS_ID), "gone");
    check_next(watcher, NULL, "line", "\"down\"");
    HL_IGNORE(ep_daemon_leave(f->daemon, NULL));
    check_next(watcher, NULL, "line", "null");
}

static void check_refused(DaemonFixture *f, HlCtlClient *client, const char *name, const char *code)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    daemon_send_on(client, name);
    reply = daemon_receive(client, DAEMON_ANSWER);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, code);
    g_assert_false(reply->more);
    daemon_check_identity(f, PARTS_ID); /* there is a place for other calls */
}

static void test_watch_bounds(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlCtlClient *watchers[EP_WATCHERS_OWN];
    g_autoptr(HlCtlClient) other = daemon_send_call(f, "history");
    g_autoptr(HlMsgCallReply) history = daemon_receive(other, DAEMON_ANSWER);

    g_assert_nonnull(history);
    for (guint i = 0; i < EP_WATCHERS_OWN; i++) {
        g_autofree char *first = NULL;

        watchers[i] = daemon_send_call(f, "watch");
        first = next_document(watchers[i], NULL, "enrolled");
        g_assert_cmpstr(first, ==, "true");
    }
    check_refused(f, other, "watch", "limit");
    check_refused(f, watchers[0], "watch", "conflict");
    check_refused(f, watchers[0], "status", "conflict");
    for (guint i = 0; i < EP_WATCHERS_OWN; i++)
        hl_ctl_client_free(watchers[i]);
    daemon_serve();
    daemon_send_on(other, "watch"); /* a connection that has made calls may watch in the end */
    check_next(other, NULL, "enrolled", "true");
}

static void test_calls(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlMsgCallReply) unknown = daemon_call(f, "no-such-call");
    g_autoptr(HlMsgCallReply) denied = daemon_call(f, "update-now"); /* no privilege by default */
    g_autoptr(HlMsgCallReply) history = NULL;
    g_autoptr(HlMsgCallReply) reloaded = daemon_call(f, "reload");
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);
    g_autoptr(json_t) document = NULL;
    const json_t *commands;

    g_assert_cmpstr(unknown->code, ==, "usage");
    g_assert_cmpstr(denied->code, ==, "denied");
    g_assert_cmpstr(reloaded->code, ==, "");
    bus_fake_up(daemon_line(PARTS_ID));
    daemon_deliver_command(f, &command);
    parts_update_ends("untrusted", "hash of virus", PARTS_PATTERNS);
    history = daemon_call(f, "history");
    document = hl_json_parse("history", history->json, strlen(history->json), NULL);
    commands = json_object_get(document, "commands");
    g_assert_cmpuint(json_array_size(commands), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(commands, 0), "state")), ==, "failed");
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(commands, 0), "kind")), ==, "update-now");
}

#define ADD(path, function) \
    g_test_add("/endpoint-callers/" path, DaemonFixture, NULL, daemon_set_up, function, daemon_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("hangs-up", test_caller_hangs_up);
    ADD("gone-unnoticed", test_caller_gone_unnoticed);
    ADD("calls", test_calls);
    ADD("watch", test_watch);
    ADD("watch-bounds", test_watch_bounds);
    return g_test_run();
}
