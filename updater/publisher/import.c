/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/import.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "updater/delta/delta.h"
#include "updater/pattern/kinds.h"
#include "updater/publisher/content.h"

/* Which component takes which database; docs/patterns.md has it in words. */
static const char *const components[] = { "virus", "agent" };

static const struct {
    const char *component, *database; /* left out of it; everything else is in */
} exceptions[] = {
    /* what ClamAV has moved out of daily: most of the bytes, and next to nothing that is still about */
    { "agent", "main" },
};

/* Packages that stay as they are: the engine takes bytecode from nowhere else. */
static const char *const whole[] = { "bytecode" };

/* One file that can be content. */
typedef struct {
    char *path, *database;
} Entry;

typedef struct {
    const UpdRepo *repo;
    const UpdImportSpec *spec;
    const char *directory; /* for what is unpacked */
    GPtrArray *entries;
} Work;

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->path);
    g_free(entry->database);
    g_free(entry);
}

bool upd_import_wants(const char *component, const char *database)
{
    for (gsize i = 0; i < G_N_ELEMENTS(exceptions); i++)
        if (strcmp(exceptions[i].component, component) == 0 && strcmp(exceptions[i].database, database) == 0)
            return false;
    return true;
}

static void add_entry(Work *work, char *path, const char *database)
{
    Entry *entry = g_new(Entry, 1);

    *entry = (Entry){ path, g_strdup(database) };
    g_ptr_array_add(work->entries, entry);
}

static GPtrArray *list(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &problem);
    const char *name;

    if (dir == NULL) {
        if (g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            hl_fail(
                error, HL_ERROR_FAILED,
                "there is no directory %s: run freshclam (package clamav-freshclam), or name the directory that has "
                "the databases",
                directory);
        else
            hl_fail(error, HL_ERROR_NOT_FOUND,
                    "%s cannot be read as a directory: name the one that has the databases, and let this user read it",
                    directory);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, hl_text_compare);
    return g_steal_pointer(&names);
}

/* Adds a file as it is, unless it holds nothing: unpacked databases have such files, for kinds they once had. */
static bool add_file(Work *work, const char *directory, const char *name, const char *database, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) content = hl_file_read(path, UPD_DELTA_MAX_FILE, error);
    gsize size;
    const char *text;

    if (content == NULL)
        return false;
    text = g_bytes_get_data(content, &size);
    if (size > 0 && upd_stage_count(name, text, size) != 0)
        add_entry(work, g_steal_pointer(&path), database);
    return true;
}

/* sigtool unpacks into the directory that it is in, and only what ClamAV signed. */
static bool unpack(const char *path, const char *into, GError **error)
{
    g_autofree char *sigtool = g_find_program_in_path("sigtool");
    g_autofree char *word = g_strdup_printf("--unpack=%s", path);
    const char *argv[] = { "env", "--chdir", into, sigtool, word, NULL };
    g_autoptr(GError) problem = NULL;

    if (sigtool == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s cannot be unpacked: install sigtool (package clamav)", path);
    if (!hl_dir_make(into, 0700, error))
        return false;
    return hl_exec(argv, NULL, &problem) ||
           hl_fail(error, HL_ERROR_UNTRUSTED,
                   "%s is not a whole database that ClamAV signed: have freshclam fetch it again (%s)", path,
                   problem->message);
}

static bool add_package(Work *work, const char *name, const char *database, GError **error)
{
    g_autofree char *path = g_build_filename(work->spec->databases, name, NULL);
    g_autofree char *into = g_build_filename(work->directory, database, NULL);
    g_autoptr(GPtrArray) names = NULL;

    if (g_file_test(into, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "%s has the database %s twice, as .cvd and as .cld: remove the older one (sigtool --info)",
                       work->spec->databases, database);
    if (!unpack(path, into, error))
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(whole); i++) {
        if (strcmp(whole[i], database) == 0) {
            add_entry(work, g_steal_pointer(&path), database);
            return true;
        }
    }
    names = list(into, error);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const UpdKind *kind = upd_kind_find(names->pdata[i]);

        /* .info describes the package, COPYING its licence */
        if (kind != NULL && kind->group != UPD_GROUP_REFUSED && !add_file(work, into, names->pdata[i], database, error))
            return false;
    }
    return names != NULL;
}

/* One name of the directory: freshclam keeps notes of its own there too. */
static bool collect(Work *work, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(work->spec->databases, name, NULL);
    g_autofree char *database = g_strndup(name, strcspn(name, "."));
    const UpdKind *kind = upd_kind_find(name);
    g_autoptr(GError) problem = NULL;
    struct stat st;

    if (kind == NULL || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    if (!upd_stage_name_ok(name, &problem) || !upd_kind_check(components[0], name, &problem)) {
        work->spec->left_out(name, problem->message, work->spec->user);
        return true;
    }
    return kind->group == UPD_GROUP_PACKAGE ? add_package(work, name, database, error)
                                            : add_file(work, work->spec->databases, name, database, error);
}

static bool import_component(const Work *work, const UpdState *state, const char *component, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    UpdStageSpec spec = { .component = component, .min_engine = work->spec->min_engine, .force = work->spec->force };
    UpdImported imported = { .component = component, .end = UPD_IMPORT_STAGED };
    json_t *keys;

    for (guint i = 0; i < work->entries->len; i++) {
        const Entry *entry = work->entries->pdata[i];

        if (upd_import_wants(component, entry->database))
            g_ptr_array_add(paths, entry->path);
    }
    spec.files = (const char *const *)paths->pdata;
    imported.files = spec.n_files = paths->len;
    if (upd_state_definition(state, component, &keys) == NULL)
        imported.end = UPD_IMPORT_ABSENT;
    else if (!upd_content_is_staged(work->repo, component) &&
             upd_content_matches(work->repo, component, spec.files, spec.n_files))
        imported.end = UPD_IMPORT_SAME;
    else if (spec.n_files == 0)
        /* not NOT_FOUND, whose exit status 4 systemd shows as NOPERMISSION: it is what a new server's journal begins
         * with */
        return hl_fail(error, HL_ERROR_FAILED,
                       "%s has no patterns for %s: ClamAV's own come once freshclam has run ('systemctl start "
                       "clamav-freshclam'; its first run takes minutes: journalctl -u clamav-freshclam); to empty a "
                       "component: 'holdline-updater repo remove'",
                       work->spec->databases, component);
    else if (!upd_stage_add(work->repo, state, &spec, &imported.staged, error))
        return hl_error_prefix(error, "%s", component);
    work->spec->done(&imported, work->spec->user);
    return true;
}

static bool import_all(Work *work, const UpdState *state, GError **error)
{
    g_autoptr(GPtrArray) names = list(work->spec->databases, error);

    for (guint i = 0; names != NULL && i < names->len; i++)
        if (!collect(work, names->pdata[i], error))
            return false;
    for (gsize i = 0; names != NULL && i < G_N_ELEMENTS(components); i++)
        if (!import_component(work, state, components[i], error))
            return false;
    return names != NULL;
}

bool upd_import(const UpdRepo *repo, const UpdState *state, const UpdImportSpec *spec, GError **error)
{
    g_autofree char *directory = upd_repo_path(repo, "private/import");
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    Work work = { .repo = repo, .spec = spec, .directory = directory, .entries = entries };
    bool done;

    if (!hl_tree_remove(directory, error) || !hl_dir_make(directory, 0700, error))
        return false;
    done = import_all(&work, state, error);
    return hl_tree_remove(directory, done ? error : NULL) && done;
}
