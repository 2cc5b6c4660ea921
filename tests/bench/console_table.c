/* SPDX-License-Identifier: Apache-2.0 */
/* console-table [ROWS]: what the console's table costs: memory of a row, milliseconds of a change and of a page by
 * filter and order.  The promise is 150 MB and 50 ms at 100,000 rows. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "manager/console/core/page.h"

static const struct {
    const char *filter, *sort;
} pages[] = {
    { "", "host" },
    { "", "-last_seen" },
    { "desktop-00099", "host" },
    { "actual:offline group:group-3", "-last_seen" },
    { "not (actual:online or outdated:no) pattern.virus<2026112700", "group" },
};

static void fill(ConTable *table, int rows)
{
    static const char *const actual[] = { "online", "stale", "offline" };

    for (int i = 0; i < rows; i++) {
        g_autofree char *id = g_strdup_printf("e-%012d", i * 7919 % rows);
        g_autofree char *host = g_strdup_printf("DESKTOP-%07d", i);
        g_autofree char *group = g_strdup_printf("group-%d", i % 50);
        g_autofree char *seen = hl_time_format((1795750260 - i % 86400) * HL_SECOND);
        g_autoptr(json_t) document = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:i, s:i}}", "id", id, "host", host, "group", group, "actual",
            actual[i % 3], "displayed", "Offline", "last_seen", seen, "addresses", "192.168.1.10 fd00::1:10",
            "outdated", i % 4 == 0, "patterns", "virus", 2026112600 + i % 200, "rules", 12);

        con_table_put(table, id, document, CON_CHANGE);
    }
}

int main(int argc, char **argv)
{
    int rows = argc > 1 ? atoi(argv[1]) : 100000;
    gsize before = mallinfo2().uordblks;
    gint64 begin = g_get_monotonic_time();
    g_autoptr(ConTable) table = con_table_new();

    fill(table, rows);
    printf("%d rows: %.0f bytes each, %.1f us a change\n", rows, (double)(mallinfo2().uordblks - before) / rows,
           (double)(g_get_monotonic_time() - begin) / rows);
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(MgrFilter) filter = mgr_filter_parse(pages[i].filter, MGR_FILTER_SEARCH, hl_clock_wall(), NULL);
        ConQuery query = { .filter = filter, .limit = CON_MAX_PAGE };
        g_auto(ConPage) page = { 0 };

        g_assert(con_order_parse(pages[i].sort, &query.order, NULL));
        begin = g_get_monotonic_time();
        g_assert(con_page_select(&page, table, &query, NULL));
        printf("%6.1f ms, %6u rows: '%s' by %s\n", (double)(g_get_monotonic_time() - begin) / 1000, page.total,
               pages[i].filter, pages[i].sort);
    }
    return 0;
}
