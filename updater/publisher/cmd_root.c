/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "updater/publisher/call.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/draft.h"
#include "updater/publisher/readback.h"

const char *const upd_repo_root_show_flags[] = { "against", NULL };
const char *const upd_repo_root_sign_flags[] = { "key", "against", "yes", "passphrase-file", NULL };
const char *const upd_repo_root_rotate_flags[] = { "add-key", "drop-key", "passphrase-file", "force", NULL };

/* What is in force: of the file that is named or, where the draft lies in its repository, of that.  *before is NULL
 * where neither is. */
static bool load_before(const HlInvocation *call, const json_t *draft, json_t **before, GError **error)
{
    const char *against = hl_cli_value(call, "against", NULL);
    const char *type = json_string_value(json_object_get(upd_meta_signed(draft), "_type"));
    g_autofree char *path = g_canonicalize_filename(call->args[0], NULL);
    g_autofree char *pending = g_path_get_dirname(path);
    g_autofree char *up = g_build_filename(pending, "../..", NULL);
    g_autoptr(UpdRepo) repo =
        against == NULL && g_str_has_suffix(pending, "/private/pending") ? upd_repo_read(up, NULL) : NULL;
    g_autoptr(UpdState) state = repo == NULL ? NULL : upd_state_load(repo, NULL);

    *before = against != NULL ? upd_ceremony_load(against, error) : NULL;
    if (against != NULL)
        return *before != NULL;
    if (state != NULL && upd_state_get(state, type) != NULL)
        *before = json_incref(upd_state_get(state, type));
    return true;
}

static bool show_draft(const HlInvocation *call, GError **error)
{
    g_autoptr(json_t) draft = upd_ceremony_load(call->args[0], error);
    g_autoptr(json_t) before = NULL;
    g_autofree char *text = NULL;

    if (draft == NULL || !load_before(call, draft, &before, error))
        return false;
    text = upd_draft_describe(draft, before);
    fputs(text, stdout);
    if (before == NULL)
        printf("Nothing to compare it with: --against FILE, with the one in force, marks what changes.\n");
    return true;
}

bool upd_cmd_repo_root_show(HlInvocation *call, GError **error)
{
    return show_draft(call, error);
}

/* The holder of a key signs what they have read. */
static bool confirm(const HlInvocation *call, GError **error)
{
    char answer[16];

    if (!show_draft(call, error))
        return false;
    if (hl_cli_has(call, "yes"))
        return true;
    printf("Sign this? [y/N] ");
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        printf("\n");
        return hl_fail(error, HL_ERROR_USAGE, "nobody answers whether to sign %s: --yes says so", call->args[0]);
    }
    return g_ascii_strncasecmp(answer, "y", 1) == 0 ||
           hl_fail(error, HL_ERROR_FAILED, "%s is not signed", call->args[0]);
}

bool upd_cmd_repo_root_sign(HlInvocation *call, GError **error)
{
    const char *key = hl_cli_value(call, "key", NULL);
    g_autofree char *role = NULL;
    char *passphrase = NULL;
    bool listed = true;
    bool ok;

    if (key == NULL)
        return hl_fail(error, HL_ERROR_USAGE, "say with which key: --key FILE");
    if (!confirm(call, error) || !upd_call_passphrase(call, &passphrase, error))
        return false;
    ok = upd_ceremony_sign(call->args[0], key, passphrase, &role, &listed, error);
    upd_call_wipe(&passphrase);
    if (ok)
        printf("Signed the draft of %s in %s; hand it back for 'holdline-updater repo root accept'.\n", role,
               call->args[0]);
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
        printf("The change is a draft in %s/private/pending: have its holders sign it ('holdline-updater repo root "
               "sign'), then 'holdline-updater repo root accept'.\n",
               repo->dir);
    else
        printf("The change is in force: root %" JSON_INTEGER_FORMAT ", targets %" JSON_INTEGER_FORMAT ".\n",
               upd_meta_version(upd_state_get(state, "root")), upd_meta_version(upd_state_get(state, "targets")));
    return true;
}
