/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/repository.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "manager/site/site.h"

#define MAX_METADATA (16 * 1024 * 1024)
#define MAX_NOTE     (64 * 1024) /* a name and a version of each of HL_UPDATER_MAX_COMPONENTS */
#define LOOKS        3           /* while something is published meanwhile */
#define PROGRAM      "program"   /* as proto/program.h calls the component */

void mgr_repository_files_clear(MgrRepositoryFiles *files)
{
    g_clear_pointer(&files->first, g_free);
    g_clear_pointer(&files->lost, g_free);
}

/* ------------------------------------------------------------------------------------------------- what there was */

bool mgr_repository_note(const char *site, const char *published, GError **error)
{
    g_autofree char *path = mgr_site_path(site, MGR_SITE_PUBLISHED);
    g_autofree char *before = mgr_repository_noted(site);

    return strcmp(before, published) == 0 || hl_file_write_text(path, published, 0600, error);
}

char *mgr_repository_noted(const char *site)
{
    g_autofree char *path = mgr_site_path(site, MGR_SITE_PUBLISHED);
    g_autofree char *text = hl_file_read_text(path, MAX_NOTE, NULL);

    return text != NULL ? g_strstrip(g_steal_pointer(&text)) : g_strdup("");
}

/* -------------------------------------------------------------------------------------------------- what is missing */

/* Only what leads to a file below the repository. */
static bool is_plain(const char *name)
{
    return name != NULL && *name != '\0' && *name != '/' && strstr(name, "..") == NULL;
}

static bool is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The member of what the file signs; NULL: there is none, or no such file. */
static json_t *read_signed(const char *path, const char *member)
{
    g_autofree char *text = hl_file_read_text(path, MAX_METADATA, NULL);
    g_autoptr(json_t) document = text != NULL ? hl_json_parse(path, text, strlen(text), NULL) : NULL;
    json_t *value = json_object_get(json_object_get(document, "signed"), member);

    return json_is_object(value) ? json_incref(value) : NULL;
}

/* "REPO/metadata/7.virus.json" of what {"virus.json": {"version": 7}} names; NULL: it names none. */
static char *path_of_role(const char *repo, const json_t *meta, const char *name)
{
    json_int_t version = json_integer_value(json_object_get(json_object_get(meta, name), "version"));

    return version > 0 && is_plain(name) && strchr(name, '/') == NULL
               ? g_strdup_printf("%s/metadata/%" JSON_INTEGER_FORMAT ".%s", repo, version, name)
               : NULL;
}

/* The topmost directory of it, up to the repository itself, that is missing; or itself.  Takes path. */
static char *topmost(char *path, const char *repo)
{
    for (;;) {
        g_autofree char *parent = g_path_get_dirname(path);

        if (is_there(parent) || strcmp(path, repo) == 0)
            return path;
        g_free(path);
        path = g_steal_pointer(&parent);
    }
}

/* Takes path. */
static void miss(MgrRepositoryFiles *files, char *path, const char *repo)
{
    files->missing++;
    if (files->first == NULL)
        files->first = topmost(path, repo);
    else
        g_free(path);
}

/* Published under the hash of its content: "virus/full-1.zst" is targets/virus/HASH.full-1.zst. */
static void look_at_target(MgrRepositoryFiles *files, const char *repo, const char *name, const json_t *target)
{
    const char *hash = json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256"));
    g_autofree char *component = g_path_get_dirname(name);
    g_autofree char *base = g_path_get_basename(name);
    char *path;

    if (!is_plain(name) || !is_plain(hash))
        return;
    path = g_strdup_printf("%s/targets/%s/%s.%s", repo, component, hash, base);
    files->listed++;
    files->patterns += strcmp(component, PROGRAM) != 0;
    if (is_there(path))
        g_free(path);
    else
        miss(files, path, repo);
}

static void look_at_role(MgrRepositoryFiles *files, const char *repo, char *path)
{
    g_autoptr(json_t) targets = NULL;
    const char *name;
    json_t *target;

    if (!is_there(path)) {
        files->listed++;
        miss(files, path, repo);
        return;
    }
    targets = read_signed(path, "targets");
    json_object_foreach(targets, name, target)
    {
        look_at_target(files, repo, name, target);
    }
    g_free(path);
}

/* A snapshot without a timestamp is what is left of one. */
static bool has_snapshot(const char *repo)
{
    g_autofree char *metadata = g_build_filename(repo, "metadata", NULL);
    g_autoptr(GDir) dir = g_dir_open(metadata, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, "snapshot.json"))
            return true;
    return false;
}

/* As the timestamp has it: what else lies there is of an earlier time, or of a publishing that is under way. */
static void look_by(MgrRepositoryFiles *files, const char *repo, const json_t *timestamp)
{
    char *snapshot = path_of_role(repo, timestamp, "snapshot.json");
    g_autoptr(json_t) meta = snapshot != NULL ? read_signed(snapshot, "meta") : NULL;
    const char *name;
    json_t *value;

    if (snapshot != NULL && !is_there(snapshot)) {
        files->listed++;
        miss(files, g_steal_pointer(&snapshot), repo);
    }
    g_free(snapshot);
    json_object_foreach(meta, name, value)
    {
        char *path = path_of_role(repo, meta, name);

        if (path != NULL)
            look_at_role(files, repo, path);
    }
}

void mgr_repository_look(MgrRepositoryFiles *files, const char *repo, const char *had_published)
{
    g_autofree char *path = g_build_filename(repo, "metadata", "timestamp.json", NULL);
    g_autofree char *private = g_build_filename(repo, "private", "history", NULL);
    g_autofree char *metadata = g_path_get_dirname(path);
    bool is_same = false;

    if (!is_there(path) &&
        (had_published != NULL || has_snapshot(repo) || (!is_there(metadata) && is_there(private)))) {
        files->listed = 1;
        miss(files, g_steal_pointer(&path), repo);
        if (had_published != NULL && *had_published != '\0')
            files->lost = g_strdup(had_published);
        return;
    }
    for (guint i = 0; i < LOOKS && !is_same; i++) {
        g_autoptr(json_t) before = read_signed(path, "meta");
        g_autoptr(json_t) after = NULL;

        mgr_repository_files_clear(files);
        *files = (MgrRepositoryFiles){ 0 };
        look_by(files, repo, before);
        after = files->missing > 0 ? read_signed(path, "meta") : NULL;
        is_same = files->missing == 0 || json_equal(before, after);
    }
}

char *mgr_repository_describe(const MgrRepositoryFiles *files)
{
    if (files->first == NULL)
        return NULL;
    if (files->lost != NULL)
        return g_strdup_printf(_("%s is missing, and with it what was published: %s"), files->first, files->lost);
    return files->listed > 1 ? g_strdup_printf(_("%s is missing, with %u of the %u files that the repository lists"),
                                               files->first, files->missing, files->listed)
                             : g_strdup_printf(_("%s is missing"), files->first);
}

char *mgr_repository_remedy(const char *repo, bool is_copy)
{
    if (is_copy)
        return g_strdup_printf(_("remove %s and copy the source again: holdline pattern sync"), repo);
    if (!is_there(repo)) /* 'repo repair' has nothing to begin with, and 'repo init' would make another root */
        return g_strdup_printf(
            _("mount the disk that has %s, or bring it back from a backup: endpoints trust no new one"), repo);
    return g_strdup_printf(
        _("holdline-updater repo repair %s makes again what it can, and names what has to come from a backup"), repo);
}
