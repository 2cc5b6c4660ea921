/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus/outbox: what leaves before what. */
#include "lib/bus/outbox.h"

#define WINDOW 16
#define OTHERS 14 /* of it, for those that are not urgent */

static void put(HlOutbox *outbox, const char *topic, bool urgent)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);

    hl_outbox_put(outbox, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1, .urgent = urgent }, NULL,
                  NULL);
}

/* The topics in the order in which they leave, while so many are under way. */
static char *drain(HlOutbox *outbox, guint under_way)
{
    g_autoptr(GString) order = g_string_new(NULL);
    HlOutboxItem *item;

    while ((item = hl_outbox_next(outbox, under_way, WINDOW)) != NULL) {
        g_string_append(order, item->message.topic);
        hl_outbox_item_free(item);
    }
    return g_string_free(g_steal_pointer(&order), FALSE);
}

static void assert_drained(HlOutbox *outbox, guint under_way, const char *expected)
{
    g_autofree char *order = drain(outbox, under_way);

    g_assert_cmpstr(order, ==, expected);
}

/* Of a class each in its turn; those that somebody waits for before all others. */
static void test_order(void)
{
    HlOutbox outbox;

    hl_outbox_init(&outbox);
    put(&outbox, "a", false);
    put(&outbox, "b", false);
    put(&outbox, "Y", true);
    put(&outbox, "Z", true);
    g_assert_cmpuint(hl_outbox_length(&outbox), ==, 4);
    assert_drained(&outbox, 0, "YZab");
    g_assert_cmpuint(hl_outbox_length(&outbox), ==, 0);
}

/* All that may go, beside so many that are under way: these are under way too then. */
static void fill(HlOutbox *outbox, guint *under_way, GString *order)
{
    HlOutboxItem *item;

    while ((item = hl_outbox_next(outbox, *under_way, WINDOW)) != NULL) {
        g_string_append(order, item->message.topic);
        hl_outbox_item_free(item);
        (*under_way)++;
    }
}

/* Many urgent ones, a long answer for one, fill the window to its top: they do not keep all others back. */
static void test_neither_starves(void)
{
    g_autoptr(GString) order = g_string_new(NULL);
    guint under_way = 0;
    HlOutbox outbox;

    hl_outbox_init(&outbox);
    for (guint i = 0; i < 3; i++)
        put(&outbox, "a", false);
    for (guint i = 0; i < 28; i++)
        put(&outbox, "Z", true);
    fill(&outbox, &under_way, order);
    g_assert_cmpuint(order->len, ==, WINDOW);
    while (under_way > 0) { /* one is acknowledged */
        under_way--;
        fill(&outbox, &under_way, order);
    }
    g_assert_cmpstr(order->str, ==, "ZZZZZZZaZZZZZZZaZZZZZZZaZZZZZZZ");
}

/* Nor do those that find room as they come, without end. */
static void test_passers(void)
{
    g_autoptr(GString) order = g_string_new(NULL);
    guint under_way = WINDOW - 1; /* the reserve is in use all the time */
    HlOutbox outbox;

    hl_outbox_init(&outbox);
    put(&outbox, "a", false);
    put(&outbox, "b", false);
    for (guint i = 0; i < 16; i++) {
        if (hl_outbox_lets_pass(&outbox, true, under_way, WINDOW))
            g_string_append_c(order, 'Z');
        else
            put(&outbox, "Z", true);
        under_way = WINDOW - 2; /* some are acknowledged, never enough for the reserve to be free */
        fill(&outbox, &under_way, order);
        under_way = WINDOW - 1;
    }
    g_assert_cmpstr(order->str, ==, "ZZZZZZZaZZZZZZZbZZ");
    g_assert_cmpuint(hl_outbox_length(&outbox), ==, 0);
}

/* A part of the window is for those that are urgent, and none goes beyond it. */
static void test_room(void)
{
    HlOutbox outbox;

    hl_outbox_init(&outbox);
    g_assert_true(hl_outbox_lets_pass(&outbox, false, OTHERS - 1, WINDOW));
    g_assert_false(hl_outbox_lets_pass(&outbox, false, OTHERS, WINDOW));
    g_assert_true(hl_outbox_lets_pass(&outbox, true, WINDOW - 1, WINDOW));
    g_assert_false(hl_outbox_lets_pass(&outbox, true, WINDOW, WINDOW));
    put(&outbox, "a", false);
    g_assert_false(hl_outbox_lets_pass(&outbox, false, 0, WINDOW)); /* it would overtake */
    g_assert_true(hl_outbox_lets_pass(&outbox, true, 0, WINDOW));
    put(&outbox, "Z", true);
    assert_drained(&outbox, WINDOW, "");
    assert_drained(&outbox, OTHERS, "Z");
    assert_drained(&outbox, OTHERS - 1, "a");
}

/* A broker that takes them one by one. */
static void test_least_window(void)
{
    HlOutbox outbox;

    hl_outbox_init(&outbox);
    g_assert_true(hl_outbox_lets_pass(&outbox, false, 0, 1));
    g_assert_false(hl_outbox_lets_pass(&outbox, true, 1, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outbox/order", test_order);
    g_test_add_func("/outbox/neither-starves", test_neither_starves);
    g_test_add_func("/outbox/passers", test_passers);
    g_test_add_func("/outbox/room", test_room);
    g_test_add_func("/outbox/least-window", test_least_window);
    return g_test_run();
}
