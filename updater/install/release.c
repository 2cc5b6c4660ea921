/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/release.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "updater/delta/delta.h"
#include "updater/install/set.h"
#include "updater/pattern/kinds.h"

typedef enum { KIND_UNKNOWN, KIND_FULL, KIND_DELTA } Kind;

static void file_free(gpointer data)
{
    UpdReleaseFile *file = data;

    g_free(file->name);
    g_free(file->sha256);
    g_ptr_array_unref(file->deltas);
    g_free(file);
}

void upd_release_free(UpdRelease *release)
{
    if (release == NULL)
        return;
    g_free(release->component);
    g_free(release->min_engine);
    g_ptr_array_unref(release->files);
    g_free(release);
}

bool upd_release_component_ok(const char *name, GError **error)
{
    gsize size = strlen(name);

    return (size > 0 && size <= 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size) ||
           hl_fail(error, HL_ERROR_INVALID,
                   "'%s' cannot be a component: use 1 to 32 lower-case letters, digits and '-'", name);
}

static int64_t number(const TufTarget *target, const char *name)
{
    const json_t *value = json_object_get(target->custom, name);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static Kind kind_of(const TufTarget *target)
{
    const char *kind = hl_json_text(target->custom, "kind");
    const char *format = hl_json_text(target->custom, "format");

    if (strcmp(kind, "full") == 0 && strcmp(format, "zstd") == 0)
        return KIND_FULL;
    return strcmp(kind, "delta") == 0 && upd_delta_knows(format) ? KIND_DELTA : KIND_UNKNOWN;
}

static bool is_sha256(const char *hex)
{
    return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

/* It becomes a name in a directory of this machine. */
static bool file_name_ok(const char *component, const char *name)
{
    g_autofree char *flat = upd_set_file_name(component, name);
    gsize size = strlen(name);

    return size > 0 && size <= 64 && name[0] != '.' && strcmp(flat, UPD_SET_RECORD) != 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == size;
}

static bool check(const char *component, const TufTarget *target, GError **error)
{
    int64_t length = number(target, "out_length");
    const char *wrong = NULL;

    if (strcmp(hl_json_text(target->custom, "component"), component) != 0)
        wrong = "component";
    else if (number(target, "version") <= 0)
        wrong = "version";
    else if (!file_name_ok(component, hl_json_text(target->custom, "file")))
        wrong = "file";
    else if (!is_sha256(hl_json_text(target->custom, "out_sha256")))
        wrong = "out_sha256";
    else if (length < 0 || length > (int64_t)UPD_DELTA_MAX_FILE || target->length > (int64_t)UPD_DELTA_MAX_FILE)
        wrong = "out_length";
    return wrong == NULL ||
           hl_fail(error, HL_ERROR_INVALID,
                   "target %s: its '%s' is missing or not valid: the publisher has to release it again", target->path,
                   wrong);
}

static UpdReleaseFile *find_file(const UpdRelease *release, const char *name)
{
    for (guint i = 0; i < release->files->len; i++) {
        UpdReleaseFile *file = release->files->pdata[i];

        if (strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}

static bool add_full(UpdRelease *release, const TufTarget *target, GError **error)
{
    const char *name = hl_json_text(target->custom, "file");
    const char *min_engine = hl_json_text(target->custom, "min_engine");
    UpdReleaseFile *file;

    if (!upd_kind_check(release->component, name, error))
        return hl_error_prefix(error, "target %s", target->path);
    if (find_file(release, name) != NULL)
        return hl_fail(error, HL_ERROR_INVALID, "target %s: version %" G_GINT64_FORMAT " lists %s twice", target->path,
                       release->version, name);
    if (release->files->len == UPD_RELEASE_FILES_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "%s has more than %d files", release->component, UPD_RELEASE_FILES_MAX);
    file = g_new0(UpdReleaseFile, 1);
    file->name = g_strdup(name);
    file->sha256 = g_strdup(hl_json_text(target->custom, "out_sha256"));
    file->length = number(target, "out_length");
    file->full = target;
    file->deltas = g_ptr_array_new();
    g_ptr_array_add(release->files, file);
    release->signatures = number(target, "signatures");
    if (release->min_engine == NULL && *min_engine != '\0')
        release->min_engine = g_strdup(min_engine);
    return true;
}

/* An increment to anything but the file that is offered is of no use. */
static void add_delta(const UpdRelease *release, const TufTarget *target)
{
    UpdReleaseFile *file = find_file(release, hl_json_text(target->custom, "file"));

    if (file != NULL && strcmp(file->sha256, hl_json_text(target->custom, "out_sha256")) == 0 &&
        file->length == number(target, "out_length"))
        g_ptr_array_add(file->deltas, hl_unconst(target));
}

UpdRelease *upd_release_new(const char *component, const GPtrArray *targets, GError **error)
{
    g_autoptr(UpdRelease) release = g_new0(UpdRelease, 1);

    release->component = g_strdup(component);
    release->signatures = -1;
    release->files = g_ptr_array_new_with_free_func(file_free);
    for (guint i = 0; i < targets->len; i++) {
        const TufTarget *target = targets->pdata[i];

        if (kind_of(target) != KIND_UNKNOWN && !check(component, target, error))
            return NULL;
        if (kind_of(target) == KIND_FULL)
            release->version = MAX(release->version, number(target, "version"));
    }
    for (guint i = 0; i < targets->len; i++) {
        const TufTarget *target = targets->pdata[i];

        if (kind_of(target) == KIND_FULL && number(target, "version") == release->version &&
            !add_full(release, target, error))
            return NULL;
    }
    for (guint i = 0; i < targets->len; i++)
        if (kind_of(targets->pdata[i]) == KIND_DELTA)
            add_delta(release, targets->pdata[i]);
    return g_steal_pointer(&release);
}

const TufTarget *upd_release_cheapest(const UpdReleaseFile *file, const char *base_sha256)
{
    const TufTarget *cheapest = file->full;

    for (guint i = 0; base_sha256 != NULL && i < file->deltas->len; i++) {
        const TufTarget *delta = file->deltas->pdata[i];

        if (strcmp(hl_json_text(delta->custom, "from_sha256"), base_sha256) == 0 && delta->length < cheapest->length)
            cheapest = delta;
    }
    return cheapest;
}
