/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 between any two changes of the disk, and the disk full from any change on, during an update and a roll-back:
 * the old or the new set is active, whole, and the next run gets there.  With the real publisher and the real engine.
 */
#include <string.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "tests/support/repository_world.h"
#include "updater/install/pattern_store.h"
#include "updater/install/update.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repo_init.h"
#include "updater/publisher/stage.h"

enum { FIRST = 2026010101, MIDDLE, LAST };

/* A repository with releases FIRST to LAST, and two machines: one where FIRST and then MIDDLE were installed, and one
 * where LAST was, too. */
typedef struct {
    char *top, *repository, *behind, *ahead, *work;
    UpdRepo *repo;
    GBytes *root;
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void no_progress(guint percent G_GNUC_UNUSED, const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static void no_publishing(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                          const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static bool run_update(World *world, const char *dir, UpdOutcome *outcome, GError **error)
{
    static const char *const components[] = { "virus", "rules", NULL };
    UpdSourceSpec source = { .name = (char *)"server", .url = (char *)REPOSITORY_URL };
    UpdInstall install = { .dir = dir,
                           .engine = { .program = "clamscan", .deadline = HL_MINUTE },
                           .clamd_socket = "/nonexistent/clamd",
                           .progress = no_progress };
    UpdUpdate update = { .sources = &source,
                         .n_sources = 1,
                         .access = { .get = repository_get, .get_user = world->repository, .root = world->root },
                         .components = components };

    return upd_update(&install, &update, outcome, error);
}

static bool run_rollback(World *world G_GNUC_UNUSED, const char *dir, UpdOutcome *outcome, GError **error)
{
    UpdInstall install = { .dir = dir,
                           .engine = { .program = "clamscan", .deadline = HL_MINUTE },
                           .progress = no_progress };

    return upd_rollback(&install, outcome, error);
}

static void must(bool (*run)(World *, const char *, UpdOutcome *, GError **), World *world, const char *dir)
{
    g_auto(UpdOutcome) outcome = { 0 };
    g_autoptr(GError) error = NULL;

    run(world, dir, &outcome, &error);
    g_assert_no_error(error);
}

static void release_component(World *world, const char *component, const char *file, const char *content,
                              gint64 version)
{
    g_autofree char *path = in(world->top, file);
    const char *const files[] = { path };
    UpdStageSpec spec = {
        .component = component, .files = files, .n_files = 1, .version = version, .min_engine = "0.103.0"
    };
    g_autoptr(UpdState) state = upd_state_load(world->repo, NULL);
    g_autoptr(GError) error = NULL;
    UpdStaged staged;
    UpdPublished published;
    bool pending = false;

    g_assert_true(hl_file_write_text(path, content, 0644, NULL));
    if (!upd_stage_add(world->repo, state, &spec, &staged, &error))
        g_error("%s", error->message);
    g_assert_true(upd_content_prepare(world->repo, state, component, no_publishing, NULL, &published, NULL) &&
                  upd_release_role(world->repo, state, component, &pending, NULL) &&
                  upd_release_snapshot(world->repo, state, NULL) && upd_content_commit(world->repo, component, NULL));
}

static void publish(World *world, gint64 version)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autofree char *rule = g_strdup_printf("rule R { strings: $a = \"zzqq%d\" condition: $a }\n", (int)version);

    for (guint i = 0; i < 300 + (guint)(version - FIRST); i++)
        g_string_append_printf(lines, "%08x%08x%08x%08x:%u:Test.Family-%u\n", i * 2654435761u, i * 40503u, i * 69069u,
                               i, i + 1, i);
    release_component(world, "virus", "main.hdb", lines->str, version);
    release_component(world, "rules", "some.yar", rule, version);
}

static void forget_reload(const char *dir)
{
    g_autoptr(UpdPatternStore) store = upd_pattern_store_read(dir, NULL);

    upd_pattern_store_reloaded(store);
    g_assert_false(upd_pattern_store_owes_reload(store));
}

static void world_init(World *world)
{
    static const char *const components[] = { "virus", "rules" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    g_autofree char *root = NULL;

    world->top = g_dir_make_tmp("holdline-install-XXXXXX", NULL);
    world->repository = in(world->top, "repository");
    world->behind = in(world->top, "behind");
    world->ahead = in(world->top, "ahead");
    world->work = in(world->top, "work");
    world->repo = upd_repo_create(world->repository, NULL, NULL);
    g_assert_true(upd_repo_init(world->repo, &founding, NULL));
    root = in(world->repository, "metadata/1.root.json");
    world->root = hl_file_read(root, 100000, NULL);
    publish(world, FIRST);
    must(run_update, world, world->behind);
    publish(world, MIDDLE);
    must(run_update, world, world->behind);
    publish(world, LAST);
    forget_reload(world->behind);
    repository_copy(world->behind, world->ahead);
    must(run_update, world, world->ahead);
}

static void world_clear(World *world)
{
    upd_repo_free(world->repo);
    g_bytes_unref(world->root);
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->repository);
    g_free(world->behind);
    g_free(world->ahead);
    g_free(world->work);
}

/* The one version of everything in the active set, which must be whole. */
static int64_t check_active(const char *dir)
{
    g_autoptr(UpdPatternStore) store = upd_pattern_store_read(dir, NULL);
    g_autofree char *directory = in(dir, "active");
    const UpdSetComponent *virus;
    const UpdSetComponent *rules;

    g_assert_nonnull(store);
    g_assert_nonnull(store->active);
    g_assert_true(upd_set_check(store->active, directory, NULL));
    virus = upd_set_component(store->active, "virus");
    rules = upd_set_component(store->active, "rules");
    g_assert_true(virus != NULL && rules != NULL);
    g_assert_cmpint(virus->version, ==, rules->version);
    return virus->version;
}

/* clamd never answers here: whatever came after the switch, it is still owed the news. */
static void check_reload_owed(const char *dir)
{
    g_autoptr(UpdPatternStore) store = upd_pattern_store_read(dir, NULL);

    g_assert_true(upd_pattern_store_owes_reload(store));
}

static guint count_entries(const char *dir, const char *name)
{
    g_autofree char *path = in(dir, name);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint n = 0;

    while (directory != NULL && g_dir_read_name(directory) != NULL)
        n++;
    return n;
}

/* What another machine would be like where nothing ever failed: the set before is there and whole, and no third one. */
static void check_tidy(const char *dir, int64_t previous)
{
    g_autoptr(UpdPatternStore) store = upd_pattern_store_read(dir, NULL);
    g_autofree char *link = in(dir, "previous");

    g_assert_cmpuint(count_entries(dir, "sets"), ==, previous == 0 ? 1 : 2);
    g_assert_true(g_file_test(link, G_FILE_TEST_EXISTS) == (previous != 0));
    if (previous == 0) {
        g_assert_null(store->previous);
        return;
    }
    g_assert_true(upd_set_check(store->previous, link, NULL));
    g_assert_cmpint(upd_set_component(store->previous, "virus")->version, ==, previous);
}

typedef struct {
    bool (*run)(World *world, const char *dir, UpdOutcome *outcome, GError **error);
    World *world;
} Try;

static bool run_try(gpointer user, GError **error)
{
    const Try *one = user;
    g_auto(UpdOutcome) outcome = { 0 };

    return one->run(one->world, one->world->work, &outcome, error);
}

/* Counts how many ended with the old and how many with the new version. */
static void try_updates(FaultsKind kind, guint *old, guint *new)
{
    World world;
    FaultsEnd end = FAULTS_DONE;

    *old = *new = 0;
    world_init(&world);
    for (int n = 1; end != FAULTS_UNTOUCHED; n++) {
        int64_t version;

        repository_copy(world.behind, world.work);
        end = faults_run(kind, n, run_try, &(Try){ run_update, &world });
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        g_assert_true(kind != FAULTS_DIE || end == FAULTS_KILLED || end == FAULTS_UNTOUCHED);
        version = check_active(world.work);
        g_assert_true(version == MIDDLE || version == LAST);
        g_assert_true(end != FAULTS_DONE || version == LAST);
        if (version == LAST)
            check_reload_owed(world.work);
        *(version == LAST ? new : old) += 1;
        must(run_update, &world, world.work);
        g_assert_cmpint(check_active(world.work), ==, LAST);
        check_tidy(world.work, MIDDLE);
        g_assert_cmpuint(count_entries(world.work, "staging"), ==, 0);
    }
    world_clear(&world);
}

static void test_update_killed(void)
{
    guint old;
    guint new;

    try_updates(FAULTS_DIE, &old, &new);
    g_test_message("killed at %u changes before the switch, at %u after it", old, new - 1);
    g_assert_cmpuint(old, >, 40);
    g_assert_cmpuint(new, >, 5);
}

static void test_update_full(void)
{
    guint old;
    guint new;

    try_updates(FAULTS_FULL, &old, &new);
    g_test_message("full at %u changes before the switch, at %u after it", old, new - 1);
    g_assert_cmpuint(old, >, 40);
    g_assert_cmpuint(new, >, 3);
}

static void test_rollback_killed(void)
{
    World world;
    FaultsEnd end = FAULTS_DONE;
    guint seen[2] = { 0, 0 };

    world_init(&world);
    for (int n = 1; end != FAULTS_UNTOUCHED; n++) {
        int64_t version;

        repository_copy(world.ahead, world.work);
        end = faults_run(FAULTS_DIE, n, run_try, &(Try){ run_rollback, &world });
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        version = check_active(world.work);
        g_assert_true(version == MIDDLE || version == LAST);
        seen[version == MIDDLE]++;
        if (version == LAST)
            must(run_rollback, &world, world.work);
        must(run_update, &world, world.work); /* puts the directory right, and does not take LAST again */
        g_assert_cmpint(check_active(world.work), ==, MIDDLE);
        check_tidy(world.work, 0);
    }
    g_assert_true(seen[0] > 3 && seen[1] > 3);
    world_clear(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/install/crash/update-killed", test_update_killed);
    g_test_add_func("/install/crash/update-full", test_update_full);
    g_test_add_func("/install/crash/rollback-killed", test_rollback_killed);
    return g_test_run();
}
