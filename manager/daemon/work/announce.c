/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/announce.h"

#include "lib/base/unconst.h"
#include "manager/core/herd.h"
#include "proto/topics.h"
#include "proto/wire.h"

GBytes *mgr_announce_payload(const MgrAnnounceParts *parts, bool online)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autofree char *ids = mgr_pki_authority_ids(parts->pki);
    g_auto(GStrv) authorities = g_strsplit(ids, ",", -1);
    guint brokers = mgr_down_in_use(parts->down); /* each does the handshakes of its own, one after the other */
    guint share = (g_hash_table_size(parts->fleet->endpoints) + brokers - 1) / brokers;

    state.online = online;
    state.authorities = authorities;
    state.n_authorities = g_strv_length(authorities);
    state.epoch = parts->fleet->epoch;
    state.reconnect_window_ms = (uint32_t)mgr_herd_window(share, MGR_HERD_EACH, parts->conf->reconnect_window);
    state.birth_window_ms = (uint32_t)mgr_herd_window(share, MGR_HERD_BIRTH, parts->conf->reconnect_window);
    if (parts->fence != NULL) {
        const MgrFencePeer *self = mgr_fence_self(parts->fence);

        state.instance = self->instance;
        state.place = self->place;
        state.home = self->home;
        state.host = hl_unconst(self->host);
        state.started_ms = self->started;
    }
    return HL_WIRE_ENCODE(&state);
}

void mgr_announce_will_clear(MgrAnnounceWill *will)
{
    g_clear_pointer(&will->topic, g_free);
    g_clear_pointer(&will->payload, g_bytes_unref);
}

const HlBusMessage *mgr_announce_make_will(const MgrAnnounceParts *parts, MgrAnnounceWill *will)
{
    const HlTopicRow *row = hl_topic_row(HL_TOPIC_MANAGER_STATE);

    mgr_announce_will_clear(will);
    will->topic = hl_topic_name(HL_TOPIC_MANAGER_STATE, "");
    will->payload = mgr_announce_payload(parts, false);
    will->message =
        (HlBusMessage){ .topic = will->topic, .payload = will->payload, .qos = row->qos, .retained = row->retained };
    return &will->message;
}

void mgr_announce_state(const MgrAnnounceParts *parts, bool online)
{
    g_autoptr(GBytes) payload = mgr_announce_payload(parts, online);

    mgr_down_send(parts->down, HL_TOPIC_MANAGER_STATE, "", payload, 0);
}

void mgr_announce_state_at(const MgrAnnounceParts *parts, guint broker, bool online)
{
    g_autoptr(GBytes) payload = mgr_announce_payload(parts, online);

    mgr_down_send_at(parts->down, broker, HL_TOPIC_MANAGER_STATE, payload);
}

void mgr_announce_alive(const MgrAnnounceParts *parts)
{
    g_autoptr(GBytes) payload = mgr_announce_payload(parts, true);

    if (mgr_down_is_up(parts->down))
        mgr_down_send(parts->down, HL_TOPIC_MANAGER_ALIVE, "", payload, 0);
}
