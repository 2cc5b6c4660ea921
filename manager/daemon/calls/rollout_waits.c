/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/rollout_waits.h"

#include "manager/daemon/ground/windows.h"

static json_t *row_of(MgrGroup *group, guint members)
{
    HlTime wall = hl_clock_wall();
    g_autofree char *until = mgr_window_is_open(group, wall) ? NULL : hl_time_format(mgr_window_next(group, wall));

    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "group", group->record.name, "name", mgr_group_shown(group),
                     "members", (int)members, "window", group->settings.maintenance_window, "until",
                     until != NULL ? until : "");
}

/* Of one of settings no turn begins while the window is closed. */
static void add_waiting_ring(json_t *rows, const MgrFleet *fleet, const MgrLiveRollout *live)
{
    MgrGroup *group = mgr_live_rollout_is_of_settings(live) ? mgr_fleet_group(fleet, live->record.group) : NULL;
    guint end = live->core.ends[live->core.ring];

    if (group != NULL && live->core.state == MGR_ROLLOUT_RUNNING && end > live->core.issued &&
        !mgr_window_is_open(group, hl_clock_wall()))
        json_array_append_new(rows, row_of(group, end - live->core.issued));
}

json_t *mgr_rollout_waits(const MgrFleet *fleet, const MgrLiveRollout *live)
{
    g_autoptr(GHashTable) members = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) groups = mgr_fleet_sorted_groups(fleet);
    json_t *rows = json_array();

    add_waiting_ring(rows, fleet, live);
    for (guint i = 0; i < live->core.issued; i++) {
        const MgrEndpoint *endpoint =
            live->core.members[i] == MGR_MEMBER_WAITING ? mgr_fleet_endpoint(fleet, live->endpoints->pdata[i]) : NULL;
        guint n = endpoint != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(members, endpoint->group)) : 0;

        if (endpoint != NULL)
            g_hash_table_insert(members, endpoint->group, GUINT_TO_POINTER(n + 1));
    }
    for (guint i = 0; i < groups->len; i++) {
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(members, groups->pdata[i]));

        if (n > 0)
            json_array_append_new(rows, row_of(groups->pdata[i], n));
    }
    return rows;
}
