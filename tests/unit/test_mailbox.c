/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/mailbox: items that come in close succession are gathered, and none is lost, late for ever or out of
 * order. */
#include "lib/base/mailbox.h"

#include <pthread.h>

#define ITEMS 200000

typedef struct {
    HlMailbox *mailbox;
    guint next; /* that is to be received */
} Sink;

static void on_item(gpointer item, gpointer user)
{
    Sink *sink = user;

    g_assert_cmpuint(GPOINTER_TO_UINT(item), ==, sink->next);
    sink->next++;
}

static void *post_all(void *user)
{
    const Sink *sink = user;

    for (guint i = 1; i <= ITEMS;)
        if (hl_mailbox_post(sink->mailbox, GUINT_TO_POINTER(i)) == HL_MAILBOX_POSTED)
            i++;
    return NULL;
}

static Sink start(void)
{
    return (Sink){ .next = 1 };
}

static void test_gathered(void)
{
    Sink sink = start();
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("gathered", 1000, NULL, on_item, &sink, NULL);
    pthread_t thread;

    hl_mailbox_gather(mailbox);
    sink.mailbox = mailbox;
    g_assert_cmpint(pthread_create(&thread, NULL, post_all, &sink), ==, 0);
    while (sink.next <= ITEMS)
        g_main_context_iteration(NULL, TRUE);
    pthread_join(thread, NULL);
    g_assert_cmpuint(hl_mailbox_count(mailbox).depth, ==, 0);
}

/* The last of many, behind which nothing comes, and then one by itself: the loop comes for them without another post.
 */
static void test_last(void)
{
    Sink sink = start();
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("last", 1000, NULL, on_item, &sink, NULL);

    hl_mailbox_gather(mailbox);
    for (guint i = 1; i <= 1000; i++) {
        g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(i)), ==, HL_MAILBOX_POSTED);
        while (sink.next <= i) /* each by itself, in as close succession as it can be */
            g_main_context_iteration(NULL, TRUE);
    }
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1001)), ==, HL_MAILBOX_POSTED);
    while (sink.next <= 1001)
        g_main_context_iteration(NULL, TRUE);
}

/* More than one turn takes, posted before the loop runs. */
static void test_backlog(void)
{
    Sink sink = start();
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("backlog", ITEMS, NULL, on_item, &sink, NULL);

    hl_mailbox_gather(mailbox);
    sink.mailbox = mailbox;
    post_all(&sink);
    while (sink.next <= ITEMS) {
        guint before = sink.next;

        g_main_context_iteration(NULL, TRUE);
        g_assert_cmpuint(sink.next - before, <=, HL_MAILBOX_TURN); /* others of the loop have their turn */
    }
}

static gsize size_of(gconstpointer item G_GNUC_UNUSED)
{
    return 1000;
}

/* What was received makes room, and while it is received does not yet. */
static void test_bytes(void)
{
    Sink sink = start();
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("bytes", ITEMS, NULL, on_item, &sink, NULL);

    hl_mailbox_bound_bytes(mailbox, 3000 * 1000, size_of);
    for (guint i = 1; i <= 3000; i++)
        g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(i)), ==, HL_MAILBOX_POSTED);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1)), ==, HL_MAILBOX_FULL);
    g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(hl_mailbox_count(mailbox).bytes, ==, (3000 - HL_MAILBOX_TURN) * 1000);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpuint(hl_mailbox_count(mailbox).bytes, ==, 0);
    g_assert_cmpuint(sink.next, ==, 3001);
}

#define URGENT 1000000 /* and more: an item that is */

typedef struct {
    Sink usual;
    HlMailbox *mailbox;
    guint urgent;       /* received */
    guint in_row, most; /* of them, with none of the others in between */
    guint at;           /* the usual one in whose receiver another urgent one arrives */
    guint behind;       /* the usual one that was received before the first urgent one */
} Mixed;

static bool is_urgent(gconstpointer item)
{
    return GPOINTER_TO_UINT(item) >= URGENT;
}

static void post_urgent(Mixed *mixed, guint from, guint n)
{
    for (guint i = from; i < from + n; i++)
        g_assert_cmpint(hl_mailbox_post(mixed->mailbox, GUINT_TO_POINTER(URGENT + i)), ==, HL_MAILBOX_POSTED);
}

static void on_mixed(gpointer item, gpointer user)
{
    Mixed *mixed = user;

    if (is_urgent(item)) {
        g_assert_cmpuint(GPOINTER_TO_UINT(item), ==, URGENT + mixed->urgent);
        if (mixed->urgent++ == 0)
            mixed->behind = mixed->usual.next - 1;
        mixed->in_row++;
        mixed->most = MAX(mixed->most, mixed->in_row);
        return;
    }
    mixed->in_row = 0;
    on_item(item, &mixed->usual);
    if (GPOINTER_TO_UINT(item) == mixed->at)
        post_urgent(mixed, mixed->urgent, 1);
}

/* The urgent ones pass those that wait, also in the middle of a turn; but many of them do not shut out the others. */
static void test_urgent(void)
{
    Mixed mixed = { .usual = start(), .at = 500 };
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("urgent", ITEMS, NULL, on_mixed, &mixed, NULL);

    mixed.mailbox = mixed.usual.mailbox = mailbox;
    hl_mailbox_prefer(mailbox, is_urgent);
    hl_mailbox_bound_bytes(mailbox, (gsize)ITEMS * 1000, size_of);
    for (guint i = 1; i <= 1000; i++)
        g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(i)), ==, HL_MAILBOX_POSTED);
    post_urgent(&mixed, 0, 100);
    g_assert_cmpuint(hl_mailbox_count(mailbox).depth, ==, 1100);
    while (mixed.urgent < 101)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(mixed.most, ==, HL_MAILBOX_PASSES);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpuint(mixed.usual.next, ==, 1001);
    g_assert_cmpuint(hl_mailbox_count(mailbox).bytes, ==, 0);
    g_assert_cmpuint(hl_mailbox_count(mailbox).depth, ==, 0);
}

/* At once, in front of all that waits: the one in question was posted last. */
static void test_urgent_within_a_turn(void)
{
    Mixed mixed = { .usual = start(), .at = 3 };
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("within", ITEMS, NULL, on_mixed, &mixed, NULL);

    mixed.mailbox = mixed.usual.mailbox = mailbox;
    hl_mailbox_prefer(mailbox, is_urgent);
    for (guint i = 1; i <= 100; i++)
        g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(i)), ==, HL_MAILBOX_POSTED);
    while (mixed.urgent == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(mixed.behind, ==, 3);
}

/* Urgent ones alone: none is left behind, though they are more than pass in a turn. */
static void test_urgent_alone(void)
{
    Mixed mixed = { .usual = start() };
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("alone", ITEMS, NULL, on_mixed, &mixed, NULL);

    mixed.mailbox = mailbox;
    hl_mailbox_prefer(mailbox, is_urgent);
    hl_mailbox_gather(mailbox);
    post_urgent(&mixed, 0, 100);
    while (mixed.urgent < 100)
        g_main_context_iteration(NULL, TRUE);
    post_urgent(&mixed, 100, 1);
    while (mixed.urgent < 101)
        g_main_context_iteration(NULL, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mailbox/gathered", test_gathered);
    g_test_add_func("/mailbox/last", test_last);
    g_test_add_func("/mailbox/backlog", test_backlog);
    g_test_add_func("/mailbox/bytes", test_bytes);
    g_test_add_func("/mailbox/urgent", test_urgent);
    g_test_add_func("/mailbox/urgent-within-a-turn", test_urgent_within_a_turn);
    g_test_add_func("/mailbox/urgent-alone", test_urgent_alone);
    return g_test_run();
}
