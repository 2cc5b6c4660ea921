/* SPDX-License-Identifier: Apache-2.0 */
/* updater/publisher: versions, counting, roles, and whole releases in a directory of their own, read back by the
 * client. */
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/pattern/kinds.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/content.h"
#include "updater/publisher/gc.h"
#include "updater/publisher/import.h"
#include "updater/publisher/keys.h"
#include "updater/publisher/numbers.h"
#include "updater/publisher/readback.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repo_init.h"
#include "updater/publisher/stage.h"
#include "updater/tuf/key.h"

/* A repository in a directory that goes with the test. */
typedef struct {
    char *dir;
    UpdRepo *repo;
    UpdState *state;
} Place;

static void place_init(Place *place)
{
    static const char *const components[] = { "virus", "rules" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    g_autoptr(GError) error = NULL;

    place->dir = g_dir_make_tmp("holdline-publisher-XXXXXX", &error);
    g_assert_no_error(error);
    place->repo = upd_repo_create(place->dir, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(upd_repo_init(place->repo, &founding, &error));
    place->state = upd_state_load(place->repo, &error);
    g_assert_no_error(error);
}

static void place_clear(Place *place)
{
    g_hash_table_unref(place->state);
    upd_repo_free(place->repo);
    g_assert_true(hl_tree_remove(place->dir, NULL));
    g_free(place->dir);
}

static void place_reload(Place *place)
{
    g_hash_table_unref(place->state);
    place->state = upd_state_load(place->repo, NULL);
    g_assert_nonnull(place->state);
}

/* Puts content straight into the staging directory: what the engine says of it is not this test's business. */
static void stage(Place *place, const char *component, gint64 version, const char *file, const char *content)
{
    g_autofree char *content_name = g_strdup_printf("private/staged/%s/%s", component, file);
    g_autofree char *record_name = g_strdup_printf("private/staged/%s/stage.json", component);
    g_autofree char *record = g_strdup_printf("{\"version\":%" G_GINT64_FORMAT
                                              ",\"signatures\":1,\"min_engine\":\"0.103.0\",\"files\":[\"%s\"]}",
                                              version, file);
    g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
    g_autoptr(GBytes) record_bytes = g_bytes_new(record, strlen(record));

    g_assert_true(upd_repo_store(place->repo, content_name, bytes, NULL));
    g_assert_true(upd_repo_store(place->repo, record_name, record_bytes, NULL));
}

static void no_progress(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                        const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static void release(Place *place, const char *component)
{
    g_autoptr(GError) error = NULL;
    UpdPublished published;
    bool pending = false;

    if (!upd_content_prepare(place->repo, place->state, component, no_progress, NULL, &published, &error))
        g_error("%s", error->message);
    if (!upd_release_role(place->repo, place->state, component, &pending, &error))
        g_error("%s", error->message);
    g_assert_true(upd_release_snapshot(place->repo, place->state, &error));
    g_assert_true(upd_content_commit(place->repo, component, &error));
}

static char *content_of(guint n)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < 200 + n; i++)
        g_string_append_printf(text, "%032x:%u:Test.Family-%u\n", i * 2654435761u, i, i);
    return g_string_free(text, FALSE);
}

static void test_next_version(void)
{
    const HlTime day = 1795384800 * HL_SECOND; /* 2026-11-22 22:00 UTC */

    g_assert_cmpint(upd_stage_next_version(0, day), ==, 2026112201);
    g_assert_cmpint(upd_stage_next_version(2026112103, day), ==, 2026112201);
    g_assert_cmpint(upd_stage_next_version(2026112204, day), ==, 2026112205);
    g_assert_cmpint(upd_stage_next_version(2030010100, day), ==,
                    2030010101); /* a clock that ran ahead once: still rises */
}

static void test_count(void)
{
    static const char lines[] = "# comment\na:1:x\n\nb:2:y\r\n\r\nc:3:z";
    static const char rules[] =
        "rule A { condition: true }\nprivate rule B\n{\n}\n// rule C\nglobal private rule D {}\nrules\n";

    g_assert_cmpint(upd_stage_count("a.hdb", lines, sizeof lines - 1), ==, 3);
    g_assert_cmpint(upd_stage_count("a.yar", rules, sizeof rules - 1), ==, 3);
    g_assert_cmpint(upd_stage_count("a.cvd", lines, sizeof lines - 1), ==, -1);
    g_assert_cmpint(upd_stage_count("a.hdb", "", 0), ==, 0);
}

static void test_names(void)
{
    static const char *const bad_components[] = { "",   "root",  "snapshot", "a/b",
                                                  "..", "Virus", "-x",       "abcdefghijklmnopqrstuvwxyz0123456789" };
    static const char *const bad_files[] = { "", ".hdb", "../x.hdb", "a b.hdb", "-x.hdb" };

    g_assert_true(upd_component_name_ok("virus", NULL));
    g_assert_true(upd_stage_name_ok("main.hdb", NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad_components); i++)
        g_assert_false(upd_component_name_ok(bad_components[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad_files); i++)
        g_assert_false(upd_stage_name_ok(bad_files[i], NULL));
}

/* What one key signs cannot switch off what another signed. */
static void test_kinds(void)
{
    static const struct {
        const char *component, *file, *refusal; /* NULL: it may hold it */
    } rows[] = {
        { "rules", "local.yar", NULL },
        { "rules", "local.ndb", NULL },
        { "virus", "daily.ign2", NULL },
        { "virus", "daily.cfg", NULL },
        { "virus", "bytecode.cvd", NULL },
        { "agent", "daily.fp", NULL },
        { "exceptions", "local.ign2", NULL },
        { "exceptions", "local.wdb", NULL },
        { "rules", "local.ign", "rules may not hold local.ign: it switches detections of other components off" },
        { "rules", "local.ign2", "switches detections" },
        { "rules", "local.fp", "switches detections" },
        { "rules", "local.sfp", "switches detections" },
        { "rules", "local.wdb", "switches detections" },
        { "rules", "local.cfg", "steers the engine" },
        { "rules", "local.crb", "steers the engine" },
        { "rules", "local.ftm", "steers the engine" },
        { "rules", "local.pwdb", "steers the engine" },
        { "rules", "local.gdb", "steers the engine" },
        { "rules", "main.cvd", "files of every kind" },
        { "exceptions", "local.hdb", "adds detections" },
        { "exceptions", "local.cfg", "steers the engine" },
        { "virus", "main.cld", NULL },
        { "rules", "main.cld", "files of every kind" },
        { "virus", "main.cud", "no component may" },
        { "virus", "main.info", "no component may" },
        { "virus", "x.cbc", "no component may" },
        { "virus", "local.IGN2", "not in a format" }, /* the engine would take it */
        { "virus", "x.ign2.txt", "not in a format" },
        { "rules", "x.ign2.hdb", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(upd_kind_check(rows[i].component, rows[i].file, &error) == (rows[i].refusal == NULL));
        if (rows[i].refusal == NULL)
            continue;
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        if (strstr(error->message, rows[i].refusal) == NULL)
            g_error("%s", error->message);
    }
}

/* Doubling a signature does not raise the count; a signature of a changed content does not count. */
static void test_count_signatures(void)
{
    g_autoptr(TufPrivateKey) a = tuf_private_key_generate();
    g_autoptr(TufPrivateKey) b = tuf_private_key_generate();
    json_t *objects[] = { tuf_key_object(a), tuf_key_object(b) };
    g_autoptr(json_t) keys = json_object();
    g_autoptr(json_t) definition = upd_meta_definition(keys, objects, 2, 2, NULL);
    g_autoptr(json_t) envelope = upd_meta_new("targets", 1, HL_DAY);
    guint count;

    g_assert_true(upd_meta_sign(envelope, a, NULL) && upd_meta_sign(envelope, a, NULL));
    g_assert_true(upd_meta_count(envelope, keys, definition, &count, NULL));
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(envelope, "signatures")), ==, 1);
    g_assert_true(upd_meta_sign(envelope, b, NULL));
    g_assert_true(upd_meta_count(envelope, keys, definition, &count, NULL));
    g_assert_cmpuint(count, ==, 2);
    json_object_set_new(upd_meta_signed(envelope), "version", json_integer(2));
    g_assert_true(upd_meta_count(envelope, keys, definition, &count, NULL));
    g_assert_cmpuint(count, ==, 0);
    json_decref(objects[0]);
    json_decref(objects[1]);
}

static void test_one_key_one_role(void)
{
    Place place;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) root = NULL;
    json_t *roles;
    json_t *timestamp;

    place_init(&place);
    root = json_deep_copy(upd_meta_signed(upd_state_get(place.state, "root")));
    roles = json_object_get(root, "roles");
    timestamp = json_object_get(roles, "timestamp");
    g_assert_true(upd_meta_check_roles(root, NULL, &error));
    json_object_set_new(timestamp, "threshold", json_integer(2));
    g_assert_false(upd_meta_check_roles(root, NULL, &error)); /* two signatures, one key */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    json_object_set_new(timestamp, "threshold", json_integer(1));
    json_object_set(timestamp, "keyids", json_object_get(json_object_get(roles, "snapshot"), "keyids"));
    g_assert_false(upd_meta_check_roles(root, NULL, &error)); /* snapshot's key */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    place_clear(&place);
}

/* Seventeen releases: the newest lists its full file and increments from the fourteen before, and clients can use them
 * all. */
static void test_fourteen_increments(void)
{
    Place place;
    UpdReadback readback;
    g_autoptr(GError) error = NULL;
    json_t *targets;

    place_init(&place);
    for (guint i = 1; i <= 17; i++) {
        g_autofree char *content = content_of(i);

        stage(&place, "virus", 2026010100 + i, "main.hdb", content);
        release(&place, "virus");
    }
    targets = json_object_get(upd_meta_signed(upd_state_get(place.state, "virus")), "targets");
    g_assert_cmpuint(json_object_size(targets), ==, 15);
    g_assert_nonnull(json_object_get(targets, "virus/full-2026010117.zst"));
    g_assert_nonnull(json_object_get(targets, "virus/delta-2026010103-2026010117.zst"));
    g_assert_null(json_object_get(targets, "virus/delta-2026010102-2026010117.zst"));
    g_assert_cmpint(upd_content_version(upd_state_get(place.state, "virus")), ==, 2026010117);
    if (!upd_readback(place.repo, &readback, &error))
        g_error("%s", error->message);
    g_assert_cmpuint(readback.full, ==, 1);
    g_assert_cmpuint(readback.increments, ==, 14);
    place_clear(&place);
}

/* A release that was cut between timestamp.json and its record is simply published again. */
static void test_cut_before_commit(void)
{
    Place place;
    UpdReadback readback;
    g_autofree char *content = content_of(1);
    g_autofree char *content2 = content_of(2);
    UpdPublished published;
    bool pending = false;

    place_init(&place);
    stage(&place, "virus", 2026010101, "main.hdb", content);
    release(&place, "virus");
    stage(&place, "virus", 2026010102, "main.hdb", content2);
    g_assert_true(upd_content_prepare(place.repo, place.state, "virus", no_progress, NULL, &published, NULL));
    g_assert_true(upd_release_role(place.repo, place.state, "virus", &pending, NULL));
    g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
    /* killed here */
    place_reload(&place);
    release(&place, "virus");
    g_assert_true(upd_readback(place.repo, &readback, NULL));
    g_assert_cmpuint(readback.increments, ==, 1);
    place_clear(&place);
}

/* Whichever target or metadata file is damaged or gone, reading back says so. */
static void test_readback_finds_damage(void)
{
    Place place;
    g_autofree char *content = content_of(1);
    g_autofree char *content2 = content_of(9);
    static const char *const rooms[] = { "targets/virus", "metadata" };
    UpdReadback readback;
    guint damaged = 0;

    place_init(&place);
    stage(&place, "virus", 2026010101, "main.hdb", content);
    release(&place, "virus");
    stage(&place, "virus", 2026010102, "main.hdb", content2);
    release(&place, "virus");
    g_assert_true(upd_gc(place.repo, place.state, UPD_GC_DRY_RUN, &(UpdGarbage){ 0 }, NULL));
    for (gsize r = 0; r < G_N_ELEMENTS(rooms); r++) {
        g_autoptr(GPtrArray) names = upd_repo_list(place.repo, rooms[r]);

        for (guint i = 0; i < names->len; i++) {
            g_autofree char *path = upd_repo_path(place.repo, "%s/%s", rooms[r], (char *)names->pdata[i]);
            g_autoptr(GBytes) good = hl_file_read(path, 1 << 20, NULL);
            gsize size = g_bytes_get_size(good);
            g_autofree guint8 *bad = g_memdup2(g_bytes_get_data(good, NULL), size);

            bad[size / 2] ^= 1;
            g_assert_true(hl_file_write(path, bad, size, 0644, NULL));
            damaged += upd_readback(place.repo, &readback, NULL) ? 0 : 1;
            g_assert_true(hl_file_write(path, g_bytes_get_data(good, NULL), size, 0644, NULL));
            g_assert_true(upd_readback(place.repo, &readback, NULL));
        }
    }
    /* the 2 targets in force; root, targets, timestamp, snapshot and 2 components in force.  Old versions may rot. */
    g_assert_cmpuint(damaged, ==, 2 + 6);
    place_clear(&place);
}

static void test_gc_keeps_what_clients_need(void)
{
    Place place;
    UpdGarbage garbage;
    UpdReadback readback;

    place_init(&place);
    for (guint i = 1; i <= 3; i++) {
        g_autofree char *content = content_of(i);

        stage(&place, "virus", 2026010100 + i, "main.hdb", content);
        release(&place, "virus");
    }
    g_assert_true(upd_gc(place.repo, place.state, UPD_GC_REMOVE, &garbage, NULL));
    g_assert_cmpuint(garbage.files, ==, 0); /* every snapshot still lives: a cache may hand out its timestamp */
    place.repo->now += 8 * HL_DAY;
    g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
    g_assert_true(upd_gc(place.repo, place.state, UPD_GC_REMOVE, &garbage, NULL));
    /* snapshots 1 to 4, virus 1 to 3; full files 1 and 2, increment 1 to 2 */
    g_assert_cmpuint(garbage.files, ==, 4 + 3 + 3);
    g_assert_true(upd_repo_exists(place.repo, "metadata/1.root.json"));
    g_assert_true(upd_readback(place.repo, &readback, NULL));
    g_assert_cmpuint(readback.increments, ==, 2);
    place_clear(&place);
}

/* A timestamp key is replaced: old clients follow the chain of roots. */
static void test_rotation(void)
{
    Place place;
    g_autoptr(GError) error = NULL;
    json_t *keys = NULL;
    UpdRotation rotation = { .role = "timestamp" };
    UpdReadback readback;
    bool pending = true;

    place_init(&place);
    g_assert_true(upd_readback(place.repo, &readback, NULL)); /* a client that knows root 1 and its timestamp */
    rotation.drop_key = json_string_value(
        json_array_get(json_object_get(upd_state_definition(place.state, "timestamp", &keys), "keyids"), 0));
    g_assert_true(upd_ceremony_rotate(place.repo, place.state, &rotation, &pending, &error));
    g_assert_false(pending);
    g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "root")), ==, 2);
    if (!upd_readback(place.repo, &readback, &error))
        g_error("%s", error->message);
    place_clear(&place);
}

static HlTime end_of(const Place *place, const char *role)
{
    HlTime expires = 0;

    g_assert_true(upd_meta_expires(upd_state_get(place->state, role), &expires, NULL));
    return expires;
}

/* Without another key: targets alone gets a new end, or root and targets together. */
static void test_renewal(void)
{
    static const char *const roles[] = { "targets", "root" };
    Place place;
    UpdReadback readback;
    g_autoptr(GError) error = NULL;

    place_init(&place);
    for (guint i = 0; i < G_N_ELEMENTS(roles); i++) {
        UpdRotation rotation = { .role = roles[i] };
        bool pending = true;

        place.repo->now += 91 * HL_DAY;
        g_assert_true(upd_ceremony_rotate(place.repo, place.state, &rotation, &pending, &error));
        g_assert_false(pending);
        g_assert_cmpint(end_of(&place, "targets"), ==, place.repo->now / HL_SECOND * HL_SECOND + 180 * HL_DAY);
        g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "root")), ==, 1 + i);
        /* the components' own keys renew them as ever */
        g_assert_true(upd_release_role(place.repo, place.state, "virus", &pending, NULL));
        g_assert_true(upd_release_role(place.repo, place.state, "rules", &pending, NULL));
        g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
        if (!upd_readback(place.repo, &readback, &error))
            g_error("%s", error->message);
    }
    place_clear(&place);
}

static void test_import_split(void)
{
    static const char *const databases[] = { "daily", "bytecode", "local", "", "mainly" };

    for (gsize i = 0; i < G_N_ELEMENTS(databases); i++)
        g_assert_true(upd_import_wants("virus", databases[i]) && upd_import_wants("agent", databases[i]));
    g_assert_true(upd_import_wants("virus", "main"));
    g_assert_false(upd_import_wants("agent", "main"));
}

/* The newest release, by names and contents, and nothing else. */
static void test_matches(void)
{
    Place place;
    g_autofree char *old = content_of(1);
    g_autofree char *content = content_of(2);
    g_autofree char *path = NULL;
    g_autofree char *other = NULL;
    const char *paths[2];

    place_init(&place);
    path = g_build_filename(place.dir, "main.hdb", NULL);
    other = g_build_filename(place.dir, "other.hdb", NULL);
    paths[0] = path;
    paths[1] = other;
    g_assert_true(hl_file_write_text(path, old, 0600, NULL) && hl_file_write_text(other, content, 0600, NULL));
    g_assert_false(upd_content_matches(place.repo, "virus", paths, 1));
    stage(&place, "virus", 2026010101, "main.hdb", old);
    release(&place, "virus");
    g_assert_true(upd_content_matches(place.repo, "virus", paths, 1));
    g_assert_false(upd_content_matches(place.repo, "virus", paths, 0));
    g_assert_false(upd_content_matches(place.repo, "virus", paths, 2));
    g_assert_false(upd_content_matches(place.repo, "virus", paths + 1, 1));
    stage(&place, "virus", 2026010102, "main.hdb", content);
    release(&place, "virus");
    g_assert_false(upd_content_matches(place.repo, "virus", paths, 1));
    g_assert_true(hl_file_write_text(path, content, 0600, NULL));
    g_assert_true(upd_content_matches(place.repo, "virus", paths, 1));
    g_assert_cmpint(remove(path), ==, 0);
    g_assert_false(upd_content_matches(place.repo, "virus", paths, 1));
    place_clear(&place);
}

static void test_versions_rise(void)
{
    Place place;
    g_autofree char *content = content_of(1);
    const UpdStageSpec spec = { .component = "virus", .version = 2026010101, .min_engine = "0.103.0" };
    UpdStaged staged;
    g_autoptr(GError) error = NULL;

    place_init(&place);
    stage(&place, "virus", 2026010101, "main.hdb", content);
    release(&place, "virus");
    g_assert_false(upd_stage_add(place.repo, place.state, &spec, &staged, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    place_clear(&place);
}

/* A publish that was cut before its snapshot leaves a role's file that nothing lists: the next one goes past it. */
static void test_cut_before_snapshot(void)
{
    Place place;
    UpdReadback readback;
    g_autoptr(GError) error = NULL;
    g_autofree char *content = content_of(1);
    bool pending = false;

    place_init(&place);
    g_assert_true(upd_release_role(place.repo, place.state, "virus", &pending, &error));
    place_reload(&place); /* the snapshot in force lists version 1 */
    stage(&place, "virus", 2026010101, "main.hdb", content);
    release(&place, "virus");
    g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "virus")), ==, place.repo->now + 1);
    if (!upd_readback(place.repo, &readback, &error))
        g_error("%s", error->message);
    place_clear(&place);
}

static void test_numbers_reached(void)
{
    const UpdNumbersMark none = { 0 };
    const UpdNumbersMark mark = { .number = 9000 * HL_DAY, .at = 5000 * HL_DAY };

    g_assert_cmpint(upd_numbers_reached(0, &none), ==, 0);
    g_assert_cmpint(upd_numbers_reached(57, &none), ==, 57);
    g_assert_cmpint(upd_numbers_reached(9000 * HL_DAY, &none), ==, 9000 * HL_DAY);
    /* what was ahead, and what is counted up from it, say nothing; the clock that passed them does */
    g_assert_cmpint(upd_numbers_reached(9000 * HL_DAY, &mark), ==, 5000 * HL_DAY);
    g_assert_cmpint(upd_numbers_reached(9000 * HL_DAY + 7, &mark), ==, 5000 * HL_DAY);
    g_assert_cmpint(upd_numbers_reached(9001 * HL_DAY, &mark), ==, 9001 * HL_DAY);
}

static void test_above(void)
{
    static const char *const both[] = { "2036010203", "2095000000123", "2026112801" };
    static const char *const bad[] = {
        "", "x", "-1", "0", "999", "1", "2026139901", "9007199254740992", " 5", "5 ", "20261128011111111111111"
    };
    UpdNumbersAbove above;

    g_assert_true(upd_numbers_parse_above(both, G_N_ELEMENTS(both), &above, NULL));
    g_assert_cmpint(above.component, ==, 2036010203);
    g_assert_cmpint(above.metadata, ==, G_GINT64_CONSTANT(2095000000123));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(upd_numbers_parse_above(&bad[i], 1, &above, &error));
        g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_INVALID);
    }
}

/* A clock that is behind what was signed signs nothing; one that was ahead is left behind once, by a person. */
static void test_wrong_clock(void)
{
    Place place;
    g_autoptr(GError) error = NULL;
    HlTime now;
    json_int_t ahead;

    place_init(&place);
    now = place.repo->now;
    place.repo->now = now - HL_HOUR + HL_SECOND; /* another host's clock */
    g_assert_true(upd_release_timestamp(place.repo, place.state, NULL));
    place.repo->now = now + 3650 * HL_DAY;
    g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
    ahead = upd_meta_version(upd_state_get(place.state, "timestamp"));
    place.repo->now = now;
    g_assert_false(upd_release_timestamp(place.repo, place.state, &error));
    g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "set the clock"));
    g_assert_nonnull(strstr(error->message, "--force"));
    place_reload(&place);
    place.repo->any_clock = true;
    g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
    place.repo->any_clock = false;
    place.repo->now = now + HL_DAY;
    g_assert_true(upd_release_timestamp(place.repo, place.state, NULL));
    g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "timestamp")), >, ahead);
    place.repo->now = now - HL_DAY;
    g_assert_false(upd_release_timestamp(place.repo, place.state, NULL));
    place_clear(&place);
}

/* Every role signed from then on is past the number; the clock that is behind it is taken for right. */
static void test_go_past(void)
{
    Place place;
    const json_int_t above = G_GINT64_CONSTANT(4000000000000);
    bool pending = false;

    place_init(&place);
    g_assert_true(upd_numbers_go_past(place.repo, above, NULL));
    g_assert_true(upd_numbers_go_past(place.repo, 1, NULL)); /* never lower */
    g_assert_true(upd_release_role(place.repo, place.state, "virus", &pending, NULL));
    g_assert_true(upd_release_snapshot(place.repo, place.state, NULL));
    g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "virus")), ==, above + 1);
    g_assert_cmpint(upd_meta_version(upd_state_get(place.state, "timestamp")), ==, above + 1);
    g_assert_true(upd_release_timestamp(place.repo, place.state, NULL));
    g_assert_true(upd_stage_go_past(place.repo, place.repo->now, 2099010203, NULL));
    g_assert_true(upd_stage_go_past(place.repo, place.repo->now, 0, NULL));
    g_assert_cmpint(upd_stage_newest(place.repo, "virus"), ==, 2099010203);
    place_clear(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/publisher/next-version", test_next_version);
    g_test_add_func("/publisher/count", test_count);
    g_test_add_func("/publisher/numbers-reached", test_numbers_reached);
    g_test_add_func("/publisher/above", test_above);
    g_test_add_func("/publisher/wrong-clock", test_wrong_clock);
    g_test_add_func("/publisher/go-past", test_go_past);
    g_test_add_func("/publisher/names", test_names);
    g_test_add_func("/publisher/kinds", test_kinds);
    g_test_add_func("/publisher/count-signatures", test_count_signatures);
    g_test_add_func("/publisher/one-key-one-role", test_one_key_one_role);
    g_test_add_func("/publisher/fourteen-increments", test_fourteen_increments);
    g_test_add_func("/publisher/cut-before-commit", test_cut_before_commit);
    g_test_add_func("/publisher/readback-finds-damage", test_readback_finds_damage);
    g_test_add_func("/publisher/gc", test_gc_keeps_what_clients_need);
    g_test_add_func("/publisher/rotation", test_rotation);
    g_test_add_func("/publisher/renewal", test_renewal);
    g_test_add_func("/publisher/import-split", test_import_split);
    g_test_add_func("/publisher/matches", test_matches);
    g_test_add_func("/publisher/versions-rise", test_versions_rise);
    g_test_add_func("/publisher/cut-before-snapshot", test_cut_before_snapshot);
    return g_test_run();
}
