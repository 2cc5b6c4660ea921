/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/selector.h"

#include <string.h>

#include "manager/core/display_name.h"
#include "manager/core/meant.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/columns.h"
#include "manager/daemon/ground/group_near.h"
#include "manager/daemon/ground/search.h"

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
    GPtrArray *near; /* those that it would be but for a slip, some more than are told; NULL: not looked for */
} Candidates;

/* Takes it, if no other fits better. */
static void consider(Candidates *candidates, MgrNameFit fit, gpointer endpoint)
{
    if (fit == MGR_NAME_NONE || fit < candidates->fit)
        return;
    if (fit > candidates->fit)
        g_ptr_array_set_size(candidates->found, 0);
    candidates->fit = fit;
    g_ptr_array_add(candidates->found, endpoint);
}

/* Whole names, and host names without their domains. */
static void consider_slip(Candidates *candidates, const char *name, gpointer endpoint)
{
    const MgrEndpointRecord *record = &((const MgrEndpoint *)endpoint)->record;
    gsize label = strcspn(record->host, ".");

    if (candidates->near->len <= MGR_MEANT_MAX &&
        (mgr_meant_is_slip(name, record->host, label) || mgr_meant_is_slip(name, record->id, strlen(record->id)) ||
         (record->host[label] != '\0' && mgr_meant_is_slip(name, record->host, strlen(record->host)))))
        g_ptr_array_add(candidates->near, endpoint);
}

static void collect(const MgrFleet *fleet, const MgrCaller *caller, const char *name, Candidates *candidates)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpointRecord *record = &((const MgrEndpoint *)value)->record;

        if (!sees(caller, value))
            continue;
        consider(candidates, mgr_name_fit(name, record->id, record->host), value);
        if (candidates->found->len == 0)
            consider_slip(candidates, name, value);
    }
    g_ptr_array_sort(candidates->found, mgr_endpoint_compare);
    g_ptr_array_sort(candidates->near, mgr_endpoint_compare);
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
        return mgr_refuse(error, MGR_REFUSE_ENDPOINT_BEGIN_MANY, HL_NUMBER(candidates->found->len), name, names, NULL);
    return mgr_refuse(error, MGR_REFUSE_ENDPOINT_HOST_MANY, HL_NUMBER(candidates->found->len), name, names, NULL);
}

static bool fail_unknown(const Candidates *candidates, const char *name, GError **error)
{
    guint n = candidates->near != NULL ? candidates->near->len : 0;
    g_autofree char *near = n > 0 && n <= MGR_MEANT_MAX ? name_some(candidates->near) : NULL;

    return near != NULL ? mgr_refuse(error, MGR_REFUSE_ENDPOINT_NEAR, name, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_ENDPOINT_UNKNOWN, name, NULL);
}

/* The one that the candidates leave. */
static MgrEndpoint *choose(const Candidates *candidates, const char *name, MgrNameFit least, GError **error)
{
    const GPtrArray *found = candidates->found;

    if (found->len > 1)
        fail_many(candidates, name, error);
    else if (found->len == 0)
        fail_unknown(candidates, name, error);
    else if (candidates->fit >= least)
        return found->pdata[0];
    else
        mgr_refuse(error, MGR_REFUSE_ENDPOINT_NEARLY, name, ((const MgrEndpoint *)found->pdata[0])->record.host,
                   ((const MgrEndpoint *)found->pdata[0])->record.id, NULL);
    return NULL;
}

static MgrEndpoint *find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, MgrNameFit least,
                         GError **error)
{
    MgrEndpoint *endpoint = mgr_selector_endpoint(fleet, caller, name);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GPtrArray) near = g_ptr_array_new();
    Candidates candidates = { MGR_NAME_NONE, found, near };

    if (endpoint != NULL)
        return endpoint;
    collect(fleet, caller, name, &candidates);
    return choose(&candidates, name, least, error);
}

MgrEndpoint *mgr_selector_find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    return find(fleet, caller, name, MGR_NAME_PREFIX, error);
}

MgrEndpoint *mgr_selector_find_whole(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error)
{
    return find(fleet, caller, name, MGR_NAME_SHORT, error);
}

/* ------------------------------------------------------------------------------------------------------- selectors */

/* Endpoints as rows in which words are looked for: what is looked in is made for one that a word asks about, and kept
 * for the next word. */
typedef struct {
    MgrFilterRows rows;
    gconstpointer row;
    char *folded;
} Searched;

struct MgrSelection {
    const MgrFleet *fleet;
    const MgrCaller *caller;
    MgrFilter *filter;
    MgrFilterRows rows;
    GArray *wides;     /* Wide; of a search: none */
    GHashTable *named; /* ids of those that are taken by a name of their own */
    guint beginnings;  /* of names: each of these is compared with the whole fleet */
    bool is_search;    /* else it is names, and conditions */
    bool is_all;       /* of a search: its word is all */
    MgrSearch search;  /* of a search; its filter is the one above */
    Searched searched;
    char *last; /* id of the one that was looked at last; NULL: none was */
};

/* One that a selector names.  What is no endpoint's name may be a group's, or a word of the language, mistyped. */
static MgrEndpoint *find_named(const MgrSelection *selection, const char *name, GError **error)
{
    g_autoptr(GError) why = NULL;
    MgrEndpoint *endpoint = mgr_selector_find(selection->fleet, selection->caller, name, &why);
    bool is_other = why != NULL && hl_error_code(why) == HL_ERROR_NOT_FOUND;
    const MgrGroup *group = is_other ? mgr_selector_group(selection->fleet, selection->caller, name, NULL) : NULL;
    const char *word = is_other ? mgr_filter_nearest(name) : NULL;

    if (group != NULL)
        mgr_refuse(error, MGR_REFUSE_ENDPOINT_IS_GROUP, name, group->record.name, NULL);
    else if (word != NULL)
        mgr_refuse(error, MGR_REFUSE_ENDPOINT_OR_WORD, name, word, NULL);
    else if (why != NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    return endpoint;
}

/* A name of more than one endpoint. */
typedef struct {
    char *group;        /* name; NULL: it is a pattern */
    char *pattern;      /* without case; "@sa*" is of groups; NULL: it is a group, or all */
    bool takes_removed; /* also those that the console would have removed */
} Wide;

static void wide_clear(gpointer item)
{
    g_free(((Wide *)item)->group);
    g_free(((Wide *)item)->pattern);
}

static bool is_like(const char *pattern, const MgrEndpoint *endpoint)
{
    bool is_of_group = *pattern == '@';
    g_autofree char *folded = g_utf8_casefold(is_of_group ? endpoint->record.group : endpoint->record.host, -1);

    return mgr_name_is_like(folded, pattern + is_of_group);
}

static bool is_of(const Wide *wide, const MgrEndpoint *endpoint)
{
    if (endpoint->record.display.removed && !wide->takes_removed)
        return false;
    if (wide->group != NULL)
        return strcmp(endpoint->record.group, wide->group) == 0;
    return wide->pattern == NULL || is_like(wide->pattern, endpoint);
}

static bool is_of_any(const GArray *wides, const MgrEndpoint *endpoint)
{
    for (guint i = 0; i < wides->len; i++)
        if (is_of(&g_array_index(wides, Wide, i), endpoint))
            return true;
    return false;
}

/* Who was removed is left out of everything but what names it: its own name, its group, the word. */
static bool read_wide(const MgrSelection *selection, const char *name, GError **error)
{
    Wide wide = { .takes_removed = mgr_filter_asks(selection->filter, MGR_COLUMN_REMOVED) };

    if (name[0] == '@' && strpbrk(name, "*?") == NULL) {
        const MgrGroup *group = mgr_selector_group(selection->fleet, selection->caller, name + 1, error);

        if (group == NULL)
            return false;
        wide.group = g_strdup(group->record.name);
        wide.takes_removed = wide.takes_removed || !mgr_filter_has_conditions(selection->filter);
    } else if (strcmp(name, "all") != 0) {
        wide.pattern = g_utf8_casefold(name, -1);
    }
    g_array_append_val(selection->wides, wide);
    return true;
}

/* ------------------------------------------------------------------------------------------------------ host names */

static void candidates_free(gpointer item)
{
    g_ptr_array_unref(((Candidates *)item)->found);
    g_free(item);
}

static void consider_host(GHashTable *hosts, char *host, gpointer endpoint)
{
    MgrNameFit fit = MGR_NAME_HOST;

    for (char *end = host + strlen(host); end != NULL; end = strrchr(host, '.'), fit = MGR_NAME_SHORT) {
        Candidates *candidates;

        *end = '\0';
        candidates = g_hash_table_lookup(hosts, host);
        if (candidates != NULL)
            consider(candidates, fit, endpoint);
    }
}

/* name in small letters -> Candidates *: for names that are no id those with this host name, by one walk for all. */
static GHashTable *find_hosts(const MgrSelection *selection)
{
    GHashTable *hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, candidates_free);
    GHashTableIter iter;
    gpointer value;

    for (const char *const *name = mgr_filter_names(selection->filter); *name != NULL; name++) {
        Candidates *candidates;

        if (**name == '\0' || mgr_filter_is_wide(*name) ||
            mgr_selector_endpoint(selection->fleet, selection->caller, *name) != NULL)
            continue;
        candidates = g_new0(Candidates, 1);
        candidates->found = g_ptr_array_new();
        g_hash_table_replace(hosts, g_ascii_strdown(*name, -1), candidates);
    }
    g_hash_table_iter_init(&iter, selection->fleet->endpoints);
    while (g_hash_table_size(hosts) > 0 && g_hash_table_iter_next(&iter, NULL, &value)) {
        g_autofree char *host = g_ascii_strdown(((const MgrEndpoint *)value)->record.host, -1);

        if (sees(selection->caller, value))
            consider_host(hosts, host, value);
    }
    return hosts;
}

static bool add_endpoint(MgrSelection *selection, GHashTable *hosts, const char *name, GError **error)
{
    MgrEndpoint *endpoint = mgr_selector_endpoint(selection->fleet, selection->caller, name);
    g_autofree char *key = g_ascii_strdown(name, -1);
    const Candidates *candidates = endpoint == NULL ? g_hash_table_lookup(hosts, key) : NULL;

    if (candidates != NULL && candidates->found->len > 0) {
        g_ptr_array_sort(candidates->found, mgr_endpoint_compare);
        endpoint = choose(candidates, name, MGR_NAME_SHORT, error);
    } else if (endpoint == NULL && ++selection->beginnings > MGR_MAX_TERMS) {
        return mgr_refuse(error, MGR_REFUSE_SELECTOR_BEGINNINGS, HL_NUMBER(MGR_MAX_TERMS), NULL);
    } else if (endpoint == NULL) {
        endpoint = find_named(selection, name, error);
    }
    if (endpoint == NULL)
        return false;
    if (mgr_filter_takes(selection->filter, &selection->rows, endpoint))
        g_hash_table_add(selection->named, g_strdup(endpoint->record.id));
    return true;
}

/* What a name in a condition is. */
static char *bind_name(const char *name, gpointer user, GError **error)
{
    const MgrSelection *selection = user;
    const MgrEndpoint *endpoint;

    if (name[0] == '@') {
        const MgrGroup *group = mgr_selector_group(selection->fleet, selection->caller, name + 1, error);

        return group != NULL ? g_strconcat("@", group->record.name, NULL) : NULL;
    }
    endpoint = find_named(selection, name, error);
    return endpoint != NULL ? g_strdup(endpoint->record.id) : NULL;
}

static bool read_names(MgrSelection *selection, GError **error)
{
    const char *const *names = mgr_filter_names(selection->filter);
    g_autoptr(GHashTable) hosts = find_hosts(selection);

    if (*names == NULL && mgr_filter_has_conditions(selection->filter) && !read_wide(selection, "all", error))
        return false;
    for (gsize i = 0; names[i] != NULL; i++)
        if (mgr_filter_is_wide(names[i]) ? !read_wide(selection, names[i], error)
                                         : !add_endpoint(selection, hosts, names[i], error))
            return false;
    return true;
}

/* ------------------------------------------------------------------------------------------------------- searches */

static MgrValue searched_value(gconstpointer row, int column, gpointer user, char **owned)
{
    const Searched *searched = user;

    return searched->rows.value(row, column, searched->rows.user, owned);
}

/* The same as the console looks in (manager/console/core/table.c). */
static const char *searched_text(gconstpointer row, gpointer user)
{
    static const int columns[] = { MGR_COLUMN_ID,        MGR_COLUMN_HOST,    MGR_COLUMN_GROUP, MGR_COLUMN_GROUP_DISPLAY,
                                   MGR_COLUMN_ADDRESSES, MGR_COLUMN_OBSERVED };
    Searched *searched = user;
    g_autoptr(GString) text = g_string_new(NULL);

    if (searched->row == row)
        return searched->folded;
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_autofree char *owned = NULL;

        g_string_append_printf(text, "%s\n", searched_value(row, columns[i], user, &owned).text);
    }
    g_free(searched->folded);
    searched->folded = g_utf8_casefold(text->str, -1);
    searched->row = row;
    return searched->folded;
}

/* A filter takes what a list with it shows; one that is empty what "all" does, and of a group what its name does. */
static bool begin_search(MgrSelection *selection, const char *selector, GError **error)
{
    MgrSearch *search = &selection->search;
    g_autofree char *word = NULL;

    selection->is_search = true;
    if (!mgr_search_read(search, selector, error) ||
        (search->group != NULL &&
         mgr_selector_group(selection->fleet, selection->caller, search->group, error) == NULL))
        return false;
    selection->filter = g_steal_pointer(&search->filter);
    word = mgr_filter_selector(selection->filter);
    selection->is_all = search->group == NULL && g_strcmp0(word, "all") == 0;
    selection->searched.rows = selection->rows;
    selection->rows = (MgrFilterRows){ searched_value, searched_text, &selection->searched };
    return true;
}

static bool begin_pick(MgrSelection *selection, const char *selector, GError **error)
{
    selection->filter = mgr_filter_parse(selector, MGR_FILTER_SELECT, hl_clock_wall(), error);
    return selection->filter != NULL && mgr_filter_bind(selection->filter, bind_name, selection, error) &&
           read_names(selection, error);
}

/* ------------------------------------------------------------------------------------------------------ selections */

MgrSelection *mgr_selection_new(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_autoptr(MgrSelection) selection = g_new0(MgrSelection, 1);

    selection->fleet = fleet;
    selection->caller = caller;
    selection->rows = mgr_column_rows(fleet);
    selection->wides = g_array_new(FALSE, FALSE, sizeof(Wide));
    g_array_set_clear_func(selection->wides, wide_clear);
    selection->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (mgr_search_is(selector) ? begin_search(selection, selector, error) : begin_pick(selection, selector, error))
        return g_steal_pointer(&selection);
    return NULL;
}

void mgr_selection_free(MgrSelection *selection)
{
    if (selection == NULL)
        return;
    g_clear_pointer(&selection->filter, mgr_filter_free);
    g_array_unref(selection->wides);
    g_hash_table_unref(selection->named);
    mgr_search_clear(&selection->search);
    g_free(selection->searched.folded);
    g_free(selection->last);
    g_free(selection);
}

static bool is_selected(const MgrSelection *selection, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;

    if (!sees(selection->caller, endpoint))
        return false;
    if (selection->is_search)
        return mgr_search_reaches(&selection->search, record->id, record->group) &&
               !(selection->is_all && record->display.removed) &&
               mgr_filter_takes(selection->filter, &selection->rows, endpoint);
    return (g_hash_table_size(selection->named) > 0 && g_hash_table_contains(selection->named, record->id)) ||
           (is_of_any(selection->wides, endpoint) && mgr_filter_takes(selection->filter, &selection->rows, endpoint));
}

/* Those that were named and are there. */
static void step_named(const MgrSelection *selection, GPtrArray *found)
{
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, selection->named);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(selection->fleet, id);

        if (endpoint != NULL)
            g_ptr_array_add(found, endpoint);
    }
    g_ptr_array_sort(found, mgr_endpoint_compare);
}

bool mgr_selection_step(MgrSelection *selection, guint looks, GPtrArray *found)
{
    const HlInOrder *order = &selection->fleet->in_order;
    HlInOrderPlace place;
    MgrEndpoint *endpoint = NULL;

    if (!selection->is_search && selection->wides->len == 0) {
        step_named(selection, found);
        return false;
    }
    place = hl_in_order_after(order, selection->last);
    for (; looks > 0 && (endpoint = hl_in_order_next(order, &place)) != NULL; looks--) {
        if (looks == 1) {
            g_free(selection->last);
            selection->last = g_strdup(endpoint->record.id);
        }
        selection->searched.row = NULL; /* another one may be where one was that went */
        if (is_selected(selection, endpoint))
            g_ptr_array_add(found, endpoint);
    }
    return endpoint != NULL;
}

void mgr_selection_fail_empty(const char *selector, GError **error)
{
    mgr_refuse(error, MGR_REFUSE_ENDPOINT_NONE_MATCH, selector, NULL);
}

GPtrArray *mgr_selector_filter(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_autoptr(MgrSelection) selection = mgr_selection_new(fleet, caller, selector, error);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    if (selection == NULL)
        return NULL;
    mgr_selection_step(selection, G_MAXUINT, found);
    return g_steal_pointer(&found);
}

GPtrArray *mgr_selector_select(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error)
{
    g_autoptr(GPtrArray) found = mgr_selector_filter(fleet, caller, selector, error);

    if (found != NULL && found->len == 0) {
        mgr_selection_fail_empty(selector, error);
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
    if (found->len == 0 && name[0] == '@' && name[1] != '@') /* as selectors have it: no id begins so */
        return mgr_selector_group(fleet, caller, name + 1, error);
    if (found->len == 0)
        mgr_group_unknown_fail(fleet, caller, name, error);
    else
        mgr_refuse(error, MGR_REFUSE_GROUP_CALLED_MANY, HL_NUMBER(found->len), name, NULL);
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
