/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/status: the documents that monitoring reads, and when they are written. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/daemon/ground/selector.h"
#include "tests/support/manager_parts.h"

#define MAX_FLUSH     200
#define SUMMARY_EVERY 250
#define ENDPOINTS     "holdline/v1/status/endpoint/+"
#define SUMMARY       "holdline/v1/status/summary"
#define EVENT         "holdline/v1/status/event"

static json_t *take(Parts *parts, const char *filter)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, filter);
    g_autoptr(GError) error = NULL;
    json_t *document;
    gsize size;
    const void *data;

    if (message == NULL)
        return NULL;
    g_assert_cmpint(message->retained, ==, strcmp(filter, EVENT) != 0);
    data = g_bytes_get_data(message->payload, &size);
    document = hl_json_parse(filter, data, size, &error);
    g_assert_no_error(error);
    return document;
}

static const char *text_of(const json_t *document, const char *name)
{
    return json_string_value(json_object_get(document, name));
}

static json_int_t number_of(const json_t *document, const char *name)
{
    g_assert_true(json_is_integer(json_object_get(document, name)));
    return json_integer_value(json_object_get(document, name));
}

static json_int_t sum_of(const json_t *object)
{
    json_int_t sum = 0;
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(object), name, value)
    {
        sum += json_integer_value(value);
    }
    return sum;
}

/* A fleet of n, all touched and written. */
static Parts *start(guint n)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        parts_add_endpoint(parts, id);
    }
    clock_fake_advance(HL_SECOND);
    mgr_status_flush(parts->status);
    bus_fake_forget(parts->bus);
    return parts;
}

static void test_endpoint(void)
{
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    g_autoptr(json_t) before = mgr_status_endpoint(parts->status, endpoint);
    g_autoptr(json_t) document = NULL;

    g_assert_cmpstr(text_of(before, "actual"), ==, "never-seen");
    g_assert_true(json_is_null(json_object_get(before, "last_seen")));
    g_assert_true(json_is_null(json_object_get(before, "last_update")));
    parts_birth(parts, "e-000", 1);
    mgr_set_text(&endpoint->record.patterns, "agent=2026112101 virus=2026112201");
    g_free(parts->fleet.latest);
    parts->fleet.latest = g_strdup("agent=2026112101 virus=2026112202");
    endpoint->record.updated_at = hl_clock_wall();
    mgr_status_touch(parts->status, endpoint);
    mgr_status_flush(parts->status);
    document = take(parts, ENDPOINTS);
    g_assert_cmpstr(text_of(document, "id"), ==, "e-000");
    g_assert_cmpstr(text_of(document, "group"), ==, "office");
    g_assert_cmpstr(text_of(document, "actual"), ==, "online");
    g_assert_cmpstr(text_of(document, "reason"), ==, "birth");
    g_assert_cmpstr(text_of(document, "delivery"), ==, "channel");
    g_assert_cmpstr(text_of(document, "last_update"), ==, "2026-11-22T21:45:01Z");
    g_assert_cmpint(number_of(json_object_get(document, "patterns"), "virus"), ==, 2026112201);
    g_assert_true(json_is_true(json_object_get(document, "outdated")));
    g_assert_cmpint(number_of(json_object_get(document, "settings"), "desired"), ==, 1);
    g_assert_true(json_is_false(json_object_get(json_object_get(document, "settings"), "current")));
    g_assert_cmpstr(text_of(document, "patterns_published"), ==, "2026-11-21T00:00:00Z");
}

/* Whatever is in the fleet, the counts add up; tombstones are not in it. */
static void test_summary(void)
{
    g_autoptr(Parts) parts = start(12);
    g_autoptr(json_t) summary = NULL;
    json_int_t by_actual = 0;

    for (guint i = 0; i < 12; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);
        MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, id);

        if (i % 4 != 0)
            parts_birth(parts, id, 1);
        if (i % 4 == 2)
            parts_will(parts, id, 1);
        if (i % 4 == 3)
            mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_UNINSTALLED);
        endpoint->record.direct_port = i < 6 ? 0 : 12345;
        mgr_status_touch(parts->status, endpoint);
        if (i == 5) {
            endpoint->record.applied.counter = 1;
            endpoint->record.applied.digest = g_bytes_ref(endpoint->group->digest);
        }
    }
    g_free(parts_issue(parts, "e-001"));
    summary = mgr_status_summary(parts->status, NULL);
    g_assert_cmpint(number_of(summary, "endpoints"), ==, 9);
    g_assert_cmpint(number_of(summary, "removed"), ==, 3);
    for (int i = 0; i < MGR_ACTUAL_N; i++)
        by_actual += number_of(summary, mgr_actual_name((MgrActual)i));
    g_assert_cmpint(by_actual, ==, 9);
    g_assert_cmpint(number_of(summary, "online"), ==, 3);
    g_assert_cmpint(number_of(summary, "offline"), ==, 3);
    g_assert_cmpint(number_of(summary, "never-seen"), ==, 3);
    g_assert_cmpint(number_of(summary, "undialled"), ==, 5);
    g_assert_cmpint(sum_of(json_object_get(summary, "displayed")), ==, 4);
    g_assert_cmpint(sum_of(json_object_get(summary, "verdicts")), ==, 4);
    g_assert_cmpint(number_of(summary, "settings_behind"), ==, 8);
    g_assert_cmpint(number_of(summary, "open_commands"), ==, 1);
}

/* The summary that is written next is what counting all would give, and looks at so many endpoints. */
static void expect_sums(Parts *parts, uint64_t looks)
{
    uint64_t before = mgr_status_looks(parts->status);
    GHashTableIter iter;
    gpointer endpoint;
    g_autoptr(json_t) counted = NULL;
    g_autoptr(json_t) written = NULL;

    bus_fake_forget(parts->bus);
    g_hash_table_iter_init(&iter, parts->fleet.endpoints);
    g_assert_true(g_hash_table_iter_next(&iter, NULL, &endpoint));
    mgr_status_touch_commands(parts->status, endpoint); /* which no sum counts */
    counted = mgr_status_summary(parts->status, NULL);
    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    written = take(parts, SUMMARY);
    g_assert_nonnull(written);
    json_object_del(counted, "at");
    json_object_del(written, "at");
    g_assert_true(json_equal(counted, written));
    g_assert_cmpuint(mgr_status_looks(parts->status) - before, ==, looks);
}

static void add_members(MgrTotals *totals, const Parts *parts, const MgrGroup *group)
{
    GHashTableIter iter;
    gpointer endpoint;

    g_hash_table_iter_init(&iter, parts->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint))
        if (((const MgrEndpoint *)endpoint)->group == group)
            mgr_totals_add(totals, &parts->fleet, endpoint);
}

/* What is kept of each group is what counting its members gives, and costs no look at them. */
static void expect_groups(const Parts *parts)
{
    g_autoptr(GPtrArray) groups = mgr_fleet_values(parts->fleet.groups);
    uint64_t before;

    mgr_status_recount(parts->status);
    before = mgr_status_looks(parts->status);
    mgr_status_recount(parts->status);
    g_assert_cmpuint(mgr_status_looks(parts->status), ==, before);
    for (guint i = 0; i < groups->len; i++) {
        const MgrGroup *group = groups->pdata[i];
        MgrTotals counted;

        memset(&counted, 0, sizeof counted);
        add_members(&counted, parts, group);
        g_assert_cmpuint(group->totals.all, ==, counted.all);
        g_assert_cmpuint(group->totals.removed, ==, counted.removed);
        g_assert_cmpuint(group->totals.undialled, ==, counted.undialled);
        g_assert_cmpuint(group->totals.settings_behind, ==, counted.settings_behind);
        g_assert_cmpuint(group->totals.open_detections, ==, counted.open_detections);
        g_assert_cmpuint(group->totals.infected, ==, counted.infected);
        g_assert_cmpmem(group->totals.by_actual, sizeof counted.by_actual, counted.by_actual, sizeof counted.by_actual);
        g_assert_cmpmem(group->totals.by_verdict, sizeof counted.by_verdict, counted.by_verdict,
                        sizeof counted.by_verdict);
    }
}

/* An account that is limited to groups is told of these, out of what is kept of them. */
static void test_sums_of_groups(void)
{
    g_autoptr(Parts) parts = start(50);
    MgrFindings findings = { .open = 3, .end = MGR_SCAN_FAILED };
    g_autoptr(json_t) summary = NULL;

    parts_add_group(parts, "branch", NULL);
    mgr_fleet_set_findings(&parts->fleet, mgr_fleet_endpoint(&parts->fleet, "e-007"), &findings);
    mgr_status_touch(parts->status, mgr_fleet_endpoint(&parts->fleet, "e-007"));
    parts_birth(parts, "e-008", 1);
    expect_groups(parts);
    for (guint i = 7; i < 10; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        parts_call(parts, "endpoint move", "selector", id, "group", "branch", NULL);
        parts_commit(parts);
        expect_groups(parts);
    }
    parts_call(parts, "endpoint remove", "endpoint", "e-009", NULL);
    parts_commit(parts);
    parts_will(parts, "e-008", 1);
    expect_groups(parts);
    summary = mgr_status_summary(parts->status, &(MgrCaller){ .groups = (char *[]){ "branch", NULL } });
    g_assert_cmpint(number_of(summary, "endpoints"), ==, 2);
    g_assert_cmpint(number_of(summary, "infected"), ==, 1);
}

/* What the summary costs follows what happened. */
static void test_sums(void)
{
    g_autoptr(Parts) parts = start(500);
    MgrFindings findings = { .open = 3, .end = MGR_SCAN_FAILED };
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-007");

    mgr_status_touch_all(parts->status);
    expect_sums(parts, 500);
    expect_sums(parts, 0);
    for (guint i = 0; i < 3; i++)
        parts_birth(parts, "e-007", 1 + i);
    expect_sums(parts, 1); /* many changes are one look */
    mgr_fleet_set_findings(&parts->fleet, endpoint, &findings);
    mgr_status_touch(parts->status, endpoint);
    parts_birth(parts, "e-008", 1);
    parts_will(parts, "e-008", 1);
    expect_sums(parts, 2);
    mgr_console_feed(parts->console, mgr_fleet_endpoint(&parts->fleet, "e-008"), MGR_DISPLAY_UNINSTALLED);
    expect_sums(parts, 1);
    parts_call(parts, "endpoint remove", "endpoint", "e-007", NULL);
    parts_commit(parts);
    expect_sums(parts, 0);
    parts_add_endpoint(parts, "e-900");
    expect_sums(parts, 500); /* it came without a touch, as at a start: nobody is forgotten */
}

/* Many changes of one endpoint are one document, and it tells the last of them. */
static void test_coalesced(void)
{
    g_autoptr(Parts) parts = start(2);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    g_autoptr(json_t) document = NULL;

    for (guint i = 0; i < 10; i++) {
        mgr_endpoint_make_contact(endpoint)->refused = i;
        mgr_status_touch(parts->status, endpoint);
    }
    mgr_status_flush(parts->status);
    mgr_status_flush(parts->status);
    document = take(parts, ENDPOINTS);
    g_assert_cmpint(number_of(document, "refused"), ==, 9);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 0);
}

/* A turn writes a part; in the end each is written once, those that were touched first come first. */
static void test_bounded(void)
{
    g_autoptr(Parts) parts = start(MAX_FLUSH * 2 + 50);
    g_autoptr(json_t) first = NULL;

    mgr_status_touch(parts->status, mgr_fleet_endpoint(&parts->fleet, "e-007"));
    mgr_status_touch_all(parts->status);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, MAX_FLUSH);
    first = take(parts, ENDPOINTS);
    g_assert_cmpstr(text_of(first, "id"), ==, "e-007");
    mgr_status_flush(parts->status);
    mgr_status_flush(parts->status);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, MAX_FLUSH * 2 + 49);
}

/* What waits for a slow broker is no more than a turn's: a document that is made when it can leave tells the newest. */
static void test_backlog(void)
{
    g_autoptr(Parts) parts = start(MAX_FLUSH);
    MgrEndpoint *last = mgr_fleet_endpoint(&parts->fleet, "e-199");
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);

    bus_fake_set_acks(parts->bus, BUS_FAKE_ACKS_LATER);
    for (guint i = 0; i < HL_BUS_WINDOW + MAX_FLUSH - 10; i++)
        g_assert_true(mgr_down_send(parts->down, HL_TOPIC_STATUS_EVENT, "", payload, 0));
    for (guint i = 0; i < MAX_FLUSH; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        mgr_status_touch(parts->status, mgr_fleet_endpoint(&parts->fleet, id));
    }
    mgr_status_flush(parts->status);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 10);
    mgr_endpoint_make_contact(last)->refused = 7;
    bus_fake_ack(parts->bus, NULL, 0);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, MAX_FLUSH);
    for (guint i = 1; i < MAX_FLUSH; i++)
        json_decref(take(parts, ENDPOINTS));
    g_autoptr(json_t) document = take(parts, ENDPOINTS);
    g_assert_cmpint(number_of(document, "refused"), ==, 7);
}

/* Somebody waits for an answer, and for nothing else. */
static void test_urgent(void)
{
    static const char *const filters[] = { "holdline/v1/endpoint/#", "holdline/v1/admin/reply/+", ENDPOINTS };
    g_autoptr(Parts) parts = start(1);
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");

    mgr_down_reply(parts->down, 0, HL_TOPIC_ADMIN_REPLY, "admin", payload, payload);
    mgr_down_send(parts->down, HL_TOPIC_COMMAND, "e-000", payload, HL_SECOND);
    mgr_status_touch(parts->status, endpoint);
    mgr_status_flush(parts->status);
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
        g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, filters[i]);

        g_assert_nonnull(message);
        g_assert_cmpint(message->urgent, ==, i == 1);
    }
}

/* It counts the whole fleet, so it is not written with every change. */
static void test_summary_paced(void)
{
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");

    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, SUMMARY), ==, 0); /* nothing changed */
    for (guint i = 0; i < 10; i++) {
        mgr_status_touch(parts->status, endpoint);
        mgr_status_flush(parts->status);
        clock_fake_advance(20);
    }
    g_assert_cmpuint(bus_fake_published(parts->bus, SUMMARY), ==, 1);
    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, SUMMARY), ==, 2); /* the last change is told too */
    /* one that could not be sent is sent later */
    bus_fake_refuse(parts->bus, true);
    mgr_status_touch(parts->status, endpoint);
    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    bus_fake_refuse(parts->bus, false);
    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, SUMMARY), ==, 3);
}

/* What could not be sent while the line is up is sent later, as the summary is. */
static void test_refused(void)
{
    g_autoptr(Parts) parts = start(3);

    bus_fake_refuse(parts->bus, true);
    mgr_status_touch_all(parts->status);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 0);
    bus_fake_refuse(parts->bus, false);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 3);
}

static void test_forget(void)
{
    g_autoptr(Parts) parts = start(3);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-001");

    mgr_status_touch_all(parts->status);
    mgr_status_forget(parts->status, endpoint);
    mgr_status_forget(parts->status, endpoint); /* twice is once */
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 2);
    mgr_status_touch_all(parts->status);
    bus_fake_forget(parts->bus);
    parts_call(parts, "endpoint remove", "endpoint", "e-001", NULL);
    parts_commit(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 1); /* emptied */
    bus_fake_forget(parts->bus);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 2);
}

static void test_blind(void)
{
    g_autoptr(Parts) parts = start(1);

    for (guint blind = 0; blind < 2; blind++) {
        g_autoptr(json_t) summary = NULL;

        mgr_status_set_blind(parts->status, blind == 0);
        clock_fake_advance(SUMMARY_EVERY);
        mgr_status_flush(parts->status);
        summary = take(parts, SUMMARY);
        g_assert_cmpint(json_is_true(json_object_get(summary, "server_blind")), ==, blind == 0);
    }
    mgr_status_set_blind(parts->status, false); /* as it was: nothing to tell */
    clock_fake_advance(SUMMARY_EVERY);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, SUMMARY), ==, 0);
}

static void test_events(void)
{
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    g_autoptr(json_t) birth = NULL;
    g_autoptr(json_t) reached = NULL;
    guint before;

    endpoint->record.direct_port = 8844;
    parts_birth(parts, "e-000", 1);
    birth = take(parts, EVENT);
    g_assert_cmpstr(text_of(birth, "id"), ==, "e-000");
    g_assert_cmpstr(text_of(birth, "what"), ==, "status");
    g_assert_cmpstr(text_of(birth, "from"), ==, "never-seen");
    g_assert_cmpstr(text_of(birth, "to"), ==, "online");
    mgr_status_flush(parts->status);
    parts_end_dial(parts, MGR_REACH_REFUSED);
    mgr_status_flush(parts->status);
    while (bus_fake_published(parts->bus, EVENT) > 0) {
        g_autoptr(json_t) event = take(parts, EVENT);

        if (strcmp(text_of(event, "what"), "reachability") == 0)
            reached = json_incref(event);
    }
    g_assert_cmpstr(text_of(reached, "from"), ==, "not-probed");
    g_assert_cmpstr(text_of(reached, "to"), ==,
                    "refused"); /* told where the document is: what follows from several causes */
    before = bus_fake_published(parts->bus, EVENT);
    mgr_status_touch(parts->status, endpoint);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, EVENT), ==, before); /* and only when it changes */
}

/* Text of a hostile endpoint is text, and a document that no message takes is not written. */
static void test_hostile(void)
{
    static const char *const texts[] = { "\"},{\"id\":\"e-other\"", "\\\\\"", "\n\t\r", "\xf0\x9f\x92\xa9", "%s%n" };
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    g_autofree char *filler = g_strnfill(HL_BUS_MAX_SIZE, 'x');

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(json_t) document = NULL;

        mgr_set_text(&endpoint->record.host, texts[i]);
        mgr_endpoint_set_addresses(&endpoint->record, texts[i]);
        mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->update_error, texts[i]);
        mgr_set_text(&endpoint->record.patterns, texts[i]);
        mgr_status_touch(parts->status, endpoint);
        mgr_status_flush(parts->status);
        document = take(parts, ENDPOINTS);
        g_assert_cmpstr(text_of(document, "id"), ==, "e-000");
        g_assert_cmpstr(text_of(document, "host"), ==, texts[i]);
    }
    mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->update_error, filler);
    mgr_status_touch(parts->status, endpoint);
    for (guint i = 0; i < 3; i++)
        mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, ENDPOINTS), ==, 0);
}

/* Who is away with a certificate that has ended is counted and listed, and until when it comes back by itself. */
static void test_ended(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *one = parts_add_endpoint(parts, "e-one");
    MgrEndpoint *two = parts_add_endpoint(parts, "e-two");
    MgrEndpoint *three = parts_add_endpoint(parts, "e-three");
    g_autofree char *until = NULL;
    g_autoptr(GPtrArray) ended = NULL;
    g_autoptr(json_t) summary = NULL;
    g_autoptr(json_t) document = NULL;
    g_autoptr(json_t) revoked = NULL;

    clock_fake_advance(HL_MINUTE); /* they are not asked each time */
    until = hl_time_format(hl_clock_wall() + parts->conf.grace);
    one->record.cert_expires = hl_clock_wall();
    two->record.cert_expires = hl_clock_wall() + 1;
    three->record.cert_expires = hl_clock_wall() - HL_DAY;
    three->record.revoked_at = hl_clock_wall() - HL_DAY; /* does not come back */
    summary = mgr_status_summary(parts->status, NULL);
    g_assert_cmpint(number_of(summary, "certificates_ended"), ==, 1);
    ended = mgr_selector_filter(&parts->fleet, NULL, "ended", NULL);
    g_assert_cmpuint(ended->len, ==, 1);
    g_assert_true(ended->pdata[0] == one);
    document = mgr_status_endpoint(parts->status, one);
    g_assert_cmpstr(json_string_value(json_object_get(document, "certificate_grace")), ==, until);
    revoked = mgr_status_endpoint(parts->status, three);
    g_assert_true(json_is_null(json_object_get(revoked, "certificate_grace")));
}

/* The authority of its certificate was ended before its own date: it has ended too, and no proof brings it back. */
static void test_left_behind(void)
{
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    HlTime since = hl_clock_wall() - HL_HOUR;
    g_autofree char *at = hl_time_format(since);
    g_autoptr(GPtrArray) ended = NULL;
    g_autoptr(json_t) summary = NULL;
    g_autoptr(json_t) document = NULL;

    clock_fake_advance(HL_MINUTE);
    endpoint->record.cert_expires = hl_clock_wall() + 80 * HL_DAY;
    endpoint->is_left_behind = true;
    parts->fleet.places.announced.authorities_since = since;
    summary = mgr_status_summary(parts->status, NULL);
    g_assert_cmpint(number_of(summary, "certificates_ended"), ==, 1);
    ended = mgr_selector_filter(&parts->fleet, NULL, "ended", NULL);
    g_assert_cmpuint(ended->len, ==, 1);
    document = mgr_status_endpoint(parts->status, endpoint);
    g_assert_cmpstr(json_string_value(json_object_get(document, "certificate_expires")), ==, at);
    g_assert_true(json_is_null(json_object_get(document, "certificate_grace")));
}

/* No reader takes a name that comes twice. */
static void test_patterns_twice(void)
{
    g_autoptr(Parts) parts = start(1);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-000");
    g_autoptr(json_t) document = NULL;
    const json_t *patterns;

    mgr_set_text(&endpoint->record.patterns, "virus=1 rules=7 virus=2 odd");
    document = mgr_status_endpoint(parts->status, endpoint);
    patterns = json_object_get(document, "patterns");
    g_assert_cmpuint(json_object_size(patterns), ==, 2);
    g_assert_cmpint(number_of(patterns, "virus"), ==, 2);
    g_assert_cmpint(number_of(patterns, "rules"), ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/status/endpoint", test_endpoint);
    g_test_add_func("/manager/status/patterns-twice", test_patterns_twice);
    g_test_add_func("/manager/status/summary", test_summary);
    g_test_add_func("/manager/status/sums", test_sums);
    g_test_add_func("/manager/status/sums-of-groups", test_sums_of_groups);
    g_test_add_func("/manager/status/coalesced", test_coalesced);
    g_test_add_func("/manager/status/bounded", test_bounded);
    g_test_add_func("/manager/status/urgent", test_urgent);
    g_test_add_func("/manager/status/summary-paced", test_summary_paced);
    g_test_add_func("/manager/status/backlog", test_backlog);
    g_test_add_func("/manager/status/refused", test_refused);
    g_test_add_func("/manager/status/forget", test_forget);
    g_test_add_func("/manager/status/blind", test_blind);
    g_test_add_func("/manager/status/events", test_events);
    g_test_add_func("/manager/status/hostile", test_hostile);
    g_test_add_func("/manager/status/ended", test_ended);
    g_test_add_func("/manager/status/left-behind", test_left_behind);
    return g_test_run();
}
