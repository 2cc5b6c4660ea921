/* SPDX-License-Identifier: Apache-2.0 */
/* updater/mirror: kill -9 between any two changes of the disk, and the disk full from any change on, while a mirror
 * takes over a new release: whoever reads the copy finds the old or the new release, whole, and the next run gets
 * there. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "updater/mirror/mirror.h"
#include "updater/mirror/published_files.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repo_init.h"

#define HERE "http://repository/"

enum { FIRST = 2026010101, SECOND };

typedef struct {
    char *top, *repository, *ready, *copy; /* ready: a copy of FIRST, and of what was needless before */
    UpdRepo *repo;
    GBytes *root;
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

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

static void no_progress(uint64_t done G_GNUC_UNUSED, uint64_t total G_GNUC_UNUSED, const char *what G_GNUC_UNUSED,
                        void *user G_GNUC_UNUSED)
{
}

static void no_publishing(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                          const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static bool run_mirror(const World *world, GError **error)
{
    UpdSourceSpec source = { .name = (char *)"source", .url = (char *)HERE };
    UpdMirror mirror = { .dir = world->copy,
                         .source = &source,
                         .access = { .get = get_file, .get_user = world->repository, .root = world->root },
                         .progress = no_progress };
    g_auto(UpdMirrored) mirrored = { 0 };

    return upd_mirror_run(&mirror, &mirrored, error);
}

/* Straight into the staging directory: the engine is not this test's business. */
static void publish(World *world, gint64 version)
{
    g_autofree char *record = g_strdup_printf("{\"version\":%" G_GINT64_FORMAT
                                              ",\"signatures\":1,\"min_engine\":\"0.103.0\",\"files\":[\"main.hdb\"]}",
                                              version);
    g_autoptr(GBytes) record_bytes = g_bytes_new(record, strlen(record));
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(UpdState) state = upd_state_load(world->repo, NULL);
    UpdPublished published;
    bool pending = false;

    for (guint i = 0; i < 100 + (guint)(version - FIRST); i++)
        g_string_append_printf(lines, "%08x%08x%08x%08x:%u:Test.Family-%u\n", i * 2654435761u, i, i * 69069u, i, i, i);
    bytes = g_bytes_new(lines->str, lines->len);
    g_assert_true(upd_repo_store(world->repo, "private/staged/virus/main.hdb", bytes, NULL) &&
                  upd_repo_store(world->repo, "private/staged/virus/stage.json", record_bytes, NULL) &&
                  upd_content_prepare(world->repo, state, "virus", no_publishing, NULL, &published, NULL) &&
                  upd_release_role(world->repo, state, "virus", &pending, NULL) &&
                  upd_release_snapshot(world->repo, state, NULL) && upd_content_commit(world->repo, "virus", NULL));
}

static void copy_tree(const char *from, const char *to)
{
    g_assert_true(hl_tree_remove(to, NULL));
    g_assert_true(hl_exec((const char *const[]){ "cp", "-a", from, to, NULL }, NULL, NULL));
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
    copy_tree(world->copy, world->ready);
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

/* A new client of the copy: everything that it lists is there.  The version. */
static gint64 read_copy(const World *world)
{
    g_autofree char *metadata = in(world->top, "reader");
    g_autofree char *target = in(world->top, "target");
    UpdClientOptions options = { .metadata_dir = metadata,
                                 .metadata_url = HERE "metadata",
                                 .target_url = HERE "targets",
                                 .get = get_file,
                                 .get_user = world->copy };
    g_autoptr(UpdClient) client = NULL;
    g_autoptr(GPtrArray) targets = NULL;
    g_autoptr(GError) error = NULL;
    gint64 version = 0;

    g_assert_true(hl_tree_remove(metadata, NULL));
    g_assert_true(upd_client_init(metadata, world->root, NULL));
    client = upd_client_open(&options, NULL);
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

typedef enum { END_DONE, END_REFUSED, END_OTHER, END_UNTOUCHED, END_DEAD = FAULTS_DEAD } End;

static End run_with_fault(const World *world, FaultsKind kind, int n)
{
    int status;
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        bool good;

        faults_at(kind, n);
        good = run_mirror(world, &error);
        if (!faults_struck())
            _exit(good ? END_UNTOUCHED : END_OTHER);
        if (error != NULL && hl_error_code(error) != HL_ERROR_FULL)
            g_printerr("change %d: %s\n", n, error->message);
        _exit(good ? END_DONE : hl_error_code(error) == HL_ERROR_FULL ? END_REFUSED : END_OTHER);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return (End)WEXITSTATUS(status);
}

static void try_all(FaultsKind kind)
{
    World world;
    End end = END_DONE;
    guint old = 0;
    guint new = 0;

    world_init(&world);
    for (int n = 1; end != END_UNTOUCHED; n++) {
        g_autoptr(GError) error = NULL;
        gint64 version;

        copy_tree(world.ready, world.copy);
        end = run_with_fault(&world, kind, n);
        g_assert_cmpint(end, !=, END_OTHER);
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
