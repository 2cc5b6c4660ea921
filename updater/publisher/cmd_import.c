/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/import.h"

#define FRESHCLAM_KEEPS "/var/lib/clamav"

const char *const upd_repo_import_flags[] = { "min-engine", "force", "brief", NULL };

static void say(const UpdImported *imported, gpointer user)
{
    bool *staged = user;

    switch (imported->end) {
    case UPD_IMPORT_STAGED:
        *staged = true;
        printf("Staged %s %" G_GINT64_FORMAT ": %zu file(s), %" G_GINT64_FORMAT " signatures.\n", imported->component,
               imported->staged.version, imported->files, imported->staged.signatures);
        break;
    case UPD_IMPORT_SAME:
        printf("%s is up to date: %zu file(s).\n", imported->component, imported->files);
        break;
    case UPD_IMPORT_ABSENT:
        printf("%s is no component of this repository.\n", imported->component);
        break;
    }
}

static void say_left_out(const char *file, const char *why, gpointer user G_GNUC_UNUSED)
{
    printf("Left out %s: %s.\n", file, why);
}

bool upd_cmd_repo_import(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autofree char *databases = g_canonicalize_filename(call->n_args > 1 ? call->args[1] : FRESHCLAM_KEEPS, NULL);
    bool staged = false;
    UpdImportSpec spec = { .databases = databases,
                           .min_engine = hl_cli_value(call, "min-engine", UPD_STAGE_MIN_ENGINE),
                           .force = hl_cli_has(call, "force"),
                           .done = say,
                           .left_out = say_left_out,
                           .user = &staged };

    if (!upd_stage_engine_ok(spec.min_engine))
        return hl_fail(error, HL_ERROR_INVALID, "'%s' is not a version of the engine: give one like 1.0.9",
                       spec.min_engine);
    if (repo == NULL || !upd_import(repo, state, &spec, error))
        return false;
    if (staged)
        upd_call_say_publish(call);
    return true;
}
