/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/client/commands.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "updater/client/client.h"

#define HTTP_FLAGS "ca-file", "cert-file", "key-file", "proxy"

const char *const upd_client_init_flags[] = { "metadata-dir", NULL };
const char *const upd_client_refresh_flags[] = { "metadata-dir", "metadata-url", HTTP_FLAGS, NULL };
const char *const upd_client_download_flags[] = { "metadata-dir",    "metadata-url", "target-name", "target-dir",
                                                  "target-base-url", HTTP_FLAGS,     NULL };

bool upd_cmd_client_init(HlInvocation *call, GError **error)
{
    const char *dir = hl_cli_need(call, "metadata-dir", error);
    g_autoptr(GBytes) root = dir == NULL ? NULL : hl_file_read(call->args[0], tuf_role_max_size(TUF_ROOT), error);

    return root != NULL && upd_client_init(dir, root, error);
}

/* Opens and refreshes.  NULL on failure. */
static UpdClient *open_client(HlInvocation *call, const char *target_url, GError **error)
{
    UpdClientOptions options = {
        .target_url = target_url,
        .http = {
            .ca_file = hl_cli_value(call, "ca-file", NULL),
            .ca_option = "--ca-file",
            .cert_file = hl_cli_value(call, "cert-file", NULL),
            .key_file = hl_cli_value(call, "key-file", NULL),
            .proxy = hl_cli_value(call, "proxy", NULL),
        },
    };
    g_autoptr(UpdClient) client = NULL;

    options.metadata_dir = hl_cli_need(call, "metadata-dir", error);
    options.metadata_url = options.metadata_dir == NULL ? NULL : hl_cli_need(call, "metadata-url", error);
    if (options.metadata_url == NULL)
        return NULL;
    client = upd_client_open(&options, error);
    if (client == NULL || !upd_client_refresh(client, error))
        return NULL;
    return g_steal_pointer(&client);
}

bool upd_cmd_client_refresh(HlInvocation *call, GError **error)
{
    g_autoptr(UpdClient) client = open_client(call, NULL, error);

    if (client == NULL)
        return false;
    for (TufRole role = TUF_ROOT; role < TUF_N_ROLES; role++)
        printf("%s %" G_GINT64_FORMAT "%s", tuf_role_name(role), upd_client_version(client, role),
               role + 1 < TUF_N_ROLES ? ", " : "\n");
    return true;
}

/* Flat, whatever the target is called: a path of the repository never becomes a path of this machine. */
static bool download_one(UpdClient *client, const char *name, const char *dir, GError **error)
{
    bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0; /* no escaping touches them */
    g_autofree char *file = dots ? g_strdup_printf("%%2E%s", name + 1) : g_uri_escape_string(name, NULL, FALSE);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    const TufTarget *target = upd_client_find(client, name, error);

    return target != NULL && upd_client_download(client, target, path, NULL, NULL, error);
}

bool upd_cmd_client_download(HlInvocation *call, GError **error)
{
    const char *dir = hl_cli_need(call, "target-dir", error);
    const char *url = dir == NULL ? NULL : hl_cli_need(call, "target-base-url", error);
    gsize n;
    const char *const *names = hl_cli_values(call, "target-name", &n);
    g_autoptr(UpdClient) client = NULL;

    if (url == NULL || hl_cli_need(call, "target-name", error) == NULL || !hl_dir_make(dir, 0755, error))
        return false;
    client = open_client(call, url, error);
    if (client == NULL)
        return false;
    for (gsize i = 0; i < n; i++)
        if (!download_one(client, names[i], dir, error))
            return false;
    return true;
}
