/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/group_save.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/display_name.h"
#include "manager/core/edition.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/selector.h"
#include "manager/store/groups.h"

#define MAX_MISSING 500 /* endpoints without the current settings that are named */

json_t *mgr_group_settings_object(const char *lines)
{
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    json_t *object = json_object();

    for (gsize i = 0; all[i] != NULL; i++) {
        char *equals = strchr(all[i], '=');

        if (equals == NULL)
            continue;
        *equals = '\0';
        json_object_set_new(object, all[i], json_string(equals + 1));
    }
    return object;
}

/* What is on trial: with how many members, and how many of these have it. */
static json_t *trial_document(const MgrGroup *group, const MgrGroupSums *sums)
{
    const MgrTrial *trial = group->trial;

    if (trial == NULL)
        return json_null();
    return json_pack("{s:s, s:I, s:i, s:i}", "rollout", trial->rollout, "version",
                     (json_int_t)trial->terms->record.version, "endpoints", (int)sums->trying, "current",
                     (int)sums->tried);
}

static MgrEdition edition_of(const MgrGroup *group)
{
    return (MgrEdition){ group->record.version, group->record.counter };
}

static json_t *missing_entry(const MgrEndpoint *endpoint)
{
    return json_pack("{s:s, s:s, s:s, s:I}", "id", endpoint->record.id, "host", endpoint->record.host, "actual",
                     mgr_actual_name((MgrActual)endpoint->record.presence.actual), "applied",
                     (json_int_t)endpoint->record.applied.version);
}

/* Those that do not have what they are to have; no walk where it is known that there are none. */
static json_t *missing_list(const MgrFleet *fleet, const MgrGroup *group, const MgrGroupSums *sums)
{
    guint left = MIN(group->members - sums->current - sums->tried, MAX_MISSING);
    json_t *missing = json_array();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (left > 0 && g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->group != group || mgr_endpoint_has_desired(endpoint))
            continue;
        json_array_append_new(missing, missing_entry(endpoint));
        left--;
    }
    return missing;
}

json_t *mgr_group_document(const MgrGroupCallsOptions *parts, const MgrGroup *group, MgrGroupSize size)
{
    g_autofree char *changed = hl_time_format(group->record.changed_at);
    MgrGroupSums sums = mgr_status_of_group(parts->status, group);
    json_t *document =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:i, s:i}", "name", group->record.name, "display_name",
                  group->record.display_name != NULL ? group->record.display_name : "", "version",
                  (json_int_t)group->record.version, "changed", changed, "changed_by", group->record.changed_by,
                  "endpoints", (int)group->members, "current", (int)sums.current);

    if (size == MGR_GROUP_WHOLE) {
        g_autofree char *tag = mgr_edition_tag(edition_of(group));

        json_object_set_new(document, "tag", json_string(tag));
        json_object_set_new(document, "trial", trial_document(group, &sums));
        json_object_set_new(document, "settings", mgr_group_settings_object(group->record.settings));
        json_object_set_new(document, "missing", missing_list(parts->fleet, group, &sums));
    }
    return document;
}

bool mgr_group_check_version(const MgrGroup *group, const char *expected, GError **error)
{
    switch (expected != NULL ? mgr_edition_fit(expected, edition_of(group)) : MGR_EDITION_SAME) {
    case MGR_EDITION_SAME:
        return true;
    case MGR_EDITION_OTHER:
        if (g_ascii_strtoull(expected, NULL, 10) == group->record.version)
            return mgr_refuse(error, MGR_REFUSE_GROUP_OTHER_VERSION, HL_NUMBER(group->record.version),
                              group->record.name, NULL);
        return mgr_refuse(error, MGR_REFUSE_GROUP_STALE, group->record.name, HL_NUMBER(group->record.version), expected,
                          NULL);
    case MGR_EDITION_MALFORMED:
        return mgr_refuse(error, MGR_REFUSE_CALL_NO_VERSION, expected, NULL);
    }
    g_assert_not_reached();
}

bool mgr_group_check_trial(const MgrGroup *group, GError **error)
{
    const MgrTrial *trial = group->trial;

    return trial == NULL || mgr_refuse(error, MGR_REFUSE_GROUP_ON_TRIAL, group->record.name,
                                       HL_NUMBER(trial->terms->record.version), trial->rollout, NULL);
}

bool mgr_group_apply_settings(const MgrCall *call, const HlSettings *was, HlSettings *settings, GError **error)
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
            return mgr_refuse(error, MGR_REFUSE_CALL_KEY_VALUE, argument->value, NULL);
        key = g_strndup(argument->value, (gsize)(equals - argument->value));
        if (strchr(equals, '\n') != NULL)
            return mgr_refuse(error, MGR_REFUSE_CALL_ONE_LINE, key, NULL);
        if (!hl_options_set(hl_settings_table(), settings, key, equals + 1, error))
            return false;
    }
    return hl_settings_check_change(was, settings, error);
}

/* ----------------------------------------------------------------------------------------------------- the settings */

/* A save on its way through the registry. */
typedef struct {
    const MgrGroupCallsOptions *parts;
    MgrCall *call;
    MgrGroupRecord record; /* display_name NULL: as it is */
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
        mgr_refuse(&conflict, MGR_REFUSE_GROUP_CHANGED, save->record.name, NULL);
    mgr_call_fail(save->call, conflict != NULL ? conflict : error);
}

static void push_to_members(const MgrGroupCallsOptions *parts, const MgrGroup *group)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(parts->fleet->endpoints);

    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->group != group)
            continue;
        mgr_endpoint_outrun(endpoint);
        mgr_delivery_push_settings(parts->delivery, endpoint);
        mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
        mgr_status_touch(parts->status, endpoint);
    }
}

/* Its name may be another one since the save was written: that is not the save's. */
static void fold_save(gpointer change)
{
    Save *save = change;
    const MgrGroup *was = mgr_fleet_group(save->parts->fleet, save->record.name);
    MgrGroup *group;

    if (save->record.display_name == NULL)
        save->record.display_name = g_strdup(was != NULL ? was->record.display_name : "");
    group = mgr_fleet_put_group(save->parts->fleet, &save->record);
    hl_info("group", "%s version %" G_GUINT64_FORMAT " by %s", group->record.name, group->record.version,
            group->record.changed_by);
    push_to_members(save->parts, group);
    mgr_call_done(save->call, mgr_group_document(save->parts, group, MGR_GROUP_WHOLE));
    mgr_delivery_pump(save->parts->delivery);
}

static void commit_save(const MgrGroupCallsOptions *parts, MgrCall *call, const MgrGroupChange *change)
{
    static const MgrChangeKind kind = { fold_save, fail_save, save_free };
    uint64_t base = change->base != NULL ? change->base->record.version : 0;
    uint64_t version = change->base != NULL ? MAX(base, change->base->record.tried) + 1 : 1;
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Save *save;

    if ((change->base != NULL && !mgr_group_check_trial(change->base, &error)) ||
        (base == 0 &&
         !mgr_registry_first_version(mgr_record_committed(parts->record), MGR_ENDED_GROUP, &version, &error))) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    save = g_new0(Save, 1);
    save->parts = parts;
    save->call = call;
    save->record = (MgrGroupRecord){ .name = g_strdup(change->name),
                                     .display_name = g_strdup(change->display_name),
                                     .version = version,
                                     .counter = mgr_fleet_next_counter(parts->fleet),
                                     .settings = hl_settings_print(change->settings),
                                     .changed_at = hl_clock_wall(),
                                     .changed_by = g_strdup(mgr_call_admin(call)) };
    mgr_write_counter(set, "settings", save->record.counter);
    if (base == 0)
        mgr_write_group(set, &save->record);
    else
        mgr_write_group_change(set, &save->record, base);
    mgr_write_group_version(set, &save->record, change->restored);
    if (change->display_name != NULL)
        mgr_write_group_display(set, save->record.name, change->display_name);
    mgr_write_members_outrun(set, save->record.name, save->record.counter);
    mgr_call_commit(call, parts->record, set, &kind, save);
}

/* ------------------------------------------------------------------------------------------------- the display name */

typedef struct {
    const MgrGroupCallsOptions *parts;
    MgrCall *call;
    char *name, *display_name;
} Rename;

static void rename_free(gpointer change)
{
    Rename *rename = change;

    g_free(rename->name);
    g_free(rename->display_name);
    g_free(rename);
}

static void fail_rename(gpointer change, const GError *error)
{
    mgr_call_fail(((const Rename *)change)->call, error);
}

static void fold_rename(gpointer change)
{
    const Rename *rename = change;
    MgrGroup *group = mgr_fleet_group(rename->parts->fleet, rename->name);
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(rename->parts->fleet->endpoints);
    g_autoptr(GError) error = NULL;

    if (group == NULL) {
        mgr_refuse(&error, MGR_REFUSE_GROUP_DELETED, rename->name, NULL);
        mgr_call_fail(rename->call, error);
        return;
    }
    g_free(group->record.display_name);
    group->record.display_name = g_strdup(rename->display_name);
    for (guint i = 0; i < endpoints->len; i++)
        if (((const MgrEndpoint *)endpoints->pdata[i])->group == group)
            mgr_status_touch(rename->parts->status, endpoints->pdata[i]);
    mgr_call_done(rename->call, mgr_group_document(rename->parts, group, MGR_GROUP_WHOLE));
}

static void commit_rename(const MgrGroupCallsOptions *parts, MgrCall *call, const char *name, const char *display_name)
{
    static const MgrChangeKind kind = { fold_rename, fail_rename, rename_free };
    HlWriteSet *set = hl_write_set_new();
    Rename *rename = g_new(Rename, 1);

    *rename = (Rename){ parts, call, g_strdup(name), g_strdup(display_name) };
    mgr_write_group_display(set, name, display_name);
    mgr_call_commit(call, parts->record, set, &kind, rename);
}

/* Neither the name nor the id of another group, even of one that the caller does not see: a command for that name would
 * reach the members of both.  The refusal does not say which group it is if that one is hidden. */
static bool check_display_name(const MgrFleet *fleet, const MgrCaller *caller, const char *group, const char *name,
                               GError **error)
{
    g_autofree char *key = mgr_display_name_key(name); /* an id is its own key */
    g_autoptr(GError) why = NULL;
    const MgrGroup *other = *name != '\0' ? mgr_selector_group(fleet, NULL, key, &why) : NULL;

    if (other == NULL && hl_error_code(why) != HL_ERROR_CONFLICT) /* several are called so by an earlier version */
        return true;
    if (other != NULL && strcmp(other->record.name, group) == 0)
        return true;
    if (other != NULL && mgr_caller_sees(caller, other->record.name))
        return mgr_refuse(error, MGR_REFUSE_GROUP_DISPLAY_TAKEN, other->record.name, name, NULL);
    return mgr_refuse(error, MGR_REFUSE_GROUP_DISPLAY_ELSEWHERE, name, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- save */

/* What is stored and cannot be read is written, even as what it is taken for. */
bool mgr_group_is_same(const MgrGroup *base, const HlSettings *settings)
{
    g_auto(HlSettings) stored = { 0 };
    g_autofree char *before = hl_settings_print(&base->settings);
    g_autofree char *after = hl_settings_print(settings);

    hl_settings_init(&stored);
    return strcmp(before, after) == 0 && hl_settings_parse(&stored, base->record.settings, NULL);
}

static void answer_unchanged(const MgrGroupCallsOptions *parts, MgrCall *call, const MgrGroup *group)
{
    json_t *document = mgr_group_document(parts, group, MGR_GROUP_WHOLE);

    json_object_set_new(document, "unchanged", json_true());
    mgr_call_done(call, document);
}

void mgr_group_save(const MgrGroupCallsOptions *parts, MgrCall *call, const MgrGroupChange *change)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) error = NULL;
    MgrGroupChange parsed = *change;

    if (change->display_name != NULL) {
        name = mgr_display_name_parse(change->display_name, &error);
        if (name == NULL || !check_display_name(parts->fleet, mgr_call_caller(call), change->name, name, &error)) {
            mgr_call_fail(call, error);
            return;
        }
        if (change->base != NULL && g_strcmp0(change->base->record.display_name, name) == 0)
            g_clear_pointer(&name, g_free);
    }
    parsed.display_name = name;
    if (change->base == NULL || !mgr_group_is_same(change->base, change->settings))
        commit_save(parts, call, &parsed);
    else if (name != NULL)
        commit_rename(parts, call, change->name, name);
    else
        answer_unchanged(parts, call, change->base);
}
