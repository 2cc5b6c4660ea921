/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/repo.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

/* A timer's resign and a person's publish meet. */
#define LOCK_PATIENCE (30 * HL_SECOND)

static UpdRepo *repo_new(const char *dir, const char *passphrase)
{
    UpdRepo *repo = g_new0(UpdRepo, 1);

    repo->dir = g_canonicalize_filename(dir, NULL);
    repo->passphrase = g_strdup(passphrase);
    repo->now = hl_clock_wall();
    repo->lock = -1;
    return repo;
}

void upd_repo_free(UpdRepo *repo)
{
    hl_fd_clear(&repo->lock);
    if (repo->passphrase != NULL)
        explicit_bzero(repo->passphrase, strlen(repo->passphrase));
    g_free(repo->passphrase);
    g_free(repo->dir);
    g_free(repo);
}

char *upd_repo_path(const UpdRepo *repo, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    return g_build_filename(repo->dir, name, NULL);
}

static bool lock(UpdRepo *repo, GError **error)
{
    g_autofree char *path = upd_repo_path(repo, "private/lock");

    repo->lock = hl_file_lock_wait(path, LOCK_PATIENCE, error);
    repo->now = hl_clock_wall(); /* the process that had the lock is done: its times are not later than ours */
    return repo->lock >= 0;
}

UpdRepo *upd_repo_open(const char *dir, const char *passphrase, GError **error)
{
    g_autoptr(UpdRepo) repo = repo_new(dir, passphrase);

    if (!upd_repo_exists(repo, "private")) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "%s is not a repository: make one with 'holdline-updater repo init %s'",
                repo->dir, dir);
        return NULL;
    }
    return lock(repo, error) ? g_steal_pointer(&repo) : NULL;
}

UpdRepo *upd_repo_read(const char *dir, GError **error)
{
    g_autoptr(UpdRepo) repo = repo_new(dir, NULL);

    if (!upd_repo_exists(repo, "metadata/timestamp.json")) {
        hl_fail(error, HL_ERROR_NOT_FOUND,
                "%s contains no repository that is in force: make one with 'holdline-updater repo init %s'", repo->dir,
                dir);
        return NULL;
    }
    return g_steal_pointer(&repo);
}

UpdRepo *upd_repo_create(const char *dir, const char *passphrase, GError **error)
{
    static const struct {
        const char *name;
        mode_t mode;
    } rooms[] = { { "metadata", 0755 },       { "targets", 0755 },        { "private", 0700 },
                  { "private/keys", 0700 },   { "private/staged", 0700 }, { "private/history", 0700 },
                  { "private/pending", 0700 } };
    g_autoptr(UpdRepo) repo = repo_new(dir, passphrase);

    if (upd_repo_is_half_initialised(repo)) {
        hl_fail(error, HL_ERROR_EXISTS,
                "%s contains a repository whose creation was cut short, or whose timestamp.json was lost: "
                "'holdline-updater repo repair %s' finishes or mends it; or choose another directory",
                repo->dir, dir);
        return NULL;
    }
    if (upd_repo_exists(repo, "private") || upd_repo_exists(repo, "metadata") || upd_repo_exists(repo, "targets")) {
        hl_fail(error, HL_ERROR_EXISTS, "%s already contains a repository: choose another directory", repo->dir);
        return NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = upd_repo_path(repo, "%s", rooms[i].name);

        if (!hl_dir_make(path, rooms[i].mode, error))
            return NULL;
    }
    return lock(repo, error) ? g_steal_pointer(&repo) : NULL;
}

bool upd_repo_discard(const UpdRepo *repo, GError **error)
{
    static const char *const rooms[] = { "metadata", "targets", "private" };

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = upd_repo_path(repo, "%s", rooms[i]);

        if (!hl_tree_remove(path, error))
            return false;
    }
    return true;
}

json_t *upd_repo_load(const UpdRepo *repo, const char *name, GError **error)
{
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autoptr(GBytes) bytes = hl_file_read(path, UPD_META_MAX, error);

    return bytes == NULL ? NULL : hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

bool upd_repo_exists(const UpdRepo *repo, const char *name)
{
    g_autofree char *path = upd_repo_path(repo, "%s", name);

    return access(path, F_OK) == 0;
}

bool upd_repo_store(const UpdRepo *repo, const char *name, GBytes *content, GError **error)
{
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autofree char *directory = g_path_get_dirname(path);
    bool private = g_str_has_prefix(name, "private/");

    /* a directory in a file's place is damage that no rename mends */
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !hl_tree_remove(path, error))
        return false;
    return hl_dir_make(directory, private ? 0700 : 0755, error) &&
           hl_file_write(path, g_bytes_get_data(content, NULL), g_bytes_get_size(content), private ? 0600 : 0644,
                         error);
}

GPtrArray *upd_repo_list(const UpdRepo *repo, const char *name)
{
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *entry;

    while (directory != NULL && (entry = g_dir_read_name(directory)) != NULL)
        g_ptr_array_add(names, g_strdup(entry));
    g_ptr_array_sort(names, hl_text_compare);
    return names;
}

/* The highest N of metadata/N.ROLE.json; 0 if there is none. */
static guint64 newest_version(const UpdRepo *repo, const char *role)
{
    g_autofree char *suffix = g_strdup_printf(".%s.json", role);
    g_autoptr(GPtrArray) names = upd_repo_list(repo, "metadata");
    guint64 newest = 0;

    for (guint i = 0; i < names->len; i++) {
        char *end;
        guint64 version = g_ascii_strtoull(names->pdata[i], &end, 10);

        if (strcmp(end, suffix) == 0)
            newest = MAX(newest, version);
    }
    return newest;
}

/* With the holders' signatures under a root it counts as initialised, however far it got: 'root accept' ends the
 * ceremony. */
bool upd_repo_is_half_initialised(const UpdRepo *repo)
{
    return upd_repo_exists(repo, "private/keys") && !upd_repo_exists(repo, "metadata/timestamp.json") &&
           !upd_repo_exists(repo, "private/pending/root.json") &&
           !upd_repo_exists(repo, "private/pending/targets.json") &&
           (newest_version(repo, "root") == 0 || upd_repo_exists(repo, "private/keys/root-1.pem"));
}

static bool load_role(const UpdRepo *repo, UpdState *state, const char *role, json_int_t version, GError **error)
{
    g_autofree char *name = version == 0 ? g_strdup_printf("metadata/%s.json", role)
                                         : g_strdup_printf("metadata/%" JSON_INTEGER_FORMAT ".%s.json", version, role);
    json_t *envelope = upd_repo_load(repo, name, error);

    if (envelope == NULL)
        return false;
    g_hash_table_insert(state, g_strdup(role), envelope);
    return true;
}

/* The version that a meta entry lists. */
static json_int_t listed_version(const json_t *envelope, const char *file)
{
    const json_t *meta = json_object_get(upd_meta_signed(envelope), "meta");

    return json_integer_value(json_object_get(json_object_get(meta, file), "version"));
}

static bool load_snapshot_roles(const UpdRepo *repo, UpdState *state, GError **error)
{
    json_t *snapshot = upd_state_get(state, "snapshot");
    json_t *meta = json_object_get(upd_meta_signed(snapshot), "meta");
    const char *file;
    json_t *entry;

    json_object_foreach(meta, file, entry)
    {
        g_autofree char *role = g_strndup(file, strlen(file) - strlen(".json"));

        if (!load_role(repo, state, role, listed_version(snapshot, file), error))
            return false;
    }
    return true;
}

static void envelope_free(gpointer envelope)
{
    json_decref(envelope);
}

UpdState *upd_state_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, envelope_free);
}

UpdState *upd_state_load(const UpdRepo *repo, GError **error)
{
    g_autoptr(UpdState) state = upd_state_new();
    guint64 root = newest_version(repo, "root");

    if (root > 0 && !load_role(repo, state, "root", (json_int_t)root, error))
        return NULL;
    if (!upd_repo_exists(repo, "metadata/timestamp.json")) { /* a creation under way: there may be targets already */
        guint64 targets = newest_version(repo, "targets");

        return targets == 0 || load_role(repo, state, "targets", (json_int_t)targets, error) ? g_steal_pointer(&state)
                                                                                             : NULL;
    }
    if (!load_role(repo, state, "timestamp", 0, error) ||
        !load_role(repo, state, "snapshot", listed_version(upd_state_get(state, "timestamp"), "snapshot.json"),
                   error) ||
        !load_snapshot_roles(repo, state, error))
        return NULL;
    return g_steal_pointer(&state);
}

json_t *upd_state_get(const UpdState *state, const char *role)
{
    return g_hash_table_lookup(hl_unconst(state), role);
}

json_t *upd_state_definition(const UpdState *state, const char *role, json_t **keys)
{
    const json_t *root = upd_meta_signed(upd_state_get(state, "root"));
    const json_t *delegations = json_object_get(upd_meta_signed(upd_state_get(state, "targets")), "delegations");
    const json_t *delegated = json_object_get(delegations, "roles");

    if (upd_role_spec(role)->role != NULL) {
        *keys = json_object_get(root, "keys");
        return json_object_get(json_object_get(root, "roles"), role);
    }
    *keys = json_object_get(delegations, "keys");
    for (gsize i = 0; i < json_array_size(delegated); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(delegated, i), "name")), role) == 0)
            return json_array_get(delegated, i);
    return NULL;
}

GPtrArray *upd_state_components(const UpdState *state)
{
    const json_t *delegations = json_object_get(upd_meta_signed(upd_state_get(state, "targets")), "delegations");
    const json_t *delegated = json_object_get(delegations, "roles");
    GPtrArray *names = g_ptr_array_new();

    for (gsize i = 0; i < json_array_size(delegated); i++)
        g_ptr_array_add(names, hl_unconst(json_string_value(json_object_get(json_array_get(delegated, i), "name"))));
    return names;
}

bool upd_state_load_components(const UpdRepo *repo, UpdState *state, GError **error)
{
    g_autoptr(GPtrArray) components = upd_state_components(state);

    for (guint i = 0; i < components->len; i++) {
        const char *name = components->pdata[i];
        guint64 version = upd_state_get(state, name) != NULL ? 0 : newest_version(repo, name);

        if (version > 0 && !load_role(repo, state, name, (json_int_t)version, error))
            return false;
    }
    return true;
}
