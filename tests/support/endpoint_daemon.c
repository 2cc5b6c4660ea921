/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/endpoint_daemon.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/child_fake.h"
#include "tests/support/timer_fake.h"

static void on_stopped(gpointer user)
{
    DaemonFixture *f = user;

    f->stops++;
}

EpDaemon *daemon_make(DaemonFixture *f, GError **error)
{
    g_auto(EpConf) conf = { 0 };
    EpDaemonOptions options = { f->conf_path, on_stopped, f };

    g_assert_true(ep_conf_load(&conf, f->conf_path, NULL));
    return ep_daemon_new(&conf, &options, error);
}

void daemon_start(DaemonFixture *f)
{
    g_autoptr(GError) error = NULL;

    f->daemon = daemon_make(f, &error);
    g_assert_no_error(error);
    parts_update_ends(NULL, "", PARTS_PATTERNS); /* 'show' */
}

void daemon_stop(DaemonFixture *f)
{
    g_clear_pointer(&f->daemon, ep_daemon_free);
    timer_fake_reset();
    child_fake_reset();
}

void daemon_set_up(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *conf = NULL;

    f->parts = parts_new();
    parts_stop(f->parts);
    f->conf_path = g_build_filename(f->parts->dir, "endpoint.conf", NULL);
    conf =
        g_strdup_printf("[state]\ndirectory = %s\n[identity]\nmachine_id = m-1\n[log]\nlevel = error\n", f->parts->dir);
    g_assert_true(hl_file_write_text(f->conf_path, conf, 0644, NULL));
    daemon_start(f);
}

void daemon_tear_down(DaemonFixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    daemon_stop(f);
    bus_fake_reset();
    parts_free(f->parts);
    g_free(f->conf_path);
}

HlBus *daemon_line(const char *id)
{
    HlBus *bus = bus_fake_find(id);

    g_assert_nonnull(bus);
    return bus;
}

void daemon_deliver(const char *id, const char *leaf, GBytes *payload)
{
    g_autofree char *topic = g_strdup_printf("holdline/v1/endpoint/%s/%s", id, leaf);
    HlBusMessage message = { .topic = topic, .payload = payload, .qos = 1 };

    bus_fake_deliver(daemon_line(id), &message);
}

void daemon_deliver_command(DaemonFixture *f, const HlMsgCommand *command)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(f->parts->signing_key, HL_ENVELOPE_COMMAND, &command->base);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(envelope);

    daemon_deliver(command->endpoint, "command", payload);
}

void daemon_deliver_settings(DaemonFixture *f, const char *lines, uint64_t counter)
{
    g_autoptr(GBytes) payload = parts_settings(f->parts, (PartsSettings){ .lines = lines, .counter = counter });

    daemon_deliver(PARTS_ID, "settings", payload);
}

void daemon_serve(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

void daemon_send_on(HlCtlClient *client, const char *name)
{
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    g_autoptr(GBytes) frame = NULL;

    call.name = hl_unconst(name);
    frame = HL_WIRE_ENCODE(&call);
    g_assert_true(hl_ctl_client_send(client, frame, -1, HL_SECOND, NULL));
    daemon_serve();
}

HlCtlClient *daemon_send_call(DaemonFixture *f, const char *name)
{
    g_autofree char *path = g_build_filename(f->parts->dir, "control", NULL);
    g_autoptr(GError) error = NULL;
    HlCtlClient *client = hl_ctl_connect(path, "", HL_SECOND, &error);

    g_assert_no_error(error);
    daemon_send_on(client, name);
    return client;
}

HlMsgCallReply *daemon_receive(HlCtlClient *client, HlTime timeout)
{
    g_autoptr(GBytes) frame = NULL;

    daemon_serve();
    frame = hl_ctl_client_receive(client, timeout, NULL);
    return frame == NULL ? NULL : hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, frame, NULL);
}

HlMsgCallReply *daemon_call(DaemonFixture *f, const char *name)
{
    g_autoptr(HlCtlClient) client = daemon_send_call(f, name);
    HlMsgCallReply *reply = daemon_receive(client, DAEMON_ANSWER);

    g_assert_nonnull(reply);
    return reply;
}

json_t *daemon_status(DaemonFixture *f)
{
    g_autoptr(HlMsgCallReply) reply = daemon_call(f, "status");
    json_t *document = hl_json_parse("status", reply->json, strlen(reply->json), NULL);

    g_assert_nonnull(document);
    return document;
}

void daemon_check_identity(DaemonFixture *f, const char *id)
{
    g_autoptr(json_t) document = daemon_status(f);

    g_assert_cmpint(json_is_true(json_object_get(document, "enrolled")), ==, id != NULL);
    g_assert_cmpstr(json_string_value(json_object_get(document, "id")), ==, id);
}

json_int_t daemon_settings_counter(DaemonFixture *f)
{
    g_autoptr(json_t) document = daemon_status(f);

    return json_integer_value(json_object_get(json_object_get(document, "settings"), "counter"));
}

void daemon_reload(DaemonFixture *f)
{
    g_autoptr(GError) error = NULL;

    HL_IGNORE(ep_daemon_reload(f->daemon, &error));
    g_assert_no_error(error);
}
