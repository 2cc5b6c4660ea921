/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/repair.h"

const char *const upd_repo_repair_flags[] = { "copy", "restored", "above", "passphrase-file", "force", NULL };

static void say(const char *text, bool repaired, gpointer user G_GNUC_UNUSED)
{
    printf("%s %s\n", repaired ? "Repaired:" : "NOT repaired:", text);
}

bool upd_cmd_repo_repair(HlInvocation *call, GError **error)
{
    g_autoptr(UpdRepo) repo = upd_call_open(call, error);
    UpdRescue rescue = { .repo = repo, .copy = hl_cli_value(call, "copy", NULL), .note = say };
    UpdRepair repair = { .rescue = &rescue, .restored = hl_cli_has(call, "restored") };
    UpdReadback readback;
    gsize n_above = 0;
    const char *const *above = hl_cli_values(call, "above", &n_above);

    if (repo == NULL || !upd_numbers_parse_above(above, n_above, &repair.above, error))
        return false;
    if (n_above > 0 && !repair.restored)
        return hl_fail(error, HL_ERROR_INVALID, "--above says what a restore has to go past: give --restored as well");
    if (!upd_repair(&repair, &readback, error))
        return hl_error_prefix(error, "%s is not repaired", repo->dir);
    if (rescue.lost > 0)
        return hl_fail(error, HL_ERROR_PARTIAL, "%u thing(s) could not be repaired; what to do is said above",
                       rescue.lost);
    if (rescue.repaired == 0)
        printf("Nothing was damaged.\n");
    printf("Clients can use it: %u full file(s) and %u increment(s) verified.\n", readback.full, readback.increments);
    return true;
}
