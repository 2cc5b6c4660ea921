/* SPDX-License-Identifier: Apache-2.0 */
/* updater/mirror: kill -9 between any two changes of the disk, and the disk full from any change on, while a mirror
 * takes over a new release: anyone who reads the copy finds the old or the new release, whole, and the next run gets
 * there. */
#include <string.h>

#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "tests/support/repository_world.h"
#include "updater/mirror/mirror.h"
#include "updater/mirror/published_files.h"
#include "updater/publisher/repo_init.h"

enum { FIRST = REPOSITORY_FIRST, SECOND };

typedef struct {
    char *top, *repository, *ready, *copy; /* ready: a copy of FIRST, and of what was needless before */
    UpdRepo *repo;
    GBytes *root;
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void no_progress(uint64_t done G_GNUC_UNUSED, uint64_t total G_GNUC_UNUSED, const char *what G_GNUC_UNUSED,
                        void *user G_GNUC_UNUSED)
{
}

static bool run_mirror(gpointer user, GError **error)
{
    const World *world = user;
    UpdSourceSpec source = { .name = (char *)"source", .url = (char *)REPOSITORY_URL };
    UpdMirror mirror = { .dir = world->copy,
                         .source = &source,
                         .access = { .get = repository_get, .get_user = world->repository, .root = world->root },
                         .progress = no_progress };
    g_auto(UpdMirrored) mirrored = { 0 };

    return upd_mirror_run(&mirror, &mirrored, error);
}

static void publish(const World *world, gint64 version)
{
    g_autoptr(UpdState) state = upd_state_load(world->repo, NULL);

    repository_stage(world->repo, version);
    g_assert_true(repository_publish(world->repo, state, NULL));
}

static void world_init(World *world)
{
    static const char *const components[] = { "virus" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    g_autoptr(GError) error = NULL;
    g_autofree char *root = NULL;

    world->top = g_dir_make_tmp("holdline-mirror-XXXXXX", NULL);
    world->repository = in(world->top, "repository");
    world->ready = in(world->top, "ready");
    world->copy = in(world->top, "copy");
    world->repo = upd_repo_create(world->repository, NULL, NULL);
    g_assert_true(upd_repo_init(world->repo, &founding, NULL));
    root = in(world->repository, "metadata/1.root.json");
    world->root = hl_file_read(root, 100000, NULL);
    g_assert_true(run_mirror(world, NULL)); /* empty: what it needs is needless later */
    publish(world, FIRST);
    run_mirror(world, &error);
    g_assert_no_error(error);
    repository_copy(world->copy, world->ready);
    publish(world, SECOND);
}

static void world_clear(World *world)
{
    upd_repo_free(world->repo);
    g_bytes_unref(world->root);
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->repository);
    g_free(world->ready);
    g_free(world->copy);
}

/* By a new client of the copy. */
static gint64 read_copy(const World *world)
{
    g_autofree char *root = in(world->repository, "metadata/1.root.json");

    return repository_read_anew(world->copy, root);
}

static void try_all(FaultsKind kind)
{
    World world;
    FaultsEnd end = FAULTS_DONE;
    guint old = 0;
    guint new = 0;

    world_init(&world);
    for (int n = 1; end != FAULTS_UNTOUCHED; n++) {
        g_autoptr(GError) error = NULL;
        gint64 version;

        repository_copy(world.ready, world.copy);
        end = faults_run(kind, n, run_mirror, &world);
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        version = read_copy(&world);
        g_assert_true(version == FIRST || version == SECOND);
        *(version == FIRST ? &old : &new) += 1;
        run_mirror(&world, &error);
        g_assert_no_error(error);
        g_assert_cmpint(read_copy(&world), ==, SECOND);
    }
    g_test_message("%u changes before timestamp.json, %u after", old, new - 1);
    g_assert_cmpuint(old, >, 30);
    g_assert_cmpuint(new, >, 5);
    world_clear(&world);
}

static void test_killed(void)
{
    try_all(FAULTS_DIE);
}

static void test_full(void)
{
    try_all(FAULTS_FULL);
}

/* Where targets may lie: nowhere but below targets/, and where a web server serves them. */
static void test_target_names(void)
{
    static const char *const bad[] = { "",       "/x",    "../x", "a/../x", "a//x", "a/",  ".x",
                                       "a/.b/x", "a/./x", "a/..", "..",     ".",    "a/.x" };
    g_autofree char *plain = upd_published_files_target_name("x.zst", "ab", NULL);
    g_autofree char *below = upd_published_files_target_name("virus/full-1.zst", "ab", NULL);
    g_autofree char *deep = g_strnfill(40, 'a');
    g_autofree char *long_name = g_strnfill(181, 'a');

    g_assert_cmpstr(plain, ==, "targets/ab.x.zst");
    g_assert_cmpstr(below, ==, "targets/virus/ab.full-1.zst");
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        if (upd_published_files_target_name(bad[i], "ab", NULL) != NULL)
            g_error("'%s' is taken", bad[i]);
    for (gsize i = 1; i < 40; i += 2)
        deep[i] = '/';
    deep[39] = 'a';
    g_assert_null(upd_published_files_target_name(deep, "ab", NULL));
    g_assert_null(upd_published_files_target_name(long_name, "ab", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mirror/target-names", test_target_names);
    g_test_add_func("/mirror/crash/killed", test_killed);
    g_test_add_func("/mirror/crash/full", test_full);
    return g_test_run();
}
