/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/group.h"

#include <string.h>

#include "lib/base/log.h"

MgrGroup *mgr_group_new(void)
{
    MgrGroup *group = g_new0(MgrGroup, 1);

    hl_settings_init(&group->settings);
    return group;
}

void mgr_group_free(gpointer item)
{
    MgrGroup *group = item;

    mgr_group_end_trial(group);
    mgr_group_record_clear(&group->record);
    hl_settings_clear(&group->settings);
    g_clear_pointer(&group->shared, g_bytes_unref);
    g_clear_pointer(&group->digest, g_bytes_unref);
    g_clear_pointer(&group->digest_before, g_bytes_unref);
    g_free(group);
}

void mgr_group_set_record(MgrGroup *group, MgrGroupRecord *record)
{
    g_autoptr(GError) error = NULL;

    record->tried = MAX(record->tried, group->record.tried);
    mgr_group_record_clear(&group->record);
    group->record = *record;
    memset(record, 0, sizeof *record);
    hl_settings_clear(&group->settings);
    hl_settings_init(&group->settings);
    if (!hl_settings_parse(&group->settings, group->record.settings, &error))
        hl_error("registry", "the stored settings of group %s cannot be used as they are: %s; save them again",
                 group->record.name, error->message);
    group->window = (MgrWindow){ 0 };
    g_clear_pointer(&group->shared, g_bytes_unref);
    g_clear_pointer(&group->digest, g_bytes_unref);
    group->digest = hl_settings_digest(group->record.settings);
}

void mgr_group_begin_trial(MgrGroup *group, const MgrRolloutRecord *rollout)
{
    MgrGroupRecord record = { .name = g_strdup(group->record.name),
                              .display_name = g_strdup(group->record.display_name),
                              .version = rollout->version,
                              .counter = rollout->counter,
                              .settings = g_strdup(rollout->settings),
                              .changed_at = rollout->started_at,
                              .changed_by = g_strdup(rollout->issuer) };

    g_assert(group->trial == NULL);
    group->trial = g_new0(MgrTrial, 1);
    group->trial->terms = mgr_group_new();
    mgr_group_set_record(group->trial->terms, &record);
    group->trial->rollout = g_strdup(rollout->id);
    group->trial->given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void mgr_group_give_trial(MgrGroup *group, const char *endpoint, guint position)
{
    g_hash_table_replace(group->trial->given, g_strdup(endpoint), GUINT_TO_POINTER(position));
}

void mgr_group_end_trial(MgrGroup *group)
{
    MgrTrial *trial = g_steal_pointer(&group->trial);

    if (trial == NULL)
        return;
    mgr_group_free(trial->terms);
    g_free(trial->rollout);
    g_hash_table_unref(trial->given);
    g_free(trial);
}

/* -------------------------------------------------------------------------------------------------- of the registry */

static void on_member(guint position, const MgrRolloutMember *member, gpointer group)
{
    if (member->command != NULL)
        mgr_group_give_trial(group, member->endpoint, position);
}

bool mgr_group_load_trials(GHashTable *groups, HlDb *db, GError **error)
{
    g_autoptr(GArray) records = mgr_rollout_records_new();
    bool ok;

    ok = mgr_registry_load_rollouts(db, MGR_ROLLOUTS_OPEN, NULL, mgr_rollout_records_add, records, error);
    for (guint i = 0; ok && i < records->len; i++) {
        const MgrRolloutRecord *record = &g_array_index(records, MgrRolloutRecord, i);
        MgrGroup *group = g_hash_table_lookup(groups, record->group); /* "": none */

        if (group == NULL || group->trial != NULL)
            continue;
        mgr_group_begin_trial(group, record);
        ok = mgr_registry_load_rollout_members(db, record->id, on_member, group, error);
    }
    return ok;
}
