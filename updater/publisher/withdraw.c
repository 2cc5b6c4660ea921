/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/withdraw.h"

#include <string.h>

#include "lib/base/file.h"
#include "updater/publisher/content.h"

#define OLDEST_ENGINE "0.103.0"

/* Releases from before it was recorded can all be loaded by the oldest engine that updates are tried with. */
static const char *min_engine_of(const json_t *release)
{
    const char *min_engine = json_string_value(json_object_get(release, "min_engine"));

    return min_engine != NULL ? min_engine : OLDEST_ENGINE;
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "files"), json_object_get(b, "files")) &&
           strcmp(min_engine_of(a), min_engine_of(b)) == 0;
}

/* The release that the one in force replaced for good: the one before its content first came.  A B A means that B was
 * withdrawn, so what is before the last A is what was before the first. */
static const json_t *find_good(const json_t *releases)
{
    gsize n = json_array_size(releases);
    const json_t *now = n == 0 ? NULL : json_array_get(releases, n - 1);

    for (gsize i = 0; i < n; i++)
        if (is_same(json_array_get(releases, i), now))
            return i == 0 ? NULL : json_array_get(releases, i - 1);
    return NULL;
}

/* Its files, unpacked into directory; their paths are added. */
static bool unpack(const UpdRepo *repo, const char *component, const json_t *release, const char *directory,
                   GPtrArray *paths, GError **error)
{
    const char *name;
    json_t *file;

    json_object_foreach(json_object_get(release, "files"), name, file)
    {
        const char *sha256 = json_string_value(json_object_get(file, "sha256"));
        guint64 length = (guint64)json_integer_value(json_object_get(file, "length"));
        hl_autofd int fd = -1;
        g_autoptr(GBytes) content = NULL;
        char *path;

        if (sha256 == NULL || !upd_stage_name_ok(name, error))
            return sha256 != NULL ||
                   hl_fail(error, HL_ERROR_INVALID, "the history of %s is damaged: %s has no hash", component, name);
        fd = upd_content_open(repo, component, sha256, error);
        content = fd < 0 ? NULL : upd_content_map(fd, length, error);
        if (content == NULL)
            return false;
        path = g_build_filename(directory, name, NULL);
        g_ptr_array_add(paths, path);
        if (!hl_file_write(path, g_bytes_get_data(content, NULL), g_bytes_get_size(content), 0600, error))
            return false;
    }
    return true;
}

bool upd_withdraw_stage(const UpdRepo *repo, const UpdState *state, const char *component, const json_t *release,
                        UpdStaged *staged, GError **error)
{
    g_autofree char *directory = upd_repo_path(repo, "private/withdraw");
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const json_t *program = json_object_get(release, "program");
    UpdStageSpec spec = { .component = component,
                          .min_engine = min_engine_of(release),
                          .force = true,
                          .min_version = json_string_value(json_object_get(program, "min_version")),
                          .max_version = json_string_value(json_object_get(program, "max_version")) };
    bool done;

    if (!hl_tree_remove(directory, error) || !hl_dir_make(directory, 0700, error))
        return false;
    done = unpack(repo, component, release, directory, paths, error);
    spec.files = (const char *const *)paths->pdata;
    spec.n_files = paths->len;
    done = done && upd_stage_add(repo, state, &spec, staged, error);
    return hl_tree_remove(directory, done ? error : NULL) && done;
}

bool upd_withdraw(const UpdRepo *repo, const UpdState *state, const char *component, UpdWithdrawal *withdrawal,
                  GError **error)
{
    g_autofree char *record = g_strdup_printf("private/history/%s.json", component);
    g_autoptr(json_t) history = upd_repo_exists(repo, record) ? upd_repo_load(repo, record, error) : NULL;
    const json_t *releases = json_object_get(history, "releases");
    const json_t *good = find_good(releases);
    json_t *keys;

    if (error != NULL && *error != NULL)
        return false;
    if (upd_state_definition(state, component, &keys) == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "no component %s in this repository: 'holdline-updater repo role list' shows them", component);
    if (good == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "%s has no content before the one in force: 'holdline-updater repo add' stages another one, "
                       "'holdline-updater repo remove' empties it",
                       component);
    withdrawal->bad =
        json_integer_value(json_object_get(json_array_get(releases, json_array_size(releases) - 1), "version"));
    withdrawal->good = json_integer_value(json_object_get(good, "version"));
    return upd_withdraw_stage(repo, state, component, good, &withdrawal->staged, error);
}
