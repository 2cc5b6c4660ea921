/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/outbox.h"

#include "lib/bus/message.h"

#define SHARE 8 /* of the window: the part that is for urgent ones; of the turns: the part that is for others */

void hl_outbox_item_free(HlOutboxItem *item)
{
    hl_bus_message_clear(&item->message);
    g_free(item);
}

void hl_outbox_init(HlOutbox *outbox)
{
    *outbox = (HlOutbox){ 0 };
    g_queue_init(&outbox->usual);
    g_queue_init(&outbox->urgent);
}

guint hl_outbox_length(const HlOutbox *outbox)
{
    return outbox->usual.length + outbox->urgent.length;
}

static bool has_room(bool urgent, guint under_way, guint window)
{
    return under_way < (urgent ? window : window - window / SHARE);
}

bool hl_outbox_lets_pass(const HlOutbox *outbox, bool urgent, guint under_way, guint window)
{
    const GQueue *before = urgent ? &outbox->urgent : &outbox->usual;

    return before->length == 0 && has_room(urgent, under_way, window);
}

void hl_outbox_put(HlOutbox *outbox, const HlBusMessage *message, HlBusPublished done, gpointer user)
{
    HlOutboxItem *item = g_new(HlOutboxItem, 1);

    *item = (HlOutboxItem){ hl_bus_message_copy(message), done, user };
    g_queue_push_tail(message->urgent ? &outbox->urgent : &outbox->usual, item);
}

HlOutboxItem *hl_outbox_next(HlOutbox *outbox, guint under_way, guint window)
{
    bool urgent = outbox->urgent.length > 0 && has_room(true, under_way, window);
    bool usual = outbox->usual.length > 0 && has_room(false, under_way, window);

    if (usual && (!urgent || outbox->in_row >= SHARE - 1)) {
        outbox->in_row = 0;
        return g_queue_pop_head(&outbox->usual);
    }
    outbox->in_row += urgent;
    return urgent ? g_queue_pop_head(&outbox->urgent) : NULL;
}

HlOutboxItem *hl_outbox_take(HlOutbox *outbox)
{
    return hl_outbox_next(outbox, 0, G_MAXUINT);
}
