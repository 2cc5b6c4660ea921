/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/notices.h"

#include "lib/base/unconst.h"
#include "manager/daemon/state/payloads.h"
#include "proto/envelope.h"
#include "proto/wire.h"

#define PACE 50 /* percent of the quota for reports: with that used, acknowledgements wait */

struct MgrNotices {
    MgrNoticesOptions parts;
    GQueue greetings; /* MgrEndpoint * that were born */
    GQueue acks;      /* MgrEndpoint * whose reports were committed */
};

MgrNotices *mgr_notices_new(const MgrNoticesOptions *options)
{
    MgrNotices *notices = g_new0(MgrNotices, 1);

    notices->parts = *options;
    g_queue_init(&notices->greetings);
    g_queue_init(&notices->acks);
    return notices;
}

void mgr_notices_free(MgrNotices *notices)
{
    if (notices == NULL)
        return;
    g_queue_clear(&notices->greetings);
    g_queue_clear(&notices->acks);
    g_free(notices);
}

static void send(MgrNotices *notices, const MgrEndpoint *endpoint, HlMsgLineNotice notice)
{
    const MgrNoticesOptions *parts = &notices->parts;
    g_autoptr(GBytes) payload = NULL;
    g_autoptr(GBytes) front = NULL;

    notice.endpoint = endpoint->record.id;
    notice.issued_ms = hl_clock_wall();
    notice.spool = endpoint->record.spool;
    notice.show_certificate = endpoint->is_stranger;
    notice.seq = endpoint->record.report_seq;
    notice.mark = endpoint->record.report_mark;
    notice.connect_window_ms =
        (uint32_t)mgr_herd_connects(&parts->fleet->herd, g_hash_table_size(parts->fleet->endpoints),
                                    mgr_down_in_use(parts->down), parts->conf->reconnect_window);
    notice.poll_ms = endpoint->record.display.in_unreachable_net ? (uint32_t)parts->conf->unreachable_poll : 0;
    payload = HL_WIRE_ENCODE(&notice);
    front = mgr_payload_front(&notice);
    mgr_letters_send(parts->letters, &(MgrLetter){ endpoint, HL_TOPIC_ACK, HL_ENVELOPE_LINE, payload, .expiry = 0 },
                     front);
}

static void answer(MgrNotices *notices, const MgrEndpoint *endpoint, uint64_t session)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;

    notice.session = session;
    send(notices, endpoint, notice);
}

void mgr_notices_ack(MgrNotices *notices, const MgrEndpoint *endpoint)
{
    answer(notices, endpoint, mgr_endpoint_answered_session(endpoint));
}

/* The session is kept: until the flush a copy, or an old line, may be heard, which was not born. */
void mgr_notices_greet(MgrNotices *notices, MgrEndpoint *endpoint)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    contact->born_session = mgr_endpoint_answered_session(endpoint);
    if (contact->greeting != NULL)
        return;
    g_queue_push_tail(&notices->greetings, endpoint);
    contact->greeting = notices->greetings.tail;
}

static void ungreet(MgrNotices *notices, MgrEndpoint *endpoint)
{
    MgrContact *contact = endpoint->contact;

    if (contact == NULL || contact->greeting == NULL)
        return;
    g_queue_delete_link(&notices->greetings, contact->greeting);
    contact->greeting = NULL;
}

void mgr_notices_greet_first(MgrNotices *notices, MgrEndpoint *endpoint)
{
    if (mgr_endpoint_contact(endpoint)->greeting == NULL)
        return;
    ungreet(notices, endpoint);
    answer(notices, endpoint, mgr_endpoint_contact(endpoint)->born_session);
}

void mgr_notices_fence(MgrNotices *notices, const MgrEndpoint *endpoint, uint64_t answered, uint64_t known)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;

    notice.session = answered;
    notice.fence_session = MAX(known, 1); /* 0 on the wire: no fence */
    send(notices, endpoint, notice);
}

void mgr_notices_hold_off(MgrNotices *notices, const MgrEndpoint *endpoint, const MgrHoldOff *order)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;

    notice.session = order->answered;
    notice.hold_off_ms = (uint32_t)order->time;
    notice.hold_off_boot = hl_unconst(order->boot_id);
    send(notices, endpoint, notice);
}

void mgr_notices_ack_later(MgrNotices *notices, MgrEndpoint *endpoint, uint64_t session)
{
    mgr_endpoint_make_contact(endpoint)->ack_session = session;
    if (endpoint->ack_due)
        return;
    endpoint->ack_due = true;
    g_queue_push_tail(&notices->acks, endpoint);
}

/* An endpoint waits for an acknowledgement after each window of reports, and those that go out keep to its quota: a
 * long spool arrives at the rate of that quota, and none of it is refused. */
static void flush_acks(MgrNotices *notices)
{
    HlTime now = hl_clock_mono();

    for (guint n = g_queue_get_length(&notices->acks); n > 0; n--) {
        MgrEndpoint *endpoint = g_queue_pop_head(&notices->acks);

        if (mgr_bucket_used(&mgr_endpoint_contact(endpoint)->report_pace, MGR_QUOTA_REPORT, now) > PACE) {
            g_queue_push_tail(&notices->acks, endpoint);
            continue;
        }
        endpoint->ack_due = false;
        answer(notices, endpoint, mgr_endpoint_contact(endpoint)->ack_session);
    }
}

void mgr_notices_flush(MgrNotices *notices)
{
    while (notices->greetings.length > 0)
        mgr_notices_greet_first(notices, g_queue_peek_head(&notices->greetings));
    flush_acks(notices);
}

void mgr_notices_forget(MgrNotices *notices, MgrEndpoint *endpoint)
{
    ungreet(notices, endpoint);
    if (endpoint->ack_due)
        g_queue_remove(&notices->acks, endpoint);
    endpoint->ack_due = false;
}
