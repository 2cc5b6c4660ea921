/* SPDX-License-Identifier: Apache-2.0 */
/* Publications that wait for the window, and the order in which they leave.
 *
 * Urgent ones go first: somebody sits in front of a screen and waits for them, while thousands of others go out.  The
 * last eighth of the window is theirs alone, so that they need not wait for it either; and where there are many of
 * them, every eighth turn is another's, so that nobody waits for all of them.  Within a class nothing overtakes. */
#ifndef LIB_BUS_OUTBOX_H
#define LIB_BUS_OUTBOX_H

#include "lib/bus/bus.h"

typedef struct {
    HlBusMessage message; /* owned */
    HlBusPublished done;
    gpointer user;
} HlOutboxItem;

void hl_outbox_item_free(HlOutboxItem *item);

typedef struct {
    GQueue usual, urgent; /* HlOutboxItem * */
    guint in_row;         /* urgent ones that went, since another did */
} HlOutbox;

void hl_outbox_init(HlOutbox *outbox);

guint hl_outbox_length(const HlOutbox *outbox);

/* Whether a message need not wait, beside so many that are under way. */
bool hl_outbox_lets_pass(const HlOutbox *outbox, bool urgent, guint under_way, guint window);

/* The message is copied. */
void hl_outbox_put(HlOutbox *outbox, const HlBusMessage *message, HlBusPublished done, gpointer user);

/* The next that may go beside so many that are under way; NULL: none.  Caller frees. */
HlOutboxItem *hl_outbox_next(HlOutbox *outbox, guint under_way, guint window);

/* The next, whatever is under way; NULL: it is empty.  Caller frees. */
HlOutboxItem *hl_outbox_take(HlOutbox *outbox);

#endif
