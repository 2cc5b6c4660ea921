/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lib/base/table.h"
#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/keys.h"

const char *const upd_repo_key_flags[] = { "plain-keys", "passphrase-file", NULL };

bool upd_cmd_repo_key_new(HlInvocation *call, GError **error)
{
    char *passphrase = NULL;
    bool ok;

    if (!upd_call_passphrase(call, &passphrase, error))
        return false;
    if (passphrase == NULL && !hl_cli_has(call, "plain-keys"))
        return hl_fail(error, HL_ERROR_USAGE,
                       "the private key needs a passphrase: set HOLDLINE_REPO_PASSPHRASE, or give --passphrase-file or "
                       "--plain-keys");
    ok = upd_key_file_make(call->args[0], hl_cli_has(call, "plain-keys") ? NULL : passphrase, error);
    upd_call_wipe(&passphrase);
    if (ok)
        printf("%s is the private key: keep it safe, and a copy of it in another place.\n%s.pub is what the repository "
               "needs.\n",
               call->args[0], call->args[0]);
    return ok;
}

static void add_keys(const UpdState *state, const char *role, HlTable *table)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(state, role, &keys);
    const json_t *keyids = json_object_get(definition, "keyids");
    g_autofree char *wanted =
        g_strdup_printf("%" JSON_INTEGER_FORMAT " of %zu", json_integer_value(json_object_get(definition, "threshold")),
                        json_array_size(keyids));

    for (gsize i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        const json_t *key = json_object_get(keys, keyid);
        const char *cells[] = { i == 0 ? role : "", i == 0 ? wanted : "", keyid,
                                json_string_value(json_object_get(key, "scheme")) };

        hl_table_add(table, cells);
    }
}

bool upd_cmd_repo_key_list(HlInvocation *call, GError **error)
{
    static const char *const headings[] = { "ROLE", "SIGNS", "KEY", "SCHEME", NULL };
    static const char *const roles[] = { "root", "targets", "snapshot", "timestamp" };
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autoptr(GPtrArray) components = repo == NULL ? NULL : upd_state_components(state);
    g_autoptr(HlTable) table = hl_table_new(headings);

    if (repo == NULL)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
        add_keys(state, roles[i], table);
    for (guint i = 0; i < components->len; i++)
        add_keys(state, components->pdata[i], table);
    hl_table_print(table, stdout);
    return true;
}
