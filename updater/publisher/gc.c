/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/gc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

static bool is_root(const char *name)
{
    return g_str_has_suffix(name, ".root.json");
}

static void keep(GHashTable *kept, char *name)
{
    g_hash_table_add(kept, name);
}

/* The target files that a role's metadata lists: DIR/HASH.BASE. */
static void keep_targets(GHashTable *kept, const json_t *envelope)
{
    json_t *targets = json_object_get(upd_meta_signed(envelope), "targets");
    const char *path;
    json_t *target;

    json_object_foreach(targets, path, target)
    {
        const char *hash = json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256"));
        g_autofree char *directory = g_path_get_dirname(path);
        g_autofree char *base = g_path_get_basename(path);

        keep(kept, g_strdup_printf("targets/%s/%s.%s", directory, hash, base));
    }
}

/* A snapshot and all that it leads to.  Metadata that is missing or broken leads nowhere. */
static void keep_snapshot(const UpdRepo *repo, GHashTable *kept, const char *name, const json_t *snapshot)
{
    json_t *meta = json_object_get(upd_meta_signed(snapshot), "meta");
    const char *file;
    json_t *entry;

    keep(kept, g_strdup(name));
    json_object_foreach(meta, file, entry)
    {
        g_autofree char *role = g_strdup_printf("metadata/%" JSON_INTEGER_FORMAT ".%s",
                                                json_integer_value(json_object_get(entry, "version")), file);
        g_autoptr(json_t) envelope = upd_repo_load(repo, role, NULL);

        if (envelope != NULL)
            keep_targets(kept, envelope);
        keep(kept, g_steal_pointer(&role));
    }
}

/* Contents of past releases that are in the history's lists. */
static void keep_history(const UpdRepo *repo, GHashTable *kept, const char *name)
{
    g_autofree char *path = g_strdup_printf("private/history/%s", name);
    g_autoptr(json_t) history = upd_repo_load(repo, path, NULL);
    const json_t *releases = json_object_get(history, "releases");
    const char *file;
    json_t *past;

    for (gsize i = 0; i < json_array_size(releases); i++) {
        json_object_foreach(json_object_get(json_array_get(releases, i), "files"), file, past)
        {
            keep(kept, g_strdup_printf("private/history/%s.zst", json_string_value(json_object_get(past, "sha256"))));
        }
    }
    keep(kept, g_steal_pointer(&path));
}

static GHashTable *find_kept(const UpdRepo *repo, const UpdState *state)
{
    GHashTable *kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) metadata = upd_repo_list(repo, "metadata");
    g_autoptr(GPtrArray) history = upd_repo_list(repo, "private/history");
    json_int_t current = upd_meta_version(upd_state_get(state, "snapshot"));

    keep(kept, g_strdup("metadata/timestamp.json"));
    for (guint i = 0; i < metadata->len; i++) {
        g_autofree char *name = g_strdup_printf("metadata/%s", (char *)metadata->pdata[i]);
        g_autoptr(json_t) snapshot = g_str_has_suffix(name, ".snapshot.json") ? upd_repo_load(repo, name, NULL) : NULL;
        HlTime expires = 0;

        if (is_root(name))
            keep(kept, g_strdup(name));
        if (snapshot != NULL && upd_meta_expires(snapshot, &expires, NULL) &&
            (expires > repo->now || upd_meta_version(snapshot) == current))
            keep_snapshot(repo, kept, name, snapshot);
    }
    for (guint i = 0; i < history->len; i++)
        if (g_str_has_suffix(history->pdata[i], ".json"))
            keep_history(repo, kept, history->pdata[i]);
    return kept;
}

static bool sweep(const UpdRepo *repo, GHashTable *kept, const char *directory, UpdGcMode mode, UpdGarbage *garbage,
                  GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(repo, directory);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name = g_strdup_printf("%s/%s", directory, (char *)names->pdata[i]);
        g_autofree char *path = upd_repo_path(repo, "%s", name);
        struct stat st;

        if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || g_hash_table_contains(kept, name))
            continue;
        if (mode == UPD_GC_REMOVE && unlink(path) != 0)
            return hl_fail_errno(error, errno, "cannot remove %s", path);
        garbage->files++;
        garbage->bytes += (guint64)st.st_size;
    }
    return true;
}

bool upd_gc(const UpdRepo *repo, const UpdState *state, UpdGcMode mode, UpdGarbage *garbage, GError **error)
{
    g_autoptr(GHashTable) kept = find_kept(repo, state);
    g_autoptr(GPtrArray) components = upd_repo_list(repo, "targets");

    *garbage = (UpdGarbage){ 0 };
    for (guint i = 0; i < components->len; i++) {
        g_autofree char *directory = g_strdup_printf("targets/%s", (char *)components->pdata[i]);

        if (!sweep(repo, kept, directory, mode, garbage, error))
            return false;
    }
    return sweep(repo, kept, "metadata", mode, garbage, error) &&
           sweep(repo, kept, "private/history", mode, garbage, error);
}
