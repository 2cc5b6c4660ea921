/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/selector.h"

#include <string.h>

#include "manager/core/display_name.h"
#include "manager/daemon/ground/columns.h"

#define MAX_NAMED 5 /* candidates in an error */

static bool sees(const MgrCaller *caller, const MgrEndpoint *endpoint)
{
    return mgr_caller_sees(caller, endpoint->record.group);
}

MgrEndpoint *mgr_selector_endpoint(const MgrFleet *fleet, const MgrCaller *caller, const char *id)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, id);

    return endpoint != NULL && sees(caller, endpoint) ? endpoint : NULL;
}

bool mgr_selector_sees(const MgrFleet *fleet, const MgrCaller *caller, const char *id)
{
    return caller == NULL || caller->groups == NULL || mgr_selector_endpoint(fleet, caller, id) != NULL;
}

/* Those that a name fits best, so far. */
typedef struct {
    MgrNameFit fit;
    GPtrArray *found;
} Candidates;

static void collect(const MgrFleet *fleet, const MgrCaller *caller, const char *name, Candidates *candidates)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpointRecord *record = &((const MgrEndpoint *)value)->record;
        MgrNameFit fit = mgr_name_fit(name, record->id, record->host);

        if (fit == MGR_NAME_NONE || fit < candidates->fit || !sees(caller, value))
            continue;
        if (fit > candidates->fit)
            g_ptr_array_set_size(candidates->found, 0);
        candidates->fit = fit;
        g_ptr_array_add(candidates->found, value);
    }
    g_ptr_array_sort(candidates->found, mgr_endpoint_compare);
}

/* "pc-1 (e-1), pc-10 (e-2), ..." */
static char *name_some(const GPtrArray *endpoints)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < MIN(endpoints->len, MAX_NAMED); i++) {
        const MgrEndpointRecord *record = &((const MgrEndpoint *)endpoints->pdata[i])->record;

        g_string_append_printf(names, "%s%s (%s)", i > 0 ? ", " : "", record->host, record->id);
    }
    return g_string_free(g_string_append(names, endpoints->len > MAX_NAMED ? ", ..." : ""), FALSE);
}

static bool fail_many(const Candidates *candidates, const char *name, GError **error)
{
    g_autofree char *names = name_some(candidates->found);

    if (candidates->fit == MGR_NAME_PREFIX)
        return hl_fail(error, HL_ERROR_CONFLICT, "%u endpoints begin with '%s': %s; name one of them",
                       candidates->found->len, name, names);
    return hl_fail(error, HL_ERROR_CONFLICT, "%u endpoints have the host name '%s': %s; name one by its id",
                   candidates->found->len, name, names);
}

static MgrEndpoint *find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, MgrNameFit least,
                         GError **error)
{
    MgrEndpoint *endpoint = mgr_selector_endpoint(fleet, caller, name);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    Candidates candidates = { MGR_NAME_NONE, found };

    if (endpoint != NULL)
        return endpoint;
    collect(fleet, caller, name, &candidates);
    if (found->len > 1)
        fail_many(&candidates, name, error);
    else if (found->len == 0)
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no endpoint '%s'; 'holdline endpoint list' lists them", name);
    else if (candidates.fit >= least)
        return found->pdata[0];
    else
        hl_fail(error, HL_ERROR_NOT_FOUND,
                "there is no endpoint '%s'; did you mean %s (%s)?  What cannot be undone takes the whole name", name,
                ((const MgrEndpoint *)found->pdata[0])->record.host, ((const MgrEndpoint *)found->pdata[0])->record.id);
    return NULL;
}

MgrEndpoint *mgr_selector_find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    return find(fleet, caller, name, MGR_NAME_PREFIX, error);
}

MgrEndpoint *mgr_selector_find_whole(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    return find(fleet, caller, name, MGR_NAME_SHORT, error);
}

/* --------------------------------------------------------------------------------------------------------- selectors
 */

typedef struct {
    const MgrFleet *fleet;
    const MgrCaller *caller;
    MgrFilter *filter;
    bool takes_removed; /* also those that the console would have removed */
    GPtrArray *found;
} Selection;

typedef bool (*MatchFn)(const MgrEndpoint *endpoint, const char *name);

static bool is_any(const MgrEndpoint *endpoint G_GNUC_UNUSED, const char *name G_GNUC_UNUSED)
{
    return true;
}

static bool is_of_group(const MgrEndpoint *endpoint, const char *name)
{
    return strcmp(endpoint->record.group, name) == 0;
}

/* name is without case; "@sa*" is of groups. */
static bool is_like(const MgrEndpoint *endpoint, const char *name)
{
    g_autofree char *text = g_utf8_casefold(*name == '@' ? endpoint->record.group : endpoint->record.host, -1);

    return mgr_name_is_like(text, name + (*name == '@'));
}

static void add_matching(Selection *selection, MatchFn match, const char *name)
{
    MgrFilterRows rows = mgr_column_rows(selection->fleet);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, selection->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (sees(selection->caller, endpoint) && (selection->takes_removed || !endpoint->record.display.removed) &&
            match(endpoint, name) && mgr_filter_takes(selection->filter, &rows, endpoint))
            g_ptr_array_add(selection->found, value);
    }
}

/* Who was removed is left out of everything but what names it: its own name, its group, the word. */
static bool add_name(Selection *selection, const char *name, GError **error)
{
    MgrFilterRows rows = mgr_column_rows(selection->fleet);
    bool asks = mgr_filter_asks(selection->filter, MGR_COLUMN_REMOVED);
    MgrEndpoint *endpoint;

    selection->takes_removed = asks;
    if (strcmp(name, "all") == 0) {
        add_matching(selection, is_any, name);
        return true;
    }
    if (strpbrk(name, "*?") != NULL) {
        g_autofree char *pattern = g_utf8_casefold(name, -1);

        add_matching(selection, is_like, pattern);
        return true;
    }
    selection->takes_removed = asks || !mgr_filter_has_conditions(selection->filter);
    if (name[0] == '@') {
        const MgrGroup *group = mgr_selector_group(selection->fleet, selection->caller, name + 1, error);

        if (group == NULL)
            return false;
        add_matching(selection, is_of_group, group->record.name);
        return true;
    }
    endpoint = mgr_selector_find(selection->fleet, selection->caller, name, error);
    if (endpoint == NULL)
        return false;
    if (mgr_filter_takes(selection->filter, &rows, endpoint))
        g_ptr_array_add(selection->found, endpoint);
    return true;
}

/* What a name in a condition is. */
static char *bind_name(const char *name, gpointer user, GError **error)
{
    const Selection *selection = user;
    const MgrEndpoint *endpoint;

    if (name[0] == '@') {
        const MgrGroup *group = mgr_selector_group(selection->fleet, selection->caller, name + 1, error);

        return group != NULL ? g_strconcat("@", group->record.name, NULL) : NULL;
    }
    endpoint = mgr_selector_find(selection->fleet, selection->caller, name, error);
    return endpoint != NULL ? g_strdup(endpoint->record.id) : NULL;
}

static bool select_all(Selection *selection, GError **error)
{
    const char *const *names = mgr_filter_names(selection->filter);

    if (*names == NULL && mgr_filter_has_conditions(selection->filter))
        return add_name(selection, "all", error);
    for (gsize i = 0; names[i] != NULL; i++)
        if (!add_name(selection, names[i], error))
            return false;
    return true;
}

GPtrArray *mgr_selector_filter(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_autoptr(MgrFilter) filter = mgr_filter_parse(selector, MGR_FILTER_SELECT, hl_clock_wall(), error);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    Selection selection = { .fleet = fleet, .caller = caller, .filter = filter, .found = found };
    GPtrArray *unique;

    if (filter == NULL || !mgr_filter_bind(filter, bind_name, &selection, error) || !select_all(&selection, error))
        return NULL;
    g_ptr_array_sort(found, mgr_endpoint_compare);
    unique = g_ptr_array_new();
    for (guint i = 0; i < found->len; i++)
        if (i == 0 || found->pdata[i] != found->pdata[i - 1])
            g_ptr_array_add(unique, found->pdata[i]);
    return unique;
}

GPtrArray *mgr_selector_select(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_autoptr(GPtrArray) found = mgr_selector_filter(fleet, caller, selector, error);

    if (found != NULL && found->len == 0) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "no endpoint matches '%s'", selector);
        return NULL;
    }
    return g_steal_pointer(&found);
}

GPtrArray *mgr_selector_all(const MgrFleet *fleet, const MgrCaller *caller)
{
    g_autoptr(GPtrArray) all = mgr_fleet_sorted_endpoints(fleet);
    GPtrArray *seen = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++)
        if (sees(caller, all->pdata[i]))
            g_ptr_array_add(seen, all->pdata[i]);
    return seen;
}

GPtrArray *mgr_selector_ids(const MgrFleet *fleet, const MgrCaller *caller)
{
    GPtrArray *ids = g_ptr_array_new_full(g_hash_table_size(fleet->endpoints), g_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (sees(caller, value))
            g_ptr_array_add(ids, g_strdup(((const MgrEndpoint *)value)->record.id));
    return ids;
}

/* Those of this display name that are there for the caller. */
static GPtrArray *groups_displayed_as(const MgrFleet *fleet, const MgrCaller *caller, const char *name)
{
    g_autofree char *key = mgr_display_name_key(name);
    GPtrArray *found = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->groups);
    while (*key != '\0' && g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrGroupRecord *record = &((const MgrGroup *)value)->record;
        g_autofree char *own = mgr_display_name_key(record->display_name);

        if (strcmp(own, key) == 0 && mgr_caller_sees(caller, record->name))
            g_ptr_array_add(found, value);
    }
    return found;
}

/* Ids first: what a script says means the same whatever people call their groups. */
MgrGroup *mgr_selector_group(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    MgrGroup *group = mgr_caller_sees(caller, name) ? mgr_fleet_group(fleet, name) : NULL;
    g_autoptr(GPtrArray) found = group == NULL ? groups_displayed_as(fleet, caller, name) : NULL;

    if (group != NULL)
        return group;
    if (found->len == 1)
        return found->pdata[0];
    if (found->len == 0)
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no group '%s'; 'holdline group list' lists them", name);
    else
        hl_fail(error, HL_ERROR_CONFLICT, "%u groups are called '%s': name one by its id ('holdline group list')",
                found->len, name);
    return NULL;
}

GPtrArray *mgr_selector_groups(const MgrFleet *fleet, const MgrCaller *caller)
{
    g_autoptr(GPtrArray) all = mgr_fleet_sorted_groups(fleet);
    GPtrArray *seen = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++)
        if (mgr_caller_sees(caller, ((const MgrGroup *)all->pdata[i])->record.name))
            g_ptr_array_add(seen, all->pdata[i]);
    return seen;
}
