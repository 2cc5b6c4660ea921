/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/withdrawal.h"

GPtrArray *mgr_bundles_write_withdrawal(const MgrFleet *fleet, HlWriteSet *set, HlTime at)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrTokenRecord *token = value;

        if (token->withdrawn_at > 0 || token->expires_at <= at || token->uses_left == 0)
            continue;
        mgr_write_token_withdrawal(set, token->id, at);
        g_ptr_array_add(ids, g_strdup(token->id));
    }
    return ids;
}

void mgr_bundles_fold_withdrawal(const MgrFleet *fleet, const GPtrArray *ids, HlTime at)
{
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        MgrTokenRecord *token = mgr_fleet_token(fleet, ids->pdata[i]);

        if (token != NULL)
            token->withdrawn_at = at;
    }
}
