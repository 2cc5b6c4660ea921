/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/mirror/published_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"

#define UNLISTED "mirror/unlisted.json"

enum {
    DEPTH_MAX = 16, /* as the manager's web server */
    PATH_LENGTH_MAX = 1024,
    NAME_LENGTH_MAX = 180, /* with a SHA-256 or SHA-512 before it and a temporary ending after: at most 255 */
    RECORD_MAX = 16 * 1024 * 1024,
};

void upd_published_files_init(UpdPublishedFiles *files, const char *dir)
{
    *files =
        (UpdPublishedFiles){ .dir = dir, .needed = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, NULL) };
}

void upd_published_files_clear(UpdPublishedFiles *files)
{
    g_clear_pointer(&files->needed, g_hash_table_unref);
}

char *upd_published_files_path(const UpdPublishedFiles *files, const char *name)
{
    return g_build_filename(files->dir, name, NULL);
}

char *upd_published_files_target_name(const char *path, const char *hash, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", DEPTH_MAX + 1);
    guint n = g_strv_length(parts);
    bool good = n > 0 && n < DEPTH_MAX && strlen(path) <= PATH_LENGTH_MAX;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    for (guint i = 0; i < n && good; i++) /* a leading dot: "..", and what is hidden */
        good = *parts[i] != '\0' && *parts[i] != '.' && strlen(parts[i]) <= NAME_LENGTH_MAX;
    if (good)
        return g_strdup_printf("targets/%.*s%s.%s", (int)(name - path), path, hash, name);
    hl_fail(
        error, HL_ERROR_INVALID,
        "target '%.200s' cannot be mirrored: a path has up to %d names of up to %d bytes that do not begin with a dot",
        path, DEPTH_MAX - 1, NAME_LENGTH_MAX);
    return NULL;
}

void upd_published_files_need(UpdPublishedFiles *files, const char *name)
{
    g_hash_table_add(files->needed, g_strdup(name));
}

static bool holds(const char *path, GBytes *bytes)
{
    g_autoptr(GBytes) there = hl_file_read(path, g_bytes_get_size(bytes), NULL);

    return there != NULL && g_bytes_equal(there, bytes);
}

bool upd_published_files_put(UpdPublishedFiles *files, const char *name, GBytes *bytes, GError **error)
{
    g_autofree char *path = upd_published_files_path(files, name);

    upd_published_files_need(files, name);
    if (holds(path, bytes))
        return true;
    files->added++;
    return hl_file_write(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0644, error);
}

/* ------------------------------------------------------------------------------------------------------- the sweep */

typedef struct {
    UpdPublishedFiles *files;
    const json_t *before; /* name -> wall time since it is needless */
    json_t *after;
    HlTime keep, now;
} Sweep;

static bool judge_file(const Sweep *sweep, const char *name, GError **error)
{
    const json_t *noted = json_object_get(sweep->before, name);
    HlTime since = json_is_integer(noted) ? json_integer_value(noted) : sweep->now;
    g_autofree char *path = NULL;

    if (g_hash_table_contains(sweep->files->needed, name))
        return true;
    since = MIN(since, sweep->now); /* the clock was put back */
    if (since == sweep->now || sweep->now - since < sweep->keep) {
        json_object_set_new(sweep->after, name, json_integer(since));
        return true;
    }
    path = upd_published_files_path(sweep->files, name);
    if (unlink(path) != 0)
        return hl_fail_errno(error, errno, "cannot remove %s", path);
    sweep->files->removed++;
    return true;
}

/* Links and special files are not ours and left alone.  A directory that is empty goes. */
static bool sweep_directory(const Sweep *sweep, const char *name, int depth, GError **error)
{
    g_autofree char *directory = upd_published_files_path(sweep->files, name);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_strdup_printf("%s/%s", name, entry);
        g_autofree char *path = upd_published_files_path(sweep->files, below);
        struct stat st;

        if (lstat(path, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode) && !judge_file(sweep, below, error))
            return false;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && !sweep_directory(sweep, below, depth + 1, error))
            return false;
    }
    if (depth > 0)
        (void)rmdir(directory);
    return true;
}

bool upd_published_files_sweep(UpdPublishedFiles *files, HlTime keep, HlTime now, GError **error)
{
    g_autofree char *record = upd_published_files_path(files, UNLISTED);
    g_autoptr(GBytes) text = hl_file_read(record, RECORD_MAX, NULL);
    g_autoptr(json_t) before =
        text == NULL ? NULL : hl_json_parse(UNLISTED, g_bytes_get_data(text, NULL), g_bytes_get_size(text), NULL);
    g_autoptr(json_t) after = json_object();
    const Sweep sweep = { files, before, after, keep, now };
    g_autofree char *print = NULL;

    if (!sweep_directory(&sweep, "metadata", 0, error) || !sweep_directory(&sweep, "targets", 0, error))
        return false;
    print = hl_json_print(after);
    return hl_file_write_text(record, print, 0644, error);
}
