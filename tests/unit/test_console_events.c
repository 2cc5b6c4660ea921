/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console, from the status topics to a browser: watch (snapshot, topics, stale), people (who asks, for how long
 * that holds) and events (batches, slow readers, limited accounts). */
#include <string.h>

#include "manager/console/site.h"
#include "tests/support/console_world.h"
#include "tests/support/gunzip.h"

#define ROW(id, group, seq)                                                                         \
    "{\"id\": \"" id "\", \"host\": \"" id "\", \"group\": \"" group "\", \"actual\": \"online\", " \
    "\"epoch\": 1, \"seq\": " #seq "}"
#define ADMIN "{\"account\": \"ann\", \"role\": \"owner\", \"groups\": []}"
#define OTTO  "{\"account\": \"otto\", \"role\": \"operator\", \"groups\": [\"office\"]}"

/* With two endpoints, one of each group. */
static World *start(void)
{
    World *world = world_new();

    world_up(world, 1);
    world_snapshot(world, ROW("e-1", "office", 1) ", " ROW("e-2", "sales", 1), 2);
    return world;
}

/* ------------------------------------------------------------------------------------------------------------ watch */

static void test_snapshot(void)
{
    g_autoptr(World) world = world_new();

    g_assert_true(con_watch_is_stale(world->watch));
    world_up(world, 1);
    g_assert_true(con_watch_is_stale(world->watch)); /* until it is there */
    world_snapshot(world, ROW("e-1", "office", 1), 1);
    g_assert_false(con_watch_is_stale(world->watch));
    g_assert_cmpuint(con_table_count(con_watch_table(world->watch)), ==, 1);
    g_assert_cmpuint(world->news[CON_NEWS_RESET], ==, 1);
    g_assert_nonnull(con_watch_summary(world->watch));
    bus_fake_down(world->bus, "gone");
    g_assert_true(con_watch_is_stale(world->watch));
    g_assert_cmpuint(con_table_count(con_watch_table(world->watch)), ==, 1); /* the last that was known */
    world_up(world, 1);
    world_snapshot(world, ROW("e-2", "office", 1), 1);
    g_assert_null(con_table_get(con_watch_table(world->watch), "e-1")); /* it went meanwhile */
    g_assert_nonnull(con_table_get(con_watch_table(world->watch), "e-2"));
}

/* One that lost rows on its way, was refused, or is of a manager that is no more, is no snapshot. */
static void test_bad_snapshots(void)
{
    g_autoptr(World) world = world_new();
    g_auto(WorldCall) old = { 0 };
    g_auto(WorldCall) refused = { 0 };

    world_up(world, 1);
    world_snapshot(world, ROW("e-1", "office", 1), 2);
    g_assert_true(con_watch_is_stale(world->watch));
    timer_fake_advance(2 * HL_SECOND);
    refused = world_take(world);
    world_refuse(world, &refused, "limit", "later");
    g_assert_true(con_watch_is_stale(world->watch));
    timer_fake_advance(2 * HL_SECOND);
    old = world_take(world);
    world_reply_part(world, &old, "{\"endpoints\": [" ROW("e-1", "office", 1) "]}");
    world_manager(world, true, 2); /* in the middle of it */
    world_reply(world, &old, "{\"endpoints\": [], \"count\": 1}");
    g_assert_true(con_watch_is_stale(world->watch));
    timer_fake_advance(10 * HL_SECOND); /* the next one takes its time, and is not begun again */
    world_snapshot(world, ROW("e-3", "office", 1), 1);
    g_assert_false(con_watch_is_stale(world->watch));
    g_assert_cmpuint(con_table_count(con_watch_table(world->watch)), ==, 1);
}

#define EVENT(at, what) "{\"at\": \"2026-11-30T10:00:" at "Z\", \"what\": \"" what "\"}"

/* The newest first, "d c "; NULL: the snapshot is of a manager that does not say what happened. */
static void expect_events(World *world, const char *told, const char *expected)
{
    g_auto(WorldCall) call = world_take(world);
    g_autofree char *json = g_strdup_printf("{\"endpoints\": [], \"count\": 0%s%s}",
                                            told != NULL ? ", \"events\": " : "", told != NULL ? told : "");
    g_autoptr(json_t) events = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    json_t *event;
    size_t i;

    world_reply(world, &call, json);
    events = con_watch_events(world->watch);
    json_array_foreach(events, i, event)
        g_string_append_printf(found, "%s ", json_string_value(json_object_get(event, "what")));
    g_assert_cmpstr(found->str, ==, expected);
}

/* What happened while the console did not run, or did not hear, is told with the snapshot; what it heard of an earlier
 * manager stays, and nothing is there twice. */
static void test_missed_events(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) all = NULL;
    g_autoptr(GString) many = g_string_new("[");

    world_up(world, 1);
    expect_events(world, "[" EVENT("02", "b") ", " EVENT("01", "a") "]", "b a ");
    world_status(world, HL_TOPIC_STATUS_EVENT, "", EVENT("03", "c"));
    bus_fake_down(world->bus, "gone");
    world_up(world, 1);
    expect_events(world, "[" EVENT("05", "e") ", " EVENT("04", "d") ", " EVENT("03", "c") "]", "e d c b a ");
    world_manager(world, true, 2); /* it remembers nothing of before */
    expect_events(world, "[" EVENT("06", "f") "]", "f e d c b a ");
    world_manager(world, true, 3);
    expect_events(world, NULL, "f e d c b a ");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(many, "%s" EVENT("07", "g%d"), i > 0 ? ", " : "", i);
    g_string_append_c(many, ']');
    world_manager(world, true, 4);
    {
        g_auto(WorldCall) call = world_take(world);
        g_autofree char *json = g_strdup_printf("{\"endpoints\": [], \"count\": 0, \"events\": %s}", many->str);

        world_reply(world, &call, json);
    }
    all = con_watch_events(world->watch);
    g_assert_cmpuint(json_array_size(all), ==, 50);
}

static void test_topics(void)
{
    g_autoptr(World) world = start();
    g_autoptr(json_t) events = NULL;

    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", ROW("e-1", "office", 2));
    g_assert_cmpuint(world->news[CON_NEWS_CHANGED], <=, 1); /* it may say nothing new */
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", ROW("e-1", "sales", 3));
    g_assert_cmpuint(world->news[CON_NEWS_MOVED], ==, 1);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", "");
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", "");
    g_assert_cmpuint(world->news[CON_NEWS_REMOVED], ==, 1);
    world_status(world, HL_TOPIC_STATUS_SUMMARY, "", "{\"endpoints\": 7}");
    g_assert_cmpint(json_integer_value(json_object_get(con_watch_summary(world->watch), "endpoints")), ==, 7);
    for (int i = 0; i < 60; i++) {
        g_autofree char *event = g_strdup_printf("{\"n\": %d}", i);

        world_status(world, HL_TOPIC_STATUS_EVENT, "", event);
    }
    events = con_watch_events(world->watch);
    g_assert_cmpuint(json_array_size(events), ==, 50);
    g_assert_cmpint(json_integer_value(json_object_get(json_array_get(events, 0), "n")), ==, 59);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-2", "{\"id\": ");
    g_assert_nonnull(con_table_get(con_watch_table(world->watch), "e-2"));
}

/* ----------------------------------------------------------------------------------------------------------- people */

static void on_found(ConRequest *request, const ConPerson *person, gpointer user G_GNUC_UNUSED)
{
    con_request_done(request, json_pack("{s:s}", "account", person->account), NULL);
}

static void ask(World *world, const char *session)
{
    con_people_find(world->people, world_request("GET", "/api/v1/endpoints", session, NULL), on_found, NULL);
}

static guint asked(const World *world)
{
    return bus_fake_published(world->bus, HL_TOPIC_ROOT "admin/request/desk");
}

/* The manager is asked who that is, and says so. */
static void answer(World *world, const char *person)
{
    g_auto(WorldCall) call = world_take(world);

    g_assert_cmpstr(call.call->name, ==, "session show");
    world_reply(world, &call, person);
}

static void test_people(void)
{
    g_autoptr(World) world = start();

    ask(world, "s-ann");
    answer(world, ADMIN);
    g_free(world_answered(200));
    ask(world, "s-ann");
    g_assert_cmpuint(asked(world), ==, 0); /* it holds for five seconds */
    g_free(world_answered(200));
    timer_fake_advance(5 * HL_SECOND);
    ask(world, "s-ann");
    answer(world, ADMIN);
    g_free(world_answered(200));
    ask(world, "s-otto"); /* another one is another question */
    answer(world, OTTO);
    g_free(world_answered(200));
    g_assert_null(world_request("GET", "/api/v1/endpoints", NULL, NULL));
    g_free(world_answered(401));
}

static void refuse(World *world, const char *code)
{
    g_auto(WorldCall) call = world_take(world);

    world_refuse(world, &call, code, "no");
}

/* Who was signed out is told 401 and forgotten; no manager is no reason to sign in again. */
static void test_ended(void)
{
    g_autoptr(World) world = start();

    ask(world, "s-ann");
    answer(world, ADMIN);
    g_free(world_answered(200));
    timer_fake_advance(6 * HL_SECOND);
    ask(world, "s-ann");
    refuse(world, "expired");
    g_free(world_answered(401));
    ask(world, "s-ann");
    g_assert_cmpuint(asked(world), ==, 1);
    refuse(world, "unavailable");
    g_free(world_answered(503));
}

static const ConHandlerRow *row_of(const ConHandlerRow *rows, const char *id)
{
    for (; rows->id != NULL; rows++)
        if (strcmp(rows->id, id) == 0)
            return rows;
    g_assert_not_reached();
}

static void sign_in(World *world, const char *body)
{
    row_of(con_people_rows, "createSession")
        ->handler(world_request("POST", "/api/v1/session", NULL, body), world->people);
}

static void test_sign_in(void)
{
    g_autoptr(World) world = start();
    g_auto(WorldCall) call = { 0 };
    g_autoptr(HttpFakeAnswer) given = NULL;
    const char *cookie;

    sign_in(world, "{\"name\": \"ann\"}");
    g_free(world_answered(400));
    sign_in(world, "{\"name\": \"ann\", \"password\": \"wrong\"}");
    refuse(world, "denied");
    g_free(world_answered(401));
    sign_in(world, "{\"name\": \"ann\", \"password\": \"right\", \"code\": \"123456\"}");
    call = world_take(world);
    g_assert_cmpstr(call.call->name, ==, "session create");
    g_assert_cmpstr(world_argument(&call, "password"), ==, "right");
    g_assert_cmpstr(world_argument(&call, "code"), ==, "123456");
    g_assert_cmpstr(call.call->address, ==, "192.0.2.1");
    world_reply(world, &call, "{\"session\": \"secret\", \"account\": \"ann\", \"role\": \"owner\", \"groups\": []}");
    given = http_fake_take();
    g_assert_cmpuint(given->status, ==, 201);
    g_assert_null(g_strstr_len(g_bytes_get_data(given->body, NULL), (gssize)g_bytes_get_size(given->body), "secret"));
    cookie = g_hash_table_lookup(given->headers, "Set-Cookie");
    g_assert_true(g_str_has_prefix(cookie, "__Host-holdline=secret;"));
    g_assert_nonnull(strstr(cookie, "HttpOnly"));
}

static void test_sign_out(void)
{
    g_autoptr(World) world = start();
    const ConHandlerRow *out = row_of(con_people_rows, "deleteSession");
    g_auto(WorldCall) end = { 0 };

    ask(world, "s-ann");
    answer(world, ADMIN);
    g_free(world_answered(200));
    out->handler(world_request("DELETE", "/api/v1/session", "s-ann", NULL), world->people);
    end = world_take(world);
    g_assert_cmpstr(end.call->name, ==, "session end");
    timer_fake_advance(5 * HL_SECOND);
    ask(world, "s-ann"); /* by another request, which is answered before the session has ended */
    answer(world, ADMIN);
    g_free(world_answered(200));
    world_refuse(world, &end, "expired", "no"); /* has ended already: as good */
    g_free(world_answered(204));
    ask(world, "s-ann");
    refuse(world, "expired"); /* what was remembered of it is gone */
    g_free(world_answered(401));
}

static void sign_in_over(World *world, const char *session)
{
    g_auto(WorldCall) call = { 0 };

    row_of(con_people_rows, "createSession")
        ->handler(world_request("POST", "/api/v1/session", session, "{\"name\": \"ann\", \"password\": \"right\"}"),
                  world->people);
    call = world_take(world);
    g_assert_cmpstr(call.call->name, ==, "session create");
    g_assert_cmpstr(call.call->session, ==, "");
    world_reply(world, &call, "{\"session\": \"s-new\", \"account\": \"ann\", \"role\": \"owner\", \"groups\": []}");
}

/* The session that somebody signs in over has ended when the answer comes; and what was told of it meanwhile is
 * remembered no longer. */
static void test_sign_in_over(void)
{
    g_autoptr(World) world = start();
    g_auto(WorldCall) end = { 0 };

    sign_in_over(world, "s-old");
    g_assert_null(http_fake_take());
    end = world_take(world);
    g_assert_cmpstr(end.call->name, ==, "session end");
    g_assert_cmpstr(end.call->session, ==, "s-old");
    ask(world, "s-old"); /* by another request, which is answered before the session has ended */
    answer(world, ADMIN);
    g_free(world_answered(200));
    world_reply(world, &end, "{}");
    g_free(world_answered(201));
    ask(world, "s-old");
    refuse(world, "expired");
    g_free(world_answered(401));
}

/* One that has ended before is as good; but where nobody knows, nobody is let in. */
static void test_sign_in_over_unknown(void)
{
    g_autoptr(World) world = start();

    sign_in_over(world, "s-put");
    refuse(world, "expired");
    g_free(world_answered(201));
    sign_in_over(world, "s-old");
    refuse(world, "unavailable");
    g_free(world_answered(503));
}

static void ask_health(ConSite *site, const char *session)
{
    con_site_rows[0].handler(world_request("GET", "/api/v1/health", session, NULL), site);
}

static void expect_health(bool is_whole)
{
    g_autofree char *body = world_answered(200);

    g_test_message("%s", body);
    g_assert_nonnull(strstr(body, "\"status\":"));
    g_assert_cmpint(strstr(body, "\"reason\":") != NULL, ==, is_whole);
    g_assert_cmpint(strstr(body, "\"version\":") != NULL, ==, is_whole);
}

/* A stranger is told whether it is well; who is signed in why, also when there is nobody to ask any longer. */
static void test_health(void)
{
    g_autoptr(World) world = start();
    const ConIdentity identity = { 0 };
    g_autoptr(ConSite) site = con_site_new(&(ConSiteOptions){ world->line, &identity, world->people });

    g_assert_cmpstr(con_site_rows[0].id, ==, "getHealth");
    ask_health(site, NULL);
    expect_health(false);
    ask_health(site, "s-1");
    answer(world, ADMIN);
    expect_health(true);
    ask_health(site, "s-2");
    {
        g_auto(WorldCall) call = world_take(world);

        world_refuse(world, &call, "expired", "it has ended");
    }
    expect_health(false);
    bus_fake_down(world->bus, "gone");
    ask_health(site, "s-1");
    expect_health(true);
    ask_health(site, "s-2");
    expect_health(false);
}

/* ----------------------------------------------------------------------------------------------------------- events */

static void open_stream(World *world, const char *session, const char *person)
{
    row_of(con_events_rows, "getEvents")->handler(world_request("GET", "/api/v1/events", session, NULL), world->events);
    answer(world, person);
}

static void expect_heard(const char *part, bool is_there)
{
    g_autofree char *heard = http_fake_heard();

    g_assert_nonnull(heard);
    g_test_message("%s", heard);
    g_assert_true((strstr(heard, part) != NULL) == is_there);
}

static void test_batches(void)
{
    g_autoptr(World) world = start();
    g_autofree char *batch = NULL;

    open_stream(world, "s-ann", ADMIN);
    expect_heard("event: stale\ndata: {\"stale\":false}", true);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", ROW("e-1", "office", 2));
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", ROW("e-1", "sales", 3));
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-2", "");
    world_status(world, HL_TOPIC_STATUS_EVENT, "", "{\"what\": \"e\"}");
    expect_heard("event", false);
    timer_fake_advance(250);
    batch = http_fake_heard();
    g_assert_nonnull(strstr(batch, "\"removed\":[\"e-2\"]"));
    g_assert_nonnull(strstr(batch, "event: event\ndata: {\"what\":\"e\"}"));
    g_assert_true(g_strrstr(batch, "\"id\":\"e-1\"") == strstr(batch, "\"id\":\"e-1\"")); /* once */
    timer_fake_advance(HL_SECOND);
    expect_heard("endpoints", false); /* and not again */
    bus_fake_down(world->bus, "gone");
    timer_fake_advance(250);
    expect_heard("{\"stale\":true}", true);
}

static void test_limited(void)
{
    g_autoptr(World) world = start();

    open_stream(world, "s-otto", OTTO);
    timer_fake_advance(250);
    g_free(http_fake_heard());
    world_status(world, HL_TOPIC_STATUS_EVENT, "", "{\"what\": \"e\"}");
    world_status(world, HL_TOPIC_STATUS_SUMMARY, "", "{\"endpoints\": 7}");
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-2", ROW("e-2", "sales", 2));
    timer_fake_advance(250);
    expect_heard("e-2", false);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", ROW("e-1", "sales", 2)); /* left the group */
    timer_fake_advance(250);
    expect_heard("event: reset", true);
}

static void test_slow_reader(void)
{
    g_autoptr(World) world = start();

    open_stream(world, "s-ann", ADMIN);
    g_free(http_fake_heard());
    http_fake_set_stream(HL_HTTP_STREAM_FULL);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", "");
    timer_fake_advance(250);
    http_fake_set_stream(HL_HTTP_STREAM_WRITTEN);
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-2", "");
    timer_fake_advance(250);
    expect_heard("event: reset", true);
}

/* The news that the manager is away was among what did not fit; until it is back there is no other. */
static void test_slow_reader_and_no_manager(void)
{
    g_autoptr(World) world = start();
    g_autofree char *heard = NULL;

    open_stream(world, "s-ann", ADMIN);
    timer_fake_advance(250);
    g_free(http_fake_heard());
    http_fake_set_stream(HL_HTTP_STREAM_FULL);
    bus_fake_down(world->bus, "gone");
    timer_fake_advance(250);
    g_free(http_fake_heard());
    http_fake_set_stream(HL_HTTP_STREAM_WRITTEN);
    timer_fake_advance(15 * HL_SECOND); /* the next pulse */
    heard = http_fake_heard();
    g_assert_nonnull(strstr(heard, "{\"stale\":true}"));
    g_assert_nonnull(strstr(heard, "event: reset"));
}

static void test_pulse(void)
{
    g_autoptr(World) world = start();

    open_stream(world, "s-ann", ADMIN);
    g_free(http_fake_heard());
    timer_fake_advance(15 * HL_SECOND);
    expect_heard("event: pulse", true);
    http_fake_set_stream(HL_HTTP_STREAM_GONE);
    timer_fake_advance(15 * HL_SECOND);
    g_assert_null(http_fake_heard()); /* a reader that left is taken out */
}

/* Twice a minute the manager is asked whether the session still holds: its end ends the stream, silence does not. */
static void test_checked(void)
{
    g_autoptr(World) world = start();

    open_stream(world, "s-ann", ADMIN);
    timer_fake_advance(30 * HL_SECOND);
    refuse(world, "unavailable");
    expect_heard("pulse", true);
    timer_fake_advance(30 * HL_SECOND);
    answer(world, OTTO); /* was limited meanwhile */
    g_free(http_fake_heard());
    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-2", ROW("e-2", "sales", 9));
    timer_fake_advance(250);
    expect_heard("e-2", false);
    timer_fake_advance(30 * HL_SECOND);
    refuse(world, "expired");
    g_assert_null(http_fake_heard());
}

/* The server's word that something changed about somebody: nobody is let in by what was known before, and the stream of
 * a session that has ended ends. */
static void test_told(void)
{
    g_autoptr(World) world = start();
    g_autoptr(json_t) events = NULL;

    open_stream(world, "s-ann", ADMIN);
    ask(world, "s-ann");
    answer(world, ADMIN);
    g_free(world_answered(200));
    world_status(world, HL_TOPIC_STATUS_EVENT, "", "{\"what\": \"account\"}");
    refuse(world, "expired");
    g_assert_null(http_fake_heard());
    ask(world, "s-ann");
    refuse(world, "expired");
    g_free(world_answered(401));
    events = con_watch_events(world->watch);
    g_assert_cmpuint(json_array_size(events), ==, 0); /* not for pages */
}

/* A reader that takes gzip gets the same compressed, also after a batch for which it was too slow. */
static void test_squeezed(void)
{
    static const char *const headers[] = { "cookie", "__Host-holdline=s-ann", "accept-encoding", "gzip, br", NULL };
    g_autoptr(World) world = start();
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autofree char *text = NULL;
    static const HlHttpStreamResult results[] = { HL_HTTP_STREAM_WRITTEN, HL_HTTP_STREAM_FULL, HL_HTTP_STREAM_WRITTEN };

    row_of(con_events_rows, "getEvents")
        ->handler(con_request_new(http_fake_ask("GET", "/api/v1/events", headers, NULL)), world->events);
    answer(world, ADMIN);
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(GBytes) heard = NULL;

        http_fake_set_stream(results[i]);
        world_status(world, HL_TOPIC_STATUS_EVENT, "", i == 1 ? "{\"what\": \"two\"}" : "{\"what\": \"one\"}");
        timer_fake_advance(250);
        heard = http_fake_heard_bytes();
        g_byte_array_append(wire, g_bytes_get_data(heard, NULL), (guint)g_bytes_get_size(heard));
    }
    text = gunzip(wire->data, wire->len);
    g_test_message("%s", text);
    g_assert_true(g_str_has_prefix(text, ":\n\nevent: stale\ndata: {\"stale\":false}\n\n"));
    g_assert_nonnull(strstr(text, "event: event\ndata: {\"what\":\"one\"}\n\n"));
    g_assert_null(strstr(text, "two"));
    g_assert_nonnull(strstr(text, "event: reset\ndata: {}\n\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/watch/snapshot", test_snapshot);
    g_test_add_func("/console/watch/bad-snapshots", test_bad_snapshots);
    g_test_add_func("/console/watch/missed-events", test_missed_events);
    g_test_add_func("/console/watch/topics", test_topics);
    g_test_add_func("/console/people/remembered", test_people);
    g_test_add_func("/console/people/ended", test_ended);
    g_test_add_func("/console/people/sign-in", test_sign_in);
    g_test_add_func("/console/people/sign-in-over", test_sign_in_over);
    g_test_add_func("/console/people/sign-in-over-unknown", test_sign_in_over_unknown);
    g_test_add_func("/console/people/sign-out", test_sign_out);
    g_test_add_func("/console/people/health", test_health);
    g_test_add_func("/console/events/batches", test_batches);
    g_test_add_func("/console/events/limited", test_limited);
    g_test_add_func("/console/events/slow-reader", test_slow_reader);
    g_test_add_func("/console/events/slow-reader-and-no-manager", test_slow_reader_and_no_manager);
    g_test_add_func("/console/events/pulse", test_pulse);
    g_test_add_func("/console/events/checked", test_checked);
    g_test_add_func("/console/events/squeezed", test_squeezed);
    g_test_add_func("/console/events/told", test_told);
    return g_test_run();
}
