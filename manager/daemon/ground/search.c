/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/search.h"

#include <string.h>

#include "lib/base/ident.h"
#include "manager/core/refusal.h"

#define SEARCH "filter:"
#define EXCEPT "except:"
#define WITHIN "in:"

bool mgr_search_is(const char *selector)
{
    return g_str_has_prefix(selector, SEARCH) || g_str_has_prefix(selector, EXCEPT) ||
           g_str_has_prefix(selector, WITHIN);
}

/* Ids, one at least; NULL: one of them is none. */
static GHashTable *read_ids(const char *text, GError **error)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) ids = g_strsplit(*text != '\0' ? text : " ", ",", -1);

    for (gsize i = 0; ids[i] != NULL; i++) {
        if (!hl_ident_is_valid(ids[i])) {
            mgr_refuse(error, MGR_REFUSE_SELECTOR_EXCEPT_ID, ids[i], NULL);
            return NULL;
        }
        g_hash_table_add(set, g_strdup(ids[i]));
    }
    return g_steal_pointer(&set);
}

/* What is between the prefix and a blank, and *selector behind that; NULL: the prefix is not there.  Caller frees. */
static char *cut(const char **selector, const char *prefix)
{
    const char *text = *selector + strlen(prefix);
    gsize size;

    if (!g_str_has_prefix(*selector, prefix))
        return NULL;
    size = strcspn(text, " ");
    *selector = text + size + (text[size] == ' ');
    return g_strndup(text, size);
}

bool mgr_search_read(MgrSearch *search, const char *selector, GError **error)
{
    g_autofree char *except = NULL;

    search->group = cut(&selector, WITHIN);
    except = cut(&selector, EXCEPT);
    if (except != NULL) {
        search->except = read_ids(except, error);
        if (search->except == NULL)
            return false;
    }
    if (!g_str_has_prefix(selector, SEARCH))
        return mgr_refuse(error, MGR_REFUSE_SELECTOR_EXCEPT, NULL);
    search->filter = mgr_filter_parse(selector + strlen(SEARCH), MGR_FILTER_SEARCH, hl_clock_wall(), error);
    return search->filter != NULL;
}

void mgr_search_clear(MgrSearch *search)
{
    g_clear_pointer(&search->filter, mgr_filter_free);
    g_clear_pointer(&search->except, g_hash_table_unref);
    g_clear_pointer(&search->group, g_free);
}

bool mgr_search_reaches(const MgrSearch *search, const char *id, const char *group)
{
    return (search->group == NULL || strcmp(search->group, group) == 0) &&
           (search->except == NULL || !g_hash_table_contains(search->except, id));
}
