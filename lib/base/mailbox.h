/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox: the only arrow between threads.  Bounded, named, counted.
 *
 * Any thread posts; the thread that runs the GMainContext given at creation receives, in order.  Built on a pthread
 * mutex and an eventfd: cheaper than waking the loop for each item, and clean under ThreadSanitizer.  A full mailbox
 * refuses the item (the poster still owns it) and counts the refusal; it never blocks and never drops silently.  Where
 * items differ in size, hl_mailbox_bound_bytes bounds their bytes as well as their number. */
#ifndef LIB_BASE_MAILBOX_H
#define LIB_BASE_MAILBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HlMailbox HlMailbox;

/* Items received in one iteration of the loop; more wait for the next one, so that a flood cannot starve timers and
 * sockets. */
#define HL_MAILBOX_TURN 1024

typedef enum { HL_MAILBOX_POSTED, HL_MAILBOX_FULL, HL_MAILBOX_CLOSED } HlMailboxResult;

typedef struct {
    uint64_t posted, refused;
    gsize depth, peak, bytes; /* bytes: 0 without a bound on them */
} HlMailboxCounts;

/* Takes ownership of item. */
typedef void (*HlMailboxReceiver)(gpointer item, gpointer user);

/* name must outlive the mailbox; context NULL is the default context; discard frees items that are never received. */
HlMailbox *hl_mailbox_new(const char *name, gsize capacity, GMainContext *context, HlMailboxReceiver receiver,
                          gpointer user, GDestroyNotify discard);

/* Before the first post: the items inside, by size_of, have at most max_bytes together.  An item counts until its
 * receiver has returned, or a few items longer. */
typedef gsize (*HlMailboxSizeOf)(gconstpointer item);
void hl_mailbox_bound_bytes(HlMailbox *mailbox, gsize max_bytes, HlMailboxSizeOf size_of);

/* Before the first post: while items come in close succession, they are taken out once in a millisecond and not one by
 * one, because waking the loop costs more than most items do.  One that comes by itself is received at once. */
void hl_mailbox_gather(HlMailbox *mailbox);

/* Before the first post: what is_urgent says yes to is received before the others that are inside, in its own order and
 * also within a turn.  HL_MAILBOX_PASSES of them at a time, then one of the others.  is_urgent is asked on the posting
 * thread. */
#define HL_MAILBOX_PASSES 8
typedef bool (*HlMailboxIsUrgent)(gconstpointer item);
void hl_mailbox_prefer(HlMailbox *mailbox, HlMailboxIsUrgent is_urgent);

/* Receiving thread only, and only once there is no poster left. */
void hl_mailbox_free(HlMailbox *mailbox);

/* Any thread.  On HL_MAILBOX_POSTED the item belongs to the mailbox. */
HlMailboxResult hl_mailbox_post(HlMailbox *mailbox, gpointer item);

/* Any thread.  Later posts are refused as closed; what is still inside is discarded by hl_mailbox_free. */
void hl_mailbox_close(HlMailbox *mailbox);

/* Any thread. */
HlMailboxCounts hl_mailbox_count(HlMailbox *mailbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlMailbox, hl_mailbox_free)

#endif
