/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_counts.h"

#include <string.h>

#include "manager/daemon/work/rollout_judge.h"

#define UPGRADES_EVERY (5 * HL_SECOND)

/* What was counted last. */
typedef struct {
    guint members[MGR_MEMBER_N];
    HlTime at; /* mono */
} Counted;

struct MgrRolloutCounts {
    MgrRecord *record;
    const MgrFleet *fleet;
    GHashTable *known; /* id -> Counted *, owned; NULL: a command has changed since they were counted */
};

MgrRolloutCounts *mgr_rollout_counts_new(MgrRecord *record, const MgrFleet *fleet)
{
    MgrRolloutCounts *counts = g_new(MgrRolloutCounts, 1);

    counts->record = record;
    counts->fleet = fleet;
    counts->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return counts;
}

void mgr_rollout_counts_free(MgrRolloutCounts *counts)
{
    if (counts == NULL)
        return;
    g_hash_table_unref(counts->known);
    g_free(counts);
}

/* No other command of a roll-out keeps to windows, and changes what is counted. */
void mgr_rollout_counts_changed(MgrRolloutCounts *counts, const MgrCommand *command)
{
    if (command->record.kind == HL_KIND_UPDATE_NOW && command->record.in_window &&
        g_str_has_prefix(command->record.selector, "r-"))
        g_hash_table_insert(counts->known, g_strdup(command->record.selector), NULL);
}

/* Whether members may have become something else since they were noted.  One of settings is told of as it ended. */
static bool is_open(const guint members[MGR_MEMBER_N])
{
    return members[MGR_MEMBER_OPEN] + members[MGR_MEMBER_AWAY] + members[MGR_MEMBER_WAITING] +
               members[MGR_MEMBER_SILENT] >
           0;
}

static bool is_current(const Counted *counted, const MgrRolloutRecord *record)
{
    return counted != NULL &&
           (*record->program == '\0' || !is_open(counted->members) || hl_clock_mono() - counted->at < UPGRADES_EVERY);
}

/* As 'rollout show' counts them. */
static bool count(const MgrRolloutCounts *counts, const MgrRolloutRecord *record, guint now[MGR_MEMBER_N],
                  GError **error)
{
    g_autoptr(GArray) records = mgr_rollout_records_new();
    g_autoptr(MgrLiveRollout) live = NULL;

    if (!mgr_registry_load_rollout(mgr_record_reader(counts->record), record->id, NULL, mgr_rollout_records_add,
                                   records, error))
        return false;
    memcpy(now, record->counts, sizeof record->counts);
    if (records->len == 0) /* it went meanwhile */
        return true;
    live = mgr_rollout_read_ended(counts->record, counts->fleet, &g_array_index(records, MgrRolloutRecord, 0), error);
    if (live == NULL)
        return false;
    memcpy(now, live->core.counts, sizeof record->counts);
    return true;
}

/* The next manager need not count them. */
static void keep(const MgrRolloutCounts *counts, const MgrRolloutRecord *record, const guint now[MGR_MEMBER_N])
{
    HlWriteSet *set;

    if (memcmp(now, record->counts, sizeof record->counts) == 0)
        return;
    set = hl_write_set_new();
    mgr_write_rollout_counts(set, record->id, now);
    mgr_record_write(counts->record, set);
}

bool mgr_rollout_counts_update(MgrRolloutCounts *counts, MgrRolloutRecord *record, GError **error)
{
    gpointer known = NULL;
    bool is_known = g_hash_table_lookup_extended(counts->known, record->id, NULL, &known);

    if (mgr_rollout_record_is_taken_back(record)) /* counts of an earlier version of the manager may not say so */
        mgr_rollout_take_back_counts(record->counts);
    if (*record->group != '\0' || (!is_known && !is_open(record->counts)))
        return true;
    if (!is_current(known, record)) {
        g_autofree Counted *now = g_new(Counted, 1);

        if (!count(counts, record, now->members, error))
            return false;
        now->at = hl_clock_mono();
        keep(counts, record, now->members);
        known = now;
        g_hash_table_insert(counts->known, g_strdup(record->id), g_steal_pointer(&now));
    }
    memcpy(record->counts, ((const Counted *)known)->members, sizeof record->counts);
    return true;
}
