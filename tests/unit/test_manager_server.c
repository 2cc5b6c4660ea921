/* SPDX-License-Identifier: Apache-2.0 */
/* The server's identity: a certificate for other names, which has to cover what endpoints are told. */
#include <glib/gstdio.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/site/names.h"
#include "manager/site/site.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    bool ok = hl_options_set(mgr_conf_table(), &parts->conf, name, value, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static json_t *ask(Parts *parts, const char *code, const char *hosts, const char *force)
{
    parts_call(parts, "server certificate", "hosts", hosts, force != NULL ? "force" : NULL, force, NULL);
    parts_let_finish(parts);
    return parts_expect_reply(parts, code);
}

/* What is done on the answer finds the new names at the broker too: it has had the time to read the file. */
static void test_certificate_in_force(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_call(parts, "server certificate", "hosts", "localhost,av.example.org", NULL);
    parts_commit(parts);
    g_assert_cmpuint(parts->renewed, ==, 1);
    g_assert_null(parts_reply(parts));
    timer_fake_advance(HL_SECOND);
    json_decref(parts_expect_reply(parts, ""));
}

static void expect_names(const Parts *parts, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = mgr_own_server(parts->own, &error);
    g_auto(GStrv) names = NULL;
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    names = hl_cert_names(cert);
    text = g_strjoinv(" ", names);
    g_assert_cmpstr(text, ==, expected);
}

/* Names, addresses of both families, each once; the same key; the registry has it, and who has it loaded takes it. */
static void test_certificate(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *key_path = mgr_site_path(parts->dir, "pki/server.key");
    g_autoptr(HlKey) key = hl_key_load(key_path, NULL);
    g_autoptr(json_t) first = ask(parts, "", "localhost,av.example.org,2001:db8::5,LOCALHOST", NULL);
    g_autoptr(HlCert) cert = mgr_own_server(parts->own, NULL);

    expect_names(parts, "localhost av.example.org 2001:db8::5 127.0.0.1 ::1");
    g_assert_cmpuint(parts->renewed, ==, 1);
    g_assert_true(hl_cert_has_key(cert, key));
    g_assert_cmpuint(json_array_size(json_object_get(first, "uncovered")), ==, 0);
    g_assert_nonnull(mgr_fleet_certificate(&parts->fleet, hl_cert_info(cert)->serial));
    parts_check_registry(parts);
}

static void test_uncovered(void)
{
    static const struct {
        const char *brokers, *url, *hosts;
        const char *uncovered; /* NULL: it is all right */
    } cases[] = {
        { "av.example.org:8883", "https://av.example.org:8843", "av.example.org", NULL },
        { "AV.Example.ORG:8883", "https://av.example.org:8843", "av.example.org", NULL },
        { "av.example.org:8883", "https://av.example.org:8843", "*.example.org", NULL },
        { "a.b.example.org:1", "https://av.example.org:8843", "*.example.org", "a.b.example.org:1" },
        { "av.example.org:8883,192.0.2.1:1", "https://av.example.org", "av.example.org", "192.0.2.1:1" },
        { "[2001:db8::5]:1", "https://[2001:db8:0::5]:8843", "2001:db8::5", NULL },
        { "[2001:db8::5]:1", "https://[2001:db8::6]:8843", "2001:db8::5", "https://[2001:db8::6]:8843" },
        { "127.0.0.1:1,old.example.org:1", "https://new.example.org:2", "x.example.org",
          "old.example.org:1, https://new.example.org:2" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        HlMsgCallReply *reply;

        set_conf(parts, "broker.addresses", cases[i].brokers);
        set_conf(parts, "http.urls", cases[i].url);
        parts_call(parts, "server certificate", "hosts", cases[i].hosts, NULL);
        parts_let_finish(parts);
        reply = parts_reply(parts);
        g_assert_nonnull(reply);
        g_test_message("%s: %s", cases[i].hosts, reply->message);
        g_assert_cmpstr(reply->code, ==, cases[i].uncovered != NULL ? "conflict" : "");
        if (cases[i].uncovered != NULL)
            g_assert_nonnull(strstr(reply->message, cases[i].uncovered));
        hl_wire_free(reply);
        g_assert_cmpuint(parts->renewed, ==, cases[i].uncovered == NULL);
        if (cases[i].uncovered != NULL) {
            g_autoptr(json_t) forced = ask(parts, "", cases[i].hosts, "yes");

            g_assert_cmpuint(json_array_size(json_object_get(forced, "uncovered")), >, 0);
        }
    }
}

static void test_refused(void)
{
    static const char *const bad[] = { "", "localhost,", "a b", "localhost,DNS:evil", "[::1]", "fe80::1%eth0", "é" };
    g_autoptr(Parts) parts = parts_new();

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        json_decref(ask(parts, "invalid", bad[i], NULL));
    g_assert_cmpuint(parts->renewed, ==, 0);
}

/* The file cannot be written: the one before stays, and the caller is told. */
static void test_unwritable(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *path = mgr_site_path(parts->dir, "pki/server.pem");

    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    json_decref(ask(parts, "io", "localhost", NULL));
    g_assert_cmpuint(parts->renewed, ==, 0);
    g_assert_cmpint(g_rmdir(path), ==, 0);
    json_decref(ask(parts, "", "localhost", NULL));
    expect_names(parts, "localhost 127.0.0.1 ::1");
}

static void test_show(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) damaged = NULL;
    g_autoptr(json_t) whole = NULL;

    parts_call(parts, "server show", NULL);
    damaged = parts_expect_reply(parts, "");
    g_assert_nonnull(json_object_get(damaged, "certificate_error"));
    g_assert_null(json_object_get(damaged, "certificate"));
    json_decref(ask(parts, "", "localhost", NULL));
    set_conf(parts, "broker.addresses", "localhost:1,new.example.org:1");
    parts_call(parts, "server show", NULL);
    whole = parts_expect_reply(parts, "");
    g_assert_null(json_object_get(whole, "certificate_error"));
    g_assert_cmpstr(json_string_value(json_array_get(json_object_get(whole, "uncovered"), 0)), ==, "new.example.org:1");
}

/* -------------------------------------------------------------------------------------------------- where it is */

static json_t *announce(Parts *parts, const char *code, const char *brokers, const char *force)
{
    parts_call(parts, "server set", "brokers", brokers, force != NULL ? "force" : NULL, force, NULL);
    parts_commit(parts);
    return parts_expect_reply(parts, code);
}

/* What was sent to it, signed by this key; NULL: nothing. */
static HlMsgServerDocument *take_signed(Parts *parts, const char *id, const HlSigningKey *key)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_SERVER, id, &holdline__v1__signed_envelope__descriptor);
    g_autoptr(GError) error = NULL;
    HlMsgServerDocument *document;

    if (envelope == NULL)
        return NULL;
    document = hl_envelope_open(envelope, hl_signing_key_public(key), HL_ENVELOPE_SERVER,
                                &holdline__v1__server_document__descriptor, &error);
    g_assert_no_error(error);
    g_assert_true(hl_server_check(document, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(document->endpoint, ==, id);
    return document;
}

static HlMsgServerDocument *take_document(Parts *parts, const char *id)
{
    return take_signed(parts, id, parts->key);
}

static HlMsgAppliedServer has(const HlMsgServerDocument *document, const char *state, const char *detail)
{
    HlMsgAppliedServer told = HOLDLINE__V1__APPLIED_SERVER__INIT;

    told.counter = document->counter;
    told.digest = document->digest;
    told.state = hl_unconst(state);
    told.detail = hl_unconst(detail);
    return told;
}

static void born(Parts *parts, const char *id, uint64_t session, HlMsgAppliedServer *told)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.online = true;
    link.session = session;
    link.boot_id = hl_unconst("b-1");
    link.heartbeat_ms = 60000;
    link.clock_ms = hl_clock_wall();
    link.server = told;
    parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
    parts_commit(parts);
}

/* "following/of: id=state detail, ..." */
static void expect_following(Parts *parts, const char *expected)
{
    g_autoptr(json_t) shown = NULL;
    const json_t *announced;
    g_autoptr(GString) text = g_string_new(NULL);

    parts_call(parts, "server show", NULL);
    shown = parts_expect_reply(parts, "");
    announced = json_object_get(shown, "announced");
    g_string_printf(text, "%d/%d", (int)json_integer_value(json_object_get(announced, "following")),
                    (int)json_integer_value(json_object_get(announced, "of")));
    for (size_t i = 0; i < json_array_size(json_object_get(announced, "left")); i++) {
        const json_t *left = json_array_get(json_object_get(announced, "left"), i);

        g_string_append_printf(text, " %s=%s%s", json_string_value(json_object_get(left, "id")),
                               json_string_value(json_object_get(left, "state")),
                               json_string_value(json_object_get(left, "detail")));
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static Parts *parts_with_certificate(const char *hosts)
{
    Parts *parts = parts_new();

    json_decref(ask(parts, "", hosts, "yes"));
    return parts;
}

static void test_set_refused(void)
{
    static const char *const bad[] = { "", "nonsense", "host:0", "[::1", "a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8,i:9" };
    g_autoptr(Parts) parts = parts_with_certificate("localhost,old.example.org");
    g_autoptr(json_t) shown = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        json_decref(announce(parts, "invalid", bad[i], NULL));
    json_decref(announce(parts, "conflict", "old.example.org:1,new.example.org:1", NULL));
    parts_call(parts, "server set", "servers", "https://localhost/?q", NULL);
    json_decref(parts_expect_reply(parts, "invalid"));
    parts_call(parts, "server show", NULL);
    shown = parts_expect_reply(parts, "");
    g_assert_null(json_object_get(shown, "announced"));
    json_decref(announce(parts, "", "old.example.org:1,new.example.org:1", "yes"));
    /* what is told from now on has to be covered */
    json_decref(ask(parts, "conflict", "old.example.org", NULL));
}

static void test_set(void)
{
    g_autoptr(Parts) parts = parts_with_certificate("localhost,old.example.org,new.example.org");
    g_autoptr(HlMsgServerDocument) first = NULL;
    g_autoptr(HlMsgServerDocument) late = NULL;
    g_autoptr(json_t) reply = NULL;
    HlMsgAppliedServer told;
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    parts_add_endpoint(parts, "e-gone");
    parts_add_endpoint(parts, "e-late");
    parts_add_endpoint(parts, "e-one");
    mgr_fleet_endpoint(&parts->fleet, "e-gone")->record.revoked_at = 1;
    born(parts, "e-one", 1, NULL);
    g_assert_null(take_document(parts, "e-one")); /* nothing was announced */
    reply = announce(parts, "", "new.example.org:1,old.example.org:1", NULL);
    first = take_document(parts, "e-one");
    g_assert_nonnull(first);
    g_assert_cmpuint(first->n_brokers, ==, 2);
    g_assert_cmpstr(first->brokers[0], ==, "new.example.org:1");
    g_assert_cmpstr(first->servers[0], ==, "https://localhost:8843"); /* what is not given stays */
    g_assert_cmpuint(first->session, ==, 1);
    g_assert_null(take_document(parts, "e-late"));
    expect_following(parts, "0/2 e-late= e-one=");

    told = has(first, HL_SERVER_WENT_BACK, "refused");
    report.body_case = HOLDLINE__V1__REPORT__BODY_SERVER;
    report.server = &told;
    parts_report(parts, "e-one", 1, &report);
    parts_commit(parts);
    expect_following(parts, "0/2 e-late= e-one=went-backrefused");
    told = has(first, HL_SERVER_APPLIED, "");
    parts_report(parts, "e-one", 2, &report);
    parts_commit(parts);
    expect_following(parts, "1/2 e-late=");
    born(parts, "e-one", 2, &told);
    g_assert_null(take_document(parts, "e-one"));
    born(parts, "e-late", 1, NULL);
    late = take_document(parts, "e-late");
    g_assert_cmpmem(late->digest.data, late->digest.len, first->digest.data, first->digest.len);
    born(parts, "e-gone", 1, NULL);
    g_assert_null(take_document(parts, "e-gone"));
}

static void expect_kept(Parts *parts, const char *name)
{
    HlMsgCallReply *reply;

    parts_call(parts, "server certificate", "hosts", "localhost,new.example.org", NULL);
    parts_let_finish(parts);
    reply = parts_reply(parts);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, "conflict");
    g_assert_nonnull(strstr(reply->message, name));
    hl_wire_free(reply);
}

/* A name is not dropped while an endpoint may know the server by it alone: before anything is announced, while one is
 * away, and while one has gone back.  Names may be added at any time. */
static void test_certificate_known(void)
{
    g_autoptr(Parts) parts = parts_with_certificate("localhost,old.example.org");
    g_autoptr(HlMsgServerDocument) document = NULL;
    HlMsgAppliedServer told;

    parts_add_endpoint(parts, "e-one");
    born(parts, "e-one", 1, NULL);
    expect_kept(parts, "cover old.example.org, and 1 of 1 endpoints");
    json_decref(ask(parts, "", "localhost,old.example.org,new.example.org", NULL));
    json_decref(announce(parts, "", "new.example.org:1", NULL));
    document = take_document(parts, "e-one");
    expect_kept(parts, "1 of 1 endpoints");
    told = has(document, HL_SERVER_WENT_BACK, "refused");
    born(parts, "e-one", 2, &told);
    expect_kept(parts, "1 of 1 endpoints");
    told = has(document, HL_SERVER_APPLIED, "");
    born(parts, "e-one", 3, &told);
    parts_add_endpoint(parts, "e-gone")->record.revoked_at = 1;
    json_decref(ask(parts, "", "localhost,new.example.org", NULL));
    expect_names(parts, "localhost new.example.org 127.0.0.1 ::1");
    parts_add_endpoint(parts, "e-late");
    json_decref(ask(parts, "conflict", "new.example.org", NULL));
    json_decref(ask(parts, "", "new.example.org", "yes"));
}

/* A restart finds what was announced and told; one that was enrolled again has nothing any more. */
static void test_stored(void)
{
    g_autoptr(Parts) parts = parts_with_certificate("localhost,new.example.org");
    g_autoptr(HlMsgServerDocument) document = NULL;
    MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");
    MgrFleet fleet = { 0 };
    HlMsgAppliedServer told;

    born(parts, "e-one", 1, NULL);
    json_decref(announce(parts, "", "new.example.org:1", NULL));
    document = take_document(parts, "e-one");
    told = has(document, HL_SERVER_APPLIED, "");
    born(parts, "e-one", 2, &told);
    parts_load(parts, &fleet);
    g_assert_cmpuint(fleet.places.announced.counter, ==, document->counter);
    g_assert_cmpstr(fleet.places.announced.brokers[0], ==, "new.example.org:1");
    g_assert_cmpstr(mgr_places_told(&fleet.places, endpoint->record.number)->state, ==, HL_SERVER_APPLIED);
    mgr_fleet_clear(&fleet);
    born(parts, "e-one", 3, NULL);
    hl_wire_free(take_document(parts, "e-one"));
    fleet = (MgrFleet){ 0 };
    parts_load(parts, &fleet);
    g_assert_null(mgr_places_told(&fleet.places, endpoint->record.number));
    mgr_fleet_clear(&fleet);
}

/* The registry is of before what the endpoint has; or a wrong clock issued that. */
static void test_counter(void)
{
    g_autoptr(Parts) parts = parts_with_certificate("localhost,new.example.org");
    HlMsgAppliedServer told = HOLDLINE__V1__APPLIED_SERVER__INIT;
    guint8 digest[32] = { 1 };
    const uint64_t now = (uint64_t)hl_clock_wall();
    const uint64_t cases[][2] = { { now - 5, now }, { now, now + 1 }, { now + 7, now + 8 }, { now + 3 * HL_DAY, now } };

    parts_add_endpoint(parts, "e-one");
    json_decref(announce(parts, "", "new.example.org:1", NULL));
    told.digest = (ProtobufCBinaryData){ sizeof digest, digest };
    told.state = hl_unconst(HL_SERVER_APPLIED);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HlMsgServerDocument) document = NULL;

        told.counter = cases[i][0];
        born(parts, "e-one", i + 1, &told);
        document = take_document(parts, "e-one");
        g_assert_cmpuint(document->counter, ==, cases[i][1]);
        g_assert_cmpuint(document->session, ==, i + 1);
    }
}

/* --------------------------------------------------------------------------------------------------------- rollover */

/* "state holding/of keys" */
static bool is_key(ProtobufCBinaryData data, const HlSigningKey *key)
{
    GBytes *public_key = hl_signing_key_public(key);

    return data.len == g_bytes_get_size(public_key) &&
           memcmp(data.data, g_bytes_get_data(public_key, NULL), data.len) == 0;
}

/* Two endpoints, the first on line and told of the next key. */
static Parts *with_rollover(HlMsgServerDocument **document)
{
    Parts *parts = parts_with_certificate("localhost");

    parts_add_endpoint(parts, "e-late");
    parts_add_endpoint(parts, "e-one");
    born(parts, "e-one", 1, NULL);
    parts_roll(parts, "start", NULL, "");
    *document = take_document(parts, "e-one");
    g_assert_nonnull(*document);
    return parts;
}

static void test_rollover(void)
{
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(Parts) parts = with_rollover(&both);
    g_autoptr(HlMsgServerDocument) last = NULL;
    HlMsgAppliedServer told = has(both, HL_SERVER_APPLIED, "");

    g_assert_cmpuint(both->n_signing_keys, ==, 2);
    g_assert_false(is_key(both->signing_keys[0], parts->key));
    g_assert_true(is_key(both->signing_keys[1], parts->key));
    g_assert_cmpstr(both->brokers[0], ==, "localhost:8883"); /* the rest is as it was */
    parts_expect_rollover(parts, "announced 0/2 2");
    parts_roll(parts, "start", NULL, "exists");
    born(parts, "e-one", 2, &told);
    parts_expect_rollover(parts, "announced 1/2 2");
    parts_roll(parts, "finish", NULL, "conflict");
    json_decref(announce(parts, "", "localhost:1", NULL)); /* another place meanwhile: the keys stay */
    hl_wire_free(g_steal_pointer(&both));
    both = take_document(parts, "e-one");
    g_assert_cmpuint(both->n_signing_keys, ==, 2);
    told = has(both, HL_SERVER_TRIAL, ""); /* it holds them, wherever it is */
    born(parts, "e-one", 3, &told);
    born(parts, "e-late", 1, &told);
    parts_expect_rollover(parts, "announced 2/2 2");
    parts_roll(parts, "finish", NULL, "");
    last = take_signed(parts, "e-one", mgr_sealer_key(parts->sealer));
    g_assert_cmpuint(last->n_signing_keys, ==, 1);
    g_assert_true(is_key(last->signing_keys[0], mgr_sealer_key(parts->sealer)));
    g_assert_false(is_key(last->signing_keys[0], parts->key));
    g_assert_cmpuint(last->counter, >, both->counter);
    parts_expect_rollover(parts, "none 0/2 1");
    parts_roll(parts, "finish", NULL, "invalid");
    parts_check_registry(parts);
}

/* Nobody has to say it when all hold the new one; bundles of before are of no use any more. */
static void test_rollover_by_itself(void)
{
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(Parts) parts = with_rollover(&both);
    HlMsgAppliedServer told = has(both, HL_SERVER_APPLIED, "");
    g_autoptr(json_t) bundle = NULL;
    g_autoptr(GError) error = NULL;
    int64_t n = 0;

    parts_call(parts, "bundle create", "group", "office", NULL);
    parts_commit(parts);
    bundle = parts_expect_reply(parts, "");
    born(parts, "e-one", 2, &told);
    timer_fake_advance(2 * HL_MINUTE);
    parts_commit(parts);
    parts_expect_rollover(parts, "announced 1/2 2");
    born(parts, "e-late", 1, &told);
    timer_fake_advance(2 * HL_MINUTE);
    parts_commit(parts);
    parts_expect_rollover(parts, "none 0/2 1");
    g_assert_true(
        hl_db_query_int(mgr_record_reader(parts->record), 0, &n, &error,
                        "SELECT count(*) FROM audit WHERE account = '@site' AND call = 'server rollover finish'", ""));
    g_assert_cmpint(n, ==, 1);
    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), 0, &n, &error,
                                  "SELECT count(*) FROM token WHERE withdrawn_at > 0", ""));
    g_assert_cmpint(n, ==, 1);
    parts_check_registry(parts);
}

static void test_rollover_cancel(void)
{
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(Parts) parts = with_rollover(&both);
    g_autoptr(HlMsgServerDocument) one = NULL;
    g_autofree char *next = mgr_site_path(parts->dir, MGR_SITE_NEXT_SEALING_KEY);

    g_assert_true(g_file_test(next, G_FILE_TEST_EXISTS));
    parts_roll(parts, "cancel", NULL, "");
    one = take_document(parts, "e-one");
    g_assert_cmpuint(one->n_signing_keys, ==, 1);
    g_assert_true(is_key(one->signing_keys[0], parts->key));
    g_assert_false(g_file_test(next, G_FILE_TEST_EXISTS));
    parts_roll(parts, "cancel", NULL, "invalid");
    parts_roll(parts, "start", NULL, "");
    parts_expect_rollover(parts, "announced 0/2 2");
}

/* One step at a time: a cancellation on its way and an end at the same moment would announce a key that is gone.  What
 * was made of an announcement that is no longer the last one is refused, and nothing of it is lost. */
static void test_rollover_at_once(void)
{
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(Parts) parts = with_rollover(&both);
    g_autoptr(HlMsgServerDocument) one = NULL;

    parts_call(parts, "server rollover cancel", NULL);
    parts_call(parts, "server rollover finish", "force", "yes", NULL);
    parts_call(parts, "server set", "brokers", "localhost:1", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "conflict")); /* the end */
    json_decref(parts_expect_reply(parts, ""));         /* the cancellation */
    json_decref(parts_expect_reply(parts, "conflict")); /* the other list */
    one = take_document(parts, "e-one");
    g_assert_cmpuint(one->n_signing_keys, ==, 1);
    g_assert_true(is_key(one->signing_keys[0], parts->key));
    g_assert_cmpstr(one->brokers[0], ==, "localhost:8883");
    parts_expect_rollover(parts, "none 0/2 1");
    parts_check_registry(parts);
}

/* Killed between file and registry, on the way in and on the way out. */
static void test_rollover_interrupted(void)
{
    g_autoptr(Parts) parts = parts_with_certificate("localhost");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) prepared = NULL;
    g_autoptr(HlMsgServerDocument) both = NULL;

    parts_add_endpoint(parts, "e-one");
    g_assert_true(mgr_sealer_prepare(parts->sealer, &error));
    prepared = g_bytes_ref(mgr_sealer_next(parts->sealer));
    parts_expect_rollover(parts, "none 0/1 1");
    parts_roll(parts, "start", NULL, "");
    g_assert_true(g_bytes_equal(prepared, mgr_sealer_next(parts->sealer)));
    mgr_sealer_switch(parts->sealer);
    g_assert_true(mgr_sealer_settle(parts->sealer, &error));
    parts_expect_rollover(parts, "announced 0/1 2");
    parts_roll(parts, "cancel", NULL, "invalid"); /* it signs already */
    born(parts, "e-one", 1, NULL);
    both = take_signed(parts, "e-one", mgr_sealer_key(parts->sealer));
    g_assert_cmpuint(both->n_signing_keys, ==, 2);
    parts_roll(parts, "finish", NULL, "conflict");
    parts_roll(parts, "finish", "yes", "");
    parts_expect_rollover(parts, "none 0/1 1");
}

/* A new certificate leads where endpoints are told to go. */
static void test_certificate_leads_there(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autoptr(json_t) given = NULL;

    json_decref(announce(parts, "", "new.example.org:1", "yes"));
    parts_call(parts, "admin create", "name", "zoe", "csr", csr, "role", "auditor", NULL);
    parts_commit(parts);
    timer_fake_advance(6 * HL_SECOND); /* the broker's lists */
    given = parts_expect_reply(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(given, "brokers")), ==, "new.example.org:1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/server/certificate", test_certificate);
    g_test_add_func("/manager/server/certificate-known", test_certificate_known);
    g_test_add_func("/manager/server/certificate-in-force", test_certificate_in_force);
    g_test_add_func("/manager/server/uncovered", test_uncovered);
    g_test_add_func("/manager/server/refused", test_refused);
    g_test_add_func("/manager/server/unwritable", test_unwritable);
    g_test_add_func("/manager/server/show", test_show);
    g_test_add_func("/manager/server/set/refused", test_set_refused);
    g_test_add_func("/manager/server/set", test_set);
    g_test_add_func("/manager/server/stored", test_stored);
    g_test_add_func("/manager/server/counter", test_counter);
    g_test_add_func("/manager/server/rollover", test_rollover);
    g_test_add_func("/manager/server/rollover-by-itself", test_rollover_by_itself);
    g_test_add_func("/manager/server/rollover-cancel", test_rollover_cancel);
    g_test_add_func("/manager/server/rollover-at-once", test_rollover_at_once);
    g_test_add_func("/manager/server/rollover-interrupted", test_rollover_interrupted);
    g_test_add_func("/manager/server/certificate-leads-there", test_certificate_leads_there);
    return g_test_run();
}
