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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mailbox/gathered", test_gathered);
    g_test_add_func("/mailbox/last", test_last);
    g_test_add_func("/mailbox/backlog", test_backlog);
    g_test_add_func("/mailbox/bytes", test_bytes);
    return g_test_run();
}
