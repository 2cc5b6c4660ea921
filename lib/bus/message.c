/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/message.h"
#include "lib/base/unconst.h"

HlBusMessage hl_bus_message_copy(const HlBusMessage *message)
{
    HlBusMessage copy = *message;

    copy.topic = g_strdup(message->topic);
    copy.response_topic = g_strdup(message->response_topic);
    copy.payload = g_bytes_ref(message->payload);
    copy.correlation = message->correlation != NULL ? g_bytes_ref(message->correlation) : NULL;
    return copy;
}

void hl_bus_message_clear(HlBusMessage *message)
{
    g_free(hl_unconst(message->topic));
    g_free(hl_unconst(message->response_topic));
    g_clear_pointer(&message->correlation, g_bytes_unref);
    g_clear_pointer(&message->payload, g_bytes_unref);
    *message = (HlBusMessage){ 0 };
}
