/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/rows.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"
#define MAX_LIMIT 1000

static bool parse(const char *name, const char *text, guint64 fallback, guint64 min, guint64 max, guint64 *value,
                  GError **error)
{
    *value = fallback;
    return text == NULL || g_ascii_string_to_unsigned(text, 10, min, max, value, NULL) ||
           con_fail(error, CON_FAULT_LIST_NUMBER, name, text, HL_NUMBER(min), HL_NUMBER(max), NULL);
}

static bool has_word(const json_t *row, const char *folded)
{
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(row), name, value)
    {
        g_autofree char *text = json_is_string(value) ? g_utf8_casefold(json_string_value(value), -1) : NULL;

        if (text != NULL && strstr(text, folded) != NULL)
            return true;
    }
    return false;
}

/* Numbers before texts, and what is not there first. */
static int compare_values(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        double left = json_number_value(a);
        double right = json_number_value(b);

        return left < right ? -1 : left > right;
    }
    if (json_is_string(a) && json_is_string(b))
        return strcmp(json_string_value(a), json_string_value(b));
    return (json_is_string(a) - json_is_string(b)) * 2 + json_is_number(a) - json_is_number(b);
}

typedef struct {
    const char *member;
    int sign;
} Order;

static int compare_rows(gconstpointer a, gconstpointer b, gpointer user)
{
    const Order *order = user;

    return order->sign * compare_values(json_object_get(*(const json_t *const *)a, order->member),
                                        json_object_get(*(const json_t *const *)b, order->member));
}

/* Stable: rows that are equal stay as the manager has them. */
static void sort(GPtrArray *rows, const char *text)
{
    Order order = { *text == '-' ? text + 1 : text, *text == '-' ? -1 : 1 };

    g_ptr_array_sort_with_data(rows, compare_rows, &order);
}

bool con_rows_select(const json_t *rows, const ConRowsQuery *query, json_t **page, json_t **next, GError **error)
{
    g_autoptr(GPtrArray) taken = g_ptr_array_new();
    g_autofree char *folded = g_utf8_casefold(query->filter != NULL ? query->filter : "", -1);
    guint64 from, limit;
    json_t *row;
    size_t i;

    if (!parse("cursor", query->cursor, 0, 0, G_MAXUINT, &from, error) ||
        !parse("limit", query->limit, query->is_whole ? G_MAXUINT : MAX_LIMIT, 1, MAX_LIMIT, &limit, error))
        return false;
    json_array_foreach(rows, i, row)
    {
        if (*folded == '\0' || has_word(row, folded))
            g_ptr_array_add(taken, row);
    }
    if (query->sort != NULL && *query->sort != '\0')
        sort(taken, query->sort);
    *page = json_array();
    for (guint n = (guint)from; n < taken->len && n - from < limit; n++)
        json_array_append(*page, taken->pdata[n]);
    *next = from + limit < taken->len ? json_sprintf("%" G_GUINT64_FORMAT, from + limit) : json_null();
    return true;
}
