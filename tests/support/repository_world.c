/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/repository_world.h"

#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"

void repository_copy(const char *from, const char *to)
{
    g_assert_true(hl_tree_remove(to, NULL));
    g_assert_true(hl_exec((const char *const[]){ "cp", "-a", from, to, NULL }, NULL, NULL));
}

bool repository_get(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    g_autofree char *path = g_build_filename(user, request->url + strlen(REPOSITORY_URL), NULL);
    g_autoptr(GBytes) bytes = hl_file_read(path, request->max_size, NULL);

    result->status = bytes == NULL ? 404 : 200;
    if (bytes == NULL)
        bytes = g_bytes_new_static("", 0);
    if (request->sink != NULL && result->status == 200)
        return request->sink(0, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), request->user, error);
    result->body = g_steal_pointer(&bytes);
    return true;
}

gint64 repository_read(const char *directory, const char *metadata)
{
    g_autofree char *target = g_strconcat(metadata, ".target", NULL);
    g_autofree char *served = g_strdup(directory);
    UpdClientOptions options = { .metadata_dir = metadata,
                                 .metadata_url = REPOSITORY_URL "metadata",
                                 .target_url = REPOSITORY_URL "targets",
                                 .get = repository_get,
                                 .get_user = served };
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdClient) client = upd_client_open(&options, &error);
    g_autoptr(GPtrArray) targets = NULL;
    gint64 version = 0;

    g_assert_no_error(error);
    if (!upd_client_refresh(client, &error))
        g_error("%s", error->message);
    targets = upd_client_list(client, "virus", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < targets->len; i++) {
        const TufTarget *listed = targets->pdata[i];

        if (!upd_client_download(client, listed, target, NULL, NULL, &error))
            g_error("%s", error->message);
        version = MAX(version, json_integer_value(json_object_get(listed->custom, "version")));
    }
    return version;
}

gint64 repository_read_anew(const char *directory, const char *root_file)
{
    g_autofree char *metadata = g_strconcat(directory, ".reader", NULL);
    g_autoptr(GBytes) root = hl_file_read(root_file, 100000, NULL);

    g_assert_true(hl_tree_remove(metadata, NULL));
    g_assert_true(upd_client_init(metadata, root, NULL));
    return repository_read(directory, metadata);
}

void repository_stage(const UpdRepo *repo, gint64 version)
{
    g_autofree char *record = g_strdup_printf("{\"version\":%" G_GINT64_FORMAT
                                              ",\"signatures\":1,\"min_engine\":\"0.103.0\",\"files\":[\"main.hdb\"]}",
                                              version);
    g_autoptr(GBytes) record_bytes = g_bytes_new(record, strlen(record));
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;

    for (guint i = 0; i < 100 + (guint)(version - REPOSITORY_FIRST); i++)
        g_string_append_printf(lines, "%08x%08x%08x%08x:%u:Test.Family-%u\n", i * 2654435761u, i, i * 69069u, i, i, i);
    bytes = g_bytes_new(lines->str, lines->len);
    g_assert_true(upd_repo_store(repo, "private/staged/virus/main.hdb", bytes, NULL) &&
                  upd_repo_store(repo, "private/staged/virus/stage.json", record_bytes, NULL));
}

static void no_progress(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                        const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

bool repository_publish(const UpdRepo *repo, UpdState *state, GError **error)
{
    UpdPublished published;
    bool pending = false;

    return upd_content_prepare(repo, state, "virus", no_progress, NULL, &published, error) &&
           upd_release_role(repo, state, "virus", &pending, error) && upd_release_snapshot(repo, state, error) &&
           upd_content_commit(repo, "virus", error);
}
