/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "updater/publisher/call.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/readback.h"

const char *const upd_repo_root_sign_flags[] = { "key", "passphrase-file", NULL };
const char *const upd_repo_root_rotate_flags[] = { "add-key", "drop-key", "passphrase-file", NULL };

bool upd_cmd_repo_root_sign(HlInvocation *call, GError **error)
{
    const char *key = hl_cli_value(call, "key", NULL);
    g_autofree char *role = NULL;
    char *passphrase = NULL;
    bool listed = true;
    bool ok;

    if (key == NULL)
        return hl_fail(error, HL_ERROR_USAGE, "say with which key: --key FILE");
    if (!upd_call_passphrase(call, &passphrase, error))
        return false;
    ok = upd_ceremony_sign(call->args[0], key, passphrase, &role, &listed, error);
    upd_call_wipe(&passphrase);
    if (ok)
        printf("Signed the draft of %s in %s; hand it back for 'repo root accept'.\n", role, call->args[0]);
    if (ok && !listed)
        printf(
            "The draft does not list this key among those of root: its signature counts only if the draft drops it.\n");
    return ok;
}

bool upd_cmd_repo_root_accept(HlInvocation *call, GError **error)
{
    g_autoptr(UpdRepo) repo = upd_call_open(call, error);
    g_autoptr(UpdState) state = repo == NULL ? NULL : upd_state_load(repo, error);
    UpdAccepted accepted;

    if (state == NULL || !upd_ceremony_accept(repo, state, (const char *const *)call->args + 1, (gsize)call->n_args - 1,
                                              &accepted, error))
        return false;
    if (upd_state_get(state, "timestamp") != NULL && !upd_readback_metadata(repo, error))
        return false;
    if (accepted.root)
        printf("Root %" JSON_INTEGER_FORMAT " is in force.\n", upd_meta_version(upd_state_get(state, "root")));
    if (accepted.targets)
        printf("Targets %" JSON_INTEGER_FORMAT " is in force.\n", upd_meta_version(upd_state_get(state, "targets")));
    if (accepted.lacking > 0)
        printf("A draft in %s/private/pending still lacks %u signature(s).\n", repo->dir, accepted.lacking);
    return true;
}

bool upd_cmd_repo_root_rotate(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    UpdRotation rotation = { .role = call->args[1],
                             .add_key = hl_cli_value(call, "add-key", NULL),
                             .drop_key = hl_cli_value(call, "drop-key", NULL) };
    bool pending = false;

    if (repo == NULL || !upd_ceremony_rotate(repo, state, &rotation, &pending, error) ||
        !upd_readback_metadata(repo, error))
        return false;
    if (pending)
        printf("The change is a draft in %s/private/pending: have its holders sign it ('repo root sign'), then 'repo "
               "root accept'.\n",
               repo->dir);
    else
        printf("The change is in force: root %" JSON_INTEGER_FORMAT ", targets %" JSON_INTEGER_FORMAT ".\n",
               upd_meta_version(upd_state_get(state, "root")), upd_meta_version(upd_state_get(state, "targets")));
    return true;
}
