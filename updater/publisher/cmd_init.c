/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "lib/base/process.h"
#include "lib/base/table.h"
#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/content.h"
#include "updater/publisher/readback.h"
#include "updater/publisher/repo_init.h"
#include "updater/publisher/stage.h"

const char *const upd_repo_init_flags[] = { "single-host", "plain-keys",      "component", "root-key",
                                            "targets-key", "passphrase-file", NULL };
const char *const upd_repo_signing_flags[] = { "passphrase-file", "force", NULL };

static void say_single_host(const UpdRepo *repo)
{
    printf(
        "All keys are in %s/private/keys%s.\n"
        "The price: anyone who takes over this machine can publish any pattern file to every endpoint, and change the\n"
        "keys that they trust.  For more than a trial keep root and targets elsewhere: 'holdline-updater repo key new' "
        "on the holders'\n"
        "machines, then 'holdline-updater repo init DIR --root-key ... --targets-key ...'.  Serve metadata/ and "
        "targets/, never "
        "private/.\n",
        repo->dir, repo->passphrase != NULL ? ", encrypted" : ", NOT encrypted");
}

static void say_ceremony(const UpdRepo *repo)
{
    printf("Drafts wait for signatures in %s/private/pending:\n"
           "  root.json     two of the three root holders:    holdline-updater repo root sign root.json --key KEY\n"
           "  targets.json  one of the two targets holders:   holdline-updater repo root sign targets.json --key KEY\n"
           "Then: holdline-updater repo root accept %s FILE...\n",
           repo->dir, repo->dir);
}

/* 'holdline init' has made one already, as a site needs it: who asks for the same has what they asked for. */
static bool is_there(const char *dir, const UpdRepoInit *founding, const char *passphrase)
{
    g_autoptr(UpdRepo) there = upd_repo_read(dir, NULL);
    g_autoptr(UpdRepo) repo = there == NULL ? NULL : upd_repo_open(dir, passphrase, NULL);
    g_autoptr(UpdState) state = repo == NULL ? NULL : upd_state_load(repo, NULL);

    return state != NULL && upd_repo_is_as_founded(repo, state, founding);
}

static bool found(HlInvocation *call, const UpdRepoInit *founding, const char *passphrase, GError **error)
{
    g_autoptr(UpdRepo) repo = NULL;

    if (!hl_process_become_owner(call->args[0], error))
        return false;
    if (is_there(call->args[0], founding, passphrase)) {
        printf("Repository %s is there already, with the same components and keys, and nothing has been published in "
               "it: it is used as it is.\n",
               call->args[0]);
        return true;
    }
    repo = upd_repo_create(call->args[0], passphrase, error);
    if (repo == NULL)
        return false;
    if (!upd_repo_init(repo, founding, error)) {
        HL_IGNORE(upd_repo_discard(repo, NULL)); /* the failure before it is the one to report */
        return hl_error_prefix(error, "creating %s", repo->dir);
    }
    if (upd_repo_exists(repo, "metadata/timestamp.json") && !upd_readback_metadata(repo, error))
        return false;
    printf("Repository %s created with the component(s)", repo->dir);
    for (gsize i = 0; i < founding->n_components; i++)
        printf(" %s", founding->components[i]);
    printf(".\n");
    if (founding->n_root_keys == 0)
        say_single_host(repo);
    else
        say_ceremony(repo);
    return true;
}

bool upd_cmd_repo_init(HlInvocation *call, GError **error)
{
    static const char *const usual[] = { "virus", "agent", "rules" };
    UpdRepoInit founding = { 0 };
    bool single = hl_cli_has(call, "single-host");
    char *passphrase = NULL;
    bool ok;

    founding.root_keys = hl_cli_values(call, "root-key", &founding.n_root_keys);
    founding.targets_keys = hl_cli_values(call, "targets-key", &founding.n_targets_keys);
    founding.components = hl_cli_values(call, "component", &founding.n_components);
    if (founding.n_components == 0) {
        founding.components = usual;
        founding.n_components = G_N_ELEMENTS(usual);
    }
    if (single == (founding.n_root_keys > 0 || founding.n_targets_keys > 0))
        return hl_fail(error, HL_ERROR_USAGE,
                       "say where the keys are: either --single-host, or --root-key and --targets-key files");
    if (!single && (founding.n_root_keys != 3 || founding.n_targets_keys != 2))
        return hl_fail(error, HL_ERROR_USAGE, "a repository has 3 root keys and 2 targets keys; %zu and %zu were given",
                       founding.n_root_keys, founding.n_targets_keys);
    if (!upd_call_passphrase(call, &passphrase, error))
        return false;
    if (hl_cli_has(call, "passphrase-file") && hl_cli_has(call, "plain-keys")) {
        upd_call_wipe(&passphrase);
        return hl_fail(error, HL_ERROR_USAGE,
                       "give --passphrase-file or --plain-keys, not both: the keys are encrypted or they are not");
    }
    if (passphrase == NULL && !hl_cli_has(call, "plain-keys"))
        return hl_fail(error, HL_ERROR_USAGE,
                       "the private keys need a passphrase: set HOLDLINE_REPO_PASSPHRASE, or give --passphrase-file or "
                       "--plain-keys");
    ok = found(call, &founding, hl_cli_has(call, "plain-keys") ? NULL : passphrase, error);
    upd_call_wipe(&passphrase);
    return ok;
}

bool upd_cmd_repo_role_add(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);

    if (repo == NULL || !upd_repo_init_component(repo, state, call->args[1], error) ||
        !upd_readback_metadata(repo, error))
        return false;
    if (upd_repo_exists(repo, "private/pending/targets.json"))
        printf("Component %s waits for a targets holder: sign %s/private/pending/targets.json, then 'holdline-updater "
               "repo root accept'.\n",
               call->args[1], repo->dir);
    else
        printf("Component %s is part of the repository; it is empty until 'holdline-updater repo add' and "
               "'holdline-updater repo publish'.\n",
               call->args[1]);
    return true;
}

bool upd_cmd_repo_role_list(HlInvocation *call, GError **error)
{
    static const char *const headings[] = { "COMPONENT", "VERSION", "STAGED", "EXPIRES", NULL };
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autoptr(GPtrArray) components = repo == NULL ? NULL : upd_state_components(state);
    g_autoptr(HlTable) table = hl_table_new(headings);

    if (repo == NULL)
        return false;
    for (guint i = 0; i < components->len; i++) {
        const char *name = components->pdata[i];
        json_t *envelope = upd_state_get(state, name);
        gint64 version = upd_content_version(envelope);
        g_autofree char *shown = version == 0 ? NULL : g_strdup_printf("%" G_GINT64_FORMAT, version);
        g_autofree char *staged = upd_content_is_staged(repo, name)
                                      ? g_strdup_printf("%" G_GINT64_FORMAT, upd_stage_newest(repo, name))
                                      : NULL;
        const char *cells[] = { name, shown, staged,
                                json_string_value(json_object_get(upd_meta_signed(envelope), "expires")) };

        hl_table_add(table, cells);
    }
    hl_table_print(table, stdout);
    return true;
}
