/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/group_versions.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/selector.h"
#include "manager/store/groups.h"

static const MgrGroup *named_group(const MgrGroupCallsOptions *parts, MgrCall *call, GError **error)
{
    return mgr_selector_group(parts->fleet, mgr_call_caller(call), mgr_call_argument(call, "name"), error);
}

static bool parse_version(const char *text, uint64_t *version, GError **error)
{
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &value, NULL))
        return mgr_refuse(error, MGR_REFUSE_CALL_NO_VERSION, text, NULL);
    *version = value;
    return true;
}

static json_t *version_document(const MgrGroupVersion *version)
{
    g_autofree char *changed = hl_time_format(version->changed_at);

    return json_pack("{s:I, s:s, s:s, s:I}", "version", (json_int_t)version->version, "changed", changed, "changed_by",
                     version->changed_by, "restored", (json_int_t)version->restored);
}

/* ---------------------------------------------------------------------------------------------------------- history */

typedef struct {
    json_t *rows;
    json_t *before; /* the settings of the version before; NULL: it is not kept */
} History;

/* Keys that have another value, or were not there: a later version of the program knows more of them. */
static json_t *changed_keys(const json_t *before, const json_t *after)
{
    json_t *keys = json_array();
    const char *key;
    json_t *value;

    json_object_foreach(hl_unconst(after), key, value)
    {
        if (!json_equal(value, json_object_get(before, key)))
            json_array_append_new(keys, json_string(key));
    }
    return keys;
}

static void on_version(const MgrGroupVersion *version, gpointer user)
{
    History *history = user;
    json_t *settings = mgr_group_settings_object(version->settings);
    json_t *row = version_document(version);

    json_object_set_new(row, "keys", history->before != NULL ? changed_keys(history->before, settings) : json_null());
    json_array_insert_new(history->rows, 0, row);
    json_decref(history->before);
    history->before = settings;
}

static void call_history(MgrCall *call, gpointer user)
{
    const MgrGroupCallsOptions *parts = user;
    g_autoptr(GError) error = NULL;
    const MgrGroup *group = named_group(parts, call, &error);
    History history = { NULL, NULL };
    bool is_read;

    if (group == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    history.rows = json_array();
    is_read = mgr_registry_each_group_version(mgr_record_reader(parts->record), group->record.name, on_version,
                                              &history, &error);
    json_decref(history.before);
    if (is_read) {
        mgr_call_done_list(call, "versions", history.rows, NULL);
        return;
    }
    json_decref(history.rows);
    mgr_call_fail(call, error);
}

/* ------------------------------------------------------------------------------------------------------ one version */

typedef struct {
    json_t *document; /* NULL: it is not kept */
    char *settings;
} Found;

static void found_clear(Found *found)
{
    json_decref(found->document);
    g_free(found->settings);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static void on_found(const MgrGroupVersion *version, gpointer user)
{
    Found *found = user;

    found->document = version_document(version);
    found->settings = g_strdup(version->settings);
}

static bool find_version(const MgrGroupCallsOptions *parts, const MgrGroup *group, uint64_t version, Found *found,
                         GError **error)
{
    if (!mgr_registry_find_group_version(mgr_record_reader(parts->record), group->record.name, version, on_found, found,
                                         error))
        return false;
    return found->document != NULL || mgr_refuse(error, MGR_REFUSE_GROUP_VERSION_GONE, HL_NUMBER(version),
                                                 group->record.name, HL_NUMBER(MGR_GROUP_VERSIONS), NULL);
}

/* The same, or the one on trial: changed when and by whom its roll-out was started. */
static bool find_shown(const MgrGroupCallsOptions *parts, const MgrGroup *group, uint64_t version, Found *found,
                       GError **error)
{
    const MgrGroupRecord *trial = group->trial != NULL ? &group->trial->terms->record : NULL;

    if (trial == NULL || trial->version != version)
        return find_version(parts, group, version, found, error);
    on_found(&(MgrGroupVersion){ .version = version,
                                 .settings = trial->settings,
                                 .changed_at = trial->changed_at,
                                 .changed_by = trial->changed_by },
             found);
    return true;
}

static void call_version(MgrCall *call, gpointer user)
{
    const MgrGroupCallsOptions *parts = user;
    g_autoptr(GError) error = NULL;
    g_auto(Found) found = { 0 };
    const MgrGroup *group = named_group(parts, call, &error);
    uint64_t version = 0;

    if (group == NULL || !parse_version(mgr_call_argument(call, "version"), &version, &error) ||
        !find_shown(parts, group, version, &found, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    json_object_set_new(found.document, "name", json_string(group->record.name));
    json_object_set_new(found.document, "settings", mgr_group_settings_object(found.settings));
    mgr_call_done(call, g_steal_pointer(&found.document));
}

/* What a version of the program did not know yet has the default that changes nothing (hl_settings_init). */
static bool read_settings(const Found *found, const MgrGroup *group, HlSettings *settings, GError **error)
{
    hl_settings_init(settings);
    if (!hl_settings_parse(settings, found->settings, error))
        return hl_error_prefix(error, "%s", group->record.name);
    return hl_settings_check_change(&group->settings, settings, error);
}

static void call_restore(MgrCall *call, gpointer user)
{
    const MgrGroupCallsOptions *parts = user;
    g_autoptr(GError) error = NULL;
    g_auto(Found) found = { 0 };
    g_auto(HlSettings) settings = { 0 };
    const MgrGroup *group = named_group(parts, call, &error);
    uint64_t version = 0;

    if (group == NULL || !mgr_group_check_version(group, mgr_call_argument(call, "version"), &error) ||
        !parse_version(mgr_call_argument(call, "to"), &version, &error) ||
        !find_version(parts, group, version, &found, &error) || !read_settings(&found, group, &settings, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    mgr_group_save(
        parts, call,
        &(MgrGroupChange){ .name = group->record.name, .base = group, .settings = &settings, .restored = version });
}

static const MgrCallRow rows[] = {
    { "group history", "name", "", MGR_NEED_READ, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_history },
    { "group version", "name version", "", MGR_NEED_READ, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_version },
    { "group restore", "name to", "version", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_restore },
    { .name = NULL },
};

void mgr_group_versions_add(const MgrGroupCallsOptions *parts, MgrDispatch *dispatch)
{
    mgr_dispatch_add(dispatch, rows, hl_unconst(parts));
}
