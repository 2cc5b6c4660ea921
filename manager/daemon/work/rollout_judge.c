/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_judge.h"

#include "lib/base/log.h"

#define LOOK_EVERY      (10 * HL_SECOND)
#define UPGRADES_EVERY  (5 * HL_SECOND) /* a walk over those whose turn has come */
#define SETTINGS_EVERY  (2 * HL_SECOND) /* the same */
#define AWAY_LOOK_EVERY (10 * HL_MINUTE)

void mgr_rollout_write_news(HlWriteSet *set, const MgrLiveRollout *live)
{
    const MgrRolloutRecord *record = &live->record;
    const char *what = record->state == MGR_ROLLOUT_HALTED ? "rollout-halted"
                       : record->state == MGR_ROLLOUT_DONE ? "rollout-done"
                                                           : NULL;
    g_autofree char *counts = mgr_rollout_format_counts(record->counts);
    g_autofree char *why = record->halt != MGR_HALT_NONE ? g_strdup_printf("%s; ", mgr_halt_words(record->halt)) : NULL;
    g_autofree char *detail =
        g_strdup_printf("%sring %u of %u: %s; 'holdline rollout show %s' says more", why != NULL ? why : "",
                        record->ring + 1, record->plan.n_rings, counts, record->id);

    if (what != NULL)
        mgr_write_history(set, record->changed_at, record->id, what, detail);
}

void mgr_rollout_write_change(MgrLiveRollout *live, MgrRecord *record)
{
    HlWriteSet *set;

    if (live->record.state == live->core.state && live->record.ring == live->core.ring)
        return;
    mgr_live_rollout_note(live, hl_clock_wall());
    set = hl_write_set_new();
    mgr_write_rollout_state(set, &live->record);
    mgr_rollout_write_news(set, live);
    mgr_record_write(record, set);
    hl_log(live->core.state == MGR_ROLLOUT_HALTED ? HL_LOG_WARN : HL_LOG_INFO, "rollout",
           "%s is %s%s%s in ring %u of %u: %u succeeded, %u failed, %u silent, %u away", live->record.id,
           mgr_rollout_state_name(live->core.state), live->core.halt != MGR_HALT_NONE ? ", because " : "",
           mgr_halt_words(live->core.halt), live->core.ring + 1, live->core.plan.n_rings,
           live->core.counts[MGR_MEMBER_SUCCEEDED], live->core.counts[MGR_MEMBER_FAILED],
           live->core.counts[MGR_MEMBER_SILENT], live->core.counts[MGR_MEMBER_AWAY]);
}

static void write_outcome(MgrRecord *record, const MgrLiveRollout *live, const GArray *positions, MgrMember outcome)
{
    HlWriteSet *set;

    if (positions->len == 0)
        return;
    set = hl_write_set_new();
    mgr_write_rollout_outcome(set, live->record.id, positions, outcome);
    mgr_record_write(record, set);
}

/* Not all that happens to a target is told (mgr_rollouts_changed): one that comes back is sent its command, one that
 * goes gives it back.  Looked at before somebody is found silent, and now and then for those that are away. */
static bool is_look_due(const MgrLiveRollout *live, HlTime now)
{
    const MgrRollout *core = &live->core;
    HlTime since = now - live->looked_mono;

    return (since >= MIN(LOOK_EVERY, core->plan.silence) && mgr_rollout_has_overdue(core, now)) ||
           (core->counts[MGR_MEMBER_AWAY] > 0 && since >= CLAMP(core->plan.silence, LOOK_EVERY, AWAY_LOOK_EVERY));
}

static void find_upgrades(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record)
{
    g_autoptr(GArray) succeeded = NULL;
    g_autoptr(GArray) failed = NULL;

    mgr_live_rollout_find_upgraded(live, fleet, &succeeded, &failed);
    write_outcome(record, live, succeeded, MGR_MEMBER_SUCCEEDED);
    write_outcome(record, live, failed, MGR_MEMBER_FAILED);
}

MgrLiveRollout *mgr_rollout_read_ended(MgrRecord *registry, const MgrFleet *fleet, MgrRolloutRecord *record,
                                       GError **error)
{
    MgrLiveRollout *live = mgr_live_rollout_read(registry, record, error);

    if (live != NULL && *live->record.program != '\0')
        find_upgrades(live, fleet, registry);
    return live;
}

static void judge_upgrades(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, HlTime now)
{
    if (*live->record.program == '\0' || now - live->upgrades_mono < UPGRADES_EVERY)
        return;
    live->upgrades_mono = now;
    find_upgrades(live, fleet, record);
}

static void judge_settings(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, HlTime now)
{
    g_auto(MgrApplications) found = { 0 };

    if (!mgr_live_rollout_is_of_settings(live) || now - live->upgrades_mono < SETTINGS_EVERY)
        return;
    live->upgrades_mono = now;
    mgr_live_rollout_find_applied(live, fleet, &found);
    for (MgrMember member = 0; member < MGR_MEMBER_N; member++)
        if (found.positions[member] != NULL)
            write_outcome(record, live, found.positions[member], member);
}

/* At the end of each ring, the last one too. */
static void judge_claims(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, HlTime now)
{
    g_autoptr(GArray) liars = NULL;

    mgr_rollout_doubt(&live->core, mgr_live_rollout_count_doubted(live, fleet));
    if (!mgr_rollout_is_soaked(&live->core, now) && !mgr_rollout_is_doubt_over(&live->core, now))
        return;
    liars = mgr_live_rollout_find_liars(live, fleet);
    write_outcome(record, live, liars, MGR_MEMBER_FAILED);
}

guint mgr_rollout_judge(MgrLiveRollout *live, const MgrFleet *fleet, MgrRecord *record, HlTime now)
{
    guint silent = live->core.counts[MGR_MEMBER_SILENT], n;
    bool is_all = is_look_due(live, now);

    if (is_all)
        live->looked_mono = now;
    mgr_live_rollout_look(live, fleet, is_all);
    judge_upgrades(live, fleet, record, now);
    judge_settings(live, fleet, record, now);
    judge_claims(live, fleet, record, now);
    n = mgr_rollout_tick(&live->core, now);
    if (live->core.counts[MGR_MEMBER_SILENT] > silent) {
        g_autoptr(GArray) found = mgr_live_rollout_find(live, MGR_MEMBER_SILENT);

        write_outcome(record, live, found, MGR_MEMBER_SILENT);
    }
    return n;
}
