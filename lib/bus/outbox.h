/* SPDX-License-Identifier: Apache-2.0 */
/* Publications that wait for the window, and the order in which they leave.
 *
 * Urgent ones go first: somebody sits in front of a screen and waits for them, while thousands of others go out.  The
 * last eighth of the window is kept free for them, so that they need not wait for it either; but while there are many
 * of them, every eighth turn is another's, wherever in the window it falls, so that nobody waits for all of them.
 * Within a class nothing overtakes. */
#ifndef LIB_BUS_OUTBOX_H
#define LIB_BUS_OUTBOX_H

#include "lib/bus/bus.h"

/* One that is urgent is to go.  waits: another does; *in_row: urgent ones that went while it did, 0 at first.  true: it
 * is the other's turn first. */
bool hl_outbox_is_others_turn(guint *in_row, bool waits);

typedef struct {
    HlBusMessage message; /* owned */
    HlBusPublished done;
    gpointer user;
} HlOutboxItem;

void hl_outbox_item_free(HlOutboxItem *item);

typedef struct {
    GQueue usual, urgent; /* HlOutboxItem * */
    guint in_row;         /* hl_outbox_is_others_turn */
} HlOutbox;

void hl_outbox_init(HlOutbox *outbox);

guint hl_outbox_length(const HlOutbox *outbox);

/* Whether a message need not wait, beside so many that are under way: it goes now.  false: put it, and
 * ask for the next when one has arrived. */
bool hl_outbox_lets_pass(HlOutbox *outbox, bool urgent, guint under_way, guint window);

/* The message is copied. */
void hl_outbox_put(HlOutbox *outbox, const HlBusMessage *message, HlBusPublished done, gpointer user);

/* The next that may go beside so many that are under way; NULL: none.  Caller frees. */
HlOutboxItem *hl_outbox_next(HlOutbox *outbox, guint under_way, guint window);

/* The next, whatever is under way; NULL: it is empty.  Caller frees. */
HlOutboxItem *hl_outbox_take(HlOutbox *outbox);

#endif
