/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/process.h"

void upd_call_wipe(char **secret)
{
    if (*secret != NULL)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

bool upd_call_passphrase(const HlInvocation *call, char **passphrase, GError **error)
{
    const char *path = hl_cli_value(call, "passphrase-file", NULL);
    const char *given = getenv("HOLDLINE_REPO_PASSPHRASE");

    *passphrase = NULL;
    if (path != NULL) {
        *passphrase = hl_file_read_text(path, 1024, error);
        if (*passphrase == NULL)
            return false;
        (*passphrase)[strcspn(*passphrase, "\r\n")] = '\0';
    } else if (given != NULL) {
        *passphrase = g_strdup(given);
    }
    if (*passphrase != NULL && (*passphrase)[0] == '\0') {
        upd_call_wipe(passphrase);
        return hl_fail(error, HL_ERROR_INVALID,
                       "the passphrase is empty: give one, or --plain-keys for keys without one");
    }
    return true;
}

UpdRepo *upd_call_open(const HlInvocation *call, GError **error)
{
    char *passphrase = NULL;
    UpdRepo *repo;

    if (!upd_call_passphrase(call, &passphrase, error))
        return NULL;
    repo = hl_process_become_owner(call->args[0], error) ? upd_repo_open(call->args[0], passphrase, error) : NULL;
    upd_call_wipe(&passphrase);
    if (repo != NULL)
        repo->any_clock = hl_cli_has(call, "force");
    return repo;
}

UpdRepo *upd_call_open_state(const HlInvocation *call, UpdState **state, GError **error)
{
    g_autoptr(UpdRepo) repo = upd_call_open(call, error);

    *state = repo == NULL ? NULL : upd_state_load(repo, error);
    if (*state == NULL) {
        if (repo != NULL)
            hl_error_prefix(error, "%s is damaged, 'holdline-updater repo repair %s' mends what can be mended",
                            repo->dir, repo->dir);
        return NULL;
    }
    if (upd_repo_is_half_initialised(repo)) {
        hl_fail(error, HL_ERROR_CONFLICT,
                "the creation of %s was cut short, or its timestamp.json was lost: 'holdline-updater repo repair %s' "
                "finishes or mends it",
                repo->dir, repo->dir);
        g_clear_pointer(state, g_hash_table_unref);
        return NULL;
    }
    if (upd_state_get(*state, "timestamp") == NULL) {
        hl_fail(error, HL_ERROR_CONFLICT,
                "%s is not in force yet: have the holders sign the drafts in its private/pending ('holdline-updater "
                "repo root sign'), then 'holdline-updater repo root accept'",
                repo->dir);
        g_clear_pointer(state, g_hash_table_unref);
        return NULL;
    }
    return g_steal_pointer(&repo);
}

char *upd_call_size(guint64 bytes)
{
    if (bytes < 1000)
        return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
    if (bytes < 1000 * 1000)
        return g_strdup_printf("%.1f kB", (double)bytes / 1e3);
    return g_strdup_printf("%.1f MB", (double)bytes / 1e6);
}

void upd_call_say_publish(const HlInvocation *call)
{
    if (!hl_cli_has(call, "brief"))
        printf("Run 'holdline-updater repo publish %s' to publish it.\n", call->args[0]);
}
