/* SPDX-License-Identifier: Apache-2.0 */
/* What one endpoint, or an old registry, may not do to the manager: oversized fields, retained reports, answers that
 * outgrow a message. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

/* An endpoint that makes the most of every bound still has a status document that a message takes. */
static void test_largest_endpoint(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;
    char host[256] = { 0 };
    char address[65] = { 0 };
    char *addresses[16];
    HlMsgComponent components[16];
    HlMsgComponent *pointers[16];
    char names[16][65];
    guint8 digest[32] = { 1 };

    memset(host, '"', 255);
    memset(address, '"', 64);
    for (guint i = 0; i < 16; i++) {
        addresses[i] = address;
        components[i] = (HlMsgComponent)HOLDLINE__V1__COMPONENT__INIT;
        memset(names[i], 'a' + (int)i, 64);
        names[i][64] = '\0';
        components[i].name = names[i];
        components[i].version = G_MAXINT64;
        pointers[i] = &components[i];
    }
    registration.host = registration.os = host;
    registration.program_version = address;
    registration.addresses = addresses;
    registration.n_addresses = 16;
    applied.digest.data = digest;
    applied.digest.len = sizeof digest;
    applied.group = applied.path = address;
    link.online = true;
    link.session = 1;
    link.boot_id = address;
    link.registration = &registration;
    link.applied = &applied;
    link.patterns = pointers;
    link.n_patterns = 16;
    parts_add_endpoint(parts, "e-large");
    parts_deliver(parts, HL_TOPIC_LINK, "e-large", &link.base);
    parts_commit(parts);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, 0);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/status/endpoint/e-large"), ==, 1);
    for (guint i = 0; i < 120; i++) {
        g_autofree char *id = g_strdup_printf("e-%u", i);

        parts_add_endpoint(parts, id);
        parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
    }
    parts_commit(parts);
    bus_fake_forget(parts->bus);

    /* and everybody can still be listed, in as many replies as it takes */
    parts_call(parts, "endpoint list", NULL);
    for (guint turn = 0, n = 0; turn < 1000; turn++) {
        g_autoptr(HlMsgCallReply) reply = parts_reply(parts);
        g_autoptr(json_t) document = NULL;

        if (reply == NULL) { /* a long list is made between other work */
            timer_fake_advance(10);
            continue;
        }
        g_assert_cmpstr(reply->code, ==, "");
        document = hl_json_parse("reply", reply->json, strlen(reply->json), NULL);
        n += (guint)json_array_size(json_object_get(document, "endpoints"));
        if (!reply->more) {
            g_assert_cmpuint(n, ==, 121);
            return;
        }
    }
    g_error("the list never ended");
}

static void test_oversized_ignored(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;
    g_autofree guint8 *digest = g_malloc0(131000);

    applied.digest.data = digest;
    applied.digest.len = 131000;
    link.online = true;
    link.session = 1;
    link.boot_id = hl_unconst("b-1");
    link.applied = &applied;
    parts_deliver(parts, HL_TOPIC_LINK, "e-one", &link.base);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, 1);
    g_assert_cmpint(endpoint->record.presence.actual, ==, MGR_ACTUAL_NEVER_SEEN);
    parts_birth(parts, "e-one", 1); /* an honest one is heard as before */
    g_assert_cmpint(endpoint->record.presence.actual, ==, MGR_ACTUAL_ONLINE);
    parts_check_registry(parts);
}

/* What a broker keeps comes back at each start: reports and heartbeats are never kept. */
static void test_retained_ignored(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
    g_autoptr(GBytes) report_bytes = NULL;
    g_autoptr(GBytes) beat_bytes = NULL;

    parts_birth(parts, "e-one", 1);
    report.spool = hl_unconst("s-1");
    report.seq = report.first = 1;
    beat.session = 1;
    beat.seq = 1;
    beat.settings_counter = 77;
    report_bytes = HL_WIRE_ENCODE(&report);
    beat_bytes = HL_WIRE_ENCODE(&beat);
    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = "holdline/v1/endpoint/e-one/report",
                                                  .payload = report_bytes,
                                                  .qos = 1,
                                                  .retained = true });
    bus_fake_deliver(
        parts->bus,
        &(HlBusMessage){ .topic = "holdline/v1/endpoint/e-one/heartbeat", .payload = beat_bytes, .retained = true });
    parts_commit(parts);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, 2);
    g_assert_cmpuint(endpoint->record.report_seq, ==, 0);
    g_assert_cmpuint(endpoint->record.applied.counter, ==, 0);
    parts_deliver(parts, HL_TOPIC_REPORT, "e-one", &report.base);
    parts_commit(parts);
    g_assert_cmpuint(endpoint->record.report_seq, ==, 1);
}

/* A registry that an older version filled is cut to the bounds when it is loaded. */
static void test_healed(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *path = g_build_filename(parts->dir, "registry.db", NULL);
    g_autofree char *huge = g_strnfill(240000, '"');
    g_autoptr(GString) patterns = g_string_new("virus=1");
    g_autofree guint8 *zeros = g_malloc0(131000);
    g_autoptr(GBytes) digest = g_bytes_new(zeros, 131000);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, &error);
    MgrFleet healed = { 0 };
    const MgrEndpoint *endpoint;

    for (guint i = 0; i < 3300; i++)
        g_string_append_printf(patterns, " c%u=1", i);
    parts_add_endpoint(parts, "e-one");
    g_assert_true(hl_db_run(db, NULL, &error,
                            "UPDATE endpoint SET host = ?1, addresses = ?1, update_error = ?1, applied_digest = ?2,"
                            " patterns = ?3",
                            "tbt", huge, digest, patterns->str));
    parts_load(parts, &healed);
    endpoint = mgr_fleet_endpoint(&healed, "e-one");
    g_assert_cmpuint(strlen(endpoint->record.host), ==, 255);
    g_assert_cmpuint(strlen(endpoint->record.addresses), ==, 16 * 65);
    g_assert_cmpuint(strlen(mgr_endpoint_seldom(&endpoint->record)->update_error), ==, 2000);
    g_assert_null(endpoint->record.applied.digest);
    g_assert_cmpuint(strlen(endpoint->record.patterns), <, 200);
    mgr_fleet_clear(&healed);
}

/* What somebody wrote into the registry past the manager: it starts, and says what is wrong. */
static void test_written_elsewhere(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *path = g_build_filename(parts->dir, "registry.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, &error);
    MgrFleet read = { 0 };
    const MgrEndpoint *endpoint;

    parts_add_endpoint(parts, "e-one");
    g_assert_true(hl_db_run(db, NULL, &error, "UPDATE endpoint SET host = CAST(x'ff41c3' AS TEXT), os = ?1", "t", "x"));
    g_assert_true(
        hl_db_run(db, NULL, &error, "UPDATE grp SET settings = settings || ?1", "t", "line.heartbeat=banana\n"));
    parts_load(parts, &read);
    endpoint = mgr_fleet_endpoint(&read, "e-one");
    g_assert_true(g_utf8_validate(endpoint->record.host, -1, NULL));
    g_assert_cmpstr(endpoint->group->record.name, ==, "office");
    mgr_fleet_clear(&read);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/bounds/largest-endpoint", test_largest_endpoint);
    g_test_add_func("/manager/bounds/oversized", test_oversized_ignored);
    g_test_add_func("/manager/bounds/retained", test_retained_ignored);
    g_test_add_func("/manager/bounds/healed", test_healed);
    g_test_add_func("/manager/bounds/written-elsewhere", test_written_elsewhere);
    return g_test_run();
}
