/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/fleet.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/cli/show.h"

typedef struct {
    json_t *document;
    char *folded; /* what a search looks at */
    guint rank, generation;
    bool is_selected, is_found;
} Row;

struct CliFleet {
    MgrFilter *selector, *search; /* NULL: everything */
    MgrFilter **troubles;
    GHashTable *rows; /* id -> Row * */
    GPtrArray *list;  /* of json_t *, borrowed; NULL: to be made again */
    MgrNameFit *fits; /* of each of the selector's names: the best that any row has */
    HlTime now;       /* by which certificates have ended */
    guint generation;
    guint fresh; /* how many had a document in it */
};

/* From the worst on.  A revoked one has no say any more, whatever its line does. */
static const char *const troubles[] = {
    "infected not revoked",    "(cloned or flooding) not revoked",
    "scan-failed not revoked", "ended",
    "offline not revoked",     "stale not revoked",
    "outdated not revoked",    "behind not revoked",
    "never-seen not revoked",  "not revoked",
};
#define ENDED 3 /* of them */

static void free_row(gpointer user)
{
    Row *row = user;

    json_decref(row->document);
    g_free(row->folded);
    g_free(row);
}

/* ---------------------------------------------------------------------------------------------------------- judging */

static MgrValue text_value(const json_t *value, MgrColumnKind kind, char **owned)
{
    g_autoptr(GString) set = NULL;
    const char *name;
    json_t *version;

    if (kind != MGR_SET)
        return (MgrValue){ .text = json_is_string(value) ? json_string_value(value) : "" };
    set = g_string_new(NULL);
    json_object_foreach(hl_unconst(value), name, version)
    {
        g_string_append_printf(set, "%s%s=%" JSON_INTEGER_FORMAT, set->len > 0 ? " " : "", name,
                               json_integer_value(version));
    }
    *owned = g_string_free(g_steal_pointer(&set), FALSE);
    return (MgrValue){ .text = *owned };
}

static MgrValue value_of(gconstpointer item, int column, gpointer user G_GNUC_UNUSED, char **owned)
{
    const json_t *value = cli_descend(((const Row *)item)->document, mgr_columns[column].path);
    HlTime time = 0;

    if (mgr_column_is_text(column))
        return text_value(value, mgr_columns[column].kind, owned);
    if (mgr_columns[column].kind == MGR_FLAG)
        return (MgrValue){ .number = json_is_true(value) };
    if (mgr_columns[column].kind == MGR_NUMBER)
        return (MgrValue){ .number = json_integer_value(value) };
    if (json_is_string(value) && !hl_time_parse(json_string_value(value), &time, NULL))
        time = 0;
    return (MgrValue){ .number = time };
}

static const char *searched(gconstpointer item, gpointer user G_GNUC_UNUSED)
{
    return ((const Row *)item)->folded;
}

static const MgrFilterRows readers = { value_of, searched, NULL };

static MgrNameFit fit_of(const char *name, const Row *row)
{
    return mgr_filter_is_wide(name)
               ? MGR_NAME_NONE
               : mgr_name_fit(name, cli_text(row->document, "id"), cli_text(row->document, "host"));
}

/* The server has said that the names are there, and are one endpoint's: the one that the name fits best.  Groups are
 * ids (mgr_filter_bind). */
static bool is_named(const char *name, MgrNameFit best, const Row *row)
{
    const char *host = cli_text(row->document, "host");
    const char *group = cli_text(row->document, "group");
    g_autofree char *pattern = g_utf8_casefold(name + (*name == '@'), -1);
    g_autofree char *text = g_utf8_casefold(*name == '@' ? group : host, -1);

    if (strcmp(name, "all") == 0)
        return true;
    if (strpbrk(name, "*?") != NULL)
        return mgr_name_is_like(text, pattern);
    if (*name == '@')
        return strcmp(group, name + 1) == 0;
    return best != MGR_NAME_NONE && fit_of(name, row) == best;
}

static bool is_selected(const CliFleet *fleet, const Row *row)
{
    bool removed = json_is_true(json_object_get(row->document, "removed"));
    const char *const *names;
    bool named;

    if (fleet->selector == NULL)
        return !removed;
    if (removed && !mgr_filter_asks(fleet->selector, MGR_COLUMN_REMOVED))
        return false;
    names = mgr_filter_names(fleet->selector);
    named = *names == NULL;
    for (gsize i = 0; names[i] != NULL && !named; i++)
        named = is_named(names[i], fleet->fits[i], row);
    return named && mgr_filter_takes(fleet->selector, &readers, row);
}

static void judge(const CliFleet *fleet, Row *row)
{
    row->rank = 0;
    while (fleet->troubles[row->rank] != NULL && !mgr_filter_takes(fleet->troubles[row->rank], &readers, row))
        row->rank++;
    row->is_selected = is_selected(fleet, row);
    row->is_found = fleet->search == NULL || mgr_filter_takes(fleet->search, &readers, row);
}

static void forget_list(CliFleet *fleet)
{
    g_clear_pointer(&fleet->list, g_ptr_array_unref);
}

static void judge_all(CliFleet *fleet)
{
    GHashTableIter iter;
    gpointer row;

    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        judge(fleet, row);
    forget_list(fleet);
}

static bool is_better(CliFleet *fleet, const Row *row)
{
    const char *const *names = fleet->selector != NULL ? mgr_filter_names(fleet->selector) : NULL;
    bool better = false;

    for (gsize i = 0; names != NULL && names[i] != NULL; i++) {
        MgrNameFit fit = fit_of(names[i], row);

        better = better || fit > fleet->fits[i];
        fleet->fits[i] = MAX(fit, fleet->fits[i]);
    }
    return better;
}

/* Which rows the names fit, after one is gone or has another host name. */
static void fit_again(CliFleet *fleet)
{
    const char *const *names = fleet->selector != NULL ? mgr_filter_names(fleet->selector) : NULL;
    GHashTableIter iter;
    gpointer row;

    if (names == NULL || *names == NULL)
        return;
    for (gsize i = 0; names[i] != NULL; i++)
        fleet->fits[i] = MGR_NAME_NONE;
    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        is_better(fleet, row);
    judge_all(fleet);
}

/* ------------------------------------------------------------------------------------------------------------- rows */

static void parse_troubles(CliFleet *fleet, HlTime now)
{
    fleet->now = now;
    for (gsize i = 0; i < G_N_ELEMENTS(troubles); i++) {
        mgr_filter_free(fleet->troubles[i]);
        fleet->troubles[i] = mgr_filter_parse(troubles[i], MGR_FILTER_SEARCH, now, NULL);
        g_assert(fleet->troubles[i] != NULL);
    }
}

CliFleet *cli_fleet_new(MgrFilter *selector, HlTime now)
{
    CliFleet *fleet = g_new0(CliFleet, 1);
    guint n = 0;

    fleet->selector = selector;
    fleet->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_row);
    fleet->troubles = g_new0(MgrFilter *, G_N_ELEMENTS(troubles) + 1);
    while (selector != NULL && mgr_filter_names(selector)[n] != NULL)
        n++;
    fleet->fits = g_new0(MgrNameFit, n + 1);
    parse_troubles(fleet, now);
    return fleet;
}

void cli_fleet_free(CliFleet *fleet)
{
    if (fleet == NULL)
        return;
    forget_list(fleet);
    for (MgrFilter **trouble = fleet->troubles; *trouble != NULL; trouble++)
        mgr_filter_free(*trouble);
    g_free(fleet->troubles);
    g_free(fleet->fits);
    mgr_filter_free(fleet->selector);
    mgr_filter_free(fleet->search);
    g_hash_table_unref(fleet->rows);
    g_free(fleet);
}

static Row *make_row(const CliFleet *fleet, json_t *document)
{
    g_autofree char *looked_at = NULL;
    Row *row = g_new0(Row, 1);

    row->document = json_incref(document);
    looked_at = g_strjoin("\n", cli_text(document, "id"), cli_text(document, "host"), cli_text(document, "group"),
                          cli_text(document, "addresses"), cli_text(document, "observed_address"), NULL);
    row->folded = g_utf8_casefold(looked_at, -1);
    row->generation = fleet->generation;
    return row;
}

void cli_fleet_put(CliFleet *fleet, const char *id, json_t *document)
{
    const Row *before = g_hash_table_lookup(fleet->rows, id);
    Row *row = document != NULL ? make_row(fleet, document) : NULL;
    bool is_fresh = row != NULL && (before == NULL || before->generation != fleet->generation);
    bool had_name =
        before != NULL && (row == NULL || strcmp(cli_text(before->document, "host"), cli_text(document, "host")) != 0);

    forget_list(fleet);
    fleet->fresh += is_fresh;
    if (row == NULL)
        g_hash_table_remove(fleet->rows, id);
    else
        g_hash_table_replace(fleet->rows, g_strdup(id), row);
    if (had_name)
        fit_again(fleet);
    if (row != NULL && is_better(fleet, row))
        judge_all(fleet);
    else if (row != NULL)
        judge(fleet, row);
}

void cli_fleet_tell_time(CliFleet *fleet, HlTime now)
{
    if (now / HL_MINUTE == fleet->now / HL_MINUTE)
        return;
    parse_troubles(fleet, now);
    judge_all(fleet);
}

void cli_fleet_search(CliFleet *fleet, MgrFilter *search)
{
    mgr_filter_free(fleet->search);
    fleet->search = search;
    judge_all(fleet);
}

void cli_fleet_begin(CliFleet *fleet)
{
    fleet->generation++;
    fleet->fresh = 0;
}

void cli_fleet_end(CliFleet *fleet)
{
    GHashTableIter iter;
    gpointer row;

    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        if (((const Row *)row)->generation != fleet->generation)
            g_hash_table_iter_remove(&iter);
    forget_list(fleet);
    fit_again(fleet);
}

guint cli_fleet_fresh(const CliFleet *fleet)
{
    return fleet->fresh;
}

/* ------------------------------------------------------------------------------------------------------------- list */

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const Row *one = *(const Row *const *)a;
    const Row *other = *(const Row *const *)b;
    int order = (one->rank > other->rank) - (one->rank < other->rank);

    if (order == 0)
        order = strverscmp(cli_text(one->document, "host"), cli_text(other->document, "host"));
    return order != 0 ? order : strcmp(cli_text(one->document, "id"), cli_text(other->document, "id"));
}

const GPtrArray *cli_fleet_list(CliFleet *fleet)
{
    g_autoptr(GPtrArray) rows = NULL;
    GHashTableIter iter;
    gpointer row;

    if (fleet->list != NULL)
        return fleet->list;
    rows = g_ptr_array_new();
    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        if (((const Row *)row)->is_selected && ((const Row *)row)->is_found)
            g_ptr_array_add(rows, row);
    g_ptr_array_sort(rows, compare_rows);
    fleet->list = g_ptr_array_sized_new(rows->len);
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(fleet->list, ((const Row *)rows->pdata[i])->document);
    return fleet->list;
}

bool cli_fleet_takes(const CliFleet *fleet, const char *id)
{
    const Row *row = g_hash_table_lookup(fleet->rows, id);

    return row == NULL || row->is_selected;
}

guint cli_fleet_count(const CliFleet *fleet)
{
    GHashTableIter iter;
    gpointer row;
    guint n = 0;

    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        n += ((const Row *)row)->is_selected;
    return n;
}

static void add(json_t *summary, const char *name, json_int_t n)
{
    json_object_set_new(summary, name, json_integer(cli_int(summary, name) + n));
}

static void count_row(const CliFleet *fleet, json_t *summary, const Row *row)
{
    const json_t *document = row->document;
    json_int_t open = cli_int(document, "open_detections");
    const json_t *scan = json_object_get(document, "last_scan");

    add(summary, "endpoints", 1);
    add(summary, cli_text(document, "actual"), 1);
    add(summary, "outdated", json_is_true(json_object_get(document, "outdated")));
    add(summary, "settings_behind", !json_is_true(cli_descend(document, "settings.current")));
    add(summary, "flooding", json_is_true(json_object_get(document, "flooding")));
    add(summary, "open_commands", cli_int(document, "open_commands"));
    add(summary, "open_detections", open);
    add(summary, "infected", open > 0);
    add(summary, "scans_failed", strcmp(cli_text(scan, "end"), "failed") == 0);
    add(summary, "never_scanned", !json_is_object(scan));
    add(summary, "certificates_ended", mgr_filter_takes(fleet->troubles[ENDED], &readers, row));
}

json_t *cli_fleet_summary(const CliFleet *fleet)
{
    static const char *const counted[] = {
        "endpoints",    "online",          "stale",           "offline",           "never-seen",
        "outdated",     "flooding",        "settings_behind", "open_commands",     "infected",
        "scans_failed", "open_detections", "never_scanned",   "certificates_ended"
    };
    json_t *summary = json_object();
    GHashTableIter iter;
    gpointer row;

    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++)
        add(summary, counted[i], 0);
    g_hash_table_iter_init(&iter, fleet->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row))
        if (((const Row *)row)->is_selected)
            count_row(fleet, summary, row);
    return summary;
}
