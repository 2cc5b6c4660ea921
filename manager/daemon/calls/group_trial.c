/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/group_trial.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/rollout_document.h"
#include "manager/daemon/calls/rollout_plan.h"
#include "manager/daemon/ground/selector.h"

static void answer(const MgrLiveRollout *live, const GError *error, gpointer user)
{
    g_autoptr(GError) conflict = NULL;

    if (error != NULL && hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&conflict, MGR_REFUSE_GROUP_CHANGED_SOME, NULL);
    if (error != NULL)
        mgr_call_fail(user, conflict != NULL ? conflict : error);
    else
        mgr_call_done(user, mgr_rollout_document(live));
}

/* One at a time: each endpoint has the group's settings or the ones on trial. */
static bool check_alone(const MgrGroupTrialOptions *parts, const MgrGroup *group, GError **error)
{
    const MgrLiveRollout *other = mgr_rollouts_of_settings(parts->rollouts, group->record.name);

    return mgr_group_check_trial(group, error) &&
           (other == NULL ||
            mgr_refuse(error, MGR_REFUSE_GROUP_ROLLOUT_STARTS, group->record.name, other->record.id, NULL));
}

static bool read_settings(const MgrCall *call, const MgrGroup *group, HlSettings *settings, GError **error)
{
    hl_settings_init(settings);
    hl_settings_copy(settings, &group->settings);
    return mgr_group_apply_settings(call, &group->settings, settings, error) &&
           (!mgr_group_is_same(group, settings) || mgr_refuse(error, MGR_REFUSE_GROUP_SAME, group->record.name, NULL));
}

/* Its members as they are now, in the order of their turns.  NULL with an error. */
static GPtrArray *members_of(const MgrGroupTrialOptions *parts, const MgrCall *call, const MgrGroup *group,
                             const char *selector, GError **error)
{
    g_autoptr(GPtrArray) all =
        group->members > 0 ? mgr_selector_select(parts->fleet, mgr_call_caller(call), selector, error) : NULL;
    g_autoptr(GPtrArray) order = all != NULL ? mgr_rollout_order(all) : NULL;

    if (group->members > 0 && (order == NULL || order->len > 0))
        return g_steal_pointer(&order);
    mgr_refuse(error, MGR_REFUSE_GROUP_NOBODY, group->record.name, NULL);
    return NULL;
}

static void start(const MgrGroupTrialOptions *parts, MgrCall *call, const MgrGroup *group, const HlSettings *settings)
{
    g_autofree char *selector = g_strconcat("@", group->record.name, NULL);
    g_auto(MgrRolloutRecord) record = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) members = members_of(parts, call, group, selector, &error);
    HlWriteSet *set;

    if (members == NULL || !mgr_rollout_read_plan(call, &record.plan, &error) || !mgr_call_may_change(call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    record.selector = g_steal_pointer(&selector);
    record.issuer = g_strdup(mgr_call_admin(call));
    record.program = g_strdup("");
    record.component = g_strdup("");
    record.group = g_strdup(group->record.name);
    record.base = group->record.version;
    record.version = MAX(group->record.version, group->record.tried) + 1;
    record.counter = mgr_fleet_next_counter(parts->fleet);
    record.settings = hl_settings_print(settings);
    set = hl_write_set_new();
    mgr_write_counter(set, "settings", record.counter);
    mgr_call_note(call, set);
    mgr_rollouts_start(parts->rollouts, set, &record, members, answer, call);
}

static void call_rollout(MgrCall *call, gpointer user)
{
    const MgrGroupTrialOptions *parts = user;
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    const MgrGroup *group =
        mgr_selector_group(parts->fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), &error);

    if (group != NULL && mgr_group_check_version(group, mgr_call_argument(call, "version"), &error) &&
        check_alone(parts, group, &error) && mgr_rollouts_check_room(parts->rollouts, &error) &&
        read_settings(call, group, &settings, &error))
        start(parts, call, group, &settings);
    else
        mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "group rollout", "name", "version setting " MGR_ROLLOUT_PLAN, MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE,
      call_rollout },
    { .name = NULL },
};

void mgr_group_trial_add(const MgrGroupTrialOptions *options, MgrDispatch *dispatch)
{
    mgr_dispatch_add(dispatch, rows, hl_unconst(options));
}
