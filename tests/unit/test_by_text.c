/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/by_text: structs by their first member. */
#include "lib/base/by_text.h"

typedef struct {
    char *name;
    int number;
} Item;

static void free_item(gpointer data)
{
    Item *item = data;

    g_free(item->name);
    g_free(item);
}

static void test_found(void)
{
    g_autoptr(GHashTable) table = hl_by_text_new(free_item);
    GHashTableIter iter;
    gpointer value;
    int sum = 0;

    for (int i = 0; i < 100; i++) {
        Item *item = g_new(Item, 1);

        *item = (Item){ g_strdup_printf("n-%d", i), i };
        g_assert_true(g_hash_table_add(table, item));
    }
    g_assert_cmpint(((const Item *)hl_by_text_find(table, "n-42"))->number, ==, 42);
    g_assert_null(hl_by_text_find(table, "n-100"));
    hl_by_text_remove(table, "n-100");
    hl_by_text_remove(table, ((const Item *)hl_by_text_find(table, "n-42"))->name);
    g_assert_null(hl_by_text_find(table, "n-42"));
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        sum += ((const Item *)value)->number;
    g_assert_cmpint(sum, ==, 99 * 100 / 2 - 42);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/by-text/found", test_found);
    return g_test_run();
}
