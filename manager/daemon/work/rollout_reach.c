/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_reach.h"

typedef struct {
    const MgrLiveRollout *live;
    uint8_t *before; /* MgrMember by position: what its turns before the present one made of it; pending: nothing */
} Reach;

/* Who says that it succeeded, and had another turn, was found out: then its versions count, as of one that failed. */
static void on_target(const char *command, const char *endpoint, HlCommandState state, const char *code, gpointer user)
{
    const Reach *reach = user;
    MgrMember member = mgr_live_rollout_member_of(state, code);
    gpointer found;
    guint position;

    if (!g_hash_table_lookup_extended(reach->live->positions, endpoint, NULL, &found))
        return;
    position = GPOINTER_TO_UINT(found);
    if (g_strcmp0(reach->live->commands->pdata[position], command) == 0 || member == MGR_MEMBER_AWAY ||
        member == MGR_MEMBER_LEFT)
        return;
    reach->before[position] = (uint8_t)(member == MGR_MEMBER_SUCCEEDED ? MGR_MEMBER_FAILED : member);
}

static bool may_have(const Reach *reach, const MgrEndpoint *endpoint, guint position)
{
    const MgrLiveRollout *live = reach->live;
    bool is_current = mgr_live_rollout_is_of_settings(live) ||
                      (*live->record.versions != '\0' && !mgr_live_rollout_is_behind(live, endpoint));

    return mgr_member_may_have((MgrMember)live->core.members[position], (MgrMember)reach->before[position], is_current);
}

GPtrArray *mgr_rollout_reach(const MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, GError **error)
{
    g_autofree uint8_t *before = g_new0(uint8_t, live->core.n); /* MGR_MEMBER_PENDING */
    Reach reach = { live, before };
    GPtrArray *reached;

    /* what is not committed has not been folded either: no later turn came of it */
    if (!mgr_registry_load_rollout_targets(mgr_record_committed(record), live->record.id, on_target, &reach, error))
        return NULL;
    reached = g_ptr_array_new();
    for (guint i = 0; i < live->core.issued; i++) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, live->endpoints->pdata[i]);

        if (endpoint != NULL && endpoint->record.revoked_at == 0 && may_have(&reach, endpoint, i))
            g_ptr_array_add(reached, endpoint);
    }
    return reached;
}
