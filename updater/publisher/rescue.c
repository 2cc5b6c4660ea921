/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/rescue.h"

#include <string.h>

#include "lib/base/file.h"
#include "updater/publisher/keys.h"
#include "updater/tuf/trusted.h"

/* Where metadata lies in a repository, a mirror, or a client's directory; the first is what clients see. */
static const char *const rooms[] = {
    "metadata", "private/reader", "private/reader/root-history", "mirror/client/root-history", ".", "root-history"
};

enum { IN_REPOSITORY = 3 }; /* that many of them are looked for in the repository itself */

static void note(const UpdRescue *rescue, bool repaired, const char *format, va_list args) G_GNUC_PRINTF(3, 0);
static void note(const UpdRescue *rescue, bool repaired, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    rescue->note(text, repaired, rescue->user);
}

void upd_rescue_repaired(UpdRescue *rescue, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(rescue, true, format, args);
    va_end(args);
    rescue->repaired++;
}

void upd_rescue_lost(UpdRescue *rescue, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(rescue, false, format, args);
    va_end(args);
    rescue->lost++;
}

static void found_free(gpointer data)
{
    UpdFound *found = data;

    g_bytes_unref(found->bytes);
    json_decref(found->envelope);
    g_free(found->origin);
    g_free(found);
}

static TufRole type_of(const char *role)
{
    for (TufRole type = TUF_ROOT; type < TUF_N_ROLES; type++)
        if (strcmp(tuf_role_name(type), role) == 0)
            return type;
    return TUF_TARGETS;
}

/* "3.virus.json", "virus.json"; the root that a client began with is called pinned. */
static bool may_hold(const char *name, const char *role)
{
    g_autofree char *file = g_strdup_printf("%s.json", role);
    const char *rest = name + strspn(name, "0123456789");

    if (strcmp(role, "root") == 0 && strcmp(name, "pinned.json") == 0)
        return true;
    return strcmp(rest > name && *rest == '.' ? rest + 1 : name, file) == 0;
}

static void look_at(GPtrArray *found, const char *directory, const char *name, const char *role, bool served)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) bytes = hl_file_read(path, UPD_META_MAX, NULL);
    g_autoptr(TufMetadata) metadata = bytes == NULL ? NULL : tuf_metadata_parse(type_of(role), bytes, NULL);
    g_autofree char *place = NULL;
    UpdFound *one;

    if (metadata == NULL)
        return;
    one = g_new0(UpdFound, 1);
    one->envelope = hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    one->bytes = g_steal_pointer(&bytes);
    place = strcmp(role, "timestamp") == 0 ? g_strdup("timestamp.json")
                                           : g_strdup_printf("%" G_GINT64_FORMAT ".%s.json", metadata->version, role);
    one->in_place = served && strcmp(name, place) == 0;
    one->origin = g_steal_pointer(&path);
    if (one->in_place)
        g_ptr_array_insert(found, 0, one);
    else
        g_ptr_array_add(found, one);
}

static void look_in(GPtrArray *found, const char *directory, const char *role, bool served)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (may_hold(name, role))
            look_at(found, directory, name, role, served);
}

GPtrArray *upd_rescue_find(const UpdRescue *rescue, const char *role)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(found_free);

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *own = upd_repo_path(rescue->repo, "%s", rooms[i]);
        g_autofree char *other = rescue->copy == NULL ? NULL : g_build_filename(rescue->copy, rooms[i], NULL);

        if (i < IN_REPOSITORY)
            look_in(found, own, role, i == 0);
        if (other != NULL)
            look_in(found, other, role, false);
    }
    return found;
}

const UpdFound *upd_rescue_exact(const GPtrArray *found, const json_t *listed)
{
    const char *hash = json_string_value(json_object_get(json_object_get(listed, "hashes"), "sha256"));

    for (guint i = 0; hash != NULL && i < found->len; i++) {
        const UpdFound *one = found->pdata[i];
        gsize size;
        const void *data = g_bytes_get_data(one->bytes, &size);
        g_autofree char *digest = tuf_hash_hex(TUF_HASH_SHA256, data, size);

        if (strcmp(digest, hash) == 0 &&
            upd_meta_version(one->envelope) == json_integer_value(json_object_get(listed, "version")))
            return one;
    }
    return NULL;
}

bool upd_rescue_is_signed(const UpdFound *found, const json_t *keys, const json_t *definition)
{
    guint count = 0;

    return definition != NULL && upd_meta_count(found->envelope, keys, definition, &count, NULL) &&
           count >= (guint)json_integer_value(json_object_get(definition, "threshold"));
}

const UpdFound *upd_rescue_newest(const GPtrArray *found, const json_t *keys, const json_t *definition)
{
    const UpdFound *newest = NULL;

    for (guint i = 0; i < found->len; i++) {
        const UpdFound *one = found->pdata[i];

        if ((newest == NULL || upd_meta_version(one->envelope) > upd_meta_version(newest->envelope)) &&
            upd_rescue_is_signed(one, keys, definition))
            newest = one;
    }
    return newest;
}

/* ----------------------------------------------------------------------------------------------------------- roots */

static char *name_of_root(gint64 version)
{
    return g_strdup_printf("metadata/%" G_GINT64_FORMAT ".root.json", version);
}

/* The highest version of root that there ever was, as far as files tell: one that cannot be read tells by its name, if
 * that is the next one.  Any further name is nothing that a publisher wrote: it would ask for roots that never were. */
static gint64 highest_root(const UpdRescue *rescue, const GPtrArray *found)
{
    g_autoptr(GPtrArray) names = upd_repo_list(rescue->repo, "metadata");
    gint64 parsed = 0;

    for (guint i = 0; i < found->len; i++)
        parsed = MAX(parsed, upd_meta_version(((const UpdFound *)found->pdata[i])->envelope));
    for (guint i = 0; i < names->len; i++)
        if (may_hold(names->pdata[i], "root") && g_ascii_strtoll(names->pdata[i], NULL, 10) == parsed + 1)
            return parsed + 1;
    return parsed;
}

/* The root with the lowest version from this one on that is signed by its own keys. */
static const UpdFound *lowest_root(const GPtrArray *found, gint64 from)
{
    const UpdFound *lowest = NULL;

    for (guint i = 0; i < found->len; i++) {
        const UpdFound *one = found->pdata[i];
        gint64 version = upd_meta_version(one->envelope);
        g_auto(TufTrusted) trusted = { 0 };

        if (version >= from && (lowest == NULL || version < upd_meta_version(lowest->envelope)) &&
            tuf_trusted_init(&trusted, one->bytes, 0, NULL))
            lowest = one;
    }
    return lowest;
}

static bool place_root(UpdRescue *rescue, const UpdFound *one, GError **error)
{
    g_autofree char *name = name_of_root(upd_meta_version(one->envelope));

    if (one->in_place)
        return true;
    if (!upd_repo_store(rescue->repo, name, one->bytes, error))
        return false;
    upd_rescue_repaired(rescue, "%s: put back from %s", name, one->origin);
    return true;
}

/* The root of this version made again from a later one: signed for the one before it and, having the later one's keys,
 * followed by that one.  NULL where the keys of root are not all here. */
static GBytes *remake_root(const UpdRescue *rescue, const json_t *later, const TufMetadata *before, gint64 version)
{
    g_autoptr(json_t) envelope = json_deep_copy(later);
    json_t *content = upd_meta_signed(envelope);
    gsize size;
    const void *data = g_bytes_get_data(before->bytes, &size);
    g_autoptr(json_t) old = hl_json_parse("the root before", data, size, NULL);
    const json_t *old_definition = json_object_get(json_object_get(upd_meta_signed(old), "roles"), "root");

    json_object_set_new(content, "version", json_integer(version));
    json_object_set_new(envelope, "signatures", json_array());
    if (!upd_keys_sign(rescue->repo, "root", envelope, json_object_get(json_object_get(content, "roles"), "root"),
                       old_definition, NULL))
        return NULL;
    return upd_meta_print(envelope);
}

/* Of the root that follows the trusted one no copy is left. */
static bool bridge(UpdRescue *rescue, const GPtrArray *found, TufTrusted *trusted, GError **error)
{
    gint64 version = trusted->root->version + 1;
    g_autofree char *name = name_of_root(version);
    const UpdFound *later = lowest_root(found, version + 1);
    g_autoptr(GBytes) made = later == NULL ? NULL : remake_root(rescue, later->envelope, trusted->root, version);
    bool rotated;

    if (later == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "%s, the newest root, is damaged, and there is no other copy of it here: take it from a mirror, "
                       "a backup, or an endpoint (root-history/ in sources/NAME of its patterns), and run "
                       "'holdline-updater repo repair %s --copy DIR', DIR being where it is",
                       name, rescue->repo->dir);
    if (made != NULL && tuf_trusted_update_root(trusted, made, &rotated, NULL)) {
        if (!upd_repo_store(rescue->repo, name, made, error))
            return false;
        upd_rescue_repaired(rescue, "%s: made again from the root after it, and signed again", name);
        return true;
    }
    upd_rescue_lost(
        rescue,
        "%s is lost, and its holders' keys are not here: clients that begin with an older root cannot come "
        "to the present one; take it from a mirror, a backup or an endpoint's root-history/ with --copy DIR",
        name);
    tuf_trusted_clear(trusted);
    return tuf_trusted_init(trusted, later->bytes, 0, error) && place_root(rescue, later, error);
}

static bool next_root(UpdRescue *rescue, const GPtrArray *found, TufTrusted *trusted, GError **error)
{
    for (guint i = 0; i < found->len; i++) {
        const UpdFound *one = found->pdata[i];
        bool rotated;

        if (upd_meta_version(one->envelope) == trusted->root->version + 1 &&
            tuf_trusted_update_root(trusted, one->bytes, &rotated, NULL))
            return place_root(rescue, one, error);
    }
    return bridge(rescue, found, trusted, error);
}

json_t *upd_rescue_roots(UpdRescue *rescue, GError **error)
{
    g_autoptr(GPtrArray) found = upd_rescue_find(rescue, "root");
    gint64 highest = highest_root(rescue, found);
    const UpdFound *first = lowest_root(found, 1);
    g_auto(TufTrusted) trusted = { 0 };
    gsize size;
    const void *data;

    if (first == NULL) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "no root is left in %s: name another copy with --copy DIR",
                rescue->repo->dir);
        return NULL;
    }
    if (upd_meta_version(first->envelope) > 1)
        upd_rescue_lost(rescue,
                        "the roots before version %" JSON_INTEGER_FORMAT
                        " are lost: who still begins with one of them needs a newer one; --copy DIR takes them",
                        upd_meta_version(first->envelope));
    if (!tuf_trusted_init(&trusted, first->bytes, 0, error) || !place_root(rescue, first, error))
        return NULL;
    while (trusted.root->version < highest)
        if (!next_root(rescue, found, &trusted, error))
            return NULL;
    data = g_bytes_get_data(trusted.root->bytes, &size);
    return hl_json_parse("the newest root", data, size, error);
}
