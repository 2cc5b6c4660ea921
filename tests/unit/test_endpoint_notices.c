/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/link/presence: what the server says of the line (docs/protocol.md, "The line of an endpoint").  Only
 * what it signed for this session counts; whatever else comes can delay, and nothing more. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/presence.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define TOPIC(leaf) "holdline/v1/endpoint/" PARTS_ID "/" leaf
#define BOOT        PARTS_BOOT

typedef struct {
    EndpointParts *parts;
    EpSpool *spool; /* sends over the presence */
    EpPoll *poll;
    EpPresence *presence;
} Fixture;

static bool on_send(GBytes *report, gpointer user)
{
    const Fixture *f = user;

    return ep_presence_send_report(f->presence, report);
}

static void make(Fixture *f)
{
    EndpointParts *parts = f->parts;
    EpPresenceOptions options;
    g_autoptr(GError) error = NULL;

    f->spool = ep_spool_new(parts->db, on_send, f, &error);
    g_assert_no_error(error);
    f->poll = ep_poll_new(&(EpPollOptions){ parts->identity, parts->settings, f->spool, parts->trouble });
    options = parts_presence(parts, f->spool, f->poll);
    f->presence = ep_presence_new(&options, &error);
    g_assert_no_error(error);
}

static void drop(Fixture *f)
{
    g_clear_pointer(&f->presence, ep_presence_free);
    g_clear_pointer(&f->poll, ep_poll_free);
    g_clear_pointer(&f->spool, ep_spool_free);
    f->parts->time = (EpServerTime){ 0 };
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    f->parts = parts_new();
    make(f);
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    drop(f);
    parts_free(f->parts);
    bus_fake_reset();
}

static HlBus *bus(void)
{
    return bus_fake_find(PARTS_ID);
}

static uint64_t session(const Fixture *f)
{
    return ep_presence_view(f->presence).session;
}

/* ------------------------------------------------------------------------------------------------------- the server */

static void deliver(const HlMsgAck *ack)
{
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(ack);

    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = TOPIC("ack"), .payload = payload, .qos = 1 });
}

/* A notice for the session of now. */
static HlMsgLineNotice notice_for(const Fixture *f)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;

    notice.endpoint = (char *)PARTS_ID;
    notice.session = session(f);
    notice.issued_ms = hl_clock_wall();
    return notice;
}

static void send_signed(const HlSigningKey *key, const char *context, const HlMsgLineNotice *notice)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(key, context, &notice->base);
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;

    ack.notice = envelope;
    deliver(&ack);
}

static void say(const Fixture *f, const HlMsgLineNotice *notice)
{
    send_signed(f->parts->signing_key, HL_ENVELOPE_LINE, notice);
}

static bool reconnects(void)
{
    return bus_fake_is_closing(bus(), NULL);
}

static char *spool_id(const Fixture *f)
{
    return ep_store_get(f->parts->db, "spool", NULL);
}

static void spool(Fixture *f, const char *id)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;

    command.command = hl_unconst(id);
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &command;
    g_assert_true(ep_spool_add(f->spool, &report, EP_SPOOL_KEEP_ALWAYS, id, NULL));
    ep_spool_pump(f->spool);
}

/* -------------------------------------------------------------------------------------------------------- the rules */

/* The whole row 4: once, by anyone who has the broker. */
static void test_unsigned_fence(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    uint64_t before;

    bus_fake_up(bus());
    before = session(f);
    ack.fence_session = ((uint64_t)1 << 62) - 1;
    deliver(&ack);
    ack.fence_session = before + 1;
    deliver(&ack);
    ack.fence_session = 0;
    ack.hold_off_ms = 3600000;
    ack.hold_off_boot = (char *)BOOT;
    deliver(&ack);
    timer_fake_advance(HL_SECOND);
    g_assert_false(reconnects());
    g_assert_cmpuint(session(f), ==, before);
    g_assert_cmpint(ep_presence_view(f->presence).state, ==, HL_BUS_UP);
}

static void test_forged(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);
    HlMsgLineNotice notice;
    uint64_t before;

    bus_fake_up(bus());
    before = session(f);
    notice = notice_for(f);
    notice.fence_session = before + 1000;
    send_signed(stranger, HL_ENVELOPE_LINE, &notice);
    send_signed(f->parts->signing_key, HL_ENVELOPE_COMMAND, &notice);
    notice.endpoint = (char *)"e-another";
    say(f, &notice);
    notice = notice_for(f);
    notice.fence_session = before + 1000;
    notice.session = before - 1; /* said to the connection before this one: a replay, or late */
    say(f, &notice);
    notice.session = before;
    notice.fence_session = (uint64_t)(hl_clock_wall() + 2 * HL_DAY);
    say(f, &notice); /* no matter who signed it */
    g_assert_false(reconnects());
    notice.fence_session = before + 1000;
    say(f, &notice);
    g_assert_true(reconnects());
    bus_fake_up(bus());
    g_assert_cmpuint(session(f), ==, before + 1001);
}

/* To be let in by the broker proves nothing: who is unknown to the server is let in and thrown out again for ever, and
 * must not come back at the shortest delay each time. */
static void test_proof(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);
    HlMsgLineNotice notice;

    bus_fake_up(bus());
    bus_fake_ack(bus(), NULL, 0); /* the birth, by the broker */
    notice = notice_for(f);
    send_signed(stranger, HL_ENVELOPE_LINE, &notice);
    notice.session--; /* of the connection before */
    say(f, &notice);
    g_assert_false(bus_fake_is_proved(bus()));
    notice.session++;
    say(f, &notice);
    g_assert_true(bus_fake_is_proved(bus()));
    bus_fake_down(bus(), "thrown out");
    bus_fake_up(bus());
    g_assert_false(bus_fake_is_proved(bus()));
    deliver(&(HlMsgAck)HOLDLINE__V1__ACK__INIT); /* unsigned, after a notice */
    g_assert_false(bus_fake_is_proved(bus()));
}

/* A manager of 0.1.0 signs nothing. */
static void test_proof_unsigned(Fixture *f G_GNUC_UNUSED, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    g_assert_false(bus_fake_is_proved(bus()));
    deliver(&(HlMsgAck)HOLDLINE__V1__ACK__INIT);
    g_assert_true(bus_fake_is_proved(bus()));
}

static const HlMsgReport *last_shown(void)
{
    static HlMsgReport *last = NULL;
    HlBusMessage *message;

    g_clear_pointer(&last, hl_wire_free);
    while ((message = bus_fake_take(bus(), TOPIC("report"))) != NULL) {
        HlMsgReport *report = hl_wire_decode_bytes(&holdline__v1__report__descriptor, message->payload, NULL);

        bus_fake_message_free(message);
        if (report->body_case == HOLDLINE__V1__REPORT__BODY_SHOWN && last == NULL)
            last = report;
        else
            hl_wire_free(report);
    }
    return last;
}

/* A server that does not know the certificate asks for it; it is shown once until that is committed. */
static void test_shows_certificate(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *pem = hl_cert_print(f->parts->identity->cert);
    HlMsgLineNotice notice;
    const HlMsgReport *report;

    bus_fake_up(bus());
    notice = notice_for(f);
    say(f, &notice);
    g_assert_null(last_shown());
    notice.show_certificate = true;
    say(f, &notice);
    report = last_shown();
    g_assert_nonnull(report);
    g_assert_cmpmem(report->shown->certificate.data, report->shown->certificate.len, pem, strlen(pem));
    say(f, &notice);
    g_assert_null(last_shown());
}

/* A clock that is a month ahead made the number: it comes back down to what the server believes, clock or no clock. */
static void test_fence_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlTime right = hl_clock_wall();
    HlMsgLineNotice notice;

    clock_fake_jump_wall(30 * HL_DAY);
    bus_fake_up(bus());
    g_assert_cmpuint(session(f), >=, (uint64_t)(right + 30 * HL_DAY));
    notice = notice_for(f);
    notice.issued_ms = right;
    notice.fence_session = (uint64_t)right - 5000;
    say(f, &notice);
    bus_fake_up(bus());
    g_assert_cmpuint(session(f), ==, (uint64_t)right); /* by the server's clock */
    drop(f);                                           /* and after a restart, whatever the clock says */
    clock_fake_jump_wall(-30 * HL_DAY);
    make(f);
    bus_fake_up(bus());
    g_assert_cmpuint(session(f), ==, (uint64_t)right + 1);
}

static void test_hold_off(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice notice;

    bus_fake_up(bus());
    notice = notice_for(f);
    notice.hold_off_ms = 60000;
    notice.hold_off_boot = (char *)"b-another";
    say(f, &notice);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpint(ep_presence_view(f->presence).state, ==, HL_BUS_UP);
    notice.hold_off_boot = (char *)BOOT;
    say(f, &notice);
    timer_fake_advance(0);
    g_assert_null(bus());
    timer_fake_advance(HL_MINUTE);
    g_assert_nonnull(bus());
    bus_fake_up(bus());
    say(f, &notice); /* replayed to the next session */
    timer_fake_advance(0);
    g_assert_nonnull(bus());
}

/* Reports are forgotten when the server signed that it has them.  One that has never signed (0.1.0) is believed
 * without; once it has, never again, not after a restart either. */
static void test_acknowledgements(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    HlMsgLineNotice notice;
    g_autofree char *id = spool_id(f);

    bus_fake_up(bus());
    spool(f, "c-1");
    spool(f, "c-2");
    spool(f, "c-3");
    ack.spool = id;
    ack.seq = 1;
    deliver(&ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 2);
    notice = notice_for(f);
    notice.spool = id;
    notice.seq = 2;
    say(f, &notice);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    ack.seq = 3;
    deliver(&ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    drop(f);
    make(f);
    bus_fake_up(bus());
    deliver(&ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    notice.seq = 3;
    say(f, &notice); /* for the session before */
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    notice.session = session(f);
    say(f, &notice);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 0);
}

/* enrol --replace: the same identity with a new certificate.  Every number of the line starts again, no report is
 * lost, and the next manager may be one that does not sign. */
static void test_numbers_start_again(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice notice;
    g_autofree char *before = spool_id(f);
    g_autofree char *after = NULL;

    bus_fake_up(bus());
    notice = notice_for(f);
    say(f, &notice);
    spool(f, "c-1");
    drop(f);
    g_assert_true(ep_store_set_int(f->parts->db, "session", INT64_MAX / 2, NULL));
    g_assert_true(ep_store_restart_line(f->parts->db, NULL));
    make(f);
    bus_fake_up(bus());
    after = spool_id(f);
    g_assert_cmpuint(session(f), ==, (uint64_t)hl_clock_wall());
    g_assert_cmpstr(after, !=, before);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    g_assert_cmpint(ep_store_get_int(f->parts->db, "notices", 0), ==, 0);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/notices/shows-certificate", test_shows_certificate);
    ADD("/notices/unsigned-fence", test_unsigned_fence);
    ADD("/notices/forged", test_forged);
    ADD("/notices/proof", test_proof);
    ADD("/notices/proof-unsigned", test_proof_unsigned);
    ADD("/notices/fence-down", test_fence_down);
    ADD("/notices/hold-off", test_hold_off);
    ADD("/notices/acknowledgements", test_acknowledgements);
    ADD("/notices/numbers-start-again", test_numbers_start_again);
    return g_test_run();
}
