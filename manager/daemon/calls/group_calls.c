/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/group_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/value_fault.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/group_versions.h"
#include "manager/daemon/ground/selector.h"
#include "manager/daemon/state/passes.h"
#include "proto/settings.h"

struct MgrGroupCalls {
    MgrGroupCallsOptions parts;
};

/* A new group would be outside of a caller's limits; and whether its name is free is nothing for those who have any. */
static bool check_new(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    if (caller->groups != NULL)
        return mgr_refuse(error, MGR_REFUSE_GROUP_LIMITED, caller->account, NULL);
    if (!hl_ident_is_valid(name))
        return mgr_refuse(error, MGR_REFUSE_GROUP_NAME, name, NULL);
    return mgr_selector_group(fleet, caller, name, NULL) == NULL ||
           mgr_refuse(error, MGR_REFUSE_GROUP_EXISTS, name, NULL);
}

static void call_create(MgrCall *call, gpointer user)
{
    MgrGroupCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    g_auto(HlSettings) defaults = { 0 };
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;

    hl_settings_init_group(&defaults);
    hl_settings_init_group(&settings);
    if (check_new(calls->parts.fleet, mgr_call_caller(call), name, &error) &&
        mgr_group_apply_settings(call, &defaults, &settings, &error))
        mgr_group_save(&calls->parts, call,
                       &(MgrGroupChange){ .name = name,
                                          .settings = &settings,
                                          .display_name = mgr_call_argument(call, "display_name") });
    else
        mgr_call_fail(call, error);
}

/* The group that the call names, at the version that it expects; NULL: it is answered. */
static const MgrGroup *named_group(const MgrGroupCalls *calls, MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    const MgrGroup *group =
        mgr_selector_group(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), &error);

    if (group != NULL && mgr_group_check_version(group, mgr_call_argument(call, "version"), &error))
        return group;
    mgr_call_fail(call, error);
    return NULL;
}

typedef bool (*Apply)(const MgrCall *call, const HlSettings *was, HlSettings *settings, GError **error);

static void change_group(MgrGroupCalls *calls, MgrCall *call, Apply apply)
{
    const MgrGroup *group = named_group(calls, call);
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;

    if (group == NULL)
        return;
    hl_settings_init(&settings);
    hl_settings_copy(&settings, &group->settings);
    if (apply(call, &group->settings, &settings, &error))
        mgr_group_save(&calls->parts, call,
                       &(MgrGroupChange){ .name = group->record.name,
                                          .base = group,
                                          .settings = &settings,
                                          .display_name = mgr_call_argument(call, "display_name") });
    else
        mgr_call_fail(call, error);
}

static void call_set(MgrCall *call, gpointer user)
{
    change_group(user, call, mgr_group_apply_settings);
}

/* Each key named is again what a new group begins with. */
static bool reset_settings(const MgrCall *call, const HlSettings *was, HlSettings *settings, GError **error)
{
    const HlMsgCall *message = mgr_call_message(call);
    HlOptionTable table = hl_settings_table();

    for (size_t i = 0; i < message->n_arguments; i++) {
        const char *key = message->arguments[i]->value;
        size_t row = 0;

        if (strcmp(message->arguments[i]->name, "setting") != 0)
            continue;
        while (row < table.count && strcmp(table.rows[row].name, key) != 0)
            row++;
        if (!hl_options_set(table, settings, key, row < table.count ? hl_settings_of_new_group(&table.rows[row]) : "",
                            error))
            return false;
    }
    return hl_settings_check_change(was, settings, error);
}

static void call_unset(MgrCall *call, gpointer user)
{
    change_group(user, call, reset_settings);
}

/* -------------------------------------------------------------------------------------------------- list, show */

/* Of a group, those with these keys. */
static json_t *some_settings(const MgrGroup *group, char *const *keys)
{
    g_autoptr(json_t) all = mgr_group_settings_object(group->record.settings);
    json_t *some = json_object();

    for (; *keys != NULL; keys++)
        json_object_set(some, *keys, json_object_get(all, *keys));
    return some;
}

static bool check_keys(char *const *keys, GError **error)
{
    HlOptionTable table = hl_settings_table();

    for (; keys != NULL && *keys != NULL; keys++)
        if (hl_option_find(table, *keys) == NULL)
            return hl_value_fail(error, HL_VALUE_OPTION_UNKNOWN_TRY, *keys, table.rows[0].name, table.rows[1].name,
                                 NULL) ||
                   hl_error_prefix(error, "settings");
    return true;
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrGroupCalls *calls = user;
    const char *text = mgr_call_argument(call, "settings");
    g_auto(GStrv) keys = text != NULL ? g_strsplit(text, ",", -1) : NULL;
    g_autoptr(GPtrArray) groups = mgr_selector_groups(calls->parts.fleet, mgr_call_caller(call));
    g_autoptr(GError) error = NULL;
    json_t *array;

    if (!check_keys(keys, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    array = json_array();
    for (guint i = 0; i < groups->len; i++) {
        json_t *row = mgr_group_document(&calls->parts, groups->pdata[i], MGR_GROUP_LINE);

        if (keys != NULL)
            json_object_set_new(row, "settings", some_settings(groups->pdata[i], keys));
        json_array_append_new(array, row);
    }
    mgr_call_done_list(call, "groups", array, NULL);
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrGroupCalls *calls = user;
    const MgrGroup *group = named_group(calls, call);

    if (group != NULL)
        mgr_call_done(call, mgr_group_document(&calls->parts, group, MGR_GROUP_WHOLE));
}

/* ------------------------------------------------------------------------------------------------------ delete */

typedef struct {
    MgrGroupCalls *calls;
    MgrCall *call;
    char *name;
} Deletion;

static void deletion_free(gpointer change)
{
    Deletion *deletion = change;

    g_free(deletion->name);
    g_free(deletion);
}

static void fold_deletion(gpointer change)
{
    const Deletion *deletion = change;

    mgr_fleet_remove_group(deletion->calls->parts.fleet, deletion->name);
    hl_info("group", "%s deleted by %s", deletion->name, mgr_call_admin(deletion->call));
    mgr_call_done(deletion->call, NULL);
}

/* A name that is given to another group later would let them in there. */
static guint count_accounts(GHashTable *accounts, const char *group)
{
    g_autoptr(GPtrArray) all = mgr_accounts_sorted(accounts);
    guint n = 0;

    for (guint i = 0; i < all->len; i++)
        n += mgr_groups_have(((const MgrAccountRecord *)all->pdata[i])->groups, group);
    return n;
}

static bool check_deletable(const MgrGroupCallsOptions *parts, const MgrGroup *group, GError **error)
{
    const char *name = group->record.name;
    guint accounts = count_accounts(parts->fleet->accounts, name);
    guint tokens = mgr_passes_count_limited(parts->passes, name);

    if (!mgr_group_check_trial(group, error))
        return false;
    if (group->members > 0)
        return mgr_refuse(error, MGR_REFUSE_GROUP_NOT_EMPTY, name, HL_NUMBER(group->members), NULL);
    if (accounts > 0)
        return mgr_refuse(error, MGR_REFUSE_GROUP_ACCOUNTS, name, HL_NUMBER(accounts), NULL);
    return tokens == 0 || mgr_refuse(error, MGR_REFUSE_GROUP_TOKENS, name, HL_NUMBER(tokens), NULL);
}

/* Who got there first is in memory by now: that tells which of the conditions did not hold. */
static void fail_deletion(gpointer change, const GError *error)
{
    const Deletion *deletion = change;
    const MgrGroup *group = mgr_fleet_group(deletion->calls->parts.fleet, deletion->name);
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT && group == NULL)
        mgr_refuse(&why, MGR_REFUSE_GROUP_GONE, deletion->name, NULL);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT && check_deletable(&deletion->calls->parts, group, &why))
        mgr_refuse(&why, MGR_REFUSE_GROUP_FILLED, deletion->name, NULL);
    mgr_call_fail(deletion->call, why != NULL ? why : error);
}

static void call_delete(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_deletion, fail_deletion, deletion_free };
    MgrGroupCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrGroup *group =
        mgr_selector_group(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), &error);
    HlWriteSet *set;
    Deletion *deletion;

    if (group == NULL || !check_deletable(&calls->parts, group, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    mgr_write_group_removal(set, group->record.name);
    deletion = g_new(Deletion, 1);
    *deletion = (Deletion){ calls, call, g_strdup(group->record.name) };
    mgr_call_commit(call, calls->parts.record, set, &kind, deletion);
}

static const MgrCallRow rows[] = {
    { "group create", "name", "display_name setting", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_create },
    { "group set", "name", "display_name version setting", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_set },
    { "group unset", "name", "version setting", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_unset },
    { "group rename", "name display_name", "", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_set },
    { "group list", "", "settings", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_list },
    { "group show", "name", "", MGR_NEED_READ, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_show },
    { "group delete", "name", "", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_delete },
    { .name = NULL },
};

MgrGroupCalls *mgr_group_calls_new(const MgrGroupCallsOptions *options, MgrDispatch *dispatch)
{
    MgrGroupCalls *calls = g_new0(MgrGroupCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    mgr_group_versions_add(&calls->parts, dispatch);
    return calls;
}

void mgr_group_calls_free(MgrGroupCalls *calls)
{
    g_free(calls);
}
