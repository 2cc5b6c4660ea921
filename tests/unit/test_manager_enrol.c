/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/enrol: who is let in, who is not and why; and what changes between the check and the commit. Each
 * request is answered exactly once. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/enrol_world.h"

/* ------------------------------------------------------------------------------------------------------------ life */

static void test_life(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(HlMsgEnrolReply) reply = NULL;
    g_autoptr(HlMsgSettingsDocument) settings = NULL;
    g_autoptr(GError) error = NULL;
    const MgrEndpoint *endpoint;

    ask(world, FINGERPRINT, false);
    expect_none(); /* not before it is stored */
    clock_fake_advance(HL_MINUTE);
    parts_commit(world->parts);
    reply = expect(200, "");
    endpoint = mgr_fleet_endpoint(&world->parts->fleet, reply->endpoint);
    g_assert_cmpstr(endpoint->record.host, ==, "one");
    g_assert_cmpstr(mgr_endpoint_observed(&endpoint->record), ==, PEER);
    g_assert_cmpint(endpoint->record.enrolled_at, ==, CLOCK_FAKE_WALL);
    settings = hl_envelope_open(reply->settings, hl_signing_key_public(world->parts->key), HL_ENVELOPE_SETTINGS,
                                &holdline__v1__settings_document__descriptor, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->endpoint, ==, reply->endpoint);
    g_assert_cmpuint(settings->counter, ==, mgr_endpoint_desired_counter(endpoint));
    g_assert_cmpint(mgr_fleet_token(&world->parts->fleet, world->bundle)->uses_left, ==, 1);
    g_assert_true(mgr_fleet_has_live_name(&world->parts->fleet, reply->endpoint, "endpoint"));
    g_assert_cmpuint(mgr_enrol_count(world->enrol), ==, 1);
    parts_birth(world->parts, reply->endpoint, 1);
    parts_check_registry(world->parts);
}

/* ---------------------------------------------------------------------------------------------------- the audit log */

static void add_row(MgrAuditRecord *r, gpointer rows)
{
    if (strcmp(r->account, MGR_AUDIT_ENDPOINT) == 0)
        g_ptr_array_add(rows,
                        g_strdup_printf("%s %s|%s|%s|%s", r->call, r->arguments, r->certificate, r->code, r->text));
}

/* Of machines, in order; free with g_ptr_array_unref. */
static GPtrArray *audit(World *world)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    g_assert_true(
        mgr_registry_list_audit(mgr_record_reader(world->parts->record), &(MgrAuditFilter){ 0 }, add_row, rows, NULL));
    return rows;
}

/* Of B5: whichever way a group is delivered to, a bundle carries its settings. */
static void test_bundle(void)
{
    static const char *const modes[] = { "channel", "documented" };

    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(World) world = world_new();
        g_autofree char *setting = g_strdup_printf("delivery.mode=%s", modes[i]);

        parts_set(world->parts, "office", setting);
        world_take_bundle(world, "office", NULL, "1");
        g_assert_cmpstr(world->path, ==, "bundle");
    }
}

/* Who was let in and who was not, from which address; a change that is not stored leaves no row of it. */
static void test_audit(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *expected = g_strdup_printf("enrol @address=" PEER " endpoint=%s|%s||", id,
                                                mgr_fleet_endpoint(&world->parts->fleet, id)->record.serial);
    g_autoptr(GPtrArray) rows = NULL;

    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
    ask(world, OTHER, false);
    parts_commit(world->parts);
    expect_refusal(503, "unavailable", "cannot store the enrolment now");
    g_free(enrol(world, OTHER, false));
    ask(world, THIRD, false);
    expect_refusal(410, "limit", "no uses left");
    rows = audit(world);
    g_assert_cmpuint(rows->len, ==, 3);
    g_assert_cmpstr(rows->pdata[0], ==, expected);
    g_assert_true(g_str_has_prefix(rows->pdata[1], "enrol @address=" PEER " endpoint="));
    g_assert_true(g_str_has_prefix(rows->pdata[2], "enrol @address=" PEER "||limit|the bundle "));
}

/* Nobody knows who they are, and rows stay for ever: so many in an hour, of all of them together. */
static void test_audit_bounded(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) rows = NULL;
    guint burst = mgr_quota_row(MGR_QUOTA_STRANGER)->messages;

    for (guint i = 0; i < 3 * burst; i++) {
        g_autofree char *peer = g_strdup_printf("192.0.2.%u", i % 250);
        g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

        mgr_enrol_handle(world->enrol, http_fake_request(peer, empty));
        hl_wire_free(expect(403, "denied"));
    }
    mgr_calls_settle(world->parts->calls);
    rows = audit(world);
    g_assert_cmpuint(rows->len, ==, burst + 1);
    g_assert_nonnull(strstr(rows->pdata[burst], "|limit|120 more of this account"));
}

/* -------------------------------------------------------------------------------------------------- what is refused */

static void withdraw(World *world)
{
    parts_call(world->parts, "bundle withdraw", "bundle", world->bundle, NULL);
}

static void withdraw_now(World *world, Request *request G_GNUC_UNUSED)
{
    withdraw(world);
    parts_commit(world->parts);
}

static void set_unknown_token(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.token = hl_unconst("no such token");
}

static void set_no_token(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.token = hl_unconst("");
}

static void let_expire(World *world G_GNUC_UNUSED, Request *request)
{
    clock_fake_advance(7 * HL_DAY + 1);
    request->request.clock_ms = hl_clock_wall();
}

static void use_up(World *world, Request *request G_GNUC_UNUSED)
{
    g_free(enrol(world, THIRD, false));
    g_free(enrol(world, FOURTH, false));
}

static void set_slow_clock(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.clock_ms -= HL_ENROL_MAX_SKEW;
}

static void set_fast_clock(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.clock_ms += HL_ENROL_MAX_SKEW;
}

static void set_first_clock(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.clock_ms = INT64_MIN;
}

static void set_last_clock(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.clock_ms = INT64_MAX;
}

static void set_no_csr(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.csr.len = 0;
}

static void set_short_csr(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.csr.len--;
}

static void set_no_registration(World *world G_GNUC_UNUSED, Request *request)
{
    request->request.registration = NULL;
}

static void set_no_host(World *world G_GNUC_UNUSED, Request *request)
{
    request->registration.host = hl_unconst("");
}

static char long_text[16001];

static void set_long_host(World *world G_GNUC_UNUSED, Request *request)
{
    request->registration.host = long_text;
}

static void set_bad_fingerprint(World *world G_GNUC_UNUSED, Request *request)
{
    request->registration.fingerprint = hl_unconst("F123");
}

static void enrol_before(World *world, Request *request G_GNUC_UNUSED)
{
    g_free(enrol(world, FINGERPRINT, false));
}

static void test_refused(void)
{
    static const struct {
        void (*spoil)(World *world, Request *request);
        guint status;
        const char *code;
    } cases[] = {
        { set_unknown_token, 403, "denied" },
        { set_no_token, 403, "denied" },
        { withdraw_now, 403, "denied" },
        { let_expire, 410, "expired" },
        { use_up, 410, "limit" },
        { set_slow_clock, 400, "invalid" },
        { set_fast_clock, 400, "invalid" },
        { set_first_clock, 400, "invalid" },
        { set_last_clock, 400, "invalid" },
        { set_no_csr, 400, "invalid" },
        { set_short_csr, 400, "invalid" },
        { set_no_registration, 400, "invalid" },
        { set_no_host, 400, "invalid" },
        { set_long_host, 400, "limit" },
        { set_bad_fingerprint, 400, "invalid" },
        { enrol_before, 409, "exists" },
    };

    memset(long_text, 'x', sizeof long_text - 1);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        Request request;
        uint64_t refused;
        g_autoptr(HlMsgEnrolReply) reply = NULL;

        g_test_message("case %u", (unsigned)i);
        request_init(world, &request, FINGERPRINT, false);
        cases[i].spoil(world, &request);
        refused = mgr_applicants_refused(world->applicants);
        request_post(world, &request);
        reply = expect(cases[i].status, cases[i].code);
        g_assert_cmpuint(mgr_applicants_refused(world->applicants), ==, refused + 1);
        g_assert_cmpuint(writer_fake_pending(world->parts->writer), ==, 0);
        parts_check_registry(world->parts);
    }
}

static void test_malformed(void)
{
    static const guint8 nonsense[] = { 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f };
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) body = g_bytes_new_static(nonsense, sizeof nonsense);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(HlMsgEnrolReply) one = NULL;
    g_autoptr(HlMsgEnrolReply) two = NULL;

    mgr_enrol_handle(world->enrol, http_fake_request(PEER, body));
    one = expect(400, "invalid");
    mgr_enrol_handle(world->enrol, http_fake_request(PEER, empty));
    two = expect(403, "denied");
}

/* An address that asks too often waits; others do not. */
static void test_rate(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(HttpFakeAnswer) answer = NULL;

    world->parts->conf.enrol_per_minute = 2;
    mgr_applicants_reconfigured(world->applicants);
    for (guint i = 0; i < 3; i++)
        mgr_enrol_handle(world->enrol, http_fake_request(PEER, empty));
    hl_wire_free(expect(403, "denied"));
    hl_wire_free(expect(403, "denied"));
    answer = http_fake_take();
    g_assert_cmpuint(answer->status, ==, 429);
    g_assert_cmpint(g_ascii_strtoll(answer->retry_after, NULL, 10), >, 0);
    mgr_enrol_handle(world->enrol, http_fake_request("192.0.2.51", empty));
    hl_wire_free(expect(403, "denied"));
    clock_fake_advance(HL_MINUTE);
    mgr_enrol_handle(world->enrol, http_fake_request(PEER, empty));
    hl_wire_free(expect(403, "denied"));
}

/* Of IPv6 a /64 is one address: a machine has all of it to choose from. */
static void test_rate_of_ipv6(void)
{
    static const struct {
        const char *peer;
        guint status;
    } rows[] = {
        { "2001:db8:0:1::1", 403 }, { "2001:db8:0:1::2", 403 }, { "2001:db8:0:1:5::3", 429 }, { "2001:db8:0:2::1", 403 }
    };
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    world->parts->conf.enrol_per_minute = 2;
    mgr_applicants_reconfigured(world->applicants);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        mgr_enrol_handle(world->enrol, http_fake_request(rows[i].peer, empty));
        hl_wire_free(expect(rows[i].status, rows[i].status == 429 ? "limit" : "denied"));
    }
}

/* -------------------------------------------------------------------------------------------------- known machines */

static void test_replace(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, id);
    g_autofree char *serial = g_strdup(endpoint->record.serial);
    const MgrCertificateRecord *old;

    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpstr(endpoint->record.serial, !=, serial);
    old = mgr_fleet_certificate(&world->parts->fleet, serial);
    g_assert_cmpint(old->revoked_at, >, 0);
    g_assert_true(mgr_fleet_has_live_name(&world->parts->fleet, id, NULL));
    g_assert_nonnull(bus_fake_find(id)); /* anyone who holds its line is put out */
    parts_check_registry(world->parts);
}

/* In the middle of a rollover: what the endpoint told is forgotten, in memory and in the registry, because it goes by
 * its bundle again.  Otherwise the rollover would end without it. */
static void test_replace_in_rollover(void)
{
    g_autoptr(World) world = world_new();
    Parts *parts = world->parts;
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;
    int64_t number = mgr_fleet_endpoint(&parts->fleet, id)->record.number;
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgAppliedServer told = HOLDLINE__V1__APPLIED_SERVER__INIT;
    uint8_t digest[32] = { 1 };
    MgrFleet fleet = { 0 };

    parts_call(parts, "server rollover start", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    told.counter = parts->fleet.places.announced.counter;
    told.digest = (ProtobufCBinaryData){ sizeof digest, digest };
    told.state = hl_unconst(HL_SERVER_APPLIED);
    link.online = true;
    link.session = 1;
    link.boot_id = hl_unconst("b-1");
    link.heartbeat_ms = 60000;
    link.clock_ms = hl_clock_wall();
    link.server = &told;
    parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
    parts_commit(parts);
    g_assert_nonnull(mgr_places_told(&parts->fleet.places, number));
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    g_assert_null(mgr_places_told(&parts->fleet.places, number));
    parts_load(parts, &fleet);
    g_assert_null(mgr_places_told(&fleet.places, number));
    mgr_fleet_clear(&fleet);
}

/* Its answer was lost, it asks again while the first request is still being stored: one machine is one record. */
static void test_twice_at_once(void)
{
    g_autoptr(World) world = world_new();

    ask(world, FINGERPRINT, false);
    ask(world, FINGERPRINT, false);
    ask(world, OTHER, false);
    hl_wire_free(expect(503, "unavailable"));
    expect_none();
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    hl_wire_free(expect(200, ""));
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.endpoints), ==, 2);
    ask(world, FINGERPRINT, false);
    hl_wire_free(expect(410, "limit"));
    parts_check_registry(world->parts);
}

/* --------------------------------------------------------------------------------------- between check and commit */

static void change_withdraw(World *world, const char *id G_GNUC_UNUSED)
{
    withdraw(world);
}

static void change_delete_group(World *world, const char *id G_GNUC_UNUSED)
{
    parts_call(world->parts, "group delete", "name", "office", NULL);
}

static void change_revoke(World *world, const char *id)
{
    parts_call(world->parts, "endpoint revoke", "endpoint", id, NULL);
}

static void change_remove(World *world, const char *id)
{
    parts_call(world->parts, "endpoint remove", "endpoint", id, NULL);
}

static void change_fail(World *world, const char *id G_GNUC_UNUSED)
{
    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
}

static void change_refuse(World *world, const char *id G_GNUC_UNUSED)
{
    writer_fake_refuse(world->parts->writer, true);
}

static void change_use_up(World *world, const char *id G_GNUC_UNUSED)
{
    ask(world, THIRD, false);
    ask(world, FOURTH, false);
}

static void test_meanwhile(void)
{
    static const struct {
        bool known; /* the machine is enrolled, and is replaced */
        void (*change)(World *world, const char *id);
        bool after; /* the change was asked for after the request */
        guint status;
        const char *code;
    } cases[] = {
        { false, change_withdraw, false, 410, "limit" },
        { false, change_withdraw, true, 200, "" },
        { true, change_withdraw, false, 410, "limit" },
        { false, change_delete_group, false, 410, "limit" },
        { false, change_delete_group, true, 200, "" },
        { false, change_use_up, false, 410, "limit" },
        { true, change_use_up, false, 410, "limit" },
        { true, change_revoke, false, 503, "unavailable" },
        { true, change_revoke, true, 200, "" },
        { true, change_remove, false, 503, "unavailable" },
        { true, change_remove, true, 200, "" },
        { false, change_fail, false, 503, "unavailable" },
        { true, change_fail, false, 503, "unavailable" },
        { false, change_refuse, false, 503, "unavailable" },
        { true, change_refuse, false, 503, "unavailable" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        g_autofree char *id = cases[i].known ? enrol(world, FINGERPRINT, false) : NULL;
        guint others = cases[i].change != change_use_up ? 0 : cases[i].known ? 1 : 2;
        guint size;

        g_test_message("case %u", (unsigned)i);
        if (!cases[i].after)
            cases[i].change(world, id);
        ask(world, FINGERPRINT, cases[i].known);
        if (cases[i].after)
            cases[i].change(world, id);
        size = g_hash_table_size(world->parts->fleet.endpoints);
        parts_commit(world->parts);
        writer_fake_refuse(world->parts->writer, false);
        for (guint n = 0; n < others; n++)
            hl_wire_free(expect(200, ""));
        if (others == 1)
            hl_wire_free(expect(410, "limit"));
        hl_wire_free(expect(cases[i].status, cases[i].code));
        expect_none();
        if (cases[i].status != 200 && cases[i].change != change_remove)
            g_assert_cmpuint(g_hash_table_size(world->parts->fleet.endpoints), ==, size + others);
        parts_check_registry(world->parts);
    }
}

/* What could not be stored can be asked for again. */
static void test_again_after_failure(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = NULL;

    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
    ask(world, FINGERPRINT, false);
    parts_commit(world->parts);
    hl_wire_free(expect(503, "unavailable"));
    g_assert_cmpint(mgr_fleet_token(&world->parts->fleet, world->bundle)->uses_left, ==, 2);
    id = enrol(world, FINGERPRINT, false);
    parts_check_registry(world->parts);
}

/* The manager stops: what is under way is stored and answered, what comes later is refused. */
static void test_stopped(void)
{
    g_autoptr(World) world = world_new();

    ask(world, FINGERPRINT, false);
    mgr_record_stop(world->parts->record);
    hl_wire_free(expect(200, ""));
    ask(world, OTHER, false);
    hl_wire_free(expect(503, "unavailable"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/enrol/life", test_life);
    g_test_add_func("/manager/enrol/bundle", test_bundle);
    g_test_add_func("/manager/enrol/audit", test_audit);
    g_test_add_func("/manager/enrol/audit-bounded", test_audit_bounded);
    g_test_add_func("/manager/enrol/refused", test_refused);
    g_test_add_func("/manager/enrol/malformed", test_malformed);
    g_test_add_func("/manager/enrol/rate", test_rate);
    g_test_add_func("/manager/enrol/rate-of-ipv6", test_rate_of_ipv6);
    g_test_add_func("/manager/enrol/replace", test_replace);
    g_test_add_func("/manager/enrol/replace-in-rollover", test_replace_in_rollover);
    g_test_add_func("/manager/enrol/twice-at-once", test_twice_at_once);
    g_test_add_func("/manager/enrol/meanwhile", test_meanwhile);
    g_test_add_func("/manager/enrol/again-after-failure", test_again_after_failure);
    g_test_add_func("/manager/enrol/stopped", test_stopped);
    return g_test_run();
}
