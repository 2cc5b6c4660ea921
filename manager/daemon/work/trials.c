/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/trials.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/ground/windows.h"
#include "manager/store/groups.h"

/* Its group cannot be deleted meanwhile, and was there at the start (mgr_heal_trials). */
static MgrGroup *group_of(const MgrTrialsParts *parts, const MgrRolloutRecord *record)
{
    MgrGroup *group = mgr_fleet_group(parts->fleet, record->group);

    g_assert(group != NULL);
    return group;
}

/* What it should have is another one now. */
static void send(const MgrTrialsParts *parts, MgrEndpoint *endpoint)
{
    mgr_delivery_push_settings(parts->delivery, endpoint);
    mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    mgr_status_touch(parts->status, endpoint);
}

void mgr_trials_fold_start(const MgrTrialsParts *parts, const MgrRolloutRecord *record)
{
    MgrGroup *group = group_of(parts, record);

    group->record.tried = MAX(group->record.tried, record->version);
    mgr_group_begin_trial(group, record);
}

uint64_t mgr_trials_write_numbers(const MgrTrialsParts *parts, HlWriteSet *set, const MgrRolloutRecord *record,
                                  const char *turn)
{
    uint64_t counter = mgr_fleet_next_counter(parts->fleet);

    mgr_write_counter(set, "settings", counter);
    mgr_write_trial_numbers(set, record, turn, counter);
    return counter;
}

/* Memory's half of mgr_write_trial_numbers. */
static bool number(MgrEndpoint *endpoint, const MgrGroup *group, uint64_t counter)
{
    if (endpoint == NULL || endpoint->group != group)
        return false;
    endpoint->record.moved_counter = MAX(counter, endpoint->record.moved_counter + 1);
    return true;
}

void mgr_trials_fold_turn(const MgrTrialsParts *parts, const MgrLiveRollout *live, const GArray *positions,
                          uint64_t counter)
{
    MgrGroup *group = group_of(parts, &live->record);

    for (guint i = 0; i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        const char *id = live->endpoints->pdata[position];
        MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, id);

        mgr_group_give_trial(group, id, position);
        if (number(endpoint, group, counter))
            send(parts, endpoint);
    }
    mgr_delivery_pump(parts->delivery);
}

void mgr_trials_fold_abort(const MgrTrialsParts *parts, const MgrRolloutRecord *record, uint64_t counter)
{
    MgrGroup *group = group_of(parts, record);
    g_autoptr(GPtrArray) back = g_ptr_array_new();
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, group->trial->given);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, id);

        if (number(endpoint, group, counter))
            g_ptr_array_add(back, endpoint);
    }
    mgr_group_end_trial(group);
    for (guint i = 0; i < back->len; i++)
        send(parts, back->pdata[i]);
    mgr_delivery_pump(parts->delivery);
}

/* As a save by whom the roll-out is of. */
static MgrGroupRecord next_of(const MgrRolloutRecord *record, HlTime at)
{
    return (MgrGroupRecord){ .name = g_strdup(record->group),
                             .version = record->version,
                             .counter = record->counter,
                             .settings = g_strdup(record->settings),
                             .changed_at = at,
                             .changed_by = g_strdup(record->issuer) };
}

void mgr_trials_write_end(HlWriteSet *set, const MgrRolloutRecord *record, HlTime at)
{
    MgrGroupRecord next = next_of(record, at);

    mgr_write_group_end_trial(set, &next, record->base);
    mgr_write_group_version(set, &next, 0);
    mgr_group_record_clear(&next);
    mgr_write_trial_outrun(set, record);
}

void mgr_trials_fold_end(const MgrTrialsParts *parts, const MgrRolloutRecord *record, HlTime at)
{
    MgrGroup *group = group_of(parts, record);
    MgrGroupRecord next = next_of(record, at);
    g_autoptr(GHashTable) given = g_hash_table_ref(group->trial->given);
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(parts->fleet->endpoints);

    next.display_name = g_strdup(group->record.display_name);
    mgr_group_end_trial(group);
    group = mgr_fleet_put_group(parts->fleet, &next);
    hl_info("group", "%s version %" G_GUINT64_FORMAT " of roll-out %s", group->record.name, group->record.version,
            record->id);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->group != group)
            continue;
        if (!g_hash_table_contains(given, endpoint->record.id))
            mgr_endpoint_outrun(endpoint);
        mgr_endpoint_share_digest(endpoint);
        if (mgr_endpoint_has_desired(endpoint))
            mgr_status_touch(parts->status, endpoint);
        else
            send(parts, endpoint);
    }
    mgr_delivery_pump(parts->delivery);
}

/* Whether it refuses what it has on trial, and has not done so before: it is sent a document that it does not have with
 * each birth.  The code is 'invalid' then; an old document that comes once more is refused as replayed.  A refusal that
 * comes late may be about earlier settings: it names their number, except one of an endpoint of version 0.1.0. */
static bool refuses_trial(const MgrEndpoint *endpoint, const HlMsgRefusal *body)
{
    uint64_t desired = mgr_endpoint_desired_counter(endpoint);

    return (body->counter == 0 || body->counter == desired) && strcmp(body->what, "settings") == 0 &&
           strcmp(body->code, "invalid") == 0 && mgr_group_tries(endpoint->group, endpoint->record.id) &&
           !mgr_endpoint_has_desired(endpoint) && mgr_endpoint_contact(endpoint)->refused_counter != desired;
}

void mgr_trials_write_refusal(HlWriteSet *set, const MgrEndpoint *endpoint, const HlMsgRefusal *body)
{
    if (refuses_trial(endpoint, body))
        mgr_write_trial_refused(set, endpoint->group->trial->rollout,
                                mgr_group_trial_position(endpoint->group, endpoint->record.id));
}

void mgr_trials_fold_refusal(MgrEndpoint *endpoint, const HlMsgRefusal *body)
{
    if (refuses_trial(endpoint, body))
        mgr_endpoint_make_contact(endpoint)->refused_counter = mgr_endpoint_desired_counter(endpoint);
}

bool mgr_trials_may_begin(const MgrTrialsParts *parts, const MgrRolloutRecord *record)
{
    return mgr_window_is_open(group_of(parts, record), hl_clock_wall());
}
