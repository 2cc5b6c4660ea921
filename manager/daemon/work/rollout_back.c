/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_back.h"

#include <string.h>

#include "lib/base/common.h"
#include "manager/daemon/ground/versions.h"
#include "proto/components.h"

/* The patterns that a member has, if this is to be its first turn; NULL. */
static const char *patterns_before(const MgrLiveRollout *live, const MgrFleet *fleet, guint position)
{
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, live->endpoints->pdata[position]);

    return endpoint != NULL && live->patterns[position] == NULL && !mgr_live_rollout_is_of_settings(live)
               ? endpoint->record.patterns
               : NULL;
}

/* Most have the same: a statement for each that there is. */
void mgr_rollout_back_write(HlWriteSet *set, const MgrLiveRollout *live, const MgrFleet *fleet, const GArray *positions)
{
    g_autoptr(GHashTable) of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    GHashTableIter iter;
    gpointer patterns, found;

    for (guint i = 0; i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        const char *before = patterns_before(live, fleet, position);
        GArray *list = before != NULL ? g_hash_table_lookup(of, before) : NULL;

        if (before == NULL)
            continue;
        if (list == NULL) {
            list = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(of, g_strdup(before), list);
        }
        g_array_append_val(list, position);
    }
    g_hash_table_iter_init(&iter, of);
    while (g_hash_table_iter_next(&iter, &patterns, &found))
        mgr_write_rollout_patterns(set, live->record.id, found, patterns);
}

void mgr_rollout_back_fold(MgrLiveRollout *live, const MgrFleet *fleet, const GArray *positions)
{
    for (guint i = 0; i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        const char *before = patterns_before(live, fleet, position);

        if (before != NULL)
            live->patterns[position] = hl_common_dup(before);
    }
}

static MgrBrought brought_to(const MgrLiveRollout *live, const MgrFleet *fleet, const MgrEndpoint *endpoint,
                             guint position)
{
    g_autofree char *names = mgr_rollout_brings(&live->record, &mgr_endpoint_terms(endpoint)->settings);
    g_autofree char *has = hl_components_only(endpoint->record.patterns, names);
    g_autofree char *offered = hl_components_only(fleet->latest, names);
    g_autofree char *before = NULL;

    if (live->patterns[position] == NULL) /* of settings, or begun by an earlier version of the manager */
        return MGR_BROUGHT_UNKNOWN;
    before = hl_components_only(live->patterns[position], names);
    if (*before == '\0' && *has == '\0') /* it does not tell */
        return MGR_BROUGHT_UNKNOWN;
    if (strcmp(before, has) != 0)
        return MGR_BROUGHT_SOMETHING;
    /* what sources other than the repository offer is not known here */
    return *fleet->latest == '\0' || mgr_endpoint_is_behind(endpoint, offered) ? MGR_BROUGHT_NOT_YET
                                                                               : MGR_BROUGHT_NOTHING;
}

void mgr_rollout_back_keep(const MgrLiveRollout *live, const MgrFleet *fleet, GPtrArray *reached)
{
    HlTime now = hl_clock_mono();
    guint kept = 0;

    for (guint i = 0; i < reached->len; i++) {
        const MgrEndpoint *endpoint = reached->pdata[i];
        guint position = GPOINTER_TO_UINT(g_hash_table_lookup(live->positions, endpoint->record.id));

        if (mgr_rollout_goes_back(&live->core, position, brought_to(live, fleet, endpoint, position), now))
            reached->pdata[kept++] = reached->pdata[i];
    }
    g_ptr_array_set_size(reached, (gint)kept);
}
