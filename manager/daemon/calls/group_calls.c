/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/group_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/ground/selector.h"

#define MAX_MISSING 500 /* endpoints without the current settings that are named */

struct MgrGroupCalls {
    MgrGroupCallsOptions parts;
};

static json_t *settings_object(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    json_t *object = json_object();

    for (gsize i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');

        if (equals == NULL)
            continue;
        *equals = '\0';
        json_object_set_new(object, lines[i], json_string(equals + 1));
    }
    return object;
}

typedef enum { DOCUMENT_LINE, DOCUMENT_WHOLE } DocumentSize;

static json_t *group_document(const MgrFleet *fleet, const MgrGroup *group, DocumentSize size)
{
    g_autofree char *changed = hl_time_format(group->record.changed_at);
    json_t *missing = json_array();
    guint have = 0;
    json_t *document;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->group != group)
            continue;
        if (mgr_endpoint_has_desired(endpoint))
            have++;
        else if (size == DOCUMENT_WHOLE && json_array_size(missing) < MAX_MISSING)
            json_array_append_new(missing, json_pack("{s:s, s:s, s:s, s:I}", "id", endpoint->record.id, "host",
                                                     endpoint->record.host, "actual",
                                                     mgr_actual_name((MgrActual)endpoint->record.presence.actual),
                                                     "applied", (json_int_t)endpoint->record.applied.version));
    }
    document = json_pack("{s:s, s:I, s:s, s:s, s:i, s:i}", "name", group->record.name, "version",
                         (json_int_t)group->record.version, "changed", changed, "changed_by", group->record.changed_by,
                         "endpoints", (int)group->members, "current", (int)have);
    if (size == DOCUMENT_WHOLE) {
        json_object_set_new(document, "settings", settings_object(group->record.settings));
        json_object_set(document, "missing", missing);
    }
    json_decref(missing);
    return document;
}

/* was: what holds before the call. */
static bool apply_settings(const MgrCall *call, const HlSettings *was, HlSettings *settings, GError **error)
{
    const HlMsgCall *message = mgr_call_message(call);

    for (size_t i = 0; i < message->n_arguments; i++) {
        const HlMsgArgument *argument = message->arguments[i];
        g_autofree char *key = NULL;
        const char *equals;

        if (strcmp(argument->name, "setting") != 0)
            continue;
        equals = strchr(argument->value, '=');
        if (equals == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "'%s' is not of the form KEY=VALUE", argument->value);
        key = g_strndup(argument->value, (gsize)(equals - argument->value));
        if (strchr(equals, '\n') != NULL)
            return hl_fail(error, HL_ERROR_INVALID, "%s: a value is one line", key);
        if (!hl_options_set(hl_settings_table(), settings, key, equals + 1, error))
            return false;
    }
    return hl_settings_check_change(was, settings, error);
}

/* -------------------------------------------------------------------------------------------------- create, set */

/* A save on its way through the registry. */
typedef struct {
    MgrGroupCalls *calls;
    MgrCall *call;
    MgrGroupRecord record;
} Save;

static void save_free(gpointer change)
{
    Save *save = change;

    mgr_group_record_clear(&save->record);
    g_free(save);
}

static void fail_save(gpointer change, const GError *error)
{
    const Save *save = change;
    g_autoptr(GError) conflict = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        hl_fail(&conflict, HL_ERROR_CONFLICT, "somebody else changed group '%s' a moment ago: review it and try again",
                save->record.name);
    mgr_call_fail(save->call, conflict != NULL ? conflict : error);
}

static void push_to_members(MgrGroupCalls *calls, const MgrGroup *group)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(calls->parts.fleet->endpoints);

    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->group != group)
            continue;
        mgr_endpoint_outrun(endpoint);
        mgr_delivery_push_settings(calls->parts.delivery, endpoint);
        mgr_console_want(calls->parts.console, endpoint, MGR_NOTIFY_SETTINGS);
        mgr_status_touch(calls->parts.status, endpoint);
    }
}

static void fold_save(gpointer change)
{
    Save *save = change;
    MgrGroup *group = mgr_fleet_put_group(save->calls->parts.fleet, &save->record);

    hl_info("group", "%s version %" G_GUINT64_FORMAT " by %s", group->record.name, group->record.version,
            group->record.changed_by);
    push_to_members(save->calls, group);
    mgr_call_done(save->call, group_document(save->calls->parts.fleet, group, DOCUMENT_WHOLE));
    mgr_delivery_pump(save->calls->parts.delivery);
}

static Save *save_new(MgrGroupCalls *calls, MgrCall *call, const char *name, uint64_t version,
                      const HlSettings *settings)
{
    Save *save = g_new0(Save, 1);

    save->calls = calls;
    save->call = call;
    save->record = (MgrGroupRecord){ .name = g_strdup(name),
                                     .version = version,
                                     .counter = mgr_fleet_next_counter(calls->parts.fleet),
                                     .settings = hl_settings_print(settings),
                                     .changed_at = hl_clock_wall(),
                                     .changed_by = g_strdup(mgr_call_admin(call)) };
    return save;
}

/* base_version 0: a new group. */
static void commit_save(Save *save, uint64_t base_version)
{
    static const MgrChangeKind kind = { fold_save, fail_save, save_free };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_counter(set, "settings", save->record.counter);
    if (base_version == 0)
        mgr_write_group(set, &save->record);
    else
        mgr_write_group_change(set, &save->record, base_version);
    mgr_write_members_outrun(set, save->record.name, save->record.counter);
    mgr_call_commit(save->call, save->calls->parts.record, set, &kind, save);
}

/* A new group would be outside of a caller's limits; and whether its name is free is nothing for those who have any. */
static bool check_new(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    if (caller->groups != NULL)
        return hl_fail(error, HL_ERROR_DENIED, "'%s' is limited to groups, and a new one would be none of them",
                       caller->account);
    if (!hl_ident_is_valid(name))
        return hl_fail(error, HL_ERROR_INVALID, "'%s' cannot be a group's name: 1 to 64 of a-z, 0-9, '.', '_', '-'",
                       name);
    return mgr_fleet_group(fleet, name) == NULL ||
           hl_fail(error, HL_ERROR_EXISTS, "there is a group '%s' already", name);
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
        apply_settings(call, &defaults, &settings, &error))
        commit_save(save_new(calls, call, name, 1, &settings), 0);
    else
        mgr_call_fail(call, error);
}

/* What the caller looked at, if he says so. */
static bool check_version(const MgrGroup *group, const char *expected, GError **error)
{
    guint64 version = 0;

    if (expected == NULL)
        return true;
    if (!g_ascii_string_to_unsigned(expected, 10, 1, G_MAXINT64, &version, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "'%s' is not a version", expected);
    return version == group->record.version || hl_fail(error, HL_ERROR_CONFLICT,
                                                       "group '%s' is at version %" G_GUINT64_FORMAT
                                                       ", not %s: somebody changed it; review it and try again",
                                                       group->record.name, group->record.version, expected);
}

static void call_set(MgrCall *call, gpointer user)
{
    MgrGroupCalls *calls = user;
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    const MgrGroup *group =
        mgr_selector_group(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), &error);

    if (group == NULL || !check_version(group, mgr_call_argument(call, "version"), &error)) {
        mgr_call_fail(call, error);
        return;
    }
    hl_settings_init(&settings);
    hl_settings_copy(&settings, &group->settings);
    if (apply_settings(call, &group->settings, &settings, &error))
        commit_save(save_new(calls, call, group->record.name, group->record.version + 1, &settings),
                    group->record.version);
    else
        mgr_call_fail(call, error);
}

/* -------------------------------------------------------------------------------------------------- list, show */

static void call_list(MgrCall *call, gpointer user)
{
    const MgrGroupCalls *calls = user;
    g_autoptr(GPtrArray) groups = mgr_selector_groups(calls->parts.fleet, mgr_call_caller(call));
    json_t *array = json_array();

    for (guint i = 0; i < groups->len; i++)
        json_array_append_new(array, group_document(calls->parts.fleet, groups->pdata[i], DOCUMENT_LINE));
    mgr_call_done_list(call, "groups", array, NULL);
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrGroupCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrGroup *group =
        mgr_selector_group(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), &error);

    if (group == NULL)
        mgr_call_fail(call, error);
    else
        mgr_call_done(call, group_document(calls->parts.fleet, group, DOCUMENT_WHOLE));
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
static guint count_limited(GHashTable *accounts, const char *group)
{
    g_autoptr(GPtrArray) all = mgr_accounts_sorted(accounts);
    guint n = 0;

    for (guint i = 0; i < all->len; i++) {
        const MgrAccountRecord *account = all->pdata[i];
        g_auto(MgrCaller) as = { 0 };

        mgr_caller_init(&as, account->name, account->role, account->groups);
        n += as.groups != NULL && mgr_caller_sees(&as, group);
    }
    return n;
}

static bool check_deletable(const MgrFleet *fleet, const MgrGroup *group, GError **error)
{
    const char *name = group->record.name;
    guint limited = count_limited(fleet->accounts, name);

    if (group->members > 0)
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "group '%s' has %u endpoint%s: move them first ('holdline endpoint move @%s GROUP')", name,
                       group->members, group->members == 1 ? "" : "s", name);
    return limited == 0 ||
           hl_fail(error, HL_ERROR_CONFLICT,
                   "%u account%s limited to group '%s': have an owner change that first ('holdline account list')",
                   limited, limited == 1 ? " is" : "s are", name);
}

/* Who got there first is in memory by now: that tells which of the conditions did not hold. */
static void fail_deletion(gpointer change, const GError *error)
{
    const Deletion *deletion = change;
    const MgrGroup *group = mgr_fleet_group(deletion->calls->parts.fleet, deletion->name);
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT && group == NULL)
        hl_fail(&why, HL_ERROR_CONFLICT, "group '%s' was deleted a moment ago", deletion->name);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT && check_deletable(deletion->calls->parts.fleet, group, &why))
        hl_fail(&why, HL_ERROR_CONFLICT,
                "group '%s' was given an endpoint or an account a moment ago: review it and try again", deletion->name);
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

    if (group == NULL || !check_deletable(calls->parts.fleet, group, &error)) {
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
    { "group create", "name", "setting", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, call_create },
    { "group set", "name", "version setting", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, call_set },
    { "group list", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, call_list },
    { "group show", "name", "", MGR_NEED_READ, MGR_SCOPE_GROUP, call_show },
    { "group delete", "name", "", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, call_delete },
    { .name = NULL },
};

MgrGroupCalls *mgr_group_calls_new(const MgrGroupCallsOptions *options, MgrDispatch *dispatch)
{
    MgrGroupCalls *calls = g_new0(MgrGroupCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_group_calls_free(MgrGroupCalls *calls)
{
    g_free(calls);
}
