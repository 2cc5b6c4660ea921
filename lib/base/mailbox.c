/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/mailbox.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What was received is taken off the count when it is this part of all that there may be. */
#define BYTES_SHARE 64

/* Where items are gathered: turns that follow each other this closely, so many of them, are close succession. */
#define GATHER_US    1000
#define GATHER_TURNS 8

struct HlMailbox {
    const char *name;
    gsize capacity, max_bytes;
    HlMailboxSizeOf size_of;     /* NULL: bytes are not bounded */
    HlMailboxIsUrgent is_urgent; /* NULL: all are alike */
    HlMailboxReceiver receiver;
    gpointer user;
    GDestroyNotify discard;
    GSource *source;
    int event;
    bool gathers;   /* the receiving thread's, with what follows */
    gint64 turn_us; /* the last turn */
    guint turns;    /* in close succession */

    pthread_mutex_t lock;
    GQueue items, urgent;
    int n_urgent; /* written under the lock; the receiving thread looks without it, between two items */
    bool closed;
    bool signalled; /* the loop comes for what is inside, woken or by itself: no second write needed */
    uint64_t posted, refused;
    gsize peak, bytes;
};

static void signal_event(HlMailbox *mailbox)
{
    uint64_t one = 1;

    while (write(mailbox->event, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void clear_event(HlMailbox *mailbox)
{
    uint64_t count;

    while (read(mailbox->event, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}

/* Whether the next turn is a millisecond away, and not with the next item. */
static bool is_busy(HlMailbox *mailbox, gsize taken)
{
    gint64 now = mailbox->gathers ? g_get_monotonic_time() : 0;
    /* a turn that was put off comes later than it was asked for: there, what it found counts */
    bool close = g_source_get_ready_time(mailbox->source) >= 0 ? taken > 0 : now - mailbox->turn_us < GATHER_US;

    if (!mailbox->gathers)
        return false;
    mailbox->turns = close ? MIN(mailbox->turns + 1, GATHER_TURNS) : 0;
    mailbox->turn_us = now;
    g_source_set_ready_time(mailbox->source, mailbox->turns == GATHER_TURNS ? now + GATHER_US : -1);
    return mailbox->turns == GATHER_TURNS;
}

/* What is inside, up to a turn's share.  Who posts waits for the lock: of the usual few it is taken as a whole. */
static GQueue take(HlMailbox *mailbox)
{
    GQueue taken = mailbox->items;

    if (taken.length <= HL_MAILBOX_TURN) {
        g_queue_init(&mailbox->items);
        return taken;
    }
    g_queue_init(&taken);
    for (guint i = 0; i < HL_MAILBOX_TURN; i++)
        g_queue_push_tail_link(&taken, g_queue_pop_head_link(&mailbox->items));
    return taken;
}

/* NULL: there is none. */
static gpointer take_urgent(HlMailbox *mailbox)
{
    gpointer item;

    if (g_atomic_int_get(&mailbox->n_urgent) == 0)
        return NULL;
    pthread_mutex_lock(&mailbox->lock);
    item = g_queue_pop_head(&mailbox->urgent);
    g_atomic_int_set(&mailbox->n_urgent, (int)mailbox->urgent.length);
    pthread_mutex_unlock(&mailbox->lock);
    return item;
}

static void give_back(HlMailbox *mailbox, gsize bytes)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->bytes -= bytes;
    pthread_mutex_unlock(&mailbox->lock);
}

/* Its bytes. */
static gsize receive(HlMailbox *mailbox, gpointer item)
{
    gsize bytes = mailbox->size_of != NULL ? mailbox->size_of(item) : 0;

    mailbox->receiver(item, mailbox->user);
    return bytes;
}

/* As many as may pass the next of the others. */
static gsize receive_urgent(HlMailbox *mailbox)
{
    gsize bytes = 0;
    gpointer item;

    for (guint i = 0; i < HL_MAILBOX_PASSES && (item = take_urgent(mailbox)) != NULL; i++)
        bytes += receive(mailbox, item);
    return bytes;
}

static void receive_all(HlMailbox *mailbox, GQueue *taken)
{
    gsize bytes = 0; /* received, and still counted */
    gpointer item;

    do {
        bytes += receive_urgent(mailbox);
        item = g_queue_pop_head(taken);
        bytes += item != NULL ? receive(mailbox, item) : 0;
        if (bytes < mailbox->max_bytes / BYTES_SHARE && !g_queue_is_empty(taken))
            continue;
        if (bytes > 0)
            give_back(mailbox, bytes);
        bytes = 0;
    } while (!g_queue_is_empty(taken));
}

static gboolean on_event(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    HlMailbox *mailbox = user;
    GQueue taken;

    pthread_mutex_lock(&mailbox->lock);
    taken = take(mailbox);
    /* more urgent ones than pass in a turn without others: the loop comes again */
    if (g_queue_is_empty(&mailbox->items) && mailbox->urgent.length <= HL_MAILBOX_PASSES) {
        clear_event(mailbox);
        mailbox->signalled = is_busy(
            mailbox, taken.length + mailbox->urgent.length); /* then nobody wakes the loop: it comes by itself */
    }
    pthread_mutex_unlock(&mailbox->lock);
    receive_all(mailbox, &taken);
    return G_SOURCE_CONTINUE;
}

HlMailbox *hl_mailbox_new(const char *name, gsize capacity, GMainContext *context, HlMailboxReceiver receiver,
                          gpointer user, GDestroyNotify discard)
{
    HlMailbox *mailbox = g_new0(HlMailbox, 1);

    mailbox->name = name;
    mailbox->capacity = capacity;
    mailbox->receiver = receiver;
    mailbox->user = user;
    mailbox->discard = discard;
    mailbox->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mailbox->event < 0)
        g_error("mailbox %s: eventfd: %s", name, g_strerror(errno));
    pthread_mutex_init(&mailbox->lock, NULL);
    g_queue_init(&mailbox->items);
    g_queue_init(&mailbox->urgent);
    mailbox->source = g_unix_fd_source_new(mailbox->event, G_IO_IN);
    g_source_set_callback(mailbox->source, G_SOURCE_FUNC(on_event), mailbox, NULL);
    g_source_set_static_name(mailbox->source, name);
    g_source_attach(mailbox->source, context);
    return mailbox;
}

void hl_mailbox_bound_bytes(HlMailbox *mailbox, gsize max_bytes, HlMailboxSizeOf size_of)
{
    mailbox->max_bytes = max_bytes;
    mailbox->size_of = size_of;
}

void hl_mailbox_prefer(HlMailbox *mailbox, HlMailboxIsUrgent is_urgent)
{
    mailbox->is_urgent = is_urgent;
}

void hl_mailbox_gather(HlMailbox *mailbox)
{
    mailbox->gathers = true;
}

static void discard_all(const HlMailbox *mailbox, GQueue *items)
{
    for (gpointer item; (item = g_queue_pop_head(items)) != NULL;)
        if (mailbox->discard != NULL)
            mailbox->discard(item);
}

void hl_mailbox_free(HlMailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_source_destroy(mailbox->source);
    g_source_unref(mailbox->source);
    discard_all(mailbox, &mailbox->urgent);
    discard_all(mailbox, &mailbox->items);
    pthread_mutex_destroy(&mailbox->lock);
    close(mailbox->event);
    g_free(mailbox);
}

/* Under the lock. */
static gsize depth(const HlMailbox *mailbox)
{
    return (gsize)mailbox->items.length + mailbox->urgent.length;
}

/* Under the lock. */
static void put(HlMailbox *mailbox, gpointer item)
{
    if (mailbox->is_urgent == NULL || !mailbox->is_urgent(item)) {
        g_queue_push_tail(&mailbox->items, item);
        return;
    }
    g_queue_push_tail(&mailbox->urgent, item);
    g_atomic_int_set(&mailbox->n_urgent, (int)mailbox->urgent.length);
}

HlMailboxResult hl_mailbox_post(HlMailbox *mailbox, gpointer item)
{
    HlMailboxResult result = HL_MAILBOX_POSTED;
    gsize size = mailbox->size_of != NULL ? mailbox->size_of(item) : 0;

    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->closed) {
        result = HL_MAILBOX_CLOSED;
    } else if (depth(mailbox) >= mailbox->capacity ||
               (mailbox->size_of != NULL && mailbox->bytes + size > mailbox->max_bytes)) {
        mailbox->refused++;
        result = HL_MAILBOX_FULL;
    } else {
        put(mailbox, item);
        mailbox->posted++;
        mailbox->bytes += size;
        mailbox->peak = MAX(mailbox->peak, depth(mailbox));
        if (!mailbox->signalled) {
            mailbox->signalled = true;
            signal_event(mailbox);
        }
    }
    pthread_mutex_unlock(&mailbox->lock);
    return result;
}

void hl_mailbox_close(HlMailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_mutex_unlock(&mailbox->lock);
}

HlMailboxCounts hl_mailbox_count(HlMailbox *mailbox)
{
    HlMailboxCounts counts;

    pthread_mutex_lock(&mailbox->lock);
    counts = (HlMailboxCounts){ .posted = mailbox->posted,
                                .refused = mailbox->refused,
                                .depth = depth(mailbox),
                                .peak = mailbox->peak,
                                .bytes = mailbox->bytes };
    pthread_mutex_unlock(&mailbox->lock);
    return counts;
}
