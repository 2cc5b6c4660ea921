/* SPDX-License-Identifier: Apache-2.0 */
/* updater/publisher: kill -9 between any two changes of the disk, and the disk full from any change on, while something
 * is published, renewed, rotated or repaired.  At each moment a new client and one of before can use the repository,
 * and afterwards everything can be done with it. */
#include <string.h>

#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "tests/support/repository_world.h"
#include "tests/support/stride.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repair.h"
#include "updater/publisher/repo_init.h"

enum { FIRST = REPOSITORY_FIRST, SECOND };

typedef struct {
    char *top, *dir, *ready, *behind; /* the repository, as each try finds it; metadata of a client that has FIRST */
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* A new client, and the one that has the release before. */
static void expect_clients(const World *world, gint64 least)
{
    g_autofree char *behind = in(world->top, "one");
    g_autofree char *root = in(world->ready, "metadata/1.root.json");

    repository_copy(world->behind, behind);
    g_assert_cmpint(repository_read_anew(world->dir, root), >=, least);
    g_assert_cmpint(repository_read(world->dir, behind), >=, least);
}

/* ------------------------------------------------------------------------------------------------------- the tasks */

static bool publish(const UpdRepo *repo, UpdState *state, GError **error)
{
    return !upd_content_is_staged(repo, "virus") || repository_publish(repo, state, error);
}

static bool renew(const UpdRepo *repo, UpdState *state, GError **error)
{
    return upd_release_snapshot(repo, state, error);
}

static bool rotate(const UpdRepo *repo, UpdState *state, const char *role, GError **error)
{
    json_t *keys = NULL;
    const json_t *keyids = json_object_get(upd_state_definition(state, role, &keys), "keyids");
    UpdRotation rotation = { .role = role, .drop_key = json_string_value(json_array_get(keyids, 0)) };
    bool pending = false;

    return upd_ceremony_rotate(repo, state, &rotation, &pending, error);
}

static bool rotate_root(const UpdRepo *repo, UpdState *state, GError **error)
{
    return rotate(repo, state, "root", error);
}

static bool rotate_targets(const UpdRepo *repo, UpdState *state, GError **error)
{
    return rotate(repo, state, "targets", error);
}

static bool rotate_snapshot(const UpdRepo *repo, UpdState *state, GError **error)
{
    return rotate(repo, state, "snapshot", error);
}

static bool rotate_timestamp(const UpdRepo *repo, UpdState *state, GError **error)
{
    return rotate(repo, state, "timestamp", error);
}

static bool rotate_component(const UpdRepo *repo, UpdState *state, GError **error)
{
    return rotate(repo, state, "virus", error);
}

static bool renew_root(const UpdRepo *repo, UpdState *state, GError **error)
{
    UpdRotation rotation = { .role = "root" };
    bool pending = false;

    return upd_ceremony_rotate(repo, state, &rotation, &pending, error);
}

static void no_note(const char *text G_GNUC_UNUSED, bool repaired G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static bool repair(const UpdRepo *repo, UpdState *state G_GNUC_UNUSED, GError **error)
{
    UpdRescue rescue = { .repo = repo, .note = no_note };
    UpdRepair run = { .rescue = &rescue, .restored = true };
    UpdReadback readback;

    return upd_repair(&run, &readback, error) && rescue.lost == 0;
}

typedef bool (*Task)(const UpdRepo *repo, UpdState *state, GError **error);

static bool run_task(const World *world, Task task, GError **error)
{
    g_autoptr(UpdRepo) repo = upd_repo_open(world->dir, NULL, error);
    g_autoptr(UpdState) state = repo == NULL ? NULL : upd_state_load(repo, error);

    return state != NULL && task(repo, state, error);
}

static void expect_task(const World *world, Task task)
{
    g_autoptr(GError) error = NULL;

    if (!run_task(world, task, &error))
        g_error("%s", error->message);
}

/* -------------------------------------------------------------------------------------------------------- the world */

/* FIRST is published, SECOND is staged; snapshot and timestamp have been signed again, so that there is an old one. */
static void world_init(World *world)
{
    static const char *const components[] = { "virus" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    g_autoptr(UpdRepo) repo = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GBytes) root = NULL;

    world->top = g_dir_make_tmp("holdline-publisher-XXXXXX", NULL);
    world->dir = in(world->top, "repository");
    world->ready = in(world->top, "ready");
    world->behind = in(world->top, "behind");
    repo = upd_repo_create(world->dir, NULL, NULL);
    g_assert_true(upd_repo_init(repo, &founding, NULL));
    repository_stage(repo, FIRST);
    g_clear_pointer(&repo, upd_repo_free);
    expect_task(world, publish);
    path = in(world->dir, "metadata/1.root.json");
    root = hl_file_read(path, 100000, NULL);
    g_assert_true(upd_client_init(world->behind, root, NULL));
    g_assert_cmpint(repository_read(world->dir, world->behind), ==, FIRST);
    expect_task(world, renew);
    repo = upd_repo_open(world->dir, NULL, NULL);
    repository_stage(repo, SECOND);
    g_clear_pointer(&repo, upd_repo_free);
    repository_copy(world->dir, world->ready);
}

static void world_clear(World *world)
{
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->dir);
    g_free(world->ready);
    g_free(world->behind);
}

typedef struct {
    const World *world;
    Task task;
} Try;

static bool run_try(gpointer user, GError **error)
{
    const Try *one = user;

    return run_task(one->world, one->task, error);
}

typedef struct {
    const char *name;
    Task task;
} Row;

static const Row rows[] = {
    { "publish", publish },
    { "renew", renew },
    { "renew-root", renew_root },
    { "rotate-root", rotate_root },
    { "rotate-targets", rotate_targets },
    { "rotate-snapshot", rotate_snapshot },
    { "rotate-timestamp", rotate_timestamp },
    { "rotate-component", rotate_component },
    { "repair", repair },
};

static void try_all(const Row *row, FaultsKind kind)
{
    World world;
    FaultsEnd end = FAULTS_DONE;
    int n;

    world_init(&world);
    for (n = 1; end != FAULTS_UNTOUCHED; n += stride()) {
        repository_copy(world.ready, world.dir);
        end = faults_run(kind, n, run_try, &(Try){ &world, row->task });
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        expect_clients(&world, FIRST);
        /* one after another, each begins with what the fault left: in turn */
        expect_task(&world, rows[(gsize)n % G_N_ELEMENTS(rows)].task);
        expect_task(&world, row->task);
        expect_task(&world, publish);
        expect_clients(&world, SECOND);
    }
    g_test_message("%d changes", n - 1 - stride());
    g_assert_cmpint(n, >, 5);
    world_clear(&world);
}

static void test_killed(gconstpointer row)
{
    try_all(row, FAULTS_DIE);
}

static void test_full(gconstpointer row)
{
    try_all(row, FAULTS_FULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *killed = g_strdup_printf("/publisher/crash/killed/%s", rows[i].name);
        g_autofree char *full = g_strdup_printf("/publisher/crash/full/%s", rows[i].name);

        g_test_add_data_func(killed, &rows[i], test_killed);
        g_test_add_data_func(full, &rows[i], test_full);
    }
    return g_test_run();
}
