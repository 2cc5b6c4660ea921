/* SPDX-License-Identifier: Apache-2.0 */
/* What makes metadata acceptable or not before anybody's signature counts, keys and thresholds. */
#include <string.h>

#include "tests/support/tuf_fixture.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/trusted.h"

static GBytes *sample(TufSim *sim, const char *role)
{
    return tuf_sim_sign(tuf_sim_body(sim, role), tuf_sim_signers(sim, role));
}

static void expect_parse(TufRole type, GBytes *bytes, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TufMetadata) metadata = tuf_metadata_parse(type, bytes, &error);

    if (words == NULL) {
        g_assert_no_error(error);
        g_assert_nonnull(metadata);
        return;
    }
    g_assert_null(metadata);
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    if (strstr(error->message, words) == NULL)
        g_error("'%s' does not say '%s'", error->message, words);
}

/* body of role with one member set (NULL: removed), as a file. */
static void expect_with(TufSim *sim, const char *role, TufRole type, const char *member, json_t *value,
                        const char *words)
{
    g_autoptr(json_t) body = json_deep_copy(tuf_sim_body(sim, role));
    g_autoptr(GBytes) bytes = NULL;

    if (value == NULL)
        json_object_del(body, member);
    else
        json_object_set_new(body, member, value);
    bytes = tuf_sim_sign(body, tuf_sim_signers(sim, role));
    expect_parse(type, bytes, words);
}

static void test_common(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    static const char *const bad_dates[] = { "2026-11-22T21:45:00+00:00", "2026-11-22",
                                             "2026-02-30T00:00:00Z",      "",
                                             " 2026-11-22T21:45:00Z",     "2026-11-22T21:45:00.5Z" };
    static const char *const bad_specs[] = { "2.0.0", "0.9", "1", "1.", "1.0.0.0", "10.0", "1.x", "" };
    static const char *const good_specs[] = { "1.0", "1.0.31", "1.99.7" };

    expect_with(sim, "timestamp", TUF_TIMESTAMP, "extra", json_pack("{s:i}", "x", 1), NULL);
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "version", NULL, "\"version\" must be an integer");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "version", json_integer(0), "\"version\" must be an integer from 1");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "version", json_string("1"), "\"version\" must be an integer");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "_type", json_string("snapshot"), "\"_type\" is \"snapshot\"");
    expect_with(sim, "snapshot", TUF_TIMESTAMP, "x", json_null(), "\"_type\" is \"snapshot\"");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "_type", NULL, "\"_type\"");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "spec_version", NULL, "\"spec_version\"");
    for (gsize i = 0; i < G_N_ELEMENTS(bad_specs); i++)
        expect_with(sim, "timestamp", TUF_TIMESTAMP, "spec_version", json_string(bad_specs[i]), "is not 1.x");
    for (gsize i = 0; i < G_N_ELEMENTS(good_specs); i++)
        expect_with(sim, "timestamp", TUF_TIMESTAMP, "spec_version", json_string(good_specs[i]), NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(bad_dates); i++)
        expect_with(sim, "timestamp", TUF_TIMESTAMP, "expires", json_string(bad_dates[i]), "\"expires\" is not");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "expires", NULL, "\"expires\" is not");
}

/* A snapshot that is good as a timestamp in everything but its type, signed by a key of both. */
static void test_type_confusion(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *meta = json_object_get(tuf_sim_body(sim, "snapshot"), "meta");
    g_autoptr(GBytes) confused = NULL;

    json_object_clear(meta);
    json_object_set_new(meta, "snapshot.json", json_pack("{s:i}", "version", 1));
    confused = tuf_sim_sign(tuf_sim_body(sim, "snapshot"), tuf_sim_signers(sim, "timestamp"));
    tuf_sim_serve(sim, "metadata/timestamp.json", g_steal_pointer(&confused));
    fixture_refuse(fixture, HL_ERROR_INVALID, "\"_type\" is \"snapshot\"");
}

/* JSON that two readers may read differently. */
static void test_ambiguous_json(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "{\"signed\":{\"_type\":\"timestamp\",\"_type\":\"timestamp\"},\"signatures\":[]}", "given twice" },
        { "{\"signed\":{},\"signed\":{},\"signatures\":[]}", "given twice" },
        { "{\"signed\":{\"a\":1.5},\"signatures\":[]}", "integers only" },
        { "{\"signed\":{\"a\":1e3},\"signatures\":[]}", "integers only" },
        { "{\"signed\":{\"a\":9223372036854775808},\"signatures\":[]}", "a number is too large" },
        { "{\"signed\":{},\"signatures\":[]} x", "line 1, column 31" },
        { "\xef\xbb\xbf{\"signed\":{},\"signatures\":[]}", "not valid JSON" },
        { "{\"signed\":{\"a\":\"\xff\"},\"signatures\":[]}", "not valid JSON" },
        { "{\"signed\":[],\"signatures\":[]}", "no object \"signed\"" },
        { "[]", "no object \"signed\"" },
        { "", "not valid JSON" },
    };
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autoptr(GBytes) nested = g_bytes_new_static(deep, 100000);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(cases[i].text, strlen(cases[i].text));

        expect_parse(TUF_TIMESTAMP, bytes, cases[i].words);
    }
    expect_parse(TUF_TIMESTAMP, nested, "nested deeper than");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "x", json_integer((json_int_t)1 << 53), "2^53 or above");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "x", json_integer(-((json_int_t)1 << 53)), "2^53 or above");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "x", json_pack("[{s:I}]", "y", (json_int_t)1 << 60), "2^53 or above");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "x", json_integer(((json_int_t)1 << 53) - 1), NULL);
}

static void test_root(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    json_t *roles = json_object_get(tuf_sim_body(sim, "root"), "roles");
    json_t *entry = json_object_get(roles, "snapshot");
    g_autoptr(GBytes) bytes = NULL;

    expect_with(sim, "root", TUF_ROOT, "consistent_snapshot", NULL, "\"consistent_snapshot\" must be true or false");
    expect_with(sim, "root", TUF_ROOT, "consistent_snapshot", json_integer(1), "\"consistent_snapshot\"");
    expect_with(sim, "root", TUF_ROOT, "consistent_snapshot", json_false(), NULL);
    expect_with(sim, "root", TUF_ROOT, "keys", NULL, "\"keys\" must be an object");
    expect_with(sim, "root", TUF_ROOT, "roles", json_object(), "role root");
    /* more signatures asked for than there are keys: useless, but somebody else's business */
    json_object_set_new(entry, "threshold", json_integer(6));
    bytes = sample(sim, "root");
    expect_parse(TUF_ROOT, bytes, NULL);
    json_object_set_new(entry, "threshold", json_integer(0));
    g_clear_pointer(&bytes, g_bytes_unref);
    bytes = sample(sim, "root");
    expect_parse(TUF_ROOT, bytes, "role snapshot: \"threshold\" must be an integer from 1");
    json_object_set_new(entry, "threshold", json_integer(1));
    json_object_set_new(entry, "keyids", json_pack("[s, i]", "x", 1));
    g_clear_pointer(&bytes, g_bytes_unref);
    bytes = sample(sim, "root");
    expect_parse(TUF_ROOT, bytes, "must be a list of text");
}

static void test_meta(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);

    expect_with(sim, "timestamp", TUF_TIMESTAMP, "meta", NULL, "lists no snapshot.json");
    expect_with(sim, "timestamp", TUF_TIMESTAMP, "meta",
                json_pack("{s:{s:i}, s:{s:i}}", "snapshot.json", "version", 1, "targets.json", "version", 1),
                "more than snapshot.json");
    expect_with(sim, "snapshot", TUF_SNAPSHOT, "meta", json_pack("{s:{s:i}}", "a.json", "version", 1),
                "lists no targets.json");
    expect_with(sim, "snapshot", TUF_SNAPSHOT, "meta", json_pack("{s:{}}", "targets.json"), "entry 'targets.json'");
    expect_with(sim, "snapshot", TUF_SNAPSHOT, "meta",
                json_pack("{s:{s:i, s:{s:s}}}", "targets.json", "version", 1, "hashes", "sha256", "ABC"),
                "64 lower-case hexadecimal digits");
    expect_with(sim, "snapshot", TUF_SNAPSHOT, "meta",
                json_pack("{s:{s:i, s:{s:s}}}", "targets.json", "version", 1, "hashes", "md5", "abc"),
                "neither sha256 nor sha512");
    expect_with(sim, "snapshot", TUF_SNAPSHOT, "meta",
                json_pack("{s:{s:i, s:i}}", "targets.json", "version", 1, "length", -1),
                "\"length\" must be an integer");
}

static void expect_delegation(TufSim *sim, json_t *delegation, const char *words)
{
    expect_with(sim, "targets", TUF_TARGETS, "delegations", json_pack("{s:{}, s:[o]}", "keys", "roles", delegation),
                words);
}

static void test_targets(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    static const char *const top[] = { "root", "timestamp", "snapshot", "targets" };
    g_autofree char *long_name = g_strnfill(90, '/');

    expect_with(sim, "targets", TUF_TARGETS, "targets", NULL, "\"targets\" must be an object");
    expect_with(sim, "targets", TUF_TARGETS, "targets", json_pack("{s:{s:i}}", "a", "length", 1), "neither sha256");
    expect_with(sim, "targets", TUF_TARGETS, "delegations", json_object(), "no list \"roles\"");
    expect_with(sim, "targets", TUF_TARGETS, "delegations", json_pack("{s:{}}", "succinct_roles"), "TAP 15");
    expect_delegation(sim, json_pack("{s:s, s:[], s:i, s:[s]}", "name", "a", "keyids", "threshold", 1, "paths", "*"),
                      NULL);
    expect_delegation(sim, json_pack("{s:s, s:[], s:i}", "name", "a", "keyids", "threshold", 1), NULL);
    expect_delegation(sim, json_pack("{s:[], s:i}", "keyids", "threshold", 1), "its \"name\" must be text");
    expect_delegation(sim, json_pack("{s:s, s:[], s:i}", "name", long_name, "keyids", "threshold", 1), "its \"name\"");
    expect_delegation(
        sim,
        json_pack("{s:s, s:[], s:i, s:[], s:[]}", "name", "a", "keyids", "threshold", 1, "paths", "path_hash_prefixes"),
        "only one of");
    expect_delegation(sim, json_pack("{s:s, s:[], s:i, s:s}", "name", "a", "keyids", "threshold", 1, "paths", "*"),
                      "\"paths\" must be a list");
    for (gsize i = 0; i < G_N_ELEMENTS(top); i++)
        expect_delegation(sim, json_pack("{s:s, s:[], s:i}", "name", top[i], "keyids", "threshold", 1),
                          "the name of a top-level role");
    expect_with(sim, "targets", TUF_TARGETS, "delegations",
                json_pack("{s:{}, s:[{s:s, s:[], s:i}, {s:s, s:[], s:i}]}", "keys", "roles", "name", "a", "keyids",
                          "threshold", 1, "name", "a", "keyids", "threshold", 1),
                "two delegations to");
}

/* Thresholds: whole client, role snapshot. */

static void test_threshold(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_add_key(sim, "root", "snapshot");
    tuf_sim_add_key(sim, "root", "snapshot");
    tuf_sim_set_threshold(sim, "root", "snapshot", 3);
    tuf_sim_publish(sim, "root");
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    g_ptr_array_remove_index(tuf_sim_signers(sim, "snapshot"), 0);
    tuf_sim_publish_chain(sim);
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "signed by 2 of the 3 keys");
    g_assert_cmpint(fixture_version(fixture, "snapshot"), ==, 2);
}

/* One signature twice, one keyid twice: each would let one holder count as two. */
static void test_counted_twice(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *keyids = json_object_get(tuf_sim_role_entry(sim, "root", "snapshot"), "keyids");
    GPtrArray *signers = tuf_sim_signers(sim, "snapshot");

    g_ptr_array_set_free_func(signers, NULL);
    g_ptr_array_add(signers, signers->pdata[0]);
    tuf_sim_publish(sim, "snapshot");
    tuf_sim_publish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_INVALID, "two signatures by keyid");
    tuf_private_key_free(signers->pdata[1]);
    g_ptr_array_set_size(signers, 0);
    json_array_append(keyids, json_array_get(keyids, 0));
    tuf_sim_publish(sim, "root");
    fixture_refuse(fixture, HL_ERROR_INVALID, "is listed twice in \"keyids\"");
}

/* The same public key in another dress, under another keyid that is correct for it. */
static void test_same_key_twice(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    GPtrArray *signers = tuf_sim_signers(sim, "snapshot");
    g_autoptr(json_t) object = tuf_key_object(signers->pdata[0]);
    g_autofree char *keyid = NULL;
    g_autoptr(GBytes) file = NULL;
    g_autoptr(json_t) twice = NULL;
    json_t *signatures;
    char *text;

    json_object_set_new(object, "extra", json_integer(1));
    keyid = tuf_keyid(object, NULL);
    tuf_sim_add_key_object(sim, "root", "snapshot", keyid, object);
    tuf_sim_set_threshold(sim, "root", "snapshot", 2);
    tuf_sim_publish(sim, "root");
    tuf_sim_publish_chain(sim);
    file = g_bytes_ref(tuf_sim_served(sim, "metadata/2.snapshot.json"));
    twice = hl_json_parse("file", g_bytes_get_data(file, NULL), g_bytes_get_size(file), NULL);
    signatures = json_object_get(twice, "signatures");
    json_array_append_new(signatures, json_pack("{s:s, s:O}", "keyid", keyid, "sig",
                                                json_object_get(json_array_get(signatures, 0), "sig")));
    text = hl_json_print(twice);
    tuf_sim_serve(sim, "metadata/2.snapshot.json", g_bytes_new_take(text, strlen(text)));
    fixture_refuse(fixture, HL_ERROR_INVALID, "is the same public key");
    g_assert_cmpint(fixture_version(fixture, "root"), ==, 1);
    g_assert_cmpint(fixture_version(fixture, "snapshot"), ==, -1);
}

/* A keyid is the hash of the whole key object, members included that we do not know. */
static void test_keyid(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *keyids = json_object_get(tuf_sim_role_entry(sim, "root", "snapshot"), "keyids");
    g_autofree char *plain = g_strdup(json_string_value(json_array_get(keyids, 0)));
    json_t *object = json_object_get(json_object_get(tuf_sim_body(sim, "root"), "keys"), plain);

    json_object_set_new(object, "keyid_hash_algorithms", json_string("md5"));
    tuf_sim_publish(sim, "root");
    fixture_refuse(fixture, HL_ERROR_INVALID, "a keyid must be that hash");
    json_object_del(object, "keyid_hash_algorithms");
    tuf_sim_republish(sim, "root");
    fixture_accept(fixture);
}

/* A signature that is not one stands in nobody's way as long as enough others hold. */
static void test_useless_signatures(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    static const char *const values[] = { "", "no hexadecimal", "00", "abc" };

    tuf_sim_add_key(sim, "root", "timestamp");
    tuf_sim_publish(sim, "root");
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(json_t) file = NULL;
        GBytes *bytes;
        char *text;

        tuf_sim_publish(sim, "timestamp");
        bytes = tuf_sim_served(sim, "metadata/timestamp.json");
        file = hl_json_parse("file", g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
        json_object_set_new(json_array_get(json_object_get(file, "signatures"), 0), "sig", json_string(values[i]));
        text = hl_json_print(file);
        tuf_sim_serve(sim, "metadata/timestamp.json", g_bytes_new_take(text, strlen(text)));
        fixture_accept(fixture);
        g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, (gint64)i + 2);
    }
}

static void test_pinned_root(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GBytes) bytes = tuf_sim_sign(tuf_sim_body(sim, "root"), nobody);
    g_auto(TufTrusted) trusted = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(tuf_trusted_init(&trusted, bytes, FIXTURE_NOW, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
}

static void expect_cost(TufRole type, const char *text, HlErrorCode code)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(strlen(text), <=, tuf_role_max_size(type));
    g_assert_null(tuf_metadata_parse(type, bytes, &error));
    g_assert_error(error, HL_ERROR, (int)code);
}

/* What a file may cost is decided before it is parsed, and so before anybody has signed it ... */
static void test_cost(void)
{
    static const char *const wastes[] = { "{},", "[],", "{\"a\":{}},", "0,", "\"\"," };
    g_autofree char *deep = g_strnfill(1000, '[');

    for (TufRole type = 0; type < TUF_N_ROLES; type++) {
        g_autofree char *text = g_strnfill(tuf_role_max_size(type), 'x');

        expect_cost(type, text, HL_ERROR_INVALID); /* as any other file that is none */
        expect_cost(type, deep, HL_ERROR_INVALID);
        for (gsize i = 0; i < G_N_ELEMENTS(wastes); i++) {
            g_autoptr(GString) out = g_string_new("{\"signed\":{\"x\":[");

            while (out->len + strlen(wastes[i]) + 8 < tuf_role_max_size(type))
                g_string_append(out, wastes[i]);
            g_string_append(out, "0]}}");
            expect_cost(type, out->str, HL_ERROR_LIMIT);
        }
    }
}

/* ... and a useful file of the largest size is taken. */
static void test_large(void)
{
    g_autoptr(TufSim) sim = tuf_sim_new(FIXTURE_NOW);
    json_t *meta = json_object_get(tuf_sim_body(sim, "snapshot"), "meta");
    json_t *targets = json_object_get(tuf_sim_body(sim, "targets"), "targets");
    g_autofree char *hash = g_strnfill(64, 'a');
    g_autofree char *longer = g_strnfill(128, 'b');
    g_autoptr(GBytes) snapshot = NULL, listed = NULL;

    for (int i = 0; i < 10000; i++) {
        g_autofree char *name = g_strdup_printf("delegated-role-%d.json", i);

        json_object_set_new(meta, name,
                            json_pack("{s:i, s:i, s:{s:s}}", "version", 1, "length", 1, "hashes", "sha512", longer));
    }
    for (int i = 0; i < 7000; i++) {
        g_autofree char *name = g_strdup_printf("component/version/file-%d", i);

        json_object_set_new(targets, name,
                            json_pack("{s:i, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:i, s:b, s:s, s:s}}", "length", 1,
                                      "hashes", "sha256", hash, "sha512", longer, "custom", "kind", "delta", "from",
                                      hash, "to", hash, "size", 1, "reload", true, "format", "holdline-delta-2", "note",
                                      longer));
    }
    snapshot = sample(sim, "snapshot");
    listed = sample(sim, "targets");
    g_assert_cmpuint(g_bytes_get_size(snapshot), >, 3 * tuf_role_max_size(TUF_SNAPSHOT) / 4);
    g_assert_cmpuint(g_bytes_get_size(listed), >, 4 * tuf_role_max_size(TUF_TARGETS) / 5);
    expect_parse(TUF_SNAPSHOT, snapshot, NULL);
    expect_parse(TUF_TARGETS, listed, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/format/common", test_common);
    g_test_add_func("/tuf/format/type-confusion", test_type_confusion);
    g_test_add_func("/tuf/format/ambiguous-json", test_ambiguous_json);
    g_test_add_func("/tuf/format/root", test_root);
    g_test_add_func("/tuf/format/meta", test_meta);
    g_test_add_func("/tuf/format/targets", test_targets);
    g_test_add_func("/tuf/format/cost", test_cost);
    g_test_add_func("/tuf/format/large", test_large);
    g_test_add_func("/tuf/keys/threshold", test_threshold);
    g_test_add_func("/tuf/keys/counted-twice", test_counted_twice);
    g_test_add_func("/tuf/keys/same-key-twice", test_same_key_twice);
    g_test_add_func("/tuf/keys/keyid", test_keyid);
    g_test_add_func("/tuf/keys/useless-signatures", test_useless_signatures);
    g_test_add_func("/tuf/keys/pinned-root", test_pinned_root);
    return g_test_run();
}
