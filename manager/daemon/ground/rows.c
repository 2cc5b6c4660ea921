/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/rows.h"

#include <string.h>

#include "manager/core/refusal.h"
#include "manager/daemon/ground/columns.h"
#include "proto/components.h"
#include "proto/wire.h"

typedef enum { CHOSEN, ORDERED } Use;

static bool parse_columns(MgrRowColumns *columns, const char *text, Use use, GError **error)
{
    g_auto(GStrv) names = text != NULL ? g_strsplit(text, ",", MGR_MAX_ROW_COLUMNS + 1) : NULL;

    *columns = (MgrRowColumns){ 0 };
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        bool is_descending = use == ORDERED && names[i][0] == '-';
        int column = mgr_column_find(names[i] + is_descending);

        if (columns->n == MGR_MAX_ROW_COLUMNS)
            return mgr_refuse(error, MGR_REFUSE_ROWS_COLUMNS, HL_NUMBER(MGR_MAX_ROW_COLUMNS), NULL);
        if (column < 0)
            return mgr_refuse(error, MGR_REFUSE_ROWS_COLUMN, names[i] + is_descending, NULL);
        columns->is_descending[columns->n] = is_descending;
        columns->column[columns->n++] = column;
    }
    return true;
}

bool mgr_row_wish_parse(MgrRowWish *wish, const char *sort, const char *limit, const char *columns, GError **error)
{
    guint64 number = G_MAXUINT;

    if (limit != NULL && !g_ascii_string_to_unsigned(limit, 10, 1, G_MAXUINT, &number, NULL))
        return mgr_refuse(error, MGR_REFUSE_ROWS_LIMIT, limit, NULL);
    wish->limit = (guint)number;
    return parse_columns(&wish->order, sort, ORDERED, error) && parse_columns(&wish->chosen, columns, CHOSEN, error);
}

/* ------------------------------------------------------------------------------------------------------------ order */

/* What an endpoint is compared by, made once: a list of 20,000 takes 300,000 comparisons. */
typedef struct {
    const MgrEndpoint *endpoint;
    guint place; /* before */
    MgrValue *values;
    char **folded; /* of columns that are texts; NULL in others */
} Entry;

static int compare_values(const Entry *a, const Entry *b, guint i)
{
    if (a->folded[i] != NULL)
        return strverscmp(a->folded[i], b->folded[i]);
    return a->values[i].number < b->values[i].number ? -1 : a->values[i].number > b->values[i].number;
}

static int compare(gconstpointer one, gconstpointer other, gpointer user)
{
    const MgrRowColumns *order = user;
    const Entry *a = one;
    const Entry *b = other;

    for (guint i = 0; i < order->n; i++) {
        int result = compare_values(a, b, i);

        if (result != 0)
            return order->is_descending[i] ? -result : result;
    }
    return a->place < b->place ? -1 : 1;
}

static void entry_init(Entry *entry, const MgrFilterRows *rows, const MgrRowColumns *order, const MgrEndpoint *endpoint,
                       guint place)
{
    *entry = (Entry){ endpoint, place, g_new0(MgrValue, order->n), g_new0(char *, order->n) };
    for (guint i = 0; i < order->n; i++) {
        g_autofree char *owned = NULL;
        int column = order->column[i];

        entry->values[i] = rows->value(endpoint, column, rows->user, &owned);
        if (mgr_column_is_text(column))
            entry->folded[i] = g_utf8_casefold(entry->values[i].text, -1);
    }
}

static void entry_clear(Entry *entry, guint n)
{
    for (guint i = 0; i < n; i++)
        g_free(entry->folded[i]);
    g_free(entry->folded);
    g_free(entry->values);
}

bool mgr_row_wish_has_order(const MgrRowWish *wish)
{
    return wish->order.n > 0 || wish->limit != G_MAXUINT;
}

GPtrArray *mgr_rows_ids(const MgrFleet *fleet, const MgrRowWish *wish, const GPtrArray *endpoints)
{
    MgrFilterRows rows = mgr_column_rows(fleet);
    GPtrArray *ids = g_ptr_array_new_full(endpoints->len, g_free);
    g_autofree Entry *entries = g_new(Entry, endpoints->len + 1);
    MgrRowColumns order = wish->order;

    for (guint i = 0; i < endpoints->len; i++)
        entry_init(&entries[i], &rows, &order, endpoints->pdata[i], i);
    if (order.n > 0)
        g_qsort_with_data(entries, (gint)endpoints->len, sizeof *entries, compare, &order);
    for (guint i = 0; i < endpoints->len; i++) {
        g_ptr_array_add(ids, g_strdup(entries[i].endpoint->record.id));
        entry_clear(&entries[i], order.n);
    }
    return ids;
}

/* ------------------------------------------------------------------------------------------------------------- rows */

void mgr_rows_leave_out_removed(GPtrArray *endpoints)
{
    guint n = 0;

    for (guint i = 0; i < endpoints->len; i++)
        if (!((const MgrEndpoint *)endpoints->pdata[i])->record.display.removed)
            endpoints->pdata[n++] = endpoints->pdata[i];
    g_ptr_array_set_size(endpoints, (gint)n);
}

static json_t *json_of(int column, MgrValue value)
{
    switch (mgr_columns[column].kind) {
    case MGR_TEXT:
    case MGR_WORD:
    case MGR_VERSION:
        return json_string(value.text);
    case MGR_SET:
        return hl_components_json(value.text);
    case MGR_TIME:
        return hl_json_time(value.number);
    case MGR_NUMBER:
        return json_integer((json_int_t)value.number);
    case MGR_FLAG:
        return json_boolean(value.number != 0);
    }
    g_assert_not_reached();
}

/* "last_scan.end" of one that was never scanned makes no last_scan, as the document has none. */
static bool is_absent(int column, MgrValue value)
{
    return mgr_column_is_text(column) ? *value.text == '\0' : mgr_columns[column].kind == MGR_TIME && value.number == 0;
}

static void put(json_t *document, int column, MgrValue value)
{
    const char *path = mgr_columns[column].path;
    const char *dot = strchr(path, '.');
    g_autofree char *outer = NULL;

    if (dot == NULL) {
        json_object_set_new(document, path, json_of(column, value));
        return;
    }
    if (is_absent(column, value))
        return;
    outer = g_strndup(path, (gsize)(dot - path));
    if (json_object_get(document, outer) == NULL)
        json_object_set_new(document, outer, json_object());
    json_object_set_new(json_object_get(document, outer), dot + 1, json_of(column, value));
}

json_t *mgr_row_document(const MgrFleet *fleet, const MgrRowColumns *chosen, const MgrEndpoint *endpoint)
{
    MgrFilterRows rows = mgr_column_rows(fleet);
    json_t *document = json_object();

    for (guint i = 0; i < chosen->n; i++) {
        g_autofree char *owned = NULL;

        put(document, chosen->column[i], rows.value(endpoint, chosen->column[i], rows.user, &owned));
    }
    return document;
}
