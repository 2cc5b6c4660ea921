/* SPDX-License-Identifier: Apache-2.0 */
/* updater/publisher: kill -9 between any two changes of the disk, and the disk full from any change on, while something
 * is published, renewed, rotated or repaired.  At each moment a new client and one of before can use the repository,
 * and afterwards everything can be done with it. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "updater/client/client.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repair.h"
#include "updater/publisher/repo_init.h"

#define HERE "http://repository/"

enum { FIRST = 2026010101, SECOND };

typedef struct {
    char *top, *dir, *ready, *behind; /* the repository, as each try finds it; metadata of a client that has FIRST */
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void copy_tree(const char *from, const char *to)
{
    g_assert_true(hl_tree_remove(to, NULL));
    g_assert_true(hl_exec((const char *const[]){ "cp", "-a", from, to, NULL }, NULL, NULL));
}

/* --------------------------------------------------------------------------------------------------------- clients */

/* user: the directory that is served. */
static bool get_file(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    g_autofree char *path = in(user, request->url + strlen(HERE));
    g_autoptr(GBytes) bytes = hl_file_read(path, request->max_size, NULL);

    result->status = bytes == NULL ? 404 : 200;
    if (bytes == NULL)
        bytes = g_bytes_new_static("", 0);
    if (request->sink != NULL && result->status == 200)
        return request->sink(0, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), request->user, error);
    result->body = g_steal_pointer(&bytes);
    return true;
}

/* Everything that is listed is there; the version. */
static gint64 read_all(const World *world, const char *metadata)
{
    g_autofree char *target = in(world->top, "target");
    UpdClientOptions options = { .metadata_dir = metadata,
                                 .metadata_url = HERE "metadata",
                                 .target_url = HERE "targets",
                                 .get = get_file,
                                 .get_user = world->dir };
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdClient) client = upd_client_open(&options, &error);
    g_autoptr(GPtrArray) targets = NULL;
    gint64 version = 0;

    g_assert_no_error(error);
    if (!upd_client_refresh(client, &error))
        g_error("%s", error->message);
    targets = upd_client_list(client, "virus", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < targets->len; i++) {
        const TufTarget *listed = targets->pdata[i];

        if (!upd_client_download(client, listed, target, NULL, NULL, &error))
            g_error("%s", error->message);
        version = MAX(version, json_integer_value(json_object_get(listed->custom, "version")));
    }
    return version;
}

/* A new client, and the one that has the release before. */
static void expect_clients(const World *world, gint64 least)
{
    g_autofree char *fresh = in(world->top, "fresh");
    g_autofree char *behind = in(world->top, "one");
    g_autofree char *path = in(world->ready, "metadata/1.root.json");
    g_autoptr(GBytes) root = hl_file_read(path, 100000, NULL);

    g_assert_true(hl_tree_remove(fresh, NULL));
    g_assert_true(upd_client_init(fresh, root, NULL));
    copy_tree(world->behind, behind);
    g_assert_cmpint(read_all(world, fresh), >=, least);
    g_assert_cmpint(read_all(world, behind), >=, least);
}

/* ------------------------------------------------------------------------------------------------------- the tasks */

static void no_progress(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                        const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

/* Straight into the staging directory: the engine is not this test's business. */
static void stage(const UpdRepo *repo, gint64 version)
{
    g_autofree char *record = g_strdup_printf("{\"version\":%" G_GINT64_FORMAT
                                              ",\"signatures\":1,\"min_engine\":\"0.103.0\",\"files\":[\"main.hdb\"]}",
                                              version);
    g_autoptr(GBytes) record_bytes = g_bytes_new(record, strlen(record));
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;

    for (guint i = 0; i < 100 + (guint)(version - FIRST); i++)
        g_string_append_printf(lines, "%08x%08x%08x%08x:%u:Test.Family-%u\n", i * 2654435761u, i, i * 69069u, i, i, i);
    bytes = g_bytes_new(lines->str, lines->len);
    g_assert_true(upd_repo_store(repo, "private/staged/virus/main.hdb", bytes, NULL) &&
                  upd_repo_store(repo, "private/staged/virus/stage.json", record_bytes, NULL));
}

static bool publish(const UpdRepo *repo, UpdState *state, GError **error)
{
    UpdPublished published;
    bool pending = false;

    return !upd_content_is_staged(repo, "virus") ||
           (upd_content_prepare(repo, state, "virus", no_progress, NULL, &published, error) &&
            upd_release_role(repo, state, "virus", &pending, error) && upd_release_snapshot(repo, state, error) &&
            upd_content_commit(repo, "virus", error));
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
    stage(repo, FIRST);
    g_clear_pointer(&repo, upd_repo_free);
    expect_task(world, publish);
    path = in(world->dir, "metadata/1.root.json");
    root = hl_file_read(path, 100000, NULL);
    g_assert_true(upd_client_init(world->behind, root, NULL));
    g_assert_cmpint(read_all(world, world->behind), ==, FIRST);
    expect_task(world, renew);
    repo = upd_repo_open(world->dir, NULL, NULL);
    stage(repo, SECOND);
    g_clear_pointer(&repo, upd_repo_free);
    copy_tree(world->dir, world->ready);
}

static void world_clear(World *world)
{
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->dir);
    g_free(world->ready);
    g_free(world->behind);
}

typedef enum { END_DONE, END_REFUSED, END_OTHER, END_UNTOUCHED, END_DEAD = FAULTS_DEAD } End;

static End run_with_fault(const World *world, Task task, FaultsKind kind, int n)
{
    int status;
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        bool good;

        faults_at(kind, n);
        good = run_task(world, task, &error);
        if (!faults_struck())
            _exit(good ? END_UNTOUCHED : END_OTHER);
        if (error != NULL && hl_error_code(error) != HL_ERROR_FULL)
            g_printerr("change %d: %s\n", n, error->message);
        _exit(good ? END_DONE : error != NULL && hl_error_code(error) == HL_ERROR_FULL ? END_REFUSED : END_OTHER);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return (End)WEXITSTATUS(status);
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
    End end = END_DONE;
    int n;

    world_init(&world);
    for (n = 1; end != END_UNTOUCHED; n++) {
        copy_tree(world.ready, world.dir);
        end = run_with_fault(&world, row->task, kind, n);
        g_assert_cmpint(end, !=, END_OTHER);
        expect_clients(&world, FIRST);
        /* one after another, each begins with what the fault left: in turn */
        expect_task(&world, rows[(gsize)n % G_N_ELEMENTS(rows)].task);
        expect_task(&world, row->task);
        expect_task(&world, publish);
        expect_clients(&world, SECOND);
    }
    g_test_message("%d changes", n - 2);
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
