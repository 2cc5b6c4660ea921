/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/program.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/package_version.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define MAX_NAME 100

static void free_file(gpointer data)
{
    HlProgramFile *file = data;

    g_free(file->name);
    g_free(file->package);
    g_free(file->sha256);
    g_free(file);
}

HlProgramRelease *hl_program_release_new(void)
{
    HlProgramRelease *release = g_new0(HlProgramRelease, 1);

    release->files = g_ptr_array_new_with_free_func(free_file);
    return release;
}

void hl_program_release_free(HlProgramRelease *release)
{
    if (release == NULL)
        return;
    g_free(release->version);
    g_free(release->min_version);
    g_free(release->max_version);
    g_ptr_array_unref(release->files);
    g_free(release);
}

void hl_program_release_add(HlProgramRelease *release, const char *name, const char *package, const char *sha256,
                            uint64_t length)
{
    HlProgramFile *file = g_new(HlProgramFile, 1);

    *file = (HlProgramFile){
        .name = g_strdup(name), .package = g_strdup(package), .sha256 = g_strdup(sha256), .length = length
    };
    g_ptr_array_add(release->files, file);
}

bool hl_program_file_name_ok(const char *name)
{
    gsize size = strlen(name);

    return size > 0 && size <= MAX_NAME && name[0] != '.' && name[0] != '-' &&
           strspn(name, LOWER UPPER DIGITS "._-") == size && g_str_has_suffix(name, ".deb");
}

bool hl_program_package_ok(const char *name)
{
    gsize size = strlen(name);

    return size > 0 && size <= MAX_NAME && g_ascii_isalnum(name[0]) && strspn(name, LOWER DIGITS "+.-") == size;
}

static bool sha256_ok(const char *hex)
{
    return strlen(hex) == 64 && strspn(hex, DIGITS "abcdef") == 64;
}

const HlProgramFile *hl_program_release_find(const HlProgramRelease *release, const char *package)
{
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];

        if (strcmp(file->package, package) == 0)
            return file;
    }
    return NULL;
}

bool hl_program_suits(const char *min_version, const char *max_version, const char *installed)
{
    return (min_version == NULL || hl_package_version_compare(installed, min_version) >= 0) &&
           (max_version == NULL || hl_package_version_compare(installed, max_version) <= 0);
}

/* --------------------------------------------------------------------------------------------------------- reading */

static bool wrong(const char *member, GError **error)
{
    return hl_fail(error, HL_ERROR_INVALID, HL_PROGRAM_RECORD ": its '%s' is missing or not valid", member);
}

static bool read_file(HlProgramRelease *release, const json_t *entry, GError **error)
{
    const char *name = hl_json_text(entry, "name");
    const char *package = hl_json_text(entry, "package");
    json_int_t length = json_integer_value(json_object_get(entry, "length"));

    if (!hl_program_file_name_ok(name))
        return wrong("name", error);
    if (!hl_program_package_ok(package) || hl_program_release_find(release, package) != NULL)
        return wrong("package", error);
    if (!sha256_ok(hl_json_text(entry, "sha256")))
        return wrong("sha256", error);
    if (length <= 0 || length > HL_PROGRAM_MAX_LENGTH)
        return wrong("length", error);
    for (guint i = 0; i < release->files->len; i++)
        if (strcmp(((const HlProgramFile *)release->files->pdata[i])->name, name) == 0)
            return wrong("name", error);
    hl_program_release_add(release, name, package, hl_json_text(entry, "sha256"), (uint64_t)length);
    return true;
}

/* A bound that is there must be one: without it the release would suit more versions than it was made for. */
static bool read_bound(const json_t *document, const char *member, char **bound, GError **error)
{
    if (json_object_get(document, member) == NULL)
        return true;
    *bound = g_strdup(hl_json_text(document, member));
    return hl_package_version_ok(*bound) || wrong(member, error);
}

HlProgramRelease *hl_program_release_parse(const char *text, GError **error)
{
    g_autoptr(json_t) document = hl_json_parse(HL_PROGRAM_RECORD, text, strlen(text), error);
    const json_t *files = json_object_get(document, "files");
    g_autoptr(HlProgramRelease) release = hl_program_release_new();
    json_int_t number = json_integer_value(json_object_get(document, "release"));

    if (document == NULL)
        return NULL;
    release->release = number > 0 ? (uint64_t)number : 0;
    release->version = g_strdup(hl_json_text(document, "version"));
    if (number <= 0 && !wrong("release", error))
        return NULL;
    if (!hl_package_version_ok(release->version) && !wrong("version", error))
        return NULL;
    if (!read_bound(document, "min_version", &release->min_version, error) ||
        !read_bound(document, "max_version", &release->max_version, error))
        return NULL;
    if ((json_array_size(files) == 0 || json_array_size(files) > HL_PROGRAM_MAX_FILES) && !wrong("files", error))
        return NULL;
    for (gsize i = 0; i < json_array_size(files); i++)
        if (!read_file(release, json_array_get(files, i), error))
            return NULL;
    if (hl_program_release_find(release, HL_PROGRAM_MAIN) == NULL) {
        hl_fail(error, HL_ERROR_INVALID, HL_PROGRAM_RECORD ": it lists no package " HL_PROGRAM_MAIN);
        return NULL;
    }
    return g_steal_pointer(&release);
}

/* --------------------------------------------------------------------------------------------------------- writing */

char *hl_program_release_print(const HlProgramRelease *release)
{
    g_autoptr(json_t) files = json_array();
    g_autoptr(json_t) document = NULL;

    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];

        json_array_append_new(files, json_pack("{s:s, s:s, s:s, s:I}", "name", file->name, "package", file->package,
                                               "sha256", file->sha256, "length", (json_int_t)file->length));
    }
    document =
        json_pack("{s:I, s:s, s:s*, s:s*, s:O}", "release", (json_int_t)release->release, "version", release->version,
                  "min_version", release->min_version, "max_version", release->max_version, "files", files);
    return hl_json_print(document);
}
