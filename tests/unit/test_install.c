/* SPDX-License-Identifier: Apache-2.0 */
/* updater/install: what a source offers, what is to be done about it, the record of a set, the place and its lock. */
#include <errno.h>
#include <string.h>

#include "lib/base/file.h"
#include "updater/delta/delta.h"
#include "updater/install/pattern_store.h"
#include "updater/install/plan.h"
#include "updater/install/source.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void target_free(gpointer data)
{
    TufTarget *target = data;

    json_decref(target->custom);
    g_free(target);
}

static GPtrArray *targets_new(void)
{
    return g_ptr_array_new_with_free_func(target_free);
}

static TufTarget *add(GPtrArray *targets, int64_t length, json_t *custom)
{
    TufTarget *target = g_new0(TufTarget, 1);

    g_assert_nonnull(custom);
    target->path = (char *)"virus/target";
    target->length = length;
    target->custom = custom;
    g_ptr_array_add(targets, target);
    return target;
}

static TufTarget *add_full(GPtrArray *targets, int version, const char *file, const char *sha256)
{
    return add(targets, 1000,
               json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:i}", "kind", "full", "format", "zstd", "component",
                         "virus", "version", version, "file", file, "out_sha256", sha256, "out_length", 5000,
                         "signatures", 7));
}

static TufTarget *add_delta(GPtrArray *targets, int64_t length, int version, const char *file, const char *from,
                            const char *to)
{
    return add(targets, length,
               json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:s}", "kind", "delta", "format", UPD_DELTA_FORMAT,
                         "component", "virus", "version", version, "file", file, "out_sha256", to, "out_length", 5000,
                         "from_sha256", from));
}

/* ------------------------------------------------------------------------------------------------------- releases */

static void test_newest_and_cheapest(void)
{
    g_autoptr(GPtrArray) targets = targets_new();
    g_autoptr(UpdRelease) release = NULL;
    g_autoptr(GError) error = NULL;
    const TufTarget *full;
    const TufTarget *delta;
    const UpdReleaseFile *file;

    add_full(targets, 3, "main.hdb", SHA_A);
    full = add_full(targets, 4, "main.hdb", SHA_B);
    delta = add_delta(targets, 100, 4, "main.hdb", SHA_A, SHA_B);
    add_delta(targets, 1500, 4, "main.hdb", SHA_C, SHA_B); /* dearer than the full file */
    add_delta(targets, 10, 4, "main.hdb", SHA_B, SHA_C);   /* leads elsewhere */
    add_delta(targets, 10, 4, "other.hdb", SHA_A, SHA_B);
    add(targets, 1, json_pack("{s:s, s:s}", "kind", "film", "format", "reel"));
    release = upd_release_new("virus", targets, &error);
    g_assert_no_error(error);
    g_assert_cmpint(release->version, ==, 4);
    g_assert_cmpint(release->signatures, ==, 7);
    g_assert_cmpuint(release->files->len, ==, 1);
    file = release->files->pdata[0];
    g_assert_true(upd_release_cheapest(file, NULL) == full);
    g_assert_true(upd_release_cheapest(file, SHA_A) == delta);
    g_assert_true(upd_release_cheapest(file, SHA_C) == full);
}

static void expect_refused(GPtrArray *targets, HlErrorCode code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(upd_release_new("virus", targets, &error));
    g_assert_error(error, HL_ERROR, (int)code);
}

static void test_bad_targets(void)
{
    static const char *const names[] = {
        "", "../main.hdb", "a/b.hdb", ".hidden", "a b", "x\ny", "main.txt", "main.IGN2"
    };
    static const struct {
        const char *member;
        json_int_t value;
    } numbers[] = { { "version", 0 }, { "version", -4 }, { "out_length", -1 }, { "out_length", (json_int_t)1 << 40 } };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) targets = targets_new();

        add_full(targets, 4, names[i], SHA_A);
        expect_refused(targets, HL_ERROR_INVALID);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GPtrArray) targets = targets_new();

        json_object_set_new(add_full(targets, 4, "main.hdb", SHA_A)->custom, numbers[i].member,
                            json_integer(numbers[i].value));
        expect_refused(targets, HL_ERROR_INVALID);
    }
    for (int i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) targets = targets_new();

        json_object_set_new(add_full(targets, 4, "main.hdb", SHA_A)->custom, i == 0 ? "out_sha256" : "component",
                            json_string(i == 0 ? "../../x" : "rules"));
        expect_refused(targets, HL_ERROR_INVALID);
    }
}

/* A component's key speaks for its own kinds of files only, however well it signed. */
static void test_foreign_kind(void)
{
    g_autoptr(GPtrArray) targets = targets_new();
    g_autoptr(UpdRelease) release = NULL;
    g_autoptr(GError) error = NULL;

    json_object_set_new(add_full(targets, 3, "old.ign2", SHA_A)->custom, "component", json_string("rules"));
    json_object_set_new(add_full(targets, 4, "main.yar", SHA_A)->custom, "component", json_string("rules"));
    release = upd_release_new("rules", targets, &error);
    g_assert_no_error(error); /* only what is offered counts */
    json_object_set_new(add_full(targets, 4, "x.ign2", SHA_A)->custom, "component", json_string("rules"));
    g_assert_null(upd_release_new("rules", targets, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "rules may not hold x.ign2"));
}

static void test_too_many_files(void)
{
    g_autoptr(GPtrArray) twice = targets_new();
    g_autoptr(GPtrArray) many = targets_new();

    add_full(twice, 4, "main.hdb", SHA_A);
    add_full(twice, 4, "main.hdb", SHA_B);
    expect_refused(twice, HL_ERROR_INVALID);
    for (int i = 0; i <= UPD_RELEASE_FILES_MAX; i++) {
        g_autofree char *name = g_strdup_printf("%d.hdb", i);

        add_full(many, 4, name, SHA_A);
    }
    expect_refused(many, HL_ERROR_LIMIT);
}

/* ---------------------------------------------------------------------------------------------------------- plans */

/* An active set with virus 4 (main.hdb, content A) and a release of virus. */
typedef struct {
    UpdSet *active;
    UpdSetFile *file;
    GPtrArray *targets, *releases;
    json_t *held;
} Scene;

static void scene_init(Scene *scene, int version, const char *sha256)
{
    scene->active = upd_set_new();
    upd_set_add_component(scene->active, "virus", 4, 7);
    scene->file = upd_set_add_file(scene->active, "virus", "main.hdb", SHA_A, 5000);
    scene->file->intact = true;
    scene->targets = targets_new();
    add_full(scene->targets, version, "main.hdb", sha256);
    scene->releases = g_ptr_array_new_with_free_func((GDestroyNotify)upd_release_free);
    g_ptr_array_add(scene->releases, upd_release_new("virus", scene->targets, NULL));
    scene->held = json_object();
}

static void scene_clear(Scene *scene)
{
    upd_set_free(scene->active);
    g_ptr_array_unref(scene->releases);
    g_ptr_array_unref(scene->targets);
    json_decref(scene->held);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static UpdPlan *plan(const Scene *scene, UpdPlanMode mode)
{
    UpdSituation situation = {
        .active = scene->active, .held = scene->held, .releases = scene->releases, .mode = mode
    };
    g_autoptr(GError) error = NULL;
    UpdPlan *made = upd_plan_new(&situation, &error);

    g_assert_no_error(error);
    return made;
}

static void expect(const Scene *scene, UpdPlanMode mode, UpdPlanVerdict verdict)
{
    g_autoptr(UpdPlan) made = plan(scene, mode);

    g_assert_cmpint(made->verdict, ==, verdict);
}

static void test_newer(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;
    const UpdPart *part;

    scene_init(&scene, 5, SHA_B);
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_cmpint(made->verdict, ==, UPD_PLAN_INSTALL);
    g_assert_cmpuint(made->parts->len, ==, 1);
    part = made->parts->pdata[0];
    g_assert_null(part->same);
    g_assert_true(part->base == scene.file);
    g_assert_cmpint(upd_set_component(made->set, "virus")->version, ==, 5);
}

static void test_new_version_of_old_content_is_linked(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;

    scene_init(&scene, 5, SHA_A);
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_cmpint(made->verdict, ==, UPD_PLAN_INSTALL);
    g_assert_true(((UpdPart *)made->parts->pdata[0])->same == scene.file);
}

static void test_current(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;

    scene_init(&scene, 4, SHA_A);
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_CURRENT);
    expect(&scene, UPD_PLAN_FORCE, UPD_PLAN_CURRENT);
    /* a damaged file is neither linked nor a base */
    scene.file->intact = false;
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_cmpint(made->verdict, ==, UPD_PLAN_INSTALL);
    g_assert_null(((UpdPart *)made->parts->pdata[0])->same);
    g_assert_null(((UpdPart *)made->parts->pdata[0])->base);
}

static UpdRelease *only_release(const Scene *scene)
{
    return scene->releases->pdata[0];
}

/* A publisher that was restored from a backup gives numbers out again: which is later tells the signed metadata. */
static void test_restored_publisher(void)
{
    static const struct {
        int version;
        const char *sha256;
        int64_t role;
        UpdPlanVerdict verdict;
    } rows[] = {
        { 3, SHA_B, 11, UPD_PLAN_INSTALL },                                  /* a lower number */
        { 4, SHA_B, 11, UPD_PLAN_INSTALL },                                  /* the same one for something else */
        { 4, SHA_A, 11, UPD_PLAN_CURRENT },                                  /* only signed again */
        { 4, SHA_A, 9, UPD_PLAN_CURRENT },                                   /* a mirror that has not seen that yet */
        { 4, SHA_B, 9, UPD_PLAN_STALE },                                     /* a mirror of before the restore */
        { 3, SHA_B, 9, UPD_PLAN_STALE },    { 3, SHA_B, 0, UPD_PLAN_STALE }, /* not known */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Scene) scene = { 0 };

        scene_init(&scene, rows[i].version, rows[i].sha256);
        ((UpdSetComponent *)scene.active->components->pdata[0])->role = 10;
        only_release(&scene)->role = rows[i].role;
        g_test_message("row %d", (int)i);
        expect(&scene, UPD_PLAN_NEWER, rows[i].verdict);
    }
}

static void test_older(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;

    scene_init(&scene, 3, SHA_B);
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_STALE);
    expect(&scene, UPD_PLAN_FORCE, UPD_PLAN_INSTALL);
    /* nothing passes by itself what is ahead of the clock: the number is told */
    ((UpdSetComponent *)scene.active->components->pdata[0])->role = 20 * HL_DAY;
    only_release(&scene)->role = 9;
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_true(g_str_has_suffix(made->remark, "--above 1728000000)"));
}

/* One component behind makes the whole source stale: parts of two sources never make a set. */
static void test_one_behind(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(GPtrArray) none = targets_new();
    UpdRelease *rules = upd_release_new("rules", none, NULL);

    scene_init(&scene, 5, SHA_B);
    upd_set_add_component(scene.active, "rules", 9, -1);
    rules->version = 8;
    g_ptr_array_add(scene.releases, rules);
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_STALE);
    rules->version = 9;
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_INSTALL);
}

static void test_held(void)
{
    g_auto(Scene) scene = { 0 };
    g_auto(Scene) next = { 0 };

    scene_init(&scene, 5, SHA_B);
    json_object_set_new(scene.held, "virus", json_integer(5));
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_CURRENT);
    expect(&scene, UPD_PLAN_FORCE, UPD_PLAN_INSTALL);
    scene_init(&next, 6, SHA_B);
    json_object_set_new(next.held, "virus", json_integer(5));
    expect(&next, UPD_PLAN_NEWER, UPD_PLAN_INSTALL);
}

static void test_empty(void)
{
    g_auto(Scene) scene = { 0 };
    UpdRelease *release;

    scene_init(&scene, 5, SHA_B);
    release = scene.releases->pdata[0];
    g_ptr_array_set_size(release->files, 0);
    release->version = 0;
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_EMPTY);
}

/* The scene's release as one of rules, next to an agent that the source does not have. */
static void want_agent(Scene *scene)
{
    g_autoptr(GPtrArray) none = targets_new();
    UpdRelease *rules = scene->releases->pdata[0];

    g_free(rules->component);
    rules->component = g_strdup("rules");
    g_ptr_array_insert(scene->releases, 0, upd_release_new("agent", none, NULL));
}

static void test_missing_main_pattern(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;
    g_autoptr(UpdPlan) forced = NULL;
    g_autoptr(UpdPlan) fresh = NULL;
    UpdSituation situation;
    g_autoptr(GError) error = NULL;

    scene_init(&scene, 5, SHA_B);
    want_agent(&scene);
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_cmpint(made->verdict, ==, UPD_PLAN_INSTALL);
    g_assert_cmpstr(made->remark, ==, "the source has no agent; virus 4 stays in use");
    g_assert_cmpint(upd_set_component(made->set, "virus")->version, ==, 4);
    g_assert_cmpint(upd_set_component(made->set, "rules")->version, ==, 5);
    g_assert_cmpuint(made->parts->len, ==, 2);
    forced = plan(&scene, UPD_PLAN_FORCE);
    g_assert_nonnull(upd_set_component(forced->set, "virus"));
    /* damaged files are not kept, and not dropped either */
    scene.file->intact = false;
    situation = (UpdSituation){ .active = scene.active, .held = scene.held, .releases = scene.releases };
    g_assert_null(upd_plan_new(&situation, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_clear_error(&error);
    situation.active = NULL;
    fresh = upd_plan_new(&situation, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(fresh->parts->len, ==, 1);
}

/* What this machine never had and can do without is no news. */
static void test_missing_rules(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(GPtrArray) none = targets_new();
    g_autoptr(UpdPlan) made = NULL;

    scene_init(&scene, 5, SHA_B);
    g_ptr_array_add(scene.releases, upd_release_new("rules", none, NULL));
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_cmpint(made->verdict, ==, UPD_PLAN_INSTALL);
    g_assert_null(made->remark);
}

/* A roll-back from the first agent leaves virus in use until there is another agent. */
static void test_held_main_pattern(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;
    UpdRelease *agent;

    scene_init(&scene, 5, SHA_B);
    agent = scene.releases->pdata[0];
    g_free(agent->component);
    agent->component = g_strdup("agent");
    json_object_set_new(scene.held, "agent", json_integer(5));
    expect(&scene, UPD_PLAN_NEWER, UPD_PLAN_CURRENT);
    made = plan(&scene, UPD_PLAN_NEWER);
    g_assert_nonnull(upd_set_component(made->set, "virus"));
}

/* ----------------------------------------------------------------------------------------------- sets and the place */

static void test_record(void)
{
    g_autofree char *dir = g_dir_make_tmp("holdline-set-XXXXXX", NULL);
    g_autofree char *record = g_build_filename(dir, UPD_SET_RECORD, NULL);
    g_autoptr(UpdSet) set = upd_set_new();
    g_autoptr(UpdSet) back = NULL;
    g_autoptr(GError) error = NULL;

    set->number = 12;
    set->replaces = 11;
    set->installed = 1795384800 * HL_SECOND;
    upd_set_add_component(set, "virus", 2026112203, -1);
    upd_set_add_component(set, "rules", 2026112201, 0)->role = 1795384800000;
    upd_set_add_file(set, "virus", "main.hdb", SHA_A, 5000);
    g_assert_true(upd_set_store(set, dir, NULL));
    back = upd_set_load(dir, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(back->number, ==, 12);
    g_assert_cmpuint(back->replaces, ==, 11);
    g_assert_cmpint(back->installed, ==, set->installed);
    g_assert_cmpint(upd_set_component(back, "virus")->signatures, ==, -1);
    g_assert_cmpint(upd_set_component(back, "rules")->signatures, ==, 0);
    g_assert_cmpint(upd_set_component(back, "rules")->role, ==, 1795384800000);
    g_assert_cmpstr(((UpdSetFile *)back->files->pdata[0])->sha256, ==, SHA_A);
    g_assert_false(upd_set_check(back, dir, &error)); /* the file is not there */
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_clear_error(&error);
    g_assert_true(hl_file_write_text(record, "{\"number\": 12}", 0644, NULL));
    g_assert_null(upd_set_load(dir, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_true(hl_tree_remove(dir, NULL));
}

static void test_lock(void)
{
    g_autofree char *dir = g_dir_make_tmp("holdline-place-XXXXXX", NULL);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_autoptr(UpdPatternStore) first = upd_pattern_store_open(dir, 0, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(first);
    g_assert_null(upd_pattern_store_open(dir, 150, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, pid));
    upd_pattern_store_free(g_steal_pointer(&first));
    first = upd_pattern_store_open(dir, 0, NULL);
    g_assert_nonnull(first);
    g_assert_true(hl_tree_remove(dir, NULL));
}

static UpdSet *one_component(int64_t version)
{
    UpdSet *set = upd_set_new();

    set->installed = HL_SECOND;
    upd_set_add_component(set, "virus", version, -1);
    return set;
}

static void switch_to(UpdPatternStore *store, int64_t version)
{
    UpdSet *set = one_component(version);
    g_autofree char *directory = upd_pattern_store_begin(store, set, NULL);

    g_assert_nonnull(directory);
    g_assert_true(upd_set_store(set, directory, NULL));
    g_assert_true(upd_pattern_store_activate(store, set, NULL));
    upd_pattern_store_settle(store);
}

/* A record that cannot be read is replaced, and never becomes the set to go back to. */
static void test_unreadable_record(void)
{
    g_autofree char *dir = g_dir_make_tmp("holdline-place-XXXXXX", NULL);
    g_autofree char *record = g_build_filename(dir, "active", UPD_SET_RECORD, NULL);
    g_autoptr(UpdPatternStore) store = upd_pattern_store_open(dir, 0, NULL);

    switch_to(store, 1);
    switch_to(store, 2);
    upd_pattern_store_free(g_steal_pointer(&store));
    g_assert_true(hl_file_write_text(record, "{", 0644, NULL));
    store = upd_pattern_store_open(dir, 0, NULL);
    g_assert_null(store->active);
    g_assert_cmpint(upd_set_component(store->previous, "virus")->version, ==, 1);
    switch_to(store, 3);
    upd_pattern_store_free(g_steal_pointer(&store));
    store = upd_pattern_store_open(dir, 0, NULL);
    g_assert_cmpint(upd_set_component(store->active, "virus")->version, ==, 3);
    g_assert_cmpint(upd_set_component(store->previous, "virus")->version, ==, 1);
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* Nor does one whose files are damaged: the good one before it stays the set to go back to. */
static void test_damaged_active(void)
{
    g_autofree char *dir = g_dir_make_tmp("holdline-place-XXXXXX", NULL);
    g_autoptr(UpdPatternStore) store = upd_pattern_store_open(dir, 0, NULL);

    switch_to(store, 1);
    switch_to(store, 2);
    upd_set_add_file(store->active, "virus", "main.hdb", SHA_A, 5000); /* not intact */
    switch_to(store, 3);
    g_assert_cmpint(upd_set_component(store->previous, "virus")->version, ==, 1);
    upd_pattern_store_free(g_steal_pointer(&store));
    store = upd_pattern_store_open(dir, 0, NULL);
    g_assert_cmpint(upd_set_component(store->active, "virus")->version, ==, 3);
    g_assert_cmpint(upd_set_component(store->previous, "virus")->version, ==, 1);
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* A FIFO where a file of the set should be is a damaged file: it is not waited for. */
static void test_fifo_is_no_file(void)
{
    g_autofree char *directory = g_dir_make_tmp("holdline-set-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "virus.main.hdb", NULL);

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_false(upd_set_file_holds(path, 0, SHA_A));
    g_assert_true(hl_tree_remove(directory, NULL));
}

static void test_source_words(void)
{
    static const char *const bad[] = {
        "", "server", "=https://x/", "a/b=https://x/", "server=ftp://x/", "../x=http://x"
    };
    UpdSourceSpec spec = { NULL, NULL };

    g_assert_true(upd_source_parse("server=https://x/repo", &spec, NULL));
    g_assert_cmpstr(spec.name, ==, "server");
    g_assert_cmpstr(spec.url, ==, "https://x/repo/");
    upd_source_spec_clear(&spec);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(upd_source_parse(bad[i], &spec, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/install/release/newest-and-cheapest", test_newest_and_cheapest);
    g_test_add_func("/install/release/bad-targets", test_bad_targets);
    g_test_add_func("/install/release/foreign-kind", test_foreign_kind);
    g_test_add_func("/install/release/too-many-files", test_too_many_files);
    g_test_add_func("/install/plan/newer", test_newer);
    g_test_add_func("/install/plan/old-content-is-linked", test_new_version_of_old_content_is_linked);
    g_test_add_func("/install/plan/current", test_current);
    g_test_add_func("/install/plan/older", test_older);
    g_test_add_func("/install/plan/restored-publisher", test_restored_publisher);
    g_test_add_func("/install/plan/one-behind", test_one_behind);
    g_test_add_func("/install/plan/held", test_held);
    g_test_add_func("/install/plan/empty", test_empty);
    g_test_add_func("/install/plan/missing-main-pattern", test_missing_main_pattern);
    g_test_add_func("/install/plan/missing-rules", test_missing_rules);
    g_test_add_func("/install/plan/held-main-pattern", test_held_main_pattern);
    g_test_add_func("/install/set/record", test_record);
    g_test_add_func("/install/place/lock", test_lock);
    g_test_add_func("/install/place/unreadable-record", test_unreadable_record);
    g_test_add_func("/install/place/damaged-active", test_damaged_active);
    g_test_add_func("/install/set/fifo-is-no-file", test_fifo_is_no_file);
    g_test_add_func("/install/source/words", test_source_words);
    return g_test_run();
}
