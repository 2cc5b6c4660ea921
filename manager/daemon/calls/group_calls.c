/* Calls about groups and their settings. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/display.h"
#include "manager/daemon/status.h"

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

static json_t *group_document(const Manager *manager, const MgrGroup *group, bool whole)
{
    g_autofree char *changed = hl_time_format(group->record.changed_at);
    json_t *missing = json_array();
    guint have = 0;
    json_t *document;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->group != group)
            continue;
        if (mgr_endpoint_has_desired(endpoint))
            have++;
        else if (whole && json_array_size(missing) < 500)
            json_array_append_new(missing, json_pack("{s:s, s:s, s:s, s:I}", "id", endpoint->record.id, "host",
                                                     endpoint->record.host, "actual",
                                                     mgr_actual_name((MgrActual)endpoint->record.presence.actual),
                                                     "applied", (json_int_t)endpoint->record.applied.version));
    }
    document = json_pack("{s:s, s:I, s:s, s:s, s:i, s:i}", "name", group->record.name, "version",
                         (json_int_t)group->record.version, "changed", changed, "changed_by", group->record.changed_by,
                         "endpoints", (int)group->members, "current", (int)have);
    if (whole) {
        json_object_set_new(document, "settings", settings_object(group->record.settings));
        json_object_set(document, "missing", missing);
    }
    json_decref(missing);
    return document;
}

/* was: what holds before the call. */
static bool apply_settings(const MgrCall *call, const HlSettings *was, HlSettings *settings, GError **error)
{
    for (size_t i = 0; i < call->message->n_arguments; i++) {
        const HlMsgArgument *argument = call->message->arguments[i];
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

/* A change of a group on its way through the registry. */
typedef struct {
    MgrCall *call;
    MgrGroupRecord record;
    bool fresh;
} Change;

static void free_change(Change *change)
{
    mgr_group_record_clear(&change->record);
    g_free(change);
}

static void push_to_members(Manager *manager, MgrGroup *group)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrEndpoint *endpoint = value;

        if (endpoint->group != group)
            continue;
        mgr_delivery_regroup(manager, endpoint);
        mgr_display_want(manager, endpoint, MGR_NOTIFY_SETTINGS);
        mgr_status_touch(manager, endpoint);
    }
}

static void on_changed(const GError *error, gpointer user)
{
    Change *change = user;
    Manager *manager = change->call->manager;
    g_autoptr(GError) conflict = NULL;
    MgrGroup *group;

    if (error != NULL) {
        if (hl_error_code(error) == HL_ERROR_CONFLICT)
            hl_fail(&conflict, HL_ERROR_CONFLICT,
                    "somebody else changed group '%s' a moment ago: look at it and set again", change->record.name);
        mgr_call_fail(change->call, conflict != NULL ? conflict : error);
        free_change(change);
        return;
    }
    group = g_hash_table_lookup(manager->fleet.groups, change->record.name);
    hl_info("group", "%s version %" G_GUINT64_FORMAT " by %s", change->record.name, change->record.version,
            change->call->admin);
    if (group == NULL) {
        group = mgr_fleet_add_group(&manager->fleet, &change->record);
    } else {
        g_hash_table_steal(manager->fleet.groups, group->record.name); /* the key lives in the record */
        mgr_group_update(group, &change->record);
        g_hash_table_insert(manager->fleet.groups, group->record.name, group);
        push_to_members(manager, group);
    }
    mgr_call_done(change->call, group_document(manager, group, true));
    free_change(change);
}

static void submit_change(Change *change, uint64_t base_version)
{
    Manager *manager = change->call->manager;
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    g_autoptr(GError) error = NULL;

    change->record.counter = ++manager->fleet.settings_counter;
    change->record.changed_at = hl_clock_wall();
    change->record.changed_by = g_strdup(change->call->admin);
    mgr_write_counter(set, "settings", change->record.counter);
    if (change->fresh)
        mgr_write_group(set, &change->record);
    else
        mgr_write_group_change(set, &change->record, base_version);
    hl_write_set_durable(set);
    if (!hl_writer_submit(manager->writer, g_steal_pointer(&set), on_changed, change, &error))
        on_changed(error, change);
}

static void call_create(MgrCall *call)
{
    const char *name = mgr_call_argument(call, "name");
    g_auto(HlSettings) defaults = { 0 };
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    Change *change;

    hl_settings_init(&defaults);
    hl_settings_init(&settings);
    if (!hl_ident_is_valid(name))
        hl_fail(&error, HL_ERROR_INVALID, "'%s' cannot be a group's name: 1 to 64 of a-z, 0-9, '.', '_', '-'", name);
    else if (g_hash_table_contains(call->manager->fleet.groups, name))
        hl_fail(&error, HL_ERROR_EXISTS, "there is a group '%s' already", name);
    if (error != NULL || !apply_settings(call, &defaults, &settings, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    change = g_new0(Change, 1);
    change->call = call;
    change->fresh = true;
    change->record.name = g_strdup(name);
    change->record.version = 1;
    change->record.settings = hl_settings_print(&settings);
    submit_change(change, 0);
}

static void call_set(MgrCall *call)
{
    const char *expected = mgr_call_argument(call, "version");
    g_auto(HlSettings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&call->manager->fleet, mgr_call_argument(call, "name"), &error);
    guint64 version = 0;
    Change *change;

    if (group != NULL && expected != NULL && !g_ascii_string_to_unsigned(expected, 10, 1, G_MAXINT64, &version, NULL))
        hl_fail(&error, HL_ERROR_INVALID, "'%s' is not a version", expected);
    else if (group != NULL && expected != NULL && version != group->record.version)
        hl_fail(&error, HL_ERROR_CONFLICT,
                "group '%s' is at version %" G_GUINT64_FORMAT ", not %s: somebody changed it; look at it and set again",
                group->record.name, group->record.version, expected);
    if (error == NULL) {
        hl_settings_init(&settings);
        hl_settings_copy(&settings, &group->settings);
    }
    if (error != NULL || !apply_settings(call, &group->settings, &settings, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    change = g_new0(Change, 1);
    change->call = call;
    change->record.name = g_strdup(group->record.name);
    change->record.version = group->record.version + 1;
    change->record.settings = hl_settings_print(&settings);
    submit_change(change, group->record.version);
}

static void call_list(MgrCall *call)
{
    g_autoptr(GPtrArray) groups = mgr_fleet_sorted_groups(&call->manager->fleet);
    json_t *array = json_array();

    for (guint i = 0; i < groups->len; i++)
        json_array_append_new(array, group_document(call->manager, groups->pdata[i], false));
    mgr_call_done_list(call, "groups", array, NULL);
}

static void call_show(MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&call->manager->fleet, mgr_call_argument(call, "name"), &error);

    if (group == NULL)
        mgr_call_fail(call, error);
    else
        mgr_call_done(call, group_document(call->manager, group, true));
}

static void on_deleted(const GError *error, gpointer user)
{
    MgrCall *call = user;
    const char *name = mgr_call_argument(call, "name");
    GHashTableIter iter;
    gpointer value;

    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    g_hash_table_iter_init(&iter, call->manager->fleet.tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((MgrTokenRecord *)value)->group, name) == 0)
            g_hash_table_iter_remove(&iter); /* the registry deleted them with the group */
    g_hash_table_remove(call->manager->fleet.groups, name);
    hl_info("group", "%s deleted by %s", name, call->admin);
    mgr_call_done(call, NULL);
}

static void call_delete(MgrCall *call)
{
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&call->manager->fleet, mgr_call_argument(call, "name"), &error);

    if (group != NULL && group->members > 0)
        hl_fail(&error, HL_ERROR_CONFLICT,
                "group '%s' has %u endpoint%s: move them first ('holdline endpoint move @%s GROUP')",
                group->record.name, group->members, group->members == 1 ? "" : "s", group->record.name);
    if (error == NULL) {
        mgr_write_group_removal(set, group->record.name);
        hl_write_set_durable(set);
        if (hl_writer_submit(call->manager->writer, g_steal_pointer(&set), on_deleted, call, &error))
            return;
    }
    mgr_call_fail(call, error);
}

const MgrCallRow mgr_calls_group[] = {
    { "group create", "name", "setting", call_create },
    { "group set", "name", "version setting", call_set },
    { "group list", "", "", call_list },
    { "group show", "name", "", call_show },
    { "group delete", "name", "", call_delete },
    { NULL, NULL, NULL, NULL },
};
