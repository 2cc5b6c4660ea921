/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, orders and cursors as a browser may send them, and selectors as any account may, a line each, on a table of
 * two endpoints: refused with an error, or obeyed; what a filter takes, its negation leaves. */
#include <string.h>

#include "manager/console/core/page.h"
#include "tests/fuzz/fuzz.h"

#define NOW (1795750260 * HL_SECOND)

static ConTable *make_table(void)
{
    ConTable *table = con_table_new();
    g_autoptr(json_t) one =
        json_pack("{s:s, s:s, s:s, s:{s:i}}", "id", "e-1", "host", "pc", "actual", "online", "patterns", "virus", 12);
    g_autoptr(json_t) two = json_pack("{s:s, s:s}", "id", "e-2", "last_seen", "2026-11-20T00:00:00Z");

    con_table_put(table, "e-1", one, CON_CHANGE);
    con_table_put(table, "e-2", two, CON_CHANGE);
    return table;
}

static guint count(const ConTable *table, const MgrFilter *filter, const char *line)
{
    ConQuery query = { .filter = filter, .limit = 1, .cursor = line };
    g_auto(ConPage) page = { 0 };
    g_auto(ConPage) first = { 0 };
    g_autoptr(GError) error = NULL;

    if (!con_order_parse(line, &query.order, NULL))
        g_assert_true(con_order_parse(NULL, &query.order, NULL));
    if (!con_page_select(&page, table, &query, &error))
        g_assert_true(error != NULL && page.rows == NULL);
    query.cursor = NULL;
    g_assert_true(con_page_select(&first, table, &query, NULL));
    g_assert_true((first.next != NULL) == (first.total > 1));
    return first.total;
}

static char *bind(const char *name, gpointer user G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return g_strdup(name);
}

/* A name is never empty, and what it is bound to can be judged. */
static void select_by(const ConTable *table, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MgrFilter) filter = mgr_filter_parse(line, MGR_FILTER_SELECT, NOW, &error);

    g_assert_true((filter == NULL) == (error != NULL));
    if (filter == NULL)
        return;
    g_assert_true(mgr_filter_bind(filter, bind, NULL, NULL));
    con_row_fits(filter, con_table_get(table, "e-1"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 8);
    g_autoptr(ConTable) table = make_table();

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgrFilter) filter = mgr_filter_parse(lines[i], MGR_FILTER_SEARCH, NOW, &error);
        g_autofree char *negated = g_strdup_printf("not (%s)", lines[i]);
        g_autoptr(MgrFilter) other = mgr_filter_parse(negated, MGR_FILTER_SEARCH, NOW, NULL);

        select_by(table, lines[i]);
        g_assert_true((filter == NULL) == (error != NULL));
        if (filter != NULL && other != NULL)
            g_assert_cmpuint(count(table, filter, lines[i]) + count(table, other, lines[i]), ==, 2);
    }
    return 0;
}
