/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/set.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/tuf/verify.h"

enum {
    RECORD_MAX = 4 * 1024 * 1024, /* 256 components of 64 files at 250 bytes */
    READ_STEP = 256 * 1024,
};

static void file_free(gpointer data)
{
    UpdSetFile *file = data;

    g_free(file->component);
    g_free(file->name);
    g_free(file->sha256);
    g_free(file);
}

static void component_free(gpointer data)
{
    UpdSetComponent *component = data;

    g_free(component->name);
    g_free(component);
}

UpdSet *upd_set_new(void)
{
    UpdSet *set = g_new0(UpdSet, 1);

    set->source = g_strdup("");
    set->components = g_ptr_array_new_with_free_func(component_free);
    set->files = g_ptr_array_new_with_free_func(file_free);
    return set;
}

void upd_set_free(UpdSet *set)
{
    if (set == NULL)
        return;
    g_free(set->source);
    g_ptr_array_unref(set->components);
    g_ptr_array_unref(set->files);
    g_free(set);
}

UpdSetComponent *upd_set_add_component(UpdSet *set, const char *name, int64_t version, int64_t signatures)
{
    UpdSetComponent *component = g_new0(UpdSetComponent, 1);

    component->name = g_strdup(name);
    component->version = version;
    component->signatures = signatures;
    g_ptr_array_add(set->components, component);
    return component;
}

UpdSetFile *upd_set_add_file(UpdSet *set, const char *component, const char *name, const char *sha256, int64_t length)
{
    UpdSetFile *file = g_new0(UpdSetFile, 1);

    file->component = g_strdup(component);
    file->name = g_strdup(name);
    file->sha256 = g_strdup(sha256);
    file->length = length;
    g_ptr_array_add(set->files, file);
    return file;
}

const UpdSetComponent *upd_set_component(const UpdSet *set, const char *name)
{
    for (guint i = 0; set != NULL && i < set->components->len; i++) {
        const UpdSetComponent *component = set->components->pdata[i];

        if (strcmp(component->name, name) == 0)
            return component;
    }
    return NULL;
}

char *upd_set_versions(const UpdSet *set)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; set != NULL && i < set->components->len; i++) {
        const UpdSetComponent *component = set->components->pdata[i];

        g_string_append_printf(text, "%s%s=%" G_GINT64_FORMAT, i == 0 ? "" : " ", component->name, component->version);
    }
    return g_string_free(text, FALSE);
}

char *upd_set_describe(const UpdSet *set)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; set != NULL && i < set->components->len; i++) {
        const UpdSetComponent *component = set->components->pdata[i];

        g_string_append_printf(text, "%s%s %" G_GINT64_FORMAT, i == 0 ? "" : ", ", component->name, component->version);
    }
    return g_string_free(text->len == 0 ? g_string_append(text, "none") : text, FALSE);
}

static bool parse_components(UpdSet *set, json_t *object)
{
    const char *name;
    json_t *entry;

    json_object_foreach(object, name, entry)
    {
        json_int_t version;
        json_int_t signatures = -1;
        json_int_t role = 0;

        if (json_unpack(entry, "{s:I, s?:I, s?:I}", "version", &version, "signatures", &signatures, "role", &role) != 0)
            return false;
        upd_set_add_component(set, name, version, signatures)->role = role;
    }
    return json_is_object(object);
}

static bool parse_files(UpdSet *set, const json_t *array)
{
    for (gsize i = 0; i < json_array_size(array); i++) {
        const char *component;
        const char *name;
        const char *sha256;
        json_int_t length;

        if (json_unpack(json_array_get(array, i), "{s:s, s:s, s:s, s:I}", "component", &component, "name", &name,
                        "sha256", &sha256, "length", &length) != 0)
            return false;
        upd_set_add_file(set, component, name, sha256, length);
    }
    return json_is_array(array);
}

UpdSet *upd_set_load(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, UPD_SET_RECORD, NULL);
    g_autoptr(GBytes) bytes = hl_file_read(path, RECORD_MAX, error);
    g_autoptr(json_t) record = NULL;
    g_autoptr(UpdSet) set = upd_set_new();
    json_int_t number;
    json_int_t replaces;
    const char *installed;
    const char *source;
    json_t *components;
    json_t *files;

    if (bytes == NULL)
        return NULL;
    record = hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    if (record == NULL)
        return NULL;
    if (json_unpack(record, "{s:I, s:I, s:s, s:s, s:o, s:o}", "number", &number, "replaces", &replaces, "installed",
                    &installed, "source", &source, "components", &components, "files", &files) != 0 ||
        !hl_time_parse(installed, &set->installed, NULL) || !parse_components(set, components) ||
        !parse_files(set, files)) {
        hl_fail(error, HL_ERROR_INVALID, "%s does not describe a pattern set: the next update replaces it", path);
        return NULL;
    }
    set->number = (uint64_t)number;
    set->replaces = (uint64_t)replaces;
    g_free(set->source);
    set->source = g_strdup(source);
    return g_steal_pointer(&set);
}

static json_t *print_components(const UpdSet *set)
{
    json_t *object = json_object();

    for (guint i = 0; i < set->components->len; i++) {
        const UpdSetComponent *component = set->components->pdata[i];
        json_t *entry = json_pack("{s:I}", "version", (json_int_t)component->version);

        if (component->signatures >= 0)
            json_object_set_new(entry, "signatures", json_integer(component->signatures));
        if (component->role > 0)
            json_object_set_new(entry, "role", json_integer(component->role));
        json_object_set_new(object, component->name, entry);
    }
    return object;
}

static json_t *print_files(const UpdSet *set)
{
    json_t *array = json_array();

    for (guint i = 0; i < set->files->len; i++) {
        const UpdSetFile *file = set->files->pdata[i];

        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:I}", "component", file->component, "name", file->name,
                                               "sha256", file->sha256, "length", (json_int_t)file->length));
    }
    return array;
}

bool upd_set_store(const UpdSet *set, const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, UPD_SET_RECORD, NULL);
    g_autofree char *installed = hl_time_format(set->installed);
    g_autoptr(json_t) record = json_pack("{s:I, s:I, s:s, s:s, s:o, s:o}", "number", (json_int_t)set->number,
                                         "replaces", (json_int_t)set->replaces, "installed", installed, "source",
                                         set->source, "components", print_components(set), "files", print_files(set));
    g_autofree char *text = hl_json_print(record);

    return hl_file_write_text(path, text, 0644, error);
}

char *upd_set_file_name(const char *component, const char *name)
{
    return g_strdup_printf("%s.%s", component, name);
}

bool upd_set_file_holds(const char *path, int64_t length, const char *sha256)
{
    hl_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a FIFO is no file */
    g_autoptr(TufDigest) digest = NULL;
    g_autofree char *buffer = NULL;
    g_autofree char *hex = NULL;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != length)
        return false;
    digest = tuf_digest_new(TUF_HASH_SHA256);
    buffer = g_malloc(READ_STEP);
    while ((n = read(fd, buffer, READ_STEP)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        tuf_digest_update(digest, buffer, (gsize)n);
    }
    hex = tuf_digest_finish(digest);
    return strcmp(hex, sha256) == 0;
}

bool upd_set_check(UpdSet *set, const char *directory, GError **error)
{
    const UpdSetFile *damaged = NULL;

    for (guint i = 0; i < set->files->len; i++) {
        UpdSetFile *file = set->files->pdata[i];
        g_autofree char *name = upd_set_file_name(file->component, file->name);
        g_autofree char *path = g_build_filename(directory, name, NULL);

        file->intact = upd_set_file_holds(path, file->length, file->sha256);
        if (!file->intact && damaged == NULL)
            damaged = file;
    }
    return damaged == NULL ||
           hl_fail(error, HL_ERROR_UNTRUSTED, "%s/%s.%s is not what was installed: its length or its hash differs",
                   directory, damaged->component, damaged->name);
}

bool upd_set_is_intact(const UpdSet *set)
{
    for (guint i = 0; i < set->files->len; i++)
        if (!((const UpdSetFile *)set->files->pdata[i])->intact)
            return false;
    return true;
}
