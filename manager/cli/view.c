/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/view.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/nearest.h"
#include "lib/base/unconst.h"
#include "manager/store/audit.h"

#define MAX_LIMIT  1000000
#define LIST_WIDTH 60 /* of an error, beside the rest of it */

/* --------------------------------------------------------------------------------------------------------------
 * reading
 */

static bool read_form(CliView *view, const HlInvocation *call, GError **error)
{
    static const char *const names[] = {
        [CLI_AS_TABLE] = "table", [CLI_AS_WIDE] = "wide", [CLI_AS_JSON] = "json", [CLI_AS_CSV] = "csv"
    };
    const char *text = hl_cli_value(call, "o", hl_cli_has(call, "json") ? "json" : "table");

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(text, names[i]) == 0) {
            view->form = (CliForm)i;
            return true;
        }
    return hl_fail(error, HL_ERROR_USAGE, _("-o takes table, wide, json or csv, and not '%s'"), text);
}

/* A variable that a script left empty is no wish for an empty table. */
static bool read_filled(const HlInvocation *call, GError **error)
{
    static const char *const names[] = { "where", "sort", "columns" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (*hl_cli_value(call, names[i], "-") == '\0')
            return hl_fail(error, HL_ERROR_USAGE, _("--%s is empty: name something, or leave it out"), names[i]);
    return true;
}

bool cli_view_read(CliView *view, const HlInvocation *call, GError **error)
{
    const char *columns = hl_cli_value(call, "columns", NULL);
    const char *order = hl_cli_value(call, "sort", NULL);
    const char *limit = hl_cli_value(call, "limit", hl_cli_value(call, "rows", NULL));
    guint64 number = 0;

    if (limit != NULL && !g_ascii_string_to_unsigned(limit, 10, 1, MAX_LIMIT, &number, NULL))
        return hl_fail(error, HL_ERROR_USAGE, _("--limit takes a number from 1 to %d, and not '%s'"), MAX_LIMIT, limit);
    if (!read_filled(call, error))
        return false;
    *view = (CliView){ .columns = columns != NULL ? g_strsplit(columns, ",", -1) : NULL,
                       .order = order != NULL ? g_strsplit(order, ",", -1) : NULL,
                       .limit = (guint)number };
    return read_form(view, call, error);
}

bool cli_view_check_watch(const HlInvocation *call, GError **error)
{
    static const char *const others[] = { "sort", "columns", "limit", "rows" };
    CliView view = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (hl_cli_has(call, others[i]))
            return hl_fail(error, HL_ERROR_USAGE,
                           _("--watch has an order and columns of its own: --%s is for 'holdline status' without it"),
                           others[i]);
    if (!read_form(&view, call, error))
        return false;
    return view.form == CLI_AS_TABLE || view.form == CLI_AS_JSON ||
           hl_fail(error, HL_ERROR_USAGE, _("--watch shows a table or, with -o json, prints what changes"));
}

static const char *form_of(const HlInvocation *call)
{
    return hl_cli_value(call, "o", hl_cli_has(call, "json") ? "json" : "table");
}

bool cli_view_is_data(const HlInvocation *call)
{
    return strcmp(form_of(call), "json") == 0 || strcmp(form_of(call), "csv") == 0;
}

bool cli_view_is_wide(const HlInvocation *call)
{
    return strcmp(form_of(call), "wide") == 0;
}

void cli_view_clear(CliView *view)
{
    g_clear_pointer(&view->columns, g_strfreev);
    g_clear_pointer(&view->order, g_strfreev);
}

/* --------------------------------------------------------------------------------------------------------------
 * columns
 */

/* "LAST SEEN" and "last_seen" are one. */
static bool is_same(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char one = *a == ' ' || *a == '-' ? '_' : g_ascii_tolower(*a);
        char other = *b == ' ' || *b == '-' ? '_' : g_ascii_tolower(*b);

        if (one != other)
            return false;
    }
    return *a == *b;
}

static bool has_member(const json_t *rows, const char *path)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (cli_descend(row, path) != NULL)
            return true;
    }
    return false;
}

/* As many as fit in a line.  Caller frees. */
static char *list_names(const char *const *names)
{
    GString *list = g_string_new(names[0]);
    gsize i = names[0] != NULL ? 1 : 0;

    for (; names[i] != NULL && list->len + strlen(", ") + strlen(names[i]) <= LIST_WIDTH; i++)
        g_string_append_printf(list, ", %s", names[i]);
    if (names[i] != NULL)
        g_string_append_printf(list, _(" and %u more: -o json shows all"), g_strv_length(hl_unconst(names + i)));
    return g_string_free(list, FALSE);
}

static bool fail_unknown(const char *name, const CliColumn *usual, gsize n_usual, const json_t *rows, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *list = NULL;
    const char *nearest, *member;
    json_t *value;

    for (gsize i = 0; i < n_usual; i++)
        g_ptr_array_add(names, hl_unconst(usual[i].member));
    json_object_foreach(json_array_get(rows, 0), member, value)
    {
        if (!json_is_object(value) && !g_ptr_array_find_with_equal_func(names, member, g_str_equal, NULL))
            g_ptr_array_add(names, hl_unconst(member));
    }
    g_ptr_array_add(names, NULL);
    nearest = hl_nearest(name, (const char *const *)names->pdata);
    if (nearest != NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("there is no column '%s'; did you mean '%s'?"), name, nearest);
    list = list_names((const char *const *)names->pdata);
    return hl_fail(error, HL_ERROR_USAGE, _("there is no column '%s'; there are %s"), name, list);
}

bool cli_view_find_column(CliColumn *column, const char *name, const CliColumn *usual, gsize n_usual,
                          const json_t *rows)
{
    for (gsize i = 0; i < n_usual; i++)
        if (is_same(name, usual[i].heading) || is_same(name, usual[i].member)) {
            *column = usual[i];
            return true;
        }
    *column = (CliColumn){ .heading = name, .member = name };
    return *name != '\0' && has_member(rows, name);
}

CliColumn *cli_view_columns(const CliView *view, const CliColumn *usual, gsize n_usual, const json_t *rows, gsize *n,
                            GError **error)
{
    g_autofree CliColumn *columns = NULL;

    *n = view->columns != NULL ? g_strv_length(view->columns) : n_usual;
    if (view->columns == NULL)
        return g_memdup2(usual, n_usual * sizeof *usual);
    columns = g_new0(CliColumn, *n + 1);
    /* what rows could have besides the usual ones, no rows cannot tell */
    for (gsize i = 0; i < *n; i++)
        if (!cli_view_find_column(&columns[i], view->columns[i], usual, n_usual, rows) &&
            (json_array_size(rows) > 0 || *view->columns[i] == '\0')) {
            fail_unknown(view->columns[i], usual, n_usual, rows, error);
            return NULL;
        }
    return g_steal_pointer(&columns);
}

/* -----------------------------------------------------------------------------------------------------------------
 * rows
 */

typedef struct {
    const char *member;
    bool is_descending;
} Key;

/* A row with what it is sorted by: folded once, for each is compared with a dozen others. */
typedef struct {
    json_t *row;
    const json_t **values;
    GStrv folded; /* of texts; "": of what is none */
} Sorted;

/* Nothing comes first; numbers in texts count as numbers: pc2, pc10. */
static int compare_values(const Sorted *one, const Sorted *other, guint key)
{
    const json_t *a = one->values[key];
    const json_t *b = other->values[key];

    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a), y = json_number_value(b);

        return x < y ? -1 : x > y;
    }
    if (!json_is_string(a) || !json_is_string(b))
        return json_is_string(a) || json_is_number(a) ? 1 : json_is_string(b) || json_is_number(b) ? -1 : 0;
    return strverscmp(one->folded[key], other->folded[key]);
}

static int compare_rows(gconstpointer a, gconstpointer b, gpointer user)
{
    const GArray *keys = user;

    for (guint i = 0; i < keys->len; i++) {
        int order = compare_values(a, b, i);

        if (order != 0)
            return g_array_index(keys, Key, i).is_descending ? -order : order;
    }
    return 0;
}

static void sorted_clear(gpointer item)
{
    Sorted *sorted = item;

    g_free(sorted->values);
    g_strfreev(sorted->folded);
}

static void add_sorted(GArray *all, json_t *row, const GArray *keys)
{
    Sorted sorted = { row, g_new0(const json_t *, keys->len + 1), g_new0(char *, keys->len + 1) };

    for (guint i = 0; i < keys->len; i++) {
        sorted.values[i] = cli_descend(row, g_array_index(keys, Key, i).member);
        sorted.folded[i] =
            json_is_string(sorted.values[i]) ? g_utf8_casefold(json_string_value(sorted.values[i]), -1) : g_strdup("");
    }
    g_array_append_val(all, sorted);
}

static GArray *keys_of(const CliView *view, const CliColumn *usual, gsize n_usual, const json_t *rows, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(Key));

    for (gsize i = 0; view->order != NULL && view->order[i] != NULL; i++) {
        bool is_descending = view->order[i][0] == '-';
        const char *name = view->order[i] + is_descending;
        CliColumn column;
        Key key;

        if (!cli_view_find_column(&column, name, usual, n_usual, rows) && json_array_size(rows) > 0) {
            fail_unknown(name, usual, n_usual, rows, error);
            return NULL;
        }
        key = (Key){ column.member, is_descending };
        g_array_append_val(keys, key);
    }
    return g_steal_pointer(&keys);
}

json_t *cli_view_rows(const CliView *view, const CliColumn *usual, gsize n_usual, const json_t *rows, GError **error)
{
    g_autoptr(GArray) keys = keys_of(view, usual, n_usual, rows, error);
    g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(Sorted));
    json_t *out;

    if (keys == NULL)
        return NULL;
    g_array_set_clear_func(sorted, sorted_clear);
    for (size_t i = 0; i < json_array_size(rows); i++)
        add_sorted(sorted, json_array_get(rows, i), keys);
    if (keys->len > 0)
        g_array_sort_with_data(sorted, compare_rows, keys); /* stable */
    out = json_array();
    for (guint i = 0; i < sorted->len && (view->limit == 0 || i < view->limit); i++)
        json_array_append(out, g_array_index(sorted, Sorted, i).row);
    return out;
}

char *cli_view_more(const CliView *view, gsize shown, gsize total, const char *remedy)
{
    bool is_by_limit = view->limit > 0 && shown >= view->limit;

    if (shown >= total || (remedy == NULL && !is_by_limit))
        return NULL;
    if (remedy != NULL && total > MGR_MAX_COUNTED) /* the server counted no further */
        return g_strdup_printf(_("%zu of more than %d are shown: %s"), shown, MGR_MAX_COUNTED, hl_tr(remedy));
    return g_strdup_printf(_("%zu of %zu are shown: %s"), shown, total,
                           remedy != NULL ? hl_tr(remedy) : _("a larger --limit, or none, shows the rest"));
}
