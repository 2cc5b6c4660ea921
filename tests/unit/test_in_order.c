/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/in_order: whatever comes and goes, what is gone through is what is there, in order. */
#include "lib/base/in_order.h"

#include <stdbool.h>
#include <string.h>

#define COUNT 3000

typedef struct {
    char *name;
    bool is_in;
} Item;

static Item *items_new(void)
{
    Item *items = g_new0(Item, COUNT);

    for (guint i = 0; i < COUNT; i++) /* some are the beginnings of others, many begin alike */
        items[i].name =
            i % 7 == 0 ? g_strdup_printf("%u", i) : g_strdup_printf("e-common-beginning-%u", i * 7919 % COUNT);
    return items;
}

static void items_free(Item *items)
{
    for (guint i = 0; i < COUNT; i++)
        g_free(items[i].name);
    g_free(items);
}

static void check(const HlInOrder *order, const Item *items)
{
    HlInOrderPlace place = hl_in_order_after(order, NULL);
    const char *before = "";
    const Item *item;
    guint seen = 0, there = 0;

    for (guint i = 0; i < COUNT; i++)
        there += items[i].is_in;
    while ((item = hl_in_order_next(order, &place)) != NULL) {
        g_assert_true(item->is_in);
        g_assert_cmpstr(before, <, item->name);
        before = item->name;
        seen++;
    }
    g_assert_null(hl_in_order_next(order, &place));
    g_assert_cmpuint(seen, ==, there);
    g_assert_cmpuint(order->length, ==, there);
}

static void toggle(HlInOrder *order, Item *item)
{
    if (item->is_in)
        hl_in_order_remove(order, item);
    else
        hl_in_order_add(order, item);
    item->is_in = !item->is_in;
}

static void come_and_go(HlInOrder *order, Item *items)
{
    g_autoptr(GRand) draw = g_rand_new_with_seed(1);

    for (guint i = 0; i < 20000; i++) {
        toggle(order, &items[g_rand_int_range(draw, 0, COUNT)]);
        if (i % 500 == 0)
            check(order, items);
    }
    for (guint i = 0; i < COUNT; i++)
        if (items[i].is_in)
            toggle(order, &items[i]);
    check(order, items);
}

static void test_one_by_one(void)
{
    Item *items = items_new();
    HlInOrder order;

    hl_in_order_init(&order);
    check(&order, items);
    come_and_go(&order, items);
    for (guint i = 0; i < COUNT; i++)
        toggle(&order, &items[i]);
    check(&order, items);
    hl_in_order_clear(&order);
    items_free(items);
}

static void test_fill(void)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    Item *items = items_new();
    HlInOrder order;

    for (guint i = 0; i < COUNT; i++) {
        g_ptr_array_add(all, &items[i]);
        items[i].is_in = true;
    }
    hl_in_order_init(&order);
    hl_in_order_fill(&order, all);
    check(&order, items);
    come_and_go(&order, items);
    hl_in_order_clear(&order);
    items_free(items);
}

/* One that goes on after the one that it saw last misses nobody who stays, and sees nobody twice. */
static void test_after(void)
{
    Item *items = items_new();
    g_autofree bool *seen = g_new0(bool, COUNT);
    g_autofree char *last = NULL;
    HlInOrder order;
    const Item *item;
    HlInOrderPlace place;

    hl_in_order_init(&order);
    for (guint i = 0; i < COUNT; i++)
        toggle(&order, &items[i]);
    for (guint n = 0;; n++) {
        place = hl_in_order_after(&order, last);
        item = hl_in_order_next(&order, &place);
        if (item == NULL)
            break;
        g_assert_false(seen[item - items]);
        seen[item - items] = true;
        g_free(last);
        last = g_strdup(item->name);
        if (n % 3 == 0)
            toggle(&order, &items[item - items]); /* the one itself goes */
    }
    for (guint i = 0; i < COUNT; i++)
        g_assert_true(seen[i]);
    hl_in_order_clear(&order);
    items_free(items);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/in-order/one-by-one", test_one_by_one);
    g_test_add_func("/in-order/fill", test_fill);
    g_test_add_func("/in-order/after", test_after);
    return g_test_run();
}
