/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_cancels.h"

GPtrArray *mgr_rollout_cancels_write(const MgrLiveRollout *live, const MgrFleet *fleet, HlWriteSet *set, HlTime at)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, live->batches);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        if (mgr_fleet_command(fleet, id) == NULL)
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
