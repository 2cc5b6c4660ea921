/* SPDX-License-Identifier: Apache-2.0 */
/* The call "snapshot": the status topics of a whole fleet as one answer, for those who cannot read what a broker keeps;
 * over an administrator's topics and over a monitor's own. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

#define FLEET        250
#define PLAIN        "holdline/v1/monitor/request/eye"
#define PLAIN_REPLY  "holdline/v1/monitor/reply/eye"
#define MAX_PART     200000
#define STREAM_STEP  1 /* ms, as in calls/call.c: the time of one part */
#define STATUS_OF(n) "holdline/v1/status/endpoint/e-" n

typedef struct {
    Parts *parts;
    GHashTable *seen; /* id -> revision of the last document of it */
    json_t *last;     /* the part that ended it */
    guint n, largest, numbered;
    char *code;
} World;

static void add_client(Parts *parts, const char *call, const char *name, const char *role, const char *groups)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, call, "name", name, "csr", csr, role != NULL ? "role" : NULL, role, "groups", groups, NULL);
    parts_commit(parts);
    timer_fake_advance(HL_SECOND);
    json_decref(parts_expect_reply(parts, ""));
}

static World *world_new(guint n)
{
    World *world = g_new0(World, 1);
    Parts *parts = world->parts = parts_new();

    parts_add_group(parts, "spare", NULL);
    add_client(parts, "monitor create", "eye", NULL, NULL);
    add_client(parts, "admin create", "zoe", "auditor", "spare");
    for (guint i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        parts_add_endpoint(parts, id);
    }
    clock_fake_advance(HL_SECOND);
    for (guint i = 0; i < n; i++)
        mgr_status_flush(parts->status);
    bus_fake_forget(parts->bus);
    world->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return world;
}

static void world_free(World *world)
{
    g_hash_table_unref(world->seen);
    json_decref(world->last);
    g_free(world->code);
    parts_free(world->parts);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static json_int_t number_of(const json_t *document, const char *name)
{
    g_assert_true(json_is_integer(json_object_get(document, name)));
    return json_integer_value(json_object_get(document, name));
}

static void take_endpoints(World *world, const json_t *document)
{
    const json_t *endpoints = json_object_get(document, "endpoints");
    size_t i;
    json_t *endpoint;

    json_array_foreach(endpoints, i, endpoint)
    {
        json_int_t revision = number_of(endpoint, "revision");

        g_assert_cmpint(number_of(endpoint, "epoch"), ==, (json_int_t)world->parts->fleet.epoch);
        g_hash_table_replace(world->seen, g_strdup(json_string_value(json_object_get(endpoint, "id"))),
                             g_memdup2(&revision, sizeof revision));
        world->n++;
    }
}

/* One reply to who; false: there is none. */
static bool take_reply(World *world, const char *who)
{
    g_autoptr(HlMsgCallReply) reply =
        parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, who, &holdline__v1__call_reply__descriptor);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) document = NULL;

    if (reply == NULL)
        return false;
    g_assert_null(world->code); /* nothing comes after the end */
    g_assert_true(*reply->code != '\0' || reply->part == ++world->numbered);
    document = hl_json_parse("reply", reply->json, strlen(reply->json), &error);
    g_assert_no_error(error);
    world->largest = MAX(world->largest, (guint)strlen(reply->json));
    take_endpoints(world, document);
    if (reply->more)
        return true;
    world->numbered = 0;
    world->code = g_strdup(reply->code);
    world->last = json_incref(document);
    return true;
}

static void take_all(World *world, const char *who)
{
    for (guint i = 0; i < 100 && world->code == NULL; i++) {
        while (take_reply(world, who))
            continue;
        timer_fake_advance(10);
    }
    g_assert_nonnull(world->code);
}

static void ask(World *world, const char *who, const char *correlation)
{
    parts_request(world->parts, &(PartsRequest){ .admin = who, .name = "snapshot", .correlation = correlation });
}

static void check_whole(World *world, guint n)
{
    g_assert_cmpstr(world->code, ==, "");
    g_assert_cmpuint(g_hash_table_size(world->seen), ==, n);
    g_assert_cmpuint(world->n, ==, n); /* each once */
    g_assert_cmpint(number_of(world->last, "count"), ==, n);
    g_assert_cmpint(number_of(world->last, "epoch"), ==, (json_int_t)world->parts->fleet.epoch);
    g_assert_cmpint(number_of(json_object_get(world->last, "summary"), "endpoints"), ==, n);
}

/* In parts that the loop makes one at a time, each of a bounded size. */
static void test_whole(void)
{
    g_autoptr(World) world = world_new(FLEET);

    ask(world, "admin", "c");
    g_assert_false(take_reply(world, "admin")); /* the loop goes on first */
    timer_fake_advance(STREAM_STEP);
    g_assert_true(take_reply(world, "admin"));
    g_assert_false(take_reply(world, "admin"));
    take_all(world, "admin");
    check_whole(world, FLEET);
    g_assert_cmpuint(world->largest, <=, MAX_PART);
    g_assert_cmpint(number_of(world->last, "revision"), ==, (json_int_t)mgr_status_revision(world->parts->status));
}

/* With the last events, for a reader who was not there: but nobody is told of the endpoints of others. */
static void test_events(void)
{
    g_autoptr(World) world = world_new(1);
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, "e-000");
    const json_t *events;

    for (guint i = 0; i < 60; i++)
        mgr_status_event(world->parts->status, endpoint, "moved", "", "spare", "ann");
    mgr_status_server_event(world->parts->status, MGR_EVENT_ACCOUNT, "", "", "");
    mgr_status_server_event(world->parts->status, "audit", "whole", "broken", "");
    ask(world, "admin", "c");
    take_all(world, "admin");
    events = json_object_get(world->last, "events");
    g_assert_cmpuint(json_array_size(events), ==, 50);
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(events, 0), "what")), ==, "audit");
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(events, 1), "id")), ==, "e-000");
    g_clear_pointer(&world->code, g_free);
    g_clear_pointer(&world->last, json_decref);
    ask(world, "zoe", "c");
    take_all(world, "zoe");
    g_assert_null(json_object_get(world->last, "events"));
}

static void test_large(void)
{
    g_autoptr(World) world = world_new(FLEET);
    g_autofree char *filler = g_strnfill(8000, 'x');
    g_autofree char *huge = g_strnfill(MAX_PART + 1000, 'x');

    for (guint i = 0; i < FLEET; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        mgr_set_text(&mgr_endpoint_make_seldom(&mgr_fleet_endpoint(&world->parts->fleet, id)->record)->update_error,
                     filler);
    }
    ask(world, "admin", "c");
    take_all(world, "admin");
    check_whole(world, FLEET);
    g_assert_cmpuint(world->largest, <=, MAX_PART);
    g_assert_cmpuint(world->largest, >, MAX_PART / 4);
    g_clear_pointer(&world->code, g_free);
    g_clear_pointer(&world->last, json_decref);
    world->n = 0;
    mgr_set_text(&mgr_endpoint_make_seldom(&mgr_fleet_endpoint(&world->parts->fleet, "e-001")->record)->update_error,
                 huge);
    ask(world, "admin", "c");
    take_all(world, "admin");
    check_whole(world, FLEET); /* it alone, as its topic has it */
    g_assert_cmpuint(world->largest, >, MAX_PART);
}

static json_t *take_status(const World *world, const char *topic)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(world->parts->bus, topic);
    gsize size;
    const void *data;

    g_assert_nonnull(message);
    data = g_bytes_get_data(message->payload, &size);
    return hl_json_parse(topic, data, size, NULL);
}

/* What is told by both ways is in one order; what came while the snapshot was made is later than its beginning. */
static void test_order(void)
{
    g_autoptr(World) world = world_new(FLEET);
    json_int_t began = (json_int_t)mgr_status_revision(world->parts->status);
    g_autoptr(json_t) told = NULL;
    const json_int_t *seen;

    ask(world, "admin", "c");
    timer_fake_advance(STREAM_STEP);
    parts_birth(world->parts, "e-007", 1);
    mgr_status_flush(world->parts->status);
    take_all(world, "admin");
    check_whole(world, FLEET);
    told = take_status(world, STATUS_OF("007"));
    seen = g_hash_table_lookup(world->seen, "e-007");
    g_assert_cmpint(number_of(world->last, "revision"), ==, began);
    g_assert_cmpint(number_of(told, "revision"), >, began);
    g_assert_cmpint(number_of(told, "revision"), >=, *seen);
    g_assert_cmpint(*(const json_int_t *)g_hash_table_lookup(world->seen, "e-008"), <=, began);
}

static void remove_endpoint(Parts *parts, const char *id)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, id);

    mgr_status_forget(parts->status, endpoint);
    mgr_delivery_forget(parts->delivery, endpoint);
    mgr_fleet_remove_endpoint(&parts->fleet, endpoint);
}

static void test_gone_meanwhile(void)
{
    g_autoptr(World) world = world_new(FLEET);

    ask(world, "admin", "c");
    for (guint i = 0; i < FLEET; i += 2) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        remove_endpoint(world->parts, id);
    }
    take_all(world, "admin");
    check_whole(world, FLEET / 2);
}

/* One that lost the connection asks again: the first answer ends. */
static void test_asked_again(void)
{
    g_autoptr(World) world = world_new(FLEET);
    g_autofree char *first = NULL;

    ask(world, "admin", "first");
    timer_fake_advance(STREAM_STEP);
    ask(world, "admin", "second");
    first = parts_end_of(world->parts, "first");
    g_assert_cmpstr(first, ==, "conflict");
    ask(world, "eye", "c"); /* somebody else's does not end it */
    timer_fake_advance(HL_SECOND);
    g_clear_pointer(&first, g_free);
    first = parts_end_of(world->parts, "second");
    g_assert_cmpstr(first, ==, "");
}

/* ------------------------------------------------------------------------------------------------ as it is read */

#define WINDOW   96
#define PATIENCE (60 * HL_SECOND)

/* Of which each is a part by itself. */
static World *world_of_large(void)
{
    World *world = world_new(FLEET);
    g_autofree char *filler = g_strnfill(MAX_PART * 2 / 3, 'x');

    for (guint i = 0; i < FLEET; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        mgr_set_text(&mgr_endpoint_make_seldom(&mgr_fleet_endpoint(&world->parts->fleet, id)->record)->update_error,
                     filler);
    }
    return world;
}

static void ask_pacing(World *world, const char *who, const char *correlation)
{
    parts_request(world->parts,
                  &(PartsRequest){ .admin = who, .name = "snapshot", .correlation = correlation, .paces = true });
}

/* What comes within this time. */
static guint take_within(World *world, HlTime time)
{
    guint before = world->n;

    timer_fake_advance(time);
    while (world->code == NULL && take_reply(world, "admin"))
        continue;
    return world->n - before;
}

/* A reader that says how far it is gets one window beyond that, and what is made at once. */
static void test_paced(void)
{
    g_autoptr(World) world = world_of_large();

    ask_pacing(world, "admin", "c");
    g_assert_cmpuint(take_within(world, PATIENCE / 2), ==, 100); /* are made at once */
    parts_read(world->parts, "admin", "c", 100 - WINDOW);        /* as many as there were */
    g_assert_cmpuint(take_within(world, PATIENCE - HL_SECOND), ==, 0);
    parts_read(world->parts, "zoe", "c", 50); /* somebody else's */
    parts_read(world->parts, "admin", "d", 50);
    parts_read(world->parts, "admin", "c", 101); /* more than there are */
    parts_read(world->parts, "admin", "c", 1);   /* fewer than before */
    g_assert_cmpuint(take_within(world, 0), ==, 0);
    parts_read(world->parts, "admin", "c", 100 - WINDOW + 1);
    g_assert_cmpuint(take_within(world, HL_SECOND), ==, 100);
    parts_read(world->parts, "admin", "c", 200);
    g_assert_cmpuint(take_within(world, HL_SECOND), ==, FLEET - 200);
    check_whole(world, FLEET);
    parts_read(world->parts, "admin", "c", FLEET); /* of what is gone */
}

static void set_groups(World *world, const char *groups)
{
    parts_call(world->parts, "account set", "name", "zoe", "groups", groups, NULL);
    parts_commit(world->parts);
    timer_fake_advance(HL_SECOND);
    json_decref(parts_expect_reply(world->parts, ""));
}

/* Whose rights have changed is not sent more, whatever it reads. */
static void test_disabled_meanwhile(void)
{
    g_autoptr(World) world = world_of_large();

    set_groups(world, "");
    ask_pacing(world, "zoe", "c");
    timer_fake_advance(HL_SECOND);
    set_groups(world, "spare");
    bus_fake_forget(world->parts->bus);
    parts_read(world->parts, "zoe", "c", 100);
    timer_fake_advance(HL_SECOND);
    g_assert_false(take_reply(world, "zoe"));
    timer_fake_advance(PATIENCE);
    g_assert_true(take_reply(world, "zoe"));
    g_assert_cmpstr(world->code, ==, "timeout");
}

static void test_unread(void)
{
    g_autoptr(World) world = world_of_large();

    ask_pacing(world, "admin", "c");
    take_within(world, PATIENCE - HL_SECOND);
    g_assert_null(world->code);
    take_within(world, 2 * HL_SECOND);
    g_assert_cmpstr(world->code, ==, "timeout");
    parts_read(world->parts, "admin", "c", 200);
    take_within(world, HL_SECOND);
}

/* Each holds the ids of the whole fleet, so a name has a few at a time: the newest. */
static void test_many_unread(void)
{
    g_autoptr(World) world = world_of_large();
    static const char *const all[] = { "selector", "all", NULL };
    static const char *const marks[] = { "1", "2", "3", "4", "5" };

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *end = NULL;

        bus_fake_forget(world->parts->bus);
        parts_request(
            world->parts,
            &(PartsRequest){ .name = "endpoint list", .arguments = all, .correlation = marks[i], .paces = true });
        end = i == 4 ? parts_end_of(world->parts, "1") : NULL;
        g_assert_true(i < 4 || g_strcmp0(end, "limit") == 0);
        timer_fake_advance(HL_SECOND);
    }
    json_decref(parts_expect_reply(world->parts, "")); /* a part of the newest */
}

/* A page without an order is that of the ids, and not what a hash table gives first. */
static void test_page(void)
{
    g_autoptr(World) world = world_new(FLEET);
    g_autoptr(json_t) page = NULL;

    parts_call(world->parts, "snapshot", "limit", "3", NULL);
    page = parts_expect_reply(world->parts, "");
    for (size_t i = 0; i < 3; i++) {
        g_autofree char *id = g_strdup_printf("e-%03zu", i);
        const json_t *endpoint = json_array_get(json_object_get(page, "endpoints"), i);

        g_assert_cmpstr(json_string_value(json_object_get(endpoint, "id")), ==, id);
    }
    g_assert_cmpuint(json_array_size(json_object_get(page, "endpoints")), ==, 3);
}

/* A limited account gets what is in its groups. */
static void test_limited(void)
{
    g_autoptr(World) world = world_new(3);

    parts_call(world->parts, "endpoint move", "selector", "e-001", "group", "spare", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    ask(world, "zoe", "c");
    take_all(world, "zoe");
    check_whole(world, 1);
    g_assert_true(g_hash_table_contains(world->seen, "e-001"));
}

static void ask_plain(const World *world, const char *text, bool retained)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, strlen(text));
    g_autoptr(GBytes) correlation = g_bytes_new_static("7", 1);

    bus_fake_deliver(
        world->parts->bus,
        &(HlBusMessage){
            .topic = PLAIN, .payload = payload, .qos = 1, .retained = retained, .correlation = correlation });
    timer_fake_advance(HL_SECOND);
}

static void expect_plain_error(const World *world, const char *text, const char *code)
{
    g_autoptr(json_t) document = NULL;

    ask_plain(world, text, false);
    document = take_status(world, PLAIN_REPLY);
    g_assert_true(json_is_false(json_object_get(document, "more")));
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(document, "error"), "code")), ==, code);
}

/* A tool that knows nothing but JSON: a word to one topic, and documents on another. */
static void test_plain(void)
{
    g_autoptr(World) world = world_new(FLEET);
    g_autoptr(json_t) last = NULL;

    ask_plain(world, "snapshot\n", false);
    for (bool more = true; more;) {
        g_autoptr(HlBusMessage) message = bus_fake_take(world->parts->bus, PLAIN_REPLY);
        gsize size;
        const void *data;

        g_assert_nonnull(message);
        g_assert_false(message->retained);
        g_assert_cmpmem(g_bytes_get_data(message->correlation, NULL), 1, "7", 1);
        data = g_bytes_get_data(message->payload, &size);
        g_assert_cmpuint(size, <=, MAX_PART);
        json_decref(last);
        last = hl_json_parse("reply", data, size, NULL);
        take_endpoints(world, last);
        more = json_is_true(json_object_get(last, "more"));
    }
    world->code = g_strdup("");
    world->last = json_incref(last);
    check_whole(world, FLEET);
    expect_plain_error(world, "group list", "denied");
    expect_plain_error(world, "update-now", "denied");
    expect_plain_error(world, "nonsense", "invalid");
    expect_plain_error(world, "", "invalid");
}

static void test_plain_ignored(void)
{
    g_autoptr(World) world = world_new(1);
    uint64_t bad = mgr_dispatch_count(world->parts->dispatch).bad_messages;
    g_autofree char *long_word = g_strnfill(100000, 's');

    ask_plain(world, "snapshot", true);
    ask_plain(world, "\xff\xfe", false);
    ask_plain(world, long_word, false);
    bus_fake_deliver_text(world->parts->bus, "holdline/v1/monitor/request/admin", "snapshot"); /* has its own topics */
    bus_fake_deliver_text(world->parts->bus, "holdline/v1/monitor/request/e-000", "snapshot");
    bus_fake_deliver_text(world->parts->bus, "holdline/v1/monitor/request/nobody", "snapshot");
    g_assert_cmpuint(mgr_dispatch_count(world->parts->dispatch).bad_messages, ==, bad + 6);
    g_assert_cmpuint(bus_fake_published(world->parts->bus, "holdline/v1/monitor/reply/+"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/snapshot/whole", test_whole);
    g_test_add_func("/manager/snapshot/events", test_events);
    g_test_add_func("/manager/snapshot/large", test_large);
    g_test_add_func("/manager/snapshot/order", test_order);
    g_test_add_func("/manager/snapshot/gone-meanwhile", test_gone_meanwhile);
    g_test_add_func("/manager/snapshot/asked-again", test_asked_again);
    g_test_add_func("/manager/snapshot/paced", test_paced);
    g_test_add_func("/manager/snapshot/disabled-meanwhile", test_disabled_meanwhile);
    g_test_add_func("/manager/snapshot/unread", test_unread);
    g_test_add_func("/manager/snapshot/many-unread", test_many_unread);
    g_test_add_func("/manager/snapshot/page", test_page);
    g_test_add_func("/manager/snapshot/limited", test_limited);
    g_test_add_func("/manager/snapshot/plain", test_plain);
    g_test_add_func("/manager/snapshot/plain-ignored", test_plain_ignored);
    return g_test_run();
}
