/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/page.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"

#define MAX_CURSOR 4000 /* characters: a text of a row, the id, and what JSON and base 64 add */

/* A place in the order: the value of the column, and the id, which tells apart rows of the same value. */
typedef struct {
    MgrValue value;
    const char *id;
} Place;

typedef struct {
    const ConQuery *query;
    const Place *after;  /* NULL: from the beginning */
    GPtrArray *heap;     /* the first ones so far; the last of them is on top, unless they come in order */
    guint total, beyond; /* of total, after the cursor */
} Selection;

bool con_order_parse(const char *text, ConOrder *order, GError **error)
{
    const char *name = text != NULL ? text : "";
    bool is_descending = *name == '-';
    int column = mgr_column_find(*name == '\0' ? "host" : name + is_descending);

    if (column < 0)
        return con_fail(error, CON_FAULT_LIST_COLUMN, name, NULL);
    *order = (ConOrder){ column, is_descending };
    return true;
}

static bool is_number(int column)
{
    MgrColumnKind kind = mgr_columns[column].kind;

    return kind == MGR_TIME || kind == MGR_NUMBER || kind == MGR_FLAG;
}

static int compare(const ConOrder *order, const Place *a, const Place *b)
{
    int result = is_number(order->column) ? (a->value.number > b->value.number) - (a->value.number < b->value.number)
                 : mgr_columns[order->column].kind == MGR_VERSION ? mgr_version_compare(a->value.text, b->value.text)
                                                                  : g_ascii_strcasecmp(a->value.text, b->value.text);

    if (result == 0 && !is_number(order->column))
        result = strcmp(a->value.text, b->value.text);
    if (result == 0)
        result = strcmp(a->id, b->id);
    return order->is_descending ? -result : result;
}

static Place place_of(const ConOrder *order, const ConRow *row)
{
    return (Place){ row->values[order->column], row->values[MGR_COLUMN_ID].text };
}

static int compare_rows(gconstpointer a, gconstpointer b, gpointer user)
{
    const ConOrder *order = user;
    Place left = place_of(order, *(const ConRow *const *)a);
    Place right = place_of(order, *(const ConRow *const *)b);

    return compare(order, &left, &right);
}

/* -- a heap of the first rows: most of 100,000 are compared once, with the last of them -- */

static int compare_at(const Selection *selection, guint a, guint b)
{
    ConOrder order = selection->query->order;

    return compare_rows(&selection->heap->pdata[a], &selection->heap->pdata[b], &order);
}

static void swap(const Selection *selection, guint a, guint b)
{
    gpointer row = selection->heap->pdata[a];

    selection->heap->pdata[a] = selection->heap->pdata[b];
    selection->heap->pdata[b] = row;
}

static void sift_up(const Selection *selection, guint at)
{
    for (; at > 0 && compare_at(selection, at, (at - 1) / 2) > 0; at = (at - 1) / 2)
        swap(selection, at, (at - 1) / 2);
}

static void sift_down(const Selection *selection)
{
    guint at = 0;

    for (;;) {
        guint largest = at;

        for (guint child = 2 * at + 1; child <= 2 * at + 2 && child < selection->heap->len; child++)
            if (compare_at(selection, child, largest) > 0)
                largest = child;
        if (largest == at)
            return;
        swap(selection, at, largest);
        at = largest;
    }
}

static void keep(const Selection *selection, const ConRow *row)
{
    ConOrder order = selection->query->order;

    if (selection->heap->len < selection->query->limit) {
        g_ptr_array_add(selection->heap, hl_unconst(row));
        sift_up(selection, selection->heap->len - 1);
    } else if (compare_rows(&row, &selection->heap->pdata[0], &order) < 0) {
        selection->heap->pdata[0] = hl_unconst(row);
        sift_down(selection);
    }
}

static bool takes(const ConQuery *query, const ConRow *row)
{
    return (query->groups == NULL || g_strv_contains(query->groups, row->values[MGR_COLUMN_GROUP].text)) &&
           (query->group == NULL || strcmp(query->group, row->values[MGR_COLUMN_GROUP].text) == 0) &&
           con_row_fits(query->filter, row);
}

static bool is_after(const Selection *selection, const ConRow *row)
{
    Place place = place_of(&selection->query->order, row);

    return selection->after == NULL || compare(&selection->query->order, &place, selection->after) > 0;
}

static bool on_row(const ConRow *row, gpointer user)
{
    Selection *selection = user;

    if (!takes(selection->query, row))
        return true;
    selection->total++;
    if (!is_after(selection, row))
        return true;
    selection->beyond++;
    keep(selection, row);
    return true;
}

/* They come in order: none is compared with another, and with the cursor only those before it. */
static bool on_next_row(const ConRow *row, gpointer user)
{
    Selection *selection = user;

    if (!takes(selection->query, row))
        return true;
    selection->total++;
    if (selection->beyond == 0 && !is_after(selection, row))
        return true;
    selection->beyond++;
    if (selection->heap->len < selection->query->limit)
        g_ptr_array_add(selection->heap, hl_unconst(row));
    return true;
}

static void select_rows(Selection *selection, const ConTable *table)
{
    ConOrder order = selection->query->order;

    if (order.column == MGR_COLUMN_HOST) {
        con_table_each_by_host(table, order.is_descending ? CON_REVERSE : CON_FORWARD, on_next_row, selection);
        return;
    }
    con_table_each(table, on_row, selection);
    g_ptr_array_sort_with_data(selection->heap, compare_rows, &order);
}

/* -- cursors: base 64 of [order, value, id] -- */

static char *cursor_print(const ConOrder *order, const ConRow *row)
{
    Place place = place_of(order, row);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)place.value.number);
    g_autoptr(json_t) document = json_pack("[s, b, s, s]", mgr_columns[order->column].name, order->is_descending,
                                           is_number(order->column) ? number : place.value.text, place.id);
    g_autofree char *text = hl_json_print(document);
    char *cursor = g_base64_encode((const guchar *)text, strlen(text));

    g_strdelimit(cursor, "+", '-');
    return g_strdelimit(cursor, "/", '_');
}

/* place borrows from *document. */
static bool cursor_parse(const char *cursor, const ConOrder *order, json_t **document, Place *place)
{
    g_autofree char *plain = g_strdup(cursor);
    g_autofree guchar *text = NULL;
    const char *column = NULL;
    const char *value = NULL;
    int is_descending = 0;
    gsize size = 0;

    if (strlen(cursor) > MAX_CURSOR)
        return false;
    g_strdelimit(g_strdelimit(plain, "-", '+'), "_", '/');
    text = g_base64_decode(plain, &size);
    *document = hl_json_parse_bounded("cursor", text, size, MAX_CURSOR, NULL);
    if (*document == NULL ||
        json_unpack(*document, "[s, b, s, s!]", &column, &is_descending, &value, &place->id) != 0 ||
        strcmp(column, mgr_columns[order->column].name) != 0 || is_descending != order->is_descending)
        return false;
    if (!is_number(order->column))
        place->value.text = value;
    return !is_number(order->column) ||
           g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &place->value.number, NULL);
}

bool con_page_select(ConPage *page, const ConTable *table, const ConQuery *query, GError **error)
{
    Selection selection = { .query = query, .heap = g_ptr_array_sized_new(query->limit) };
    g_autoptr(json_t) document = NULL;
    ConOrder order = query->order;
    Place after;

    g_assert(query->limit >= 1);
    *page = (ConPage){ .rows = selection.heap };
    if (query->cursor != NULL) {
        if (!cursor_parse(query->cursor, &order, &document, &after)) {
            con_page_clear(page);
            return con_fail(error, CON_FAULT_LIST_CURSOR, NULL);
        }
        selection.after = &after;
    }
    select_rows(&selection, table);
    page->total = selection.total;
    if (selection.beyond > page->rows->len)
        page->next = cursor_print(&order, page->rows->pdata[page->rows->len - 1]);
    return true;
}

void con_page_clear(ConPage *page)
{
    g_clear_pointer(&page->rows, g_ptr_array_unref);
    g_clear_pointer(&page->next, g_free);
}
