/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/selector.h"

#include <string.h>

static bool sees(const MgrCaller *caller, const MgrEndpoint *endpoint)
{
    return mgr_caller_sees(caller, endpoint->record.group);
}

/* Adds every endpoint of this host name; the number of them. */
static guint add_by_host(const MgrFleet *fleet, const MgrCaller *caller, const char *host, GPtrArray *found)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (!sees(caller, value) || g_ascii_strcasecmp(((MgrEndpoint *)value)->record.host, host) != 0)
            continue;
        g_ptr_array_add(found, value);
        n++;
    }
    return n;
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

MgrEndpoint *mgr_selector_find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    MgrEndpoint *endpoint = mgr_selector_endpoint(fleet, caller, name);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    if (endpoint != NULL)
        return endpoint;
    add_by_host(fleet, caller, name, found);
    if (found->len == 1)
        return found->pdata[0];
    if (found->len == 0)
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no endpoint '%s'; 'holdline endpoint list' lists them", name);
    else
        hl_fail(error, HL_ERROR_CONFLICT, "%u endpoints have the host name '%s' (%s, %s, ...): name one by its id",
                found->len, name, ((MgrEndpoint *)found->pdata[0])->record.id,
                ((MgrEndpoint *)found->pdata[1])->record.id);
    return NULL;
}

typedef bool (*MatchFn)(const MgrFleet *fleet, const MgrEndpoint *endpoint, const char *word);

static bool is_any(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, const char *word G_GNUC_UNUSED)
{
    return !endpoint->record.display.removed;
}

static bool is_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint, const char *word G_GNUC_UNUSED)
{
    return !endpoint->record.display.removed && mgr_endpoint_is_outdated(fleet, endpoint);
}

static bool has_ended(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, const char *word G_GNUC_UNUSED)
{
    return !endpoint->record.display.removed && mgr_endpoint_has_ended(endpoint, hl_clock_wall());
}

static bool is_of_group(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, const char *word)
{
    return strcmp(endpoint->record.group, word + 1) == 0;
}

static void add_matching(const MgrFleet *fleet, const MgrCaller *caller, MatchFn match, const char *word,
                         GPtrArray *found)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (sees(caller, value) && match(fleet, value, word))
            g_ptr_array_add(found, value);
}

static const struct {
    const char *word;
    MatchFn match;
} conditions[] = { { "all", is_any }, { "outdated", is_outdated }, { "ended", has_ended } };

static bool select_word(const MgrFleet *fleet, const MgrCaller *caller, const char *word, GPtrArray *found,
                        GError **error)
{
    MgrEndpoint *endpoint;

    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++) {
        if (strcmp(word, conditions[i].word) != 0)
            continue;
        add_matching(fleet, caller, conditions[i].match, word, found);
        return true;
    }
    if (word[0] == '@') {
        if (mgr_selector_group(fleet, caller, word + 1, error) == NULL)
            return false;
        add_matching(fleet, caller, is_of_group, word, found);
        return true;
    }
    endpoint = mgr_selector_find(fleet, caller, word, error);
    if (endpoint == NULL)
        return false;
    g_ptr_array_add(found, endpoint);
    return true;
}

GPtrArray *mgr_selector_filter(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_auto(GStrv) words = g_strsplit(selector, ",", -1);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    GPtrArray *unique;

    for (gsize i = 0; words[i] != NULL; i++)
        if (*g_strstrip(words[i]) != '\0' && !select_word(fleet, caller, words[i], found, error))
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

MgrGroup *mgr_selector_group(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    MgrGroup *group = mgr_caller_sees(caller, name) ? mgr_fleet_group(fleet, name) : NULL;

    if (group == NULL)
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no group '%s'; 'holdline group list' lists them", name);
    return group;
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
