/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/group_near.h"

#include "manager/core/meant.h"
#include "manager/core/refusal.h"

bool mgr_group_unknown_fail(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    MgrMeant meant;
    g_autofree char *near = NULL;

    if (error == NULL) /* it is only asked whether there is one */
        return false;
    mgr_meant_begin(&meant, name);
    g_hash_table_iter_init(&iter, fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrGroupRecord *record = &((const MgrGroup *)value)->record;

        if (!mgr_caller_sees(caller, record->name))
            continue;
        mgr_meant_consider(&meant, record->name, NULL);
        mgr_meant_consider(&meant, record->display_name, record->name);
    }
    near = mgr_meant_end(&meant);
    return near != NULL ? mgr_refuse(error, MGR_REFUSE_GROUP_NEAR, name, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_GROUP_UNKNOWN, name, NULL);
}
