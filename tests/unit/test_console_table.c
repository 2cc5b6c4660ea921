/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/core: the table of endpoints, filters, pages. */
#include <malloc.h>
#include <string.h>

#include "manager/console/core/page.h"

#define NOW      (1795750260 * HL_SECOND) /* 2026-11-27T03:31:00Z */
#define MANY     20000
#define MAX_EACH ((gsize)1500) /* bytes a row: 100,000 are 150 MB */

static json_t *status(const char *id, const char *host, const char *group, const char *actual, int revision)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:i, s:i, s:b}, s:{s:I, s:i}, s:b, s:i, s:s, s:n, s:i}", "id",
                     id, "host", host, "group", group, "actual", actual, "displayed", "Unreachable/Offline",
                     "last_seen", "2026-11-20T00:00:00Z", "settings", "desired", 3, "applied", 2, "current", 0,
                     "patterns", "virus", (json_int_t)2026112701, "rules", 12, "outdated", 1, "epoch", 1, "addresses",
                     "192.168.1.10", "last_update", "revision", revision);
}

static ConPut put(ConTable *table, const char *id, const char *host, const char *actual, int revision)
{
    g_autoptr(json_t) document = status(id, host, "sales", actual, revision);

    return con_table_put(table, id, document, CON_CHANGE);
}

/* ------------------------------------------------------------------------------------------------------------ table */

static void test_order(void)
{
    g_autoptr(ConTable) table = con_table_new();
    g_autoptr(json_t) newer = NULL;
    uint64_t revision;

    g_assert_cmpint(put(table, "e-1", "pc1", "online", 5), ==, CON_PUT_CHANGED);
    revision = con_table_revision(table);
    g_assert_cmpint(put(table, "e-1", "pc1", "offline", 4), ==, CON_PUT_SAME); /* older */
    g_assert_cmpstr(con_table_get(table, "e-1")->values[mgr_column_find("actual")].text, ==, "online");
    g_assert_cmpint(put(table, "e-1", "pc1", "online", 6), ==, CON_PUT_SAME); /* nothing that is kept */
    g_assert_cmpuint(con_table_revision(table), ==, revision);
    g_assert_cmpint(put(table, "e-1", "pc1", "offline", 7), ==, CON_PUT_CHANGED);
    g_assert_cmpuint(con_table_revision(table), >, revision);
    /* another manager numbers from the start */
    newer = status("e-1", "pc1", "sales", "stale", 1);
    json_object_set_new(newer, "epoch", json_integer(2));
    g_assert_cmpint(con_table_put(table, "e-1", newer, CON_CHANGE), ==, CON_PUT_CHANGED);
    g_assert_cmpint(put(table, "e-1", "pc1", "online", 99), ==, CON_PUT_SAME);
    g_assert_cmpint(con_table_put(table, "e-2", newer, CON_CHANGE), ==, CON_PUT_BAD);
    g_assert_true(con_table_remove(table, "e-1"));
    g_assert_false(con_table_remove(table, "e-1"));
    g_assert_cmpuint(con_table_count(table), ==, 0);
}

static void test_snapshot(void)
{
    g_autoptr(ConTable) table = con_table_new();
    g_autoptr(json_t) kept = status("e-kept", "a", "sales", "online", 1);
    g_autoptr(json_t) gone = status("e-gone", "b", "sales", "online", 1);

    put(table, "e-kept", "a", "offline", 2); /* newer than what the snapshot says */
    put(table, "e-gone", "b", "online", 1);
    put(table, "e-left", "c", "online", 1);
    con_table_begin(table);
    g_assert_true(con_table_remove(table, "e-gone"));
    g_assert_cmpint(con_table_put(table, "e-kept", kept, CON_SNAPSHOT), ==, CON_PUT_SAME);
    g_assert_cmpint(con_table_put(table, "e-gone", gone, CON_SNAPSHOT), ==, CON_PUT_SAME); /* it stays removed */
    put(table, "e-new", "d", "online", 3);
    g_assert_cmpuint(con_table_end(table), ==, 1); /* e-left */
    g_assert_cmpuint(con_table_count(table), ==, 2);
    g_assert_cmpstr(con_table_get(table, "e-kept")->values[mgr_column_find("actual")].text, ==, "offline");
    g_assert_nonnull(con_table_get(table, "e-new"));
    g_assert_cmpint(con_table_put(table, "e-gone", gone, CON_SNAPSHOT), ==, CON_PUT_CHANGED);
}

static void test_values(void)
{
    static const struct {
        const char *column, *json;
    } rows[] = {
        { "id", "\"e-1\"" },
        { "settings_applied", "2" },
        { "settings_current", "false" },
        { "outdated", "true" },
        { "last_seen", "\"2026-11-20T00:00:00Z\"" },
        { "last_update", "null" },
        { "patterns", "{\"virus\": 2026112701, \"rules\": 12}" },
        { "observed_address", "\"\"" },
    };
    g_autoptr(ConTable) table = con_table_new();
    g_autoptr(json_t) odd = json_pack("{s:s, s:i, s:s, s:[], s:s}", "id", "e-2", "host", 1, "patterns", "x",
                                      "last_scan", "last_seen", "soon");
    int64_t version;

    put(table, "e-1", "pc1", "online", 1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) wanted = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
        g_autoptr(json_t) value = con_row_value(con_table_get(table, "e-1"), mgr_column_find(rows[i].column));

        g_test_message("%s", rows[i].column);
        g_assert_true(json_equal(value, wanted));
    }
    g_assert_cmpint(con_table_put(table, "e-2", odd, CON_CHANGE), ==, CON_PUT_CHANGED);
    for (int i = 1; i < MGR_N_COLUMNS; i++) {
        g_autoptr(json_t) value = con_row_value(con_table_get(table, "e-2"), i);

        g_assert_nonnull(value);
    }
    g_assert_true(mgr_set_find("a=1 ab=2", "ab", &version) && version == 2);
    g_assert_false(mgr_set_find("ab=2", "a", &version));
    g_assert_false(mgr_set_find("", "a", &version));
}

/* What 100,000 rows take, by a part of them. */
static void test_memory(void)
{
    g_autoptr(ConTable) table = con_table_new();
    gsize before = mallinfo2().uordblks;

    for (int i = 0; i < MANY; i++) {
        g_autofree char *id = g_strdup_printf("e-%012d", i);
        g_autofree char *host = g_strdup_printf("DESKTOP-%07d", i);

        put(table, id, host, "online", 1);
    }
    g_assert_cmpuint(con_table_count(table), ==, MANY);
    g_assert_cmpuint((mallinfo2().uordblks - before) / MANY, <, MAX_EACH);
}

/* ---------------------------------------------------------------------------------------------------------- filters */

static void test_filters(void)
{
    static const struct {
        const char *filter;
        bool takes;
    } rows[] = {
        { "", true },
        { "  ", true },
        { "pc-総務", true },
        { "PC-総", true },
        { "192.168.1", true },
        { "\"192.168.1.10\"", true },
        { "printer", false },
        { "not printer", true },
        { "-printer", true },
        { "actual:offline", true },
        { "status:Offline", true },
        { "status:off", false }, /* a word is whole */
        { "host:pc", true },     /* a text contains it */
        { "host=pc", false },
        { "host!=pc", true },
        { "group:hr,sales", true },
        { "group:hr", false },
        { "displayed:unreachable/offline", true },
        { "actual:offline group:sales pc", true },
        { "actual:online or group:sales", true },
        { "actual:online or group:hr or pc", true },
        { "actual:online and (group:sales or pc)", false },
        { "not (actual:online or group:hr)", true },
        { "not actual:online group:hr", false },
        { "outdated:yes settings_current:no", true },
        { "outdated=false", false },
        { "settings_applied<3", true },
        { "settings_applied>=3", false },
        { "settings_applied:2", true },
        { "settings_applied!=2", false },
        { "pattern.virus<2026112702", true },
        { "pattern.virus>=2026112702", false },
        { "pattern.none<5", false },
        { "patterns:virus=2026112701", true }, /* the set as a text; pattern.virus is its number */
        { "patterns:virus=2026", true },
        { "::1", false },
        { "last_seen<-6d", true },
        { "last_seen<-8d", false },
        { "last_seen>2026-11-19", true },
        { "last_seen=2026-11-20T00:00:00Z", true },
        { "last_update:never", true },
        { "last_update<-1d", false }, /* what never was is not before */
        { "last_update>-1d", false },
        { "orange", false }, /* no operator "or" */
        { "not notable", true },
    };
    g_autoptr(ConTable) table = con_table_new();

    put(table, "e-1", "pc-総務部", "offline", 1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgrFilter) filter = mgr_filter_parse(rows[i].filter, MGR_FILTER_SEARCH, NOW, &error);

        g_test_message("%s", rows[i].filter);
        g_assert_no_error(error);
        g_assert_true(con_row_fits(filter, con_table_get(table, "e-1")) == rows[i].takes);
    }
}

/* What the manager has a word for need not be counted up. */
static void test_selectors(void)
{
    static const char *const rows[][2] = { { "", "all" },
                                           { " ", "all" },
                                           { "group:sales", "@sales" },
                                           { "(group=Sales)", "@sales" },
                                           { "group:sales,hr", NULL },
                                           { "group:\"sales,all\"", NULL },
                                           { "group!=sales", NULL },
                                           { "not group:sales", NULL },
                                           { "group:sales actual:offline", NULL },
                                           { "sales", NULL },
                                           { "actual:others", NULL } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgrFilter) filter = mgr_filter_parse(rows[i][0], MGR_FILTER_SEARCH, NOW, NULL);
        g_autofree char *selector = mgr_filter_selector(filter);

        g_test_message("%s", rows[i][0]);
        g_assert_cmpstr(selector, ==, rows[i][1]);
    }
}

static void test_bad_filters(void)
{
    static const char *const bad[] = {
        "colour:red",
        "actual:",
        "actual:a,",
        "(a",
        "a)",
        "\"a",
        "actual<online",
        "settings_applied:x",
        "last_seen<soon",
        "outdated:2",
        "outdated<yes",
        "host!pc",
        "or",
        "a or",
        "not",
        "and",
        "()",
        "settings_applied:1,2",
    };
    g_autofree char *deep = g_strnfill(MGR_MAX_DEPTH + 1, '(');
    g_autofree char *large = g_strnfill(MGR_MAX_FILTER + 1, 'a');
    g_autoptr(GString) many = g_string_new("a");

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_null(mgr_filter_parse(bad[i], MGR_FILTER_SEARCH, NOW, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
    for (int i = 0; i < MGR_MAX_TERMS; i++)
        g_string_append(many, " a");
    g_assert_null(mgr_filter_parse(deep, MGR_FILTER_SEARCH, NOW, NULL));
    g_assert_null(mgr_filter_parse(large, MGR_FILTER_SEARCH, NOW, NULL));
    g_assert_null(mgr_filter_parse(many->str, MGR_FILTER_SEARCH, NOW, NULL));
    g_assert_null(mgr_filter_parse("\xff", MGR_FILTER_SEARCH, NOW, NULL));
}

/* ------------------------------------------------------------------------------------------------------------ pages */

/* All ids, page by page. */
static char *walk(const ConTable *table, const char *sort, const char *filter_text, guint limit, guint *total)
{
    g_autoptr(MgrFilter) filter = mgr_filter_parse(filter_text, MGR_FILTER_SEARCH, NOW, NULL);
    g_autoptr(GString) ids = g_string_new(NULL);
    g_autofree char *cursor = NULL;
    ConQuery query = { .filter = filter, .limit = limit };

    g_assert_true(con_order_parse(sort, &query.order, NULL));
    do {
        g_auto(ConPage) page = { 0 };

        query.cursor = cursor;
        g_assert_true(con_page_select(&page, table, &query, NULL));
        g_assert_cmpuint(page.rows->len, <=, limit);
        for (guint i = 0; i < page.rows->len; i++)
            g_string_append_printf(ids, "%s ", ((const ConRow *)page.rows->pdata[i])->values[MGR_COLUMN_ID].text);
        *total = page.total;
        g_free(cursor);
        cursor = g_steal_pointer(&page.next);
    } while (cursor != NULL);
    return g_string_free(g_steal_pointer(&ids), FALSE);
}

static void test_pages(void)
{
    static const struct {
        const char *sort, *filter, *ids;
    } rows[] = {
        { NULL, "", "e-3 e-1 e-2 e-4 e-5 " }, /* Alpha, beta, beta, gamma, 総務部 */
        { "-host", "", "e-5 e-4 e-2 e-1 e-3 " },
        { "id", "", "e-1 e-2 e-3 e-4 e-5 " },
        { "-settings_applied", "", "e-5 e-4 e-3 e-2 e-1 " },
        { "actual", "beta", "e-1 e-2 " },
        { "host", "none", "" },
    };
    static const char *const hosts[] = { "beta", "beta", "Alpha", "gamma", "総務部" };
    g_autoptr(ConTable) table = con_table_new();

    for (int i = 0; i < 5; i++) {
        g_autofree char *id = g_strdup_printf("e-%d", i + 1);

        put(table, id, hosts[i], "online", 1);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (guint limit = 1; limit <= 6; limit++) {
            guint total = 99;
            g_autofree char *ids = walk(table, rows[i].sort, rows[i].filter, limit, &total);

            g_test_message("%s by %u", rows[i].sort, limit);
            g_assert_cmpstr(ids, ==, rows[i].ids);
            g_assert_cmpuint(total, ==, strlen(ids) / 4);
        }
    }
}

typedef struct {
    const char *host; /* of the row before */
    ConDirection direction;
    guint n;
} Order;

static bool check_order(const ConRow *row, gpointer user)
{
    Order *order = user;
    const char *host = row->values[MGR_COLUMN_HOST].text;
    int step = order->host != NULL ? g_ascii_strcasecmp(order->host, host) : 0;

    g_assert_true(order->direction == CON_FORWARD ? step <= 0 : step >= 0);
    order->host = host;
    order->n++;
    return true;
}

/* Whatever comes, changes its name, goes, or is not in the next snapshot. */
static void test_kept_order(void)
{
    g_autoptr(ConTable) table = con_table_new();

    for (int i = 0; i < 2000; i++) {
        g_autofree char *id = g_strdup_printf("e-%d", g_test_rand_int_range(0, 60));
        g_autofree char *host = g_strdup_printf("%s-%d", i % 2 ? "PC" : "pc", g_test_rand_int_range(0, 40));

        if (i % 7 == 0)
            con_table_remove(table, id);
        else
            put(table, id, host, i % 3 ? "online" : "offline", i + 1);
        if (i % 500 == 250)
            con_table_begin(table);
        if (i % 500 == 290)
            con_table_end(table);
        for (int d = CON_FORWARD; d <= CON_REVERSE; d++) {
            Order order = { .direction = (ConDirection)d };

            con_table_each_by_host(table, order.direction, check_order, &order);
            g_assert_cmpuint(order.n, ==, con_table_count(table));
        }
    }
}

/* The whole id of a group; and only what the caller may see of it. */
static void check_in_group(const ConTable *table, const MgrFilter *filter)
{
    static const char *const others[] = { "hr", NULL };
    static const struct {
        const char *group;
        const char *const *groups;
        guint total;
    } cases[] = {
        { NULL, NULL, 1 }, { "sales", NULL, 1 }, { "sale", NULL, 0 }, { "hr", NULL, 0 }, { "sales", others, 0 }
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ConQuery query = { .filter = filter, .limit = 1, .groups = cases[i].groups, .group = cases[i].group };
        g_auto(ConPage) page = { 0 };

        g_assert_true(con_page_select(&page, table, &query, NULL));
        g_assert_cmpuint(page.total, ==, cases[i].total);
    }
}

static void test_scope_and_cursors(void)
{
    static const char *const others[] = { "hr", NULL };
    static const char *const bad[] = { "", "x", "W10=", "WyJpZCIsIGZhbHNlLCAiYSIsICJiIl0=" };
    g_autoptr(ConTable) table = con_table_new();
    g_autoptr(MgrFilter) filter = mgr_filter_parse("", MGR_FILTER_SEARCH, NOW, NULL);
    ConQuery query = { .filter = filter, .limit = 1, .groups = others };
    g_auto(ConPage) page = { 0 };

    put(table, "e-1", "a", "online", 1);
    g_assert_true(con_order_parse("-last_seen", &query.order, NULL));
    g_assert_false(con_order_parse("colour", &query.order, NULL));
    g_assert_true(con_page_select(&page, table, &query, NULL));
    g_assert_cmpuint(page.total, ==, 0);
    check_in_group(table, filter);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(ConPage) none = { 0 };
        g_autoptr(GError) error = NULL;

        query.cursor = bad[i];
        g_assert_false(con_page_select(&none, table, &query, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console-table/order", test_order);
    g_test_add_func("/console-table/snapshot", test_snapshot);
    g_test_add_func("/console-table/values", test_values);
    g_test_add_func("/console-table/memory", test_memory);
    g_test_add_func("/console-table/filters", test_filters);
    g_test_add_func("/console-table/filters/selectors", test_selectors);
    g_test_add_func("/console-table/filters/bad", test_bad_filters);
    g_test_add_func("/console-table/pages", test_pages);
    g_test_add_func("/console-table/scope", test_scope_and_cursors);
    g_test_add_func("/console-table/kept-order", test_kept_order);
    return g_test_run();
}
