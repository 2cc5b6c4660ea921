/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/delta/delta.h"
#include "updater/publisher/content.h"
#include "updater/publisher/program.h"

/* One component on its way. */
typedef struct {
    UpdRescue *rescue;
    const char *component;
    json_t *targets; /* of the role */
    UpdMendEnd end;
} Mend;

static char *digest(GBytes *bytes)
{
    return tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static bool has_digest(GBytes *bytes, const char *sha256)
{
    g_autofree char *hex = bytes == NULL ? NULL : digest(bytes);

    return g_strcmp0(hex, sha256) == 0 && hex != NULL;
}

static const char *hash_of(const json_t *entry)
{
    return json_string_value(json_object_get(json_object_get(entry, "hashes"), "sha256"));
}

static json_int_t custom_number(const json_t *entry, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(entry, "custom"), name));
}

static bool is_full(const json_t *entry)
{
    return strcmp(hl_json_text(json_object_get(entry, "custom"), "kind"), "full") == 0;
}

/* ------------------------------------------------------------------------------------------------------- contents */

/* "targets/virus/HASH.full-2026112203.zst" for "virus/full-2026112203.zst". */
static char *target_file(const char *path, const char *hash)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);

    return g_strdup_printf("targets/%s/%s.%s", directory, hash, base);
}

static char *history_file(const char *sha256)
{
    return g_strdup_printf("private/history/%s.zst", sha256);
}

static GBytes *read_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    return hl_file_read(path, UPD_DELTA_MAX_FILE, NULL);
}

/* The content in a packed file of the repository, if it is this one. */
static GBytes *unpack(const UpdRescue *rescue, const char *name, const char *sha256, gint64 length)
{
    g_autofree char *path = upd_repo_path(rescue->repo, "%s", name);
    hl_autofd int packed = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    hl_autofd int out = upd_content_memory(NULL, NULL);
    g_autoptr(GBytes) content = NULL;

    if (packed < 0 || out < 0 || length < 0 || !upd_full_unpack(packed, out, (guint64)length, NULL))
        return NULL;
    content = upd_content_map(out, (guint64)length, NULL);
    return has_digest(content, sha256) ? g_steal_pointer(&content) : NULL;
}

/* From a full file of another version: a file that did not change is in each. */
static GBytes *content_of_others(const Mend *mend, const char *sha256, gint64 length)
{
    g_autofree char *directory = g_strdup_printf("targets/%s", mend->component);
    g_autoptr(GPtrArray) names = upd_repo_list(mend->rescue->repo, directory);
    GBytes *content = NULL;

    for (guint i = 0; i < names->len && content == NULL; i++) {
        g_autofree char *name = g_strdup_printf("%s/%s", directory, (char *)names->pdata[i]);

        if (strstr(name, ".full-") != NULL)
            content = unpack(mend->rescue, name, sha256, length);
    }
    return content;
}

/* By an increment that leads to it from a content that is kept. */
static GBytes *content_by_increment(const Mend *mend, const char *sha256, gint64 length)
{
    const char *path;
    json_t *entry;

    json_object_foreach(mend->targets, path, entry)
    {
        g_autofree char *name = target_file(path, hash_of(entry));
        g_autoptr(GBytes) delta = NULL;
        hl_autofd int base = -1;
        hl_autofd int out = -1;
        g_autoptr(GBytes) content = NULL;

        if (is_full(entry) || strcmp(hl_json_text(json_object_get(entry, "custom"), "out_sha256"), sha256) != 0)
            continue;
        delta = read_file(mend->rescue->repo->dir, name);
        base = upd_content_open(mend->rescue->repo, mend->component,
                                hl_json_text(json_object_get(entry, "custom"), "from_sha256"), NULL);
        out = upd_content_memory(NULL, NULL);
        if (delta == NULL || base < 0 || out < 0 || !upd_delta_apply(base, delta, out, (guint64)length, NULL))
            continue;
        content = upd_content_map(out, (guint64)length, NULL);
        if (has_digest(content, sha256))
            return g_steal_pointer(&content);
    }
    return NULL;
}

static GBytes *find_content(const Mend *mend, const char *sha256, gint64 length)
{
    g_autofree char *kept = history_file(sha256);
    GBytes *content = unpack(mend->rescue, kept, sha256, length);

    if (content == NULL)
        content = content_of_others(mend, sha256, length);
    return content != NULL ? content : content_by_increment(mend, sha256, length);
}

/* -------------------------------------------------------------------------------------------------------- targets */

/* The listed file as it is; one that is not here comes from the other copy.  NULL with *error, or without. */
static GBytes *listed_file(Mend *mend, const char *path, const json_t *entry, GError **error)
{
    UpdRescue *rescue = mend->rescue;
    g_autofree char *name = target_file(path, hash_of(entry));
    g_autoptr(GBytes) bytes = read_file(rescue->repo->dir, name);

    if (has_digest(bytes, hash_of(entry)))
        return g_steal_pointer(&bytes);
    g_clear_pointer(&bytes, g_bytes_unref);
    if (rescue->copy != NULL)
        bytes = read_file(rescue->copy, name);
    if (!has_digest(bytes, hash_of(entry)) || !upd_repo_store(rescue->repo, name, bytes, error))
        return NULL;
    upd_rescue_repaired(rescue, "%s: put back from %s", name, rescue->copy);
    return g_steal_pointer(&bytes);
}

/* Later increments start from what the history keeps. */
static bool keep_content(Mend *mend, const json_t *entry, GBytes *packed, GError **error)
{
    g_autofree char *name = history_file(hl_json_text(json_object_get(entry, "custom"), "out_sha256"));
    g_autoptr(GBytes) kept = unpack(mend->rescue, name, hl_json_text(json_object_get(entry, "custom"), "out_sha256"),
                                    custom_number(entry, "out_length"));

    if (kept != NULL)
        return true;
    if (!upd_repo_store(mend->rescue->repo, name, packed, error))
        return false;
    upd_rescue_repaired(mend->rescue, "%s: put back from the published file", name);
    return true;
}

static bool put_full(Mend *mend, const char *path, json_t *entry, GBytes *packed, GError **error)
{
    g_autofree char *hash = digest(packed);
    g_autofree char *name = target_file(path, hash);

    if (!upd_repo_store(mend->rescue->repo, name, packed, error))
        return false;
    if (strcmp(hash, hash_of(entry)) == 0) {
        upd_rescue_repaired(mend->rescue, "%s: made again", name);
        return true;
    }
    /* the same content, packed by another version of the library */
    json_object_set_new(entry, "length", json_integer((json_int_t)g_bytes_get_size(packed)));
    json_object_set_new(json_object_get(entry, "hashes"), "sha256", json_string(hash));
    upd_rescue_repaired(mend->rescue, "%s: made again, packed in another way", name);
    mend->end = MAX(mend->end, UPD_MEND_CHANGED);
    return true;
}

static bool mend_full(Mend *mend, const char *path, json_t *entry, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) packed = listed_file(mend, path, entry, &problem);
    g_autofree char *kept_name = history_file(hl_json_text(json_object_get(entry, "custom"), "out_sha256"));
    g_autoptr(GBytes) content = NULL;

    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (packed != NULL)
        return keep_content(mend, entry, packed, error);
    packed = read_file(mend->rescue->repo->dir, kept_name); /* the history keeps the same bytes */
    if (!has_digest(packed, hash_of(entry))) {
        g_clear_pointer(&packed, g_bytes_unref);
        content = find_content(mend, hl_json_text(json_object_get(entry, "custom"), "out_sha256"),
                               custom_number(entry, "out_length"));
        packed = content == NULL ? NULL : upd_full_pack(content, NULL);
    }
    if (packed == NULL) {
        mend->end = UPD_MEND_LOST;
        return true;
    }
    return put_full(mend, path, entry, packed, error) && keep_content(mend, entry, packed, error);
}

/* The increment made again, if that gives the very file that is listed. */
static GBytes *remake_increment(const Mend *mend, const json_t *entry, int base)
{
    g_autoptr(GBytes) content = find_content(mend, hl_json_text(json_object_get(entry, "custom"), "out_sha256"),
                                             custom_number(entry, "out_length"));
    struct stat st;
    g_autoptr(GBytes) from =
        content == NULL || fstat(base, &st) != 0 ? NULL : upd_content_map(base, (guint64)st.st_size, NULL);
    g_autoptr(GBytes) delta = from == NULL ? NULL : upd_delta_encode(from, content, NULL);

    return has_digest(delta, hash_of(entry)) ? g_steal_pointer(&delta) : NULL;
}

/* *keep: false if it has to go, because nobody can use it, or nobody here could check it. */
static bool mend_increment(Mend *mend, const char *path, const json_t *entry, bool *keep, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) delta = listed_file(mend, path, entry, &problem);
    bool foreign = strcmp(hl_json_text(json_object_get(entry, "custom"), "format"), UPD_DELTA_FORMAT) != 0;
    g_autofree char *name = target_file(path, hash_of(entry));
    hl_autofd int base = -1;

    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!foreign)
        base = upd_content_open(mend->rescue->repo, mend->component,
                                hl_json_text(json_object_get(entry, "custom"), "from_sha256"), NULL);
    *keep = delta != NULL && (foreign || base >= 0);
    if (*keep || foreign || base < 0)
        return true;
    delta = remake_increment(mend, entry, base);
    *keep = delta != NULL;
    if (delta == NULL)
        return true;
    if (!upd_repo_store(mend->rescue->repo, name, delta, error))
        return false;
    upd_rescue_repaired(mend->rescue, "%s: made again", name);
    return true;
}

static bool mend_fulls(Mend *mend, GError **error)
{
    const char *path;
    json_t *entry;

    json_object_foreach(mend->targets, path, entry)
    {
        if (is_full(entry) && !mend_full(mend, path, entry, error))
            return false;
    }
    return true;
}

static bool mend_increments(Mend *mend, GError **error)
{
    const char *path;
    json_t *entry;
    void *next;

    json_object_foreach_safe(mend->targets, next, path, entry)
    {
        bool keep = true;

        if (!is_full(entry) && !mend_increment(mend, path, entry, &keep, error))
            return false;
        if (keep)
            continue;
        upd_rescue_repaired(mend->rescue, "increment %s: dropped; who would have taken it takes the full file", path);
        json_object_del(mend->targets, path);
        mend->end = MAX(mend->end, UPD_MEND_CHANGED);
    }
    return true;
}

bool upd_mend_targets(UpdRescue *rescue, const char *component, json_t *role, UpdMendEnd *end, GError **error)
{
    Mend mend = { .rescue = rescue,
                  .component = component,
                  .targets = json_object_get(upd_meta_signed(role), "targets"),
                  .end = UPD_MEND_WHOLE };
    /* full files first: increments are made from them */
    bool done = mend_fulls(&mend, error) && (mend.end == UPD_MEND_LOST || mend_increments(&mend, error));

    *end = mend.end;
    return done;
}

/* -------------------------------------------------------------------------------------------------------- history */

static json_t *load_history(const UpdRescue *rescue, const char *component)
{
    g_autofree char *name = g_strdup_printf("private/history/%s.json", component);
    json_t *history = upd_repo_load(rescue->repo, name, NULL);

    if (json_is_array(json_object_get(history, "releases")))
        return history;
    json_decref(history);
    return NULL;
}

static bool store_history(const UpdRescue *rescue, const char *component, const json_t *history, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/history/%s.json", component);
    g_autoptr(GBytes) bytes = upd_meta_print(history);

    return upd_repo_store(rescue->repo, name, bytes, error);
}

/* What a role lists of a release, as an entry of the history; NULL if it lists nothing. */
static json_t *release_of(const json_t *role, json_int_t version)
{
    json_t *targets = json_object_get(upd_meta_signed(role), "targets");
    g_autoptr(json_t) files = json_object();
    g_autoptr(json_t) program = NULL;
    const char *min_engine = "";
    const char *path;
    json_t *entry;

    json_object_foreach(targets, path, entry)
    {
        if (!is_full(entry) || custom_number(entry, "version") != version)
            continue;
        min_engine = hl_json_text(json_object_get(entry, "custom"), "min_engine");
        json_decref(program);
        program = upd_program_from_custom(json_object_get(entry, "custom"));
        json_object_set_new(files, hl_json_text(json_object_get(entry, "custom"), "file"),
                            json_pack("{s:s, s:I}", "sha256",
                                      hl_json_text(json_object_get(entry, "custom"), "out_sha256"), "length",
                                      custom_number(entry, "out_length")));
    }
    if (json_object_size(files) == 0)
        return NULL;
    return json_pack("{s:I, s:O, s:s, s:O*}", "version", version, "files", files, "min_engine", min_engine, "program",
                     program);
}

static json_int_t version_of(const json_t *release)
{
    return json_integer_value(json_object_get(release, "version"));
}

/* In the order of versions, each once: what a signed role says is right.  release is consumed, and may be NULL. */
static bool insert_release(json_t *releases, json_t *release)
{
    gsize at = 0;
    const json_t *there;

    while (at < json_array_size(releases) && version_of(json_array_get(releases, at)) < version_of(release))
        at++;
    there = json_array_get(releases, at);
    if (there != NULL && version_of(there) != version_of(release))
        there = NULL;
    if (release == NULL ||
        (there != NULL && json_equal(json_object_get(there, "files"), json_object_get(release, "files")))) {
        json_decref(release);
        return false;
    }
    if (there != NULL)
        json_array_remove(releases, at);
    json_array_insert_new(releases, at, release);
    while (json_array_size(releases) > UPD_INCREMENTS + 1)
        json_array_remove(releases, 0);
    return true;
}

/* Every release that a role lists: of patterns the newest, of the program those before it as well. */
static bool insert_releases(json_t *releases, const json_t *role)
{
    json_t *targets = json_object_get(upd_meta_signed(role), "targets");
    bool more = false;
    const char *path;
    json_t *entry;

    json_object_foreach(targets, path, entry)
    {
        if (is_full(entry))
            more = insert_release(releases, release_of(role, custom_number(entry, "version"))) || more;
    }
    return more;
}

bool upd_mend_history(UpdRescue *rescue, const char *component, const json_t *role, const GPtrArray *found,
                      GError **error)
{
    g_autoptr(json_t) history = load_history(rescue, component);
    bool damaged = history == NULL;
    bool more = false;
    json_t *releases;

    if (damaged)
        history = json_pack("{s:[]}", "releases");
    releases = json_object_get(history, "releases");
    for (guint i = 0; damaged && i < found->len; i++)
        more = insert_releases(releases, ((const UpdFound *)found->pdata[i])->envelope) || more;
    more = insert_releases(releases, role) || more;
    if (!more)
        return true;
    upd_rescue_repaired(rescue, "private/history/%s.json: %s", component,
                        damaged ? "made again from the metadata that is left" : "the release in force put in");
    return store_history(rescue, component, history, error);
}

static bool is_kept(const UpdRescue *rescue, const char *component, const json_t *release)
{
    const char *name;
    json_t *file;

    json_object_foreach(json_object_get(release, "files"), name, file)
    {
        const char *sha256 = json_string_value(json_object_get(file, "sha256"));
        hl_autofd int fd = sha256 == NULL ? -1 : upd_content_open(rescue->repo, component, sha256, NULL);

        if (fd < 0)
            return false;
    }
    return true;
}

bool upd_mend_forget(UpdRescue *rescue, const char *component, GError **error)
{
    g_autoptr(json_t) history = load_history(rescue, component);
    json_t *releases = json_object_get(history, "releases");
    gsize before = json_array_size(releases);

    for (gsize i = before; i-- > 0;)
        if (!is_kept(rescue, component, json_array_get(releases, i))) {
            upd_rescue_repaired(rescue,
                                "the content of %s %" JSON_INTEGER_FORMAT
                                " is not kept any more: no increment will start from it",
                                component, version_of(json_array_get(releases, i)));
            json_array_remove(releases, i);
        }
    return json_array_size(releases) == before || store_history(rescue, component, history, error);
}

/* ---------------------------------------------------------------------------------------------------------- sweep */

static bool sweep_directory(UpdRescue *rescue, const char *directory, GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(rescue->repo, directory);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name = g_strdup_printf("%s/%s", directory, (char *)names->pdata[i]);
        g_autofree char *path = upd_repo_path(rescue->repo, "%s", name);
        g_autofree char *hash = g_strndup(names->pdata[i], strcspn(names->pdata[i], "."));
        g_autofree char *is = NULL;
        struct stat st;

        if (strlen(hash) != tuf_hash_hex_length(TUF_HASH_SHA256) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        is = hl_file_digest(path, NULL);
        if (g_strcmp0(is, hash) == 0)
            continue;
        if (unlink(path) != 0)
            return hl_fail_errno(error, errno, "cannot remove %s", path);
        upd_rescue_repaired(rescue, "%s: removed, it was damaged and nobody asks for it", name);
    }
    return true;
}

bool upd_mend_sweep(UpdRescue *rescue, GError **error)
{
    g_autoptr(GPtrArray) components = upd_repo_list(rescue->repo, "targets");

    for (guint i = 0; i < components->len; i++) {
        g_autofree char *directory = g_strdup_printf("targets/%s", (char *)components->pdata[i]);

        if (!sweep_directory(rescue, directory, error))
            return false;
    }
    return true;
}
