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

static bool owes_turn(guint in_row, bool waits)
{
    return waits && in_row >= SHARE - 1;
}

bool hl_outbox_is_others_turn(guint *in_row, bool waits)
{
    bool is_theirs = owes_turn(*in_row, waits);

    *in_row = waits && !is_theirs ? *in_row + 1 : 0;
    return is_theirs;
}

bool hl_outbox_lets_pass(HlOutbox *outbox, bool urgent, guint under_way, guint window)
{
    bool waits = outbox->usual.length > 0;

    if (!has_room(urgent, under_way, window) || (urgent ? outbox->urgent.length > 0 : waits))
        return false;
    return !urgent || (!owes_turn(outbox->in_row, waits) && !hl_outbox_is_others_turn(&outbox->in_row, waits));
}

void hl_outbox_put(HlOutbox *outbox, const HlBusMessage *message, HlBusPublished done, gpointer user)
{
    HlOutboxItem *item = g_new(HlOutboxItem, 1);

    *item = (HlOutboxItem){ hl_bus_message_copy(message), done, user };
    g_queue_push_tail(message->urgent ? &outbox->urgent : &outbox->usual, item);
}

HlOutboxItem *hl_outbox_next(HlOutbox *outbox, guint under_way, guint window)
{
    bool urgent = outbox->urgent.length > 0;
    bool usual = outbox->usual.length > 0;

    if (!has_room(true, under_way, window))
        return NULL;
    if (urgent && !hl_outbox_is_others_turn(&outbox->in_row, usual))
        return g_queue_pop_head(&outbox->urgent);
    if (!urgent && !has_room(false, under_way, window))
        return NULL;
    outbox->in_row = 0;
    return g_queue_pop_head(&outbox->usual);
}

HlOutboxItem *hl_outbox_take(HlOutbox *outbox)
{
    return hl_outbox_next(outbox, 0, G_MAXUINT);
}
