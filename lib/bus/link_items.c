/* SPDX-License-Identifier: Apache-2.0 */
/* What links hand to the bus, whichever library speaks. */
#include <string.h>

#include "lib/bus/link.h"
#include "lib/bus/message.h"

void hl_link_event_free(gpointer item)
{
    HlLinkEvent *event = item;

    g_free(event->text);
    g_free(event);
}

void hl_link_sendings_finish(HlLinkSending *first, bool acknowledged)
{
    HlLinkSending *next;

    for (HlLinkSending *sending = first; sending != NULL; sending = next) {
        next = sending->next;
        if (sending->done != NULL)
            sending->done(acknowledged, sending->user);
        g_free(sending);
    }
}

void hl_link_parcel_free(gpointer item)
{
    HlLinkParcel *parcel = item;

    hl_bus_message_clear(&parcel->message);
    g_free(parcel);
}

gsize hl_link_parcel_size(gconstpointer item)
{
    const HlLinkParcel *parcel = item;
    const HlBusMessage *message = &parcel->message;

    return sizeof *parcel + strlen(message->topic) + g_bytes_get_size(message->payload) +
           (message->response_topic != NULL ? strlen(message->response_topic) : 0) +
           (message->correlation != NULL ? g_bytes_get_size(message->correlation) : 0);
}

bool hl_link_parcel_is_urgent(gconstpointer item)
{
    return ((const HlLinkParcel *)item)->message.urgent;
}

HlBusAdmission hl_link_admit(const HlBusEntrance *entrance, const char *topic, gsize size)
{
    return entrance->admit != NULL ? entrance->admit(topic, size, entrance->user) : HL_BUS_ADMITTED;
}

void hl_link_post(HlMailbox *events, HlLink *link, HlLinkEvent value)
{
    HlLinkEvent *event = g_memdup2(&value, sizeof value);

    event->link = link;
    event->text = g_strdup(value.text);
    if (hl_mailbox_post(events, event) != HL_MAILBOX_POSTED)
        hl_link_event_free(event); /* only while the bus ends */
}
