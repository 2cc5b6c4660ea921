/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_cancels.h"

#include <string.h>

/* Also one that all have had another turn after: where it has not begun, it would still bring the update. */
static bool is_of(const MgrCommand *command, const MgrLiveRollout *live)
{
    return command->record.kind == HL_KIND_UPDATE_NOW && strcmp(command->record.selector, live->record.id) == 0;
}

GPtrArray *mgr_rollout_cancels_write(const MgrLiveRollout *live, const MgrFleet *fleet, HlWriteSet *set, HlTime at)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer command;

    g_hash_table_iter_init(&iter, fleet->commands);
    while (g_hash_table_iter_next(&iter, NULL, &command)) {
        const char *id = ((const MgrCommand *)command)->record.id;

        if (!is_of(command, live))
            continue;
        mgr_commands_write_cancel(set, id, at);
        g_ptr_array_add(ids, g_strdup(id));
    }
    return ids;
}

void mgr_rollout_cancels_fold(MgrCommands *commands, const GPtrArray *ids, HlTime at)
{
    for (guint i = 0; i < ids->len; i++)
        mgr_commands_fold_cancel(commands, ids->pdata[i], at);
}
