/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/package_version.h"
#include "lib/base/text.h"
#include "updater/publisher/content.h"

#define MAX_PACKAGES (HL_PROGRAM_MAX_FILES * 4) /* of all architectures */

/* The packages of an endpoint.  Those that the main one needs in its own version have to be there. */
static const struct {
    const char *package;
    bool needed;
} known[] = {
    { "holdline-common", true },
    { "holdline-updater", true },
    { HL_PROGRAM_MAIN, true },
    { "holdline-tray", false },
};

static const char *const members[] = { "version", "min_version", "max_version" };
static const char *const customs[] = { "program_version", "min_version", "max_version" };

bool upd_program_is(const char *component)
{
    return strcmp(component, HL_PROGRAM_COMPONENT) == 0;
}

UpdPackage *upd_package_new(const char *path, const char *package, const char *version, const char *arch)
{
    UpdPackage *made = g_new(UpdPackage, 1);

    *made = (UpdPackage){
        .path = g_strdup(path), .package = g_strdup(package), .version = g_strdup(version), .arch = g_strdup(arch)
    };
    return made;
}

void upd_package_free(UpdPackage *package)
{
    g_free(package->path);
    g_free(package->package);
    g_free(package->version);
    g_free(package->arch);
    g_free(package);
}

static void free_package(gpointer package)
{
    upd_package_free(package);
}

/* ----------------------------------------------------------------------------------------------------- the packages */

/* "Package: x\nVersion: y\nArchitecture: z\n". */
static char *field_of(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *start = g_strconcat(name, ": ", NULL);

    for (gsize i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], start))
            return g_strdup(lines[i] + strlen(start));
    return g_strdup("");
}

static UpdPackage *read_package(const char *path, GError **error)
{
    const char *argv[] = { "dpkg-deb", "-f", "--", path, "Package", "Version", "Architecture", NULL };
    g_autoptr(GError) problem = NULL;
    g_autofree char *output = NULL;
    g_autofree char *package = NULL;
    g_autofree char *version = NULL;
    g_autofree char *arch = NULL;

    if (access(path, R_OK) != 0) {
        hl_fail_errno(error, errno, "cannot read %s", path);
        return NULL;
    }
    if (!hl_exec(argv, &output, &problem)) {
        hl_fail(error, HL_ERROR_INVALID, "%s is not a Debian package: %s", path, problem->message);
        return NULL;
    }
    package = field_of(output, "Package");
    version = field_of(output, "Version");
    arch = field_of(output, "Architecture");
    if (!hl_program_package_ok(package) || !hl_package_version_ok(version) || !hl_program_package_ok(arch)) {
        hl_fail(error, HL_ERROR_INVALID, "%s: its control file names no valid package, version and architecture", path);
        return NULL;
    }
    return upd_package_new(path, package, version, arch);
}

GPtrArray *upd_program_read(const char *const *paths, gsize n, GError **error)
{
    g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func(free_package);
    g_autofree char *tool = g_find_program_in_path("dpkg-deb");

    if (tool == NULL) {
        hl_fail(error, HL_ERROR_UNAVAILABLE,
                "what the packages are is not known: publish on a host that has dpkg-deb (package dpkg)");
        return NULL;
    }
    for (gsize i = 0; i < n; i++) {
        UpdPackage *package = read_package(paths[i], error);

        if (package == NULL)
            return NULL;
        g_ptr_array_add(packages, package);
    }
    return g_steal_pointer(&packages);
}

GStrv upd_program_list(const char *directory, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (dir == NULL && access(directory, R_OK | X_OK) != 0 && errno == EACCES) {
        hl_fail_errno(error, errno, "cannot read %s", directory);
        return NULL;
    }
    if (dir == NULL) {
        hl_fail(error, HL_ERROR_NOT_FOUND,
                "%s cannot be read as a directory: name the one in which the packages were built", directory);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".deb"))
            g_ptr_array_add(paths, g_build_filename(directory, name, NULL));
    if (paths->len == 0) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "%s has no .deb file: name the directory in which the packages were built",
                directory);
        return NULL;
    }
    g_ptr_array_sort(paths, hl_text_compare);
    g_ptr_array_add(paths, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

static int find_known(const char *package)
{
    for (int i = 0; i < (int)G_N_ELEMENTS(known); i++)
        if (strcmp(known[i].package, package) == 0)
            return i;
    return -1;
}

void upd_program_select(GPtrArray *packages, GString *left_out)
{
    for (guint i = packages->len; i-- > 0;) {
        const UpdPackage *package = packages->pdata[i];

        if (find_known(package->package) >= 0)
            continue;
        g_string_append_printf(left_out, "%s%s_%s", left_out->len > 0 ? ", " : "", package->package, package->arch);
        g_ptr_array_remove_index(packages, i);
    }
}

/* ----------------------------------------------------------------------------------------------------- as a release */

static bool check_each(const GPtrArray *packages, GError **error)
{
    const UpdPackage *first = packages->pdata[0];

    for (guint i = 0; i < packages->len; i++) {
        const UpdPackage *package = packages->pdata[i];

        if (find_known(package->package) < 0)
            return hl_fail(error, HL_ERROR_INVALID,
                           "%s is the package %s, which is none of an endpoint's: leave it out", package->path,
                           package->package);
        if (strcmp(package->version, first->version) != 0)
            return hl_fail(error, HL_ERROR_INVALID,
                           "%s has version %s, %s has %s: a release is packages of one version, built together",
                           package->path, package->version, first->path, first->version);
        for (guint k = 0; k < i; k++) {
            const UpdPackage *other = packages->pdata[k];

            if (strcmp(package->package, other->package) == 0 &&
                (strcmp(package->arch, other->arch) == 0 || strcmp(package->arch, "all") == 0 ||
                 strcmp(other->arch, "all") == 0))
                return hl_fail(error, HL_ERROR_INVALID, "%s and %s are both %s for %s: name one of them", other->path,
                               package->path, package->package, package->arch);
        }
    }
    return true;
}

static bool has(const GPtrArray *packages, const char *name, const char *arch)
{
    for (guint i = 0; i < packages->len; i++) {
        const UpdPackage *package = packages->pdata[i];

        if (strcmp(package->package, name) == 0 &&
            (strcmp(package->arch, arch) == 0 || strcmp(package->arch, "all") == 0))
            return true;
    }
    return false;
}

/* What another architecture has, or what its own packages need, is there for this one as well. */
static bool check_arch(const GPtrArray *packages, const char *arch, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        bool wanted = known[i].needed;

        for (guint k = 0; k < packages->len; k++)
            wanted = wanted || strcmp(((const UpdPackage *)packages->pdata[k])->package, known[i].package) == 0;
        if (wanted && !has(packages, known[i].package, arch))
            return hl_fail(error, HL_ERROR_INVALID,
                           "the package %s is missing for %s: a release has the same packages for each architecture",
                           known[i].package, arch);
    }
    return true;
}

bool upd_program_check(const GPtrArray *packages, GError **error)
{
    bool built = false;

    if (packages->len == 0)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "there is no package of an endpoint: " HL_PROGRAM_MAIN " is missing");
    if (packages->len > MAX_PACKAGES)
        return hl_fail(error, HL_ERROR_LIMIT, "%u packages are too many: a release has at most %d", packages->len,
                       MAX_PACKAGES);
    if (!check_each(packages, error))
        return false;
    for (guint i = 0; i < packages->len; i++) {
        const UpdPackage *package = packages->pdata[i];

        if (strcmp(package->arch, "all") == 0)
            continue;
        built = true;
        if (!check_arch(packages, package->arch, error))
            return false;
    }
    return built ||
           hl_fail(error, HL_ERROR_INVALID, "the package " HL_PROGRAM_MAIN " is missing: no package is for a machine");
}

/* ------------------------------------------------------------------------------------------------------ the history */

const char *upd_program_version(const json_t *release)
{
    return json_string_value(json_object_get(json_object_get(release, "program"), "version"));
}

/* The name of a file that a release has with another content; NULL: none. */
static const char *find_changed(const json_t *release, const json_t *files)
{
    json_t *there = json_object_get(release, "files");
    const char *name;
    json_t *file;

    json_object_foreach(there, name, file)
    {
        const char *sha256 = json_string_value(json_object_get(files, name));

        if (sha256 != NULL && g_strcmp0(sha256, json_string_value(json_object_get(file, "sha256"))) != 0)
            return name;
    }
    return NULL;
}

bool upd_program_may_follow(const json_t *history, const char *version, const json_t *files, bool force, GError **error)
{
    const json_t *releases = json_object_get(history, "releases");
    gsize n = json_array_size(releases);
    const char *newest = n == 0 ? NULL : upd_program_version(json_array_get(releases, n - 1));

    for (gsize i = 0; i < n; i++) {
        const json_t *release = json_array_get(releases, i);
        const char *changed =
            g_strcmp0(upd_program_version(release), version) == 0 ? find_changed(release, files) : NULL;

        if (changed != NULL)
            return hl_fail(error, HL_ERROR_CONFLICT,
                           "%s %s was published already, with another content: packages never change under one "
                           "version; build them with a higher one",
                           changed, version);
    }
    return force || newest == NULL || hl_package_version_compare(version, newest) >= 0 ||
           hl_fail(error, HL_ERROR_CONFLICT,
                   "version %s is older than %s, which is offered: 'holdline-updater repo withdraw' ends that offer, "
                   "--force puts this one in its place; endpoints that have %s keep it either way",
                   version, newest, newest);
}

/* ------------------------------------------------------------------------------------------------------ custom data */

void upd_program_to_custom(const json_t *release, json_t *custom)
{
    const json_t *program = json_object_get(release, "program");

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (json_object_get(program, members[i]) != NULL)
            json_object_set(custom, customs[i], json_object_get(program, members[i]));
}

json_t *upd_program_from_custom(const json_t *custom)
{
    g_autoptr(json_t) program = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (json_object_get(custom, customs[i]) != NULL)
            json_object_set(program, members[i], json_object_get(custom, customs[i]));
    return json_object_size(program) == 0 ? NULL : g_steal_pointer(&program);
}

const char *upd_program_offered(const json_t *envelope)
{
    json_t *targets = json_object_get(upd_meta_signed(envelope), "targets");
    gint64 newest = upd_content_version(envelope);
    const char *path;
    json_t *target;

    json_object_foreach(targets, path, target)
    {
        const json_t *custom = json_object_get(target, "custom");

        if (json_integer_value(json_object_get(custom, "version")) == newest)
            return json_string_value(json_object_get(custom, customs[0]));
    }
    return NULL;
}

/* ---------------------------------------------------------------------------------------------------------- staging */

static char *file_name(const UpdPackage *package)
{
    return g_strdup_printf("%s_%s.deb", package->package, package->arch);
}

/* Copies them into the directory; name -> sha256 of each goes into files. */
static bool copy(const GPtrArray *packages, const char *directory, json_t *files, GError **error)
{
    for (guint i = 0; i < packages->len; i++) {
        const UpdPackage *package = packages->pdata[i];
        g_autofree char *name = file_name(package);
        g_autofree char *to = g_build_filename(directory, name, NULL);
        g_autoptr(GBytes) content = hl_file_read(package->path, HL_PROGRAM_MAX_LENGTH, error);
        g_autofree char *sha256 = NULL;

        if (content == NULL)
            return false;
        sha256 = tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(content, NULL), g_bytes_get_size(content));
        json_object_set_new(files, name, json_string(sha256));
        if (!hl_file_write(to, g_bytes_get_data(content, NULL), g_bytes_get_size(content), 0600, error))
            return false;
    }
    return true;
}

static bool check_bound(const char *flag, const char *version, GError **error)
{
    return version == NULL || hl_package_version_ok(version) ||
           hl_fail(error, HL_ERROR_INVALID, "--%s: '%s' is not a version of a package: give one like 0.1.0-1", flag,
                   version);
}

/* A bound that no version meets would be an offer to nobody, silently. */
static bool check_bounds(const UpdStageSpec *spec, const char *version, GError **error)
{
    if (!check_bound("min-version", spec->min_version, error) || !check_bound("max-version", spec->max_version, error))
        return false;
    if (spec->min_version != NULL && hl_package_version_compare(spec->min_version, version) >= 0)
        return hl_fail(error, HL_ERROR_INVALID,
                       "--min-version %s is not below the packages' version %s: nobody could be upgraded",
                       spec->min_version, version);
    return spec->min_version == NULL || spec->max_version == NULL ||
           hl_package_version_compare(spec->min_version, spec->max_version) <= 0 ||
           hl_fail(error, HL_ERROR_INVALID, "--min-version %s is above --max-version %s: nobody could be upgraded",
                   spec->min_version, spec->max_version);
}

bool upd_program_fill(const UpdRepo *repo, const UpdStageSpec *spec, const char *directory, json_t *record,
                      GError **error)
{
    g_autofree char *past = g_strdup_printf("private/history/%s.json", spec->component);
    g_autoptr(json_t) history = upd_repo_exists(repo, past) ? upd_repo_load(repo, past, error) : json_object();
    g_autoptr(GPtrArray) packages = history == NULL ? NULL : upd_program_read(spec->files, spec->n_files, error);
    g_autoptr(json_t) files = json_object();
    json_t *names = json_array();
    const char *version;
    const char *name;
    json_t *sha256;

    json_object_set_new(record, "files", names);
    if (packages == NULL || !upd_program_check(packages, error))
        return false;
    version = ((const UpdPackage *)packages->pdata[0])->version;
    if (!check_bounds(spec, version, error) || !copy(packages, directory, files, error) ||
        !upd_program_may_follow(history, version, files, spec->force, error))
        return false;
    json_object_foreach(files, name, sha256) json_array_append_new(names, json_string(name));
    json_object_set_new(record, "program",
                        json_pack("{s:s, s:s*, s:s*}", "version", version, "min_version", spec->min_version,
                                  "max_version", spec->max_version));
    return true;
}
