/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/client/cache.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/tuf/check.h"

enum { DIR_MODE = 0755, FILE_MODE = 0644 }; /* nothing in here is secret */

static char *path_of(const UpdCache *cache, const char *sub, const char *name)
{
    return g_build_filename(cache->dir, sub, name, NULL);
}

/* A role is whatever its delegator calls it: percent-encoded, it is one plain file name. */
static char *path_of_role(const UpdCache *cache, const char *role)
{
    g_autofree char *name = g_uri_escape_string(role, NULL, FALSE);
    g_autofree char *file = g_strdup_printf("%s.json", name);

    return path_of(cache, ".", file);
}

static char *path_of_root(const UpdCache *cache, int64_t version)
{
    g_autofree char *file = g_strdup_printf("%" G_GINT64_FORMAT ".root.json", version);

    return path_of(cache, "root-history", file);
}

/* hl_file_write's temporary file is NAME.json.XXXXXX; one is left over when a run is killed.  (A role may be called
 * "x.json.y": its file ends as all of them do.) */
static bool is_leftover(const char *name)
{
    gsize length = strlen(name);

    return length > 12 && strncmp(name + length - 12, ".json.", 6) == 0 && !g_str_has_suffix(name, ".json");
}

/* Best effort: what cannot be removed, and what is not ours (a directory that is called so), is in nobody's way. */
static bool remove_leftovers(const char *dir, GError **error)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, error);
    const char *name;

    if (entries == NULL)
        return false;
    while ((name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (is_leftover(name))
            (void)unlink(path);
    }
    return true;
}

bool upd_cache_open(UpdCache *cache, const char *dir, GError **error)
{
    g_autofree char *history = g_build_filename(dir, "root-history", NULL);
    g_autofree char *partial = g_build_filename(dir, "partial", NULL);
    g_autofree char *lock = g_build_filename(dir, "lock", NULL);

    *cache = UPD_CACHE_INIT;
    if (!hl_dir_make(history, DIR_MODE, error) || !hl_dir_make(partial, DIR_MODE, error))
        return false;
    cache->lock = hl_file_lock_as(lock, error, "another updater is working in %s", dir);
    if (cache->lock < 0)
        return false;
    cache->dir = g_strdup(dir);
    return remove_leftovers(dir, error) && remove_leftovers(history, error);
}

void upd_cache_close(UpdCache *cache)
{
    hl_fd_clear(&cache->lock);
    g_clear_pointer(&cache->dir, g_free);
}

static GBytes *read_path(char *path, gsize max_size)
{
    g_autofree char *owned = path;

    return hl_file_read(owned, max_size, NULL);
}

static bool write_path(char *path, GBytes *bytes, GError **error)
{
    g_autofree char *owned = path;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    TUF_MAY_DIE();
    return hl_file_write(owned, data, size, FILE_MODE, error);
}

/* pinned.json comes last: as long as it is missing, nothing is pinned, and initialising begins again. */
bool upd_cache_pin(UpdCache *cache, GBytes *root, GError **error)
{
    g_autofree char *history = path_of(cache, "root-history", NULL);

    return hl_tree_remove(history, error) && hl_dir_make(history, DIR_MODE, error) && hl_dir_sync(cache->dir, error) &&
           upd_cache_write(cache, "root", root, error) &&
           write_path(path_of(cache, "root-history", "pinned.json"), root, error);
}

GBytes *upd_cache_read(const UpdCache *cache, const char *role, gsize max_size)
{
    return read_path(path_of_role(cache, role), max_size);
}

GBytes *upd_cache_read_pinned(const UpdCache *cache, gsize max_size)
{
    return read_path(path_of(cache, "root-history", "pinned.json"), max_size);
}

GBytes *upd_cache_read_root(const UpdCache *cache, int64_t version, gsize max_size)
{
    return read_path(path_of_root(cache, version), max_size);
}

/* What lies there and is no file is broken, and what is broken never blocks an update: but for the root. */
static bool clear_way(const char *path, GError **error)
{
    struct stat st;

    return lstat(path, &st) != 0 || S_ISREG(st.st_mode) || hl_tree_remove(path, error);
}

bool upd_cache_write(UpdCache *cache, const char *role, GBytes *bytes, GError **error)
{
    g_autofree char *path = path_of_role(cache, role);

    if (strcmp(role, "root") != 0 && !clear_way(path, error))
        return false;
    return write_path(g_steal_pointer(&path), bytes, error);
}

bool upd_cache_write_root(UpdCache *cache, int64_t version, GBytes *bytes, GError **error)
{
    return write_path(path_of_root(cache, version), bytes, error);
}

bool upd_cache_forget(UpdCache *cache, const char *role, GError **error)
{
    g_autofree char *path = path_of_role(cache, role);

    TUF_MAY_DIE();
    if (!hl_tree_remove(path, error))
        return false;
    return hl_dir_sync(cache->dir, error);
}

char *upd_cache_partial(UpdCache *cache, const char *hash, GError **error)
{
    g_autofree char *dir = path_of(cache, "partial", NULL);
    g_autofree char *part = path_of(cache, "partial", hash);
    g_autoptr(GDir) entries = g_dir_open(dir, 0, error);
    const char *name;

    if (entries == NULL || !clear_way(part, error))
        return NULL;
    while ((name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (strcmp(name, hash) != 0)
            HL_IGNORE(hl_tree_remove(path, NULL)); /* what cannot be removed only takes space */
    }
    return g_steal_pointer(&part);
}
