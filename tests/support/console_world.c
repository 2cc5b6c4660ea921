/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/console_world.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/pki/cert.h"

static void make_identity(const World *world)
{
    g_autofree char *cert_path = g_build_filename(world->dir, "desk.pem", NULL);
    g_autofree char *key_path = g_build_filename(world->dir, "desk.key", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(HlCert) cert = hl_cert_make_ca(key, "desk", hl_clock_wall() - HL_DAY, hl_clock_wall() + HL_DAY, &error);

    g_assert_no_error(error);
    g_assert_true(hl_key_save(key, key_path, &error) && hl_cert_save(cert, cert_path, &error));
}

static void set(World *world, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_option_set(hl_option_find(con_conf_table(), name), &world->conf, value, &error));
}

static void on_state(ConLineState state, gpointer user)
{
    World *world = user;

    g_string_append_printf(world->states, "%s ", con_line_state_name(state));
    con_watch_line(world->watch, state);
}

static void on_status(HlTopic topic, const char *id, GBytes *payload, gpointer user)
{
    World *world = user;

    g_string_append_printf(world->statuses, "%d:%s ", (int)topic, id);
    con_watch_status(world->watch, topic, id, payload);
}

static void on_news(ConNews news, const char *id, const json_t *document, gpointer user)
{
    World *world = user;

    world->news[news]++;
    con_events_news(news, id, document, world->events);
}

World *world_new(void)
{
    World *world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    world->dir = g_dir_make_tmp("holdline-console-XXXXXX", &error);
    g_assert_no_error(error);
    clock_fake_set(CLOCK_FAKE_WALL, CLOCK_FAKE_MONO);
    make_identity(world);
    hl_options_init(con_conf_table(), &world->conf);
    set(world, "line.certificate", "desk.pem");
    set(world, "line.key", "desk.key");
    world->states = g_string_new(NULL);
    world->statuses = g_string_new(NULL);
    world->watch = con_watch_new(on_news, world);
    world->line = con_line_new(
        &(ConLineOptions){
            .conf = &world->conf, .directory = world->dir, .handlers = { on_state, on_status }, .user = world },
        &error);
    g_assert_no_error(error);
    con_watch_attach(world->watch, world->line);
    world->people = con_people_new(world->line);
    world->events = con_events_new(world->people, world->watch);
    world->bus = bus_fake_find("desk");
    return world;
}

void world_free(World *world)
{
    con_line_free(world->line);
    con_events_free(world->events);
    con_people_free(world->people);
    con_watch_free(world->watch);
    bus_fake_reset();
    timer_fake_reset();
    http_fake_reset();
    g_string_free(world->states, TRUE);
    g_string_free(world->statuses, TRUE);
    hl_options_clear(con_conf_table(), &world->conf);
    g_assert_true(hl_tree_remove(world->dir, NULL));
    g_free(world->dir);
    g_free(world);
}

/* ------------------------------------------------------------------------------------------------------ the manager */

void world_manager(World *world, bool online, uint64_t epoch)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;

    state.online = online;
    state.epoch = epoch;
    payload = HL_WIRE_ENCODE(&state);
    bus_fake_deliver(world->bus,
                     &(HlBusMessage){ .topic = HL_TOPIC_ROOT "manager/state", .payload = payload, .qos = 1 });
}

void world_up(World *world, uint64_t epoch)
{
    bus_fake_up(world->bus);
    world_manager(world, true, epoch);
}

WorldCall world_take(World *world)
{
    WorldCall call = { bus_fake_take(world->bus, HL_TOPIC_ROOT "admin/request/desk"), NULL };
    g_autoptr(GError) error = NULL;

    if (call.message == NULL)
        return call;
    call.call = hl_wire_decode_bytes(&holdline__v1__call__descriptor, call.message->payload, &error);
    g_assert_no_error(error);
    return call;
}

void world_call_clear(WorldCall *call)
{
    g_clear_pointer(&call->message, bus_fake_message_free);
    g_clear_pointer(&call->call, hl_wire_free);
}

const char *world_argument(const WorldCall *call, const char *name)
{
    for (size_t i = 0; i < call->call->n_arguments; i++)
        if (strcmp(call->call->arguments[i]->name, name) == 0)
            return call->call->arguments[i]->value;
    return NULL;
}

static void reply(World *world, const WorldCall *call, const HlMsgCallReply *message)
{
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(message);

    bus_fake_deliver(world->bus, &(HlBusMessage){ .topic = call->message->response_topic,
                                                  .payload = payload,
                                                  .qos = 1,
                                                  .correlation = call->message->correlation });
}

void world_reply(World *world, const WorldCall *call, const char *json)
{
    HlMsgCallReply message = HOLDLINE__V1__CALL_REPLY__INIT;

    message.json = hl_unconst(json);
    reply(world, call, &message);
}

void world_reply_numbered(World *world, const WorldCall *call, const char *json, guint part, guint window)
{
    HlMsgCallReply message = HOLDLINE__V1__CALL_REPLY__INIT;

    message.json = hl_unconst(json);
    message.more = true;
    message.part = part;
    message.window = window;
    reply(world, call, &message);
}

void world_reply_part(World *world, const WorldCall *call, const char *json)
{
    world_reply_numbered(world, call, json, 0, 0);
}

void world_refuse(World *world, const WorldCall *call, const char *code, const char *text)
{
    HlMsgCallReply message = HOLDLINE__V1__CALL_REPLY__INIT;

    message.code = hl_unconst(code);
    message.message = hl_unconst(text);
    reply(world, call, &message);
}

void world_snapshot(World *world, const char *documents, int count)
{
    g_auto(WorldCall) call = world_take(world);
    g_autofree char *json = g_strdup_printf("{\"endpoints\": [%s], \"count\": %d, \"summary\": {\"endpoints\": %d}}",
                                            documents, count, count);

    g_assert_cmpstr(call.call->name, ==, "snapshot");
    world_reply(world, &call, json);
}

void world_status(World *world, HlTopic topic, const char *id, const char *json)
{
    g_autofree char *name = hl_topic_name(topic, id);

    bus_fake_deliver_text(world->bus, name, json);
}

/* ------------------------------------------------------------------------------------------------------ the browser */

ConRequest *world_request(const char *method, const char *target, const char *session, const char *body)
{
    g_autofree char *cookie = g_strdup_printf("__Host-holdline=%s", session != NULL ? session : "");
    const char *const headers[] = { "content-type", "application/json", session != NULL ? "cookie" : NULL, cookie,
                                    NULL };

    return con_request_new(http_fake_ask(method, target, headers, body));
}

char *world_answered(guint status)
{
    g_autoptr(HttpFakeAnswer) answer = http_fake_take();

    g_assert_nonnull(answer);
    g_assert_cmpuint(answer->status, ==, status);
    return g_strndup(g_bytes_get_data(answer->body, NULL), g_bytes_get_size(answer->body));
}
