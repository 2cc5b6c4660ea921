/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "updater/client/client.h"
#include "updater/delta/delta.h"
#include "updater/publisher/content.h"

/* The scheme in front of the repository's own paths, where a client has its server. */
#define HERE "repository:/"

/* hl_fetch_run's part: the file that a URL names. */
static bool get_file(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    const UpdRepo *repo = user;
    g_autofree char *path = upd_repo_path(repo, "%s", request->url + strlen(HERE));
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = hl_file_read(path, request->max_size, &problem);
    gsize size = bytes == NULL ? 0 : g_bytes_get_size(bytes);

    result->status = 200;
    if (bytes == NULL && hl_error_code(problem) != HL_ERROR_NOT_FOUND) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (bytes == NULL) {
        result->status = 404;
        bytes = g_bytes_new_static("", 0);
    }
    if (request->sink == NULL || result->status != 200) {
        result->body = g_steal_pointer(&bytes);
        return true;
    }
    result->body = g_bytes_new_static("", 0);
    return request->sink(0, g_bytes_get_data(bytes, NULL), size, request->user, error);
}

/* The oldest root that is there: a client can begin with any. */
static GBytes *oldest_root(const UpdRepo *repo, GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(repo, "metadata");
    gint64 oldest = G_MAXINT64;
    g_autofree char *path = NULL;

    for (guint i = 0; i < names->len; i++) {
        char *end;
        gint64 version = g_ascii_strtoll(names->pdata[i], &end, 10);

        if (strcmp(end, ".root.json") == 0)
            oldest = MIN(oldest, version);
    }
    path = upd_repo_path(repo, "metadata/%" G_GINT64_FORMAT ".root.json", oldest);
    return hl_file_read(path, UPD_META_MAX, error);
}

static UpdClient *open_reader(const UpdRepo *repo, const char *directory, GError **error)
{
    UpdClientOptions options = { .metadata_dir = directory,
                                 .metadata_url = HERE "metadata",
                                 .target_url = HERE "targets",
                                 .get = get_file,
                                 .get_user = hl_unconst(repo),
                                 .now = repo->now };
    g_autofree char *trusted = g_build_filename(directory, "root.json", NULL);
    g_autoptr(GBytes) root = NULL;

    if (access(trusted, F_OK) != 0) {
        root = oldest_root(repo, error);
        if (root == NULL || !upd_client_init(directory, root, error))
            return NULL;
    }
    return upd_client_open(&options, error);
}

/* An increment that another version of this program made: clients of this one take the full file instead. */
static bool is_foreign(const TufTarget *target)
{
    return strcmp(hl_json_text(target->custom, "kind"), "delta") == 0 &&
           !upd_delta_knows(hl_json_text(target->custom, "format"));
}

/* Unpacks or applies the file at path into memory and compares it with what the target promises. */
static bool rebuild(const UpdRepo *repo, const TufTarget *target, const char *path, UpdReadback *readback,
                    GError **error)
{
    guint64 length = (guint64)json_integer_value(json_object_get(target->custom, "out_length"));
    bool full = strcmp(hl_json_text(target->custom, "kind"), "full") == 0;
    hl_autofd int out = upd_content_memory(NULL, error);
    hl_autofd int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    hl_autofd int base = -1;
    g_autoptr(GBytes) packed = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autofree char *hash = NULL;

    if (out < 0)
        return false;
    if (in < 0)
        return hl_fail_errno(error, errno, "cannot read %s", path);
    if (full && !upd_full_unpack(in, out, length, error))
        return false;
    if (!full) {
        base = upd_content_open(repo, hl_json_text(target->custom, "component"),
                                hl_json_text(target->custom, "from_sha256"), error);
        packed = base < 0 ? NULL : hl_file_read(path, UPD_DELTA_MAX_FILE, error);
        if (packed == NULL || !upd_delta_apply(base, packed, out, length, error))
            return false;
    }
    content = upd_content_map(out, length, error);
    hash = content == NULL ? NULL
                           : tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    if (hash == NULL)
        return false;
    if (strcmp(hash, hl_json_text(target->custom, "out_sha256")) != 0)
        return hl_fail(error, HL_ERROR_UNTRUSTED, "its result is not what its entry promises");
    *(full ? &readback->full : &readback->increments) += 1;
    return true;
}

static bool read_component(const UpdRepo *repo, UpdClient *client, const char *component, const char *directory,
                           UpdReadback *readback, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "target", NULL);
    g_autoptr(GPtrArray) targets = upd_client_list(client, component, error);

    for (guint i = 0; targets != NULL && i < targets->len; i++) {
        const TufTarget *target = targets->pdata[i];

        if (!upd_client_download(client, target, path, NULL, NULL, error) ||
            (!is_foreign(target) && !rebuild(repo, target, path, readback, error)))
            return hl_error_prefix(error, "target %s", target->path);
    }
    return targets != NULL;
}

/* One client with its metadata in this directory. */
static bool read_as(const UpdRepo *repo, const GPtrArray *components, const char *metadata, const char *directory,
                    UpdReadback *readback, GError **error)
{
    g_autoptr(UpdClient) client = open_reader(repo, metadata, error);

    if (client == NULL || !upd_client_refresh(client, error))
        return false;
    *readback = (UpdReadback){ 0 };
    for (guint i = 0; i < components->len; i++)
        if (!read_component(repo, client, components->pdata[i], directory, readback, error))
            return false;
    return true;
}

static bool see(const char *name G_GNUC_UNUSED, const TufMetadata *role G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED,
                GError **error G_GNUC_UNUSED)
{
    return true;
}

bool upd_readback_metadata(const UpdRepo *repo, GError **error)
{
    g_autofree char *behind = upd_repo_path(repo, "private/reader");
    g_autoptr(GError) problem = NULL;
    g_autoptr(UpdClient) client = open_reader(repo, behind, &problem);

    if (client != NULL && upd_client_refresh(client, &problem) && upd_client_visit(client, see, NULL, &problem))
        return true;
    /* what has expired is mended role by role, and 'repo check' says in which order: this was one step of it */
    if (hl_error_code(problem) == HL_ERROR_EXPIRED)
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return hl_error_prefix(
        error, "it is in force, but clients cannot follow ('holdline-updater repo repair %s' mends what can be mended)",
        repo->dir);
}

/* Of runs that were killed; the repository's lock is ours. */
static bool remove_leftovers(const UpdRepo *repo, GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(repo, "private");

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = upd_repo_path(repo, "private/%s", (char *)names->pdata[i]);

        if (g_str_has_prefix(names->pdata[i], "readback.") && !hl_tree_remove(path, error))
            return false;
    }
    return true;
}

bool upd_readback(const UpdRepo *repo, UpdReadback *readback, GError **error)
{
    g_autofree char *directory = upd_repo_path(repo, "private/readback.XXXXXX");
    g_autofree char *fresh = NULL;
    g_autofree char *behind = upd_repo_path(repo, "private/reader");
    g_autoptr(UpdState) state = upd_state_load(repo, error);
    g_autoptr(GPtrArray) components = state == NULL ? NULL : upd_state_components(state);
    bool ok;

    if (state == NULL)
        return false;
    if (!remove_leftovers(repo, error))
        return false;
    if (mkdtemp(directory) == NULL)
        return hl_fail_errno(error, errno, "cannot make a directory for reading back in %s/private", repo->dir);
    fresh = g_build_filename(directory, "metadata", NULL);
    ok = read_as(repo, components, fresh, directory, readback, error) ||
         hl_error_prefix(error, "read back by a client with an empty cache");
    ok = ok && (read_as(repo, components, behind, directory, readback, error) ||
                hl_error_prefix(error, "read back by a client one release behind"));
    return hl_tree_remove(directory, ok ? error : NULL) && ok;
}
