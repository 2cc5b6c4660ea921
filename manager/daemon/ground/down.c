/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/down.h"

#include <string.h>

#include "lib/base/log.h"

struct MgrDown {
    HlBus *bus;             /* borrowed; NULL: none yet */
    char *refused;          /* NULL: nothing */
    uint64_t refused_after; /* lost links, when that was: of another connection it says nothing */
};

MgrDown *mgr_down_new(void)
{
    return g_new0(MgrDown, 1);
}

void mgr_down_free(MgrDown *down)
{
    g_free(down->refused);
    g_free(down);
}

void mgr_down_attach(MgrDown *down, HlBus *bus)
{
    down->bus = bus;
}

bool mgr_down_is_up(const MgrDown *down)
{
    return down->bus != NULL && hl_bus_state(down->bus) == HL_BUS_UP;
}

void mgr_down_note_refused(MgrDown *down, const char *problem)
{
    g_free(down->refused);
    down->refused = g_strdup_printf("%s; what endpoints or administrators say there is not heard: give the user "
                                    "'manager' what the site's broker/acl lists (docs/brokers.md), then start the "
                                    "manager again",
                                    problem);
    down->refused_after = mgr_down_count(down).lost_links;
    hl_error("line", "%s", down->refused);
}

const char *mgr_down_refused(const MgrDown *down)
{
    return mgr_down_is_up(down) && mgr_down_count(down).lost_links == down->refused_after ? down->refused : NULL;
}

const char *mgr_down_broker(const MgrDown *down)
{
    return down->bus != NULL ? hl_bus_broker(down->bus) : "";
}

static MgrDownOutcome send(MgrDown *down, HlTopic topic, const char *id, HlBusMessage message)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, id);

    if (g_bytes_get_size(message.payload) > HL_BUS_MAX_SIZE) {
        hl_log_limited(HL_LOG_ERROR, "down", name, "%s: %" G_GSIZE_FORMAT " bytes are more than a message can hold",
                       name, g_bytes_get_size(message.payload));
        return MGR_DOWN_TOO_LARGE;
    }
    message.topic = name;
    message.qos = row->qos;
    message.retained = row->retained;
    return down->bus != NULL && hl_bus_publish(down->bus, &message, NULL, NULL) ? MGR_DOWN_SENT : MGR_DOWN_NOT_NOW;
}

bool mgr_down_send(MgrDown *down, HlTopic topic, const char *id, GBytes *payload, HlTime expiry)
{
    return send(down, topic, id, (HlBusMessage){ .payload = payload, .expiry = expiry }) == MGR_DOWN_SENT;
}

MgrDownOutcome mgr_down_send_json(MgrDown *down, HlTopic topic, const char *id, const json_t *document)
{
    char *text = hl_json_print(document);
    g_autoptr(GBytes) payload = g_bytes_new_take(text, strlen(text));

    return send(down, topic, id, (HlBusMessage){ .payload = payload });
}

bool mgr_down_reply(MgrDown *down, HlTopic topic, const char *name, GBytes *payload, GBytes *correlation)
{
    return send(down, topic, name, (HlBusMessage){ .payload = payload, .correlation = correlation }) == MGR_DOWN_SENT;
}

HlBusCounts mgr_down_count(const MgrDown *down)
{
    return down->bus != NULL ? hl_bus_count(down->bus) : (HlBusCounts){ 0 };
}
