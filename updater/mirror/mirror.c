/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/mirror/mirror.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/unconst.h"
#include "updater/install/release.h"
#include "updater/mirror/published_files.h"
#include "updater/tuf/trusted.h"

#define DIR_MODE 0755 /* all of it is public */

/* A target to be published; borrowed from the client. */
typedef struct {
    const TufTarget *target;
    char *name;
} Item;

/* A run under way. */
typedef struct {
    const UpdMirror *mirror;
    UpdMirrored *mirrored;
    UpdSource *source;
    UpdClient *client; /* the source's */
    UpdPublishedFiles files;
    GPtrArray *items;    /* of Item */
    GHashTable *roles;   /* name -> const TufMetadata: the delegated ones */
    uint64_t done, size; /* of targets that must be fetched */
    const char *what;
} Run;

void upd_mirrored_clear(UpdMirrored *mirrored)
{
    g_free(mirrored->components);
    memset(mirrored, 0, sizeof *mirrored);
}

static void free_item(gpointer data)
{
    Item *item = data;

    g_free(item->name);
    g_free(item);
}

/* -------------------------------------------------------------------------------------------------------- the place */

static bool make_place(const UpdMirror *mirror, GError **error)
{
    static const char *const rooms[] = { "metadata", "targets", "mirror" };
    g_autofree char *keys = g_build_filename(mirror->dir, "private", NULL);

    if (g_file_test(keys, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "%s is a repository with keys of its own (it has private/): mirror into another directory, or "
                       "publish here and do not mirror",
                       mirror->dir);
    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *room = g_build_filename(mirror->dir, rooms[i], NULL);

        if (!hl_dir_make(room, DIR_MODE, error))
            return false;
    }
    return true;
}

/* A copy that came here in another way, or whose mirror/ was lost: its timestamp still must not go back. */
static bool seed_client(const UpdMirror *mirror, const char *client_dir, GError **error)
{
    g_autofree char *served = g_build_filename(mirror->dir, "metadata", "timestamp.json", NULL);
    g_autofree char *known = g_build_filename(client_dir, "timestamp.json", NULL);
    g_autoptr(GBytes) timestamp = hl_file_read(served, tuf_role_max_size(TUF_TIMESTAMP), NULL);

    if (timestamp == NULL || g_file_test(client_dir, G_FILE_TEST_EXISTS))
        return true;
    return upd_client_init(client_dir, mirror->access.root, error) &&
           hl_file_write(known, g_bytes_get_data(timestamp, NULL), g_bytes_get_size(timestamp), 0644, error);
}

static bool open_source(Run *run, GError **error)
{
    g_autofree char *client_dir = g_build_filename(run->mirror->dir, "mirror", "client", NULL);

    if (!seed_client(run->mirror, client_dir, error))
        return false;
    run->source = upd_source_open(run->mirror->source, &run->mirror->access, client_dir, &run->mirrored->bytes, error);
    if (run->source == NULL)
        return false;
    run->client = upd_source_client(run->source);
    return upd_client_metadata(run->client, TUF_ROOT)->consistent_snapshot ||
           hl_fail(error, HL_ERROR_INVALID,
                   "%s has no consistent snapshots: its files change in place, so that no copy can be swapped safely",
                   run->mirror->source->url);
}

/* ------------------------------------------------------------------------------------------------------ the targets */

static const char *hash_of(const TufTarget *target)
{
    for (int i = 0; i < TUF_HASH_N; i++)
        if (target->hashes.hex[i] != NULL)
            return target->hashes.hex[i];
    g_assert_not_reached();
}

static bool collect_targets(Run *run, const TufMetadata *role, GError **error)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, role->targets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const TufTarget *target = value;
        g_autofree char *name = upd_published_files_target_name(target->path, hash_of(target), error);
        g_autofree char *path = name == NULL ? NULL : upd_published_files_path(&run->files, name);
        struct stat st;
        Item *item;

        if (name == NULL)
            return false;
        if (stat(path, &st) != 0 || st.st_size != target->length)
            run->size += (uint64_t)target->length;
        upd_published_files_need(&run->files, name);
        item = g_new(Item, 1);
        *item = (Item){ target, g_steal_pointer(&name) };
        g_ptr_array_add(run->items, item);
    }
    return true;
}

/* The table has another order in each process; one that was killed must be taken up at the file that it was at. */
static gint compare_items(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Item *const *)a)->name, (*(Item *const *)b)->name);
}

static void note_component(Run *run, const char *name, const TufMetadata *role)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new();
    g_autoptr(UpdRelease) release = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, role->targets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(targets, value);
    release = upd_release_component_ok(name, NULL) ? upd_release_new(name, targets, NULL) : NULL;
    if (release != NULL && release->version > 0) {
        g_autofree char *before = g_steal_pointer(&run->mirrored->components);

        run->mirrored->components =
            g_strdup_printf("%s%s%s=%" G_GINT64_FORMAT, before, *before != '\0' ? " " : "", name, release->version);
    }
}

static bool on_role(const char *name, const TufMetadata *role, gpointer user, GError **error)
{
    Run *run = user;

    g_hash_table_insert(run->roles, hl_unconst(name), hl_unconst(role));
    note_component(run, name, role);
    return collect_targets(run, role, error);
}

static bool on_download(uint64_t done, uint64_t total G_GNUC_UNUSED, gpointer user)
{
    const Run *run = user;

    run->mirror->progress(MIN(run->done + done, run->size), run->size, run->what, run->mirror->user);
    return true;
}

/* Compared with its hash when it is there, because it may have suffered since. */
static bool fetch_target(Run *run, const Item *item, GError **error)
{
    g_autofree char *path = upd_published_files_path(&run->files, item->name);
    g_autofree char *directory = g_path_get_dirname(path);
    uint64_t before = run->mirrored->bytes;

    run->what = item->target->path;
    if (!hl_dir_make(directory, DIR_MODE, error) ||
        !upd_source_download(run->source, item->target, path, on_download, run, error))
        return hl_error_prefix(error, "target %s", item->target->path);
    if (run->mirrored->bytes > before) {
        run->files.added++;
        run->done += (uint64_t)item->target->length;
    }
    return true;
}

static bool fetch_targets(Run *run, GError **error)
{
    if (!collect_targets(run, upd_client_metadata(run->client, TUF_TARGETS), error) ||
        !upd_client_visit(run->client, on_role, run, error))
        return false;
    g_ptr_array_sort(run->items, compare_items);
    for (guint i = 0; i < run->items->len; i++)
        if (!fetch_target(run, run->items->pdata[i], error))
            return false;
    return true;
}

/* ----------------------------------------------------------------------------------------------------- the metadata */

static bool put(Run *run, int64_t version, const char *role, GBytes *bytes, GError **error)
{
    g_autofree char *encoded = g_uri_escape_string(role, NULL, FALSE);
    g_autofree char *name = g_strdup_printf("metadata/%" G_GINT64_FORMAT ".%s.json", version, encoded);

    return upd_published_files_put(&run->files, name, bytes, error);
}

static bool put_top(Run *run, TufRole role, GError **error)
{
    const TufMetadata *metadata = upd_client_metadata(run->client, role);

    return put(run, metadata->version, tuf_role_name(role), metadata->bytes, error);
}

/* Whether earlier is the root before the later one, which is trusted: the one signs the other. */
static bool is_before(GBytes *earlier, GBytes *later)
{
    g_auto(TufTrusted) trusted = { 0 };
    bool rotated;

    return tuf_trusted_init(&trusted, earlier, 0, NULL) && tuf_trusted_update_root(&trusted, later, &rotated, NULL);
}

/* Roots from before the one that we were given to trust: clients that were made earlier begin with them.  Where the
 * original ends, so does the copy. */
static bool put_earlier_roots(Run *run, int64_t pinned, GError **error)
{
    g_autoptr(GBytes) later = upd_client_root(run->client, pinned);

    for (int64_t version = pinned - 1; version > 0; version--) {
        g_autofree char *name = g_strdup_printf("metadata/%" G_GINT64_FORMAT ".root.json", version);
        g_autofree char *path = upd_published_files_path(&run->files, name);
        gsize max_size = tuf_role_max_size(TUF_ROOT);
        g_autoptr(GBytes) bytes = hl_file_read(path, max_size, NULL);
        g_autoptr(GError) problem = NULL;

        if (bytes == NULL || !is_before(bytes, later)) {
            g_clear_pointer(&bytes, g_bytes_unref);
            bytes = upd_source_fetch(run->source, name, max_size, &problem);
        }
        if (bytes == NULL && hl_error_code(problem) == HL_ERROR_NOT_FOUND)
            return true;
        if (bytes == NULL) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        if (!is_before(bytes, later))
            return hl_fail(error, HL_ERROR_UNTRUSTED, "%s: its keys do not sign the root after it", name);
        if (!upd_published_files_put(&run->files, name, bytes, error))
            return false;
        g_bytes_unref(later);
        later = g_steal_pointer(&bytes);
    }
    return true;
}

static bool put_roots(Run *run, GError **error)
{
    int64_t version = upd_client_version(run->client, TUF_ROOT);
    g_autoptr(GBytes) root = upd_client_root(run->client, version);

    while (root != NULL) {
        if (!put(run, version, tuf_role_name(TUF_ROOT), root, error))
            return false;
        g_bytes_unref(root);
        version--;
        root = upd_client_root(run->client, version);
    }
    return put_earlier_roots(run, version + 1, error);
}

static bool put_metadata(Run *run, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    gpointer value;

    g_hash_table_iter_init(&iter, run->roles);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const TufMetadata *role = value;

        if (!put(run, role->version, name, role->bytes, error))
            return false;
    }
    return put_top(run, TUF_TARGETS, error) && put_top(run, TUF_SNAPSHOT, error) && put_roots(run, error) &&
           upd_published_files_put(&run->files, "metadata/timestamp.json",
                                   upd_client_metadata(run->client, TUF_TIMESTAMP)->bytes, error);
}

/* ------------------------------------------------------------------------------------------------------- the whole */

static bool note_source(const Run *run, GError **error)
{
    g_autofree char *path = upd_published_files_path(&run->files, "mirror/source.json");
    g_autofree char *synced = hl_time_format(hl_clock_wall());
    g_autoptr(json_t) record = json_pack("{s:s, s:s}", "url", run->mirror->source->url, "synced", synced);
    g_autofree char *text = hl_json_print(record);

    return hl_file_write_text(path, text, 0644, error);
}

static void run_clear(Run *run)
{
    upd_source_free(run->source);
    upd_published_files_clear(&run->files);
    g_ptr_array_unref(run->items);
    g_hash_table_unref(run->roles);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

bool upd_mirror_run(const UpdMirror *mirror, UpdMirrored *mirrored, GError **error)
{
    g_auto(Run) run = { .mirror = mirror,
                        .mirrored = mirrored,
                        .items = g_ptr_array_new_with_free_func(free_item),
                        .roles = g_hash_table_new(hl_text_hash, g_str_equal) };
    bool good;

    *mirrored = (UpdMirrored){ .components = g_strdup("") };
    upd_published_files_init(&run.files, mirror->dir);
    mirror->progress(0, 0, "asking for what is new", mirror->user);
    good = make_place(mirror, error) && open_source(&run, error) && fetch_targets(&run, error) &&
           put_metadata(&run, error) && note_source(&run, error) &&
           upd_published_files_sweep(&run.files, mirror->keep, hl_clock_wall(), error);
    mirrored->added = run.files.added;
    mirrored->removed = run.files.removed;
    return good;
}
