/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/link: the link and the presence on a bus in memory.  Births, wills, sessions, heartbeats, what comes
 * down in whatever order, and a store that fails. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/presence.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/bus_fake.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define TOPIC(leaf) "holdline/v1/endpoint/" PARTS_ID "/" leaf

typedef struct {
    EndpointParts *parts;
    EpSpool *spool; /* sends over the presence */
    EpPoll *poll;
    EpPresence *presence;
    GPtrArray *came; /* topic leaves, in order */
    guint goodbyes;
} Fixture;

static void on_settings_came(GBytes *envelope G_GNUC_UNUSED, gpointer user)
{
    Fixture *f = user;

    g_ptr_array_add(f->came, (char *)"settings");
}

static void on_server_came(GBytes *envelope G_GNUC_UNUSED, gpointer user)
{
    Fixture *f = user;

    g_ptr_array_add(f->came, (char *)"server");
}

static void on_command_came(GBytes *envelope G_GNUC_UNUSED, gpointer user)
{
    Fixture *f = user;

    g_ptr_array_add(f->came, (char *)"command");
}

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
    f->poll = ep_poll_new(&(EpPollOptions){ parts->identity, parts->settings, f->spool, parts->trouble });
    options = parts_presence(parts, f->spool, f->poll);
    options.settings_came = on_settings_came;
    options.server_came = on_server_came;
    options.command_came = on_command_came;
    options.user = f;
    f->presence = ep_presence_new(&options, &error);
    g_assert_no_error(error);
}

static void drop(Fixture *f)
{
    g_clear_pointer(&f->presence, ep_presence_free);
    g_clear_pointer(&f->poll, ep_poll_free);
    g_clear_pointer(&f->spool, ep_spool_free);
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    f->parts = parts_new();
    f->came = g_ptr_array_new();
    make(f);
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    drop(f);
    g_ptr_array_unref(f->came);
    parts_free(f->parts);
    bus_fake_reset();
}

static HlBus *bus(void)
{
    HlBus *found = bus_fake_find(PARTS_ID);

    g_assert_nonnull(found);
    return found;
}

/* The oldest message on the topic that was not taken yet; free with hl_wire_free. */
static gpointer take(HlBus *from, const char *topic, const ProtobufCMessageDescriptor *descriptor)
{
    g_autoptr(HlBusMessage) message = from != NULL ? bus_fake_take(from, topic) : bus_fake_take_left(PARTS_ID, topic);
    g_autoptr(GError) error = NULL;
    gpointer decoded;

    g_assert_nonnull(message);
    decoded = hl_wire_decode_bytes(descriptor, message->payload, &error);
    g_assert_no_error(error);
    return decoded;
}

static HlMsgLink *take_link(HlBus *from)
{
    return take(from, TOPIC("link"), &holdline__v1__link__descriptor);
}

static void deliver(const char *topic, const ProtobufCMessage *message, bool retained)
{
    g_autoptr(GBytes) payload = hl_wire_encode(message);
    HlBusMessage on_the_wire = { .topic = topic, .payload = payload, .qos = 1, .retained = retained };

    bus_fake_deliver(bus(), &on_the_wire);
}

/* Signed, for the session of now. */
static void deliver_ack(const Fixture *f, HlMsgLineNotice notice)
{
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;

    notice.endpoint = (char *)PARTS_ID;
    notice.session = ep_presence_view(f->presence).session;
    notice.issued_ms = hl_clock_wall();
    envelope = hl_envelope_sign(f->parts->signing_key, HL_ENVELOPE_LINE, &notice.base);
    ack.notice = envelope;
    deliver(TOPIC("ack"), &ack.base, false);
}

static HlMsgLineNotice empty_ack(void)
{
    return (HlMsgLineNotice)HOLDLINE__V1__LINE_NOTICE__INIT;
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

/* ---------------------------------------------------------------------------------------------------- births, wills */

static void test_birth(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlMsgLink) birth = NULL;
    g_autoptr(HlMsgLink) second = NULL;
    g_autoptr(HlMsgLink) will = NULL;
    g_autoptr(GBytes) settings = parts_settings(f->parts, (PartsSettings){ .counter = 5 });
    uint64_t session;

    g_assert_cmpint(ep_presence_view(f->presence).since, ==, 0);
    bus_fake_up(bus());
    birth = take_link(bus());
    session = birth->session;
    g_assert_true(birth->online);
    g_assert_true(birth->announces);
    g_assert_null(birth->applied);
    g_assert_cmpstr(birth->boot_id, ==, "b-boot");
    g_assert_cmpstr(birth->registration->fingerprint, ==, "print");
    g_assert_cmpuint(birth->n_patterns, ==, 2);
    will = hl_wire_decode_bytes(&holdline__v1__link__descriptor, bus_fake_will(bus())->payload, NULL);
    g_assert_false(will->online);
    g_assert_cmpstr(will->reason, ==, "line-lost");
    g_assert_cmpuint(will->session, ==, session);
    g_assert_cmpint(ep_intake_offer(f->parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    bus_fake_ack(bus(), TOPIC("link"), 0);
    bus_fake_down(bus(), "broken");
    g_assert_cmpstr(ep_presence_view(f->presence).last_error, ==, "broken");
    bus_fake_up(bus());
    second = take_link(bus());
    g_assert_false(second->announces); /* the broker has the first one */
    g_assert_cmpuint(second->session, >, session);
    g_assert_cmpuint(second->applied->counter, ==, 5);
}

/* A birth that the broker did not confirm did not announce anything. */
static void test_announced_again(Fixture *f G_GNUC_UNUSED, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlMsgLink) birth = NULL;
    g_autoptr(HlMsgLink) second = NULL;

    bus_fake_up(bus());
    birth = take_link(bus());
    bus_fake_down(bus(), "broken");
    bus_fake_up(bus());
    second = take_link(bus());
    g_assert_true(second->announces);
}

/* Session numbers rise over restarts, over a clock that goes back, and past what the server knows. */
static void test_sessions(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();
    uint64_t before;
    HlBusWill will;

    bus_fake_up(bus());
    before = ep_presence_view(f->presence).session;
    drop(f);
    clock_fake_jump_wall(-HL_HOUR);
    make(f);
    bus_fake_up(bus());
    g_assert_cmpuint(ep_presence_view(f->presence).session, ==, before + 1);
    ack.fence_session = before + 1000;
    deliver_ack(f, ack);
    g_assert_true(bus_fake_is_closing(bus(), &will));
    g_assert_cmpint(will, ==, HL_BUS_KEEP_WILL);
    bus_fake_up(bus());
    g_assert_cmpuint(ep_presence_view(f->presence).session, ==, before + 1001);
    ack.fence_session = UINT64_MAX; /* nobody's honest one: no numbers are left above it */
    deliver_ack(f, ack);
    g_assert_false(bus_fake_is_closing(bus(), NULL));
}

/* The disk is full: the line comes up all the same, with a session above all others. */
static void test_session_not_stored(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    uint64_t before;

    bus_fake_up(bus());
    before = ep_presence_view(f->presence).session;
    bus_fake_down(bus(), "broken");
    clock_fake_advance(HL_SECOND);
    db_faults_from(DB_FAULTS_WRITES, 1);
    bus_fake_up(bus());
    db_faults_at(DB_FAULTS_WRITES, 0);
    g_assert_cmpint(ep_presence_view(f->presence).state, ==, HL_BUS_UP);
    g_assert_cmpuint(ep_presence_view(f->presence).session, >, before);
    g_assert_nonnull(strstr(ep_trouble_view(f->parts->trouble).text, "the session number"));
}

static void test_failed_attempts(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    EpLinkView view;

    bus_fake_fail(bus(), "connection refused", 5 * HL_SECOND);
    bus_fake_fail_for(bus(), HL_CAUSE_REFUSED, "connection refused", 7 * HL_SECOND);
    view = ep_presence_view(f->presence);
    g_assert_cmpuint(view.attempts, ==, 2);
    g_assert_cmpint(view.next_attempt, ==, hl_clock_wall() + 7 * HL_SECOND);
    g_assert_nonnull(strstr(view.last_error, "connection refused"));
    g_assert_cmpstr(view.cause, ==, "refused");
    bus_fake_up(bus());
    view = ep_presence_view(f->presence);
    g_assert_cmpuint(view.attempts, ==, 0);
    g_assert_null(view.last_error);
    g_assert_null(view.cause);
    g_assert_cmpint(view.since, ==, hl_clock_wall());
}

/* ------------------------------------------------------------------------------------------------------- heartbeats */

static void test_heartbeats(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GBytes) settings =
        parts_settings(f->parts, (PartsSettings){ .lines = "line.heartbeat=30s\n", .counter = 5 });
    g_autoptr(HlMsgHeartbeat) beat = NULL;
    guint beats;

    g_assert_cmpint(ep_intake_offer(f->parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    bus_fake_up(bus());
    timer_fake_advance(30 * HL_SECOND);
    beat = take(bus(), TOPIC("heartbeat"), &holdline__v1__heartbeat__descriptor);
    g_assert_cmpuint(beat->seq, ==, 1);
    g_assert_cmpuint(beat->settings_counter, ==, 5);
    g_assert_cmpuint(beat->session, ==, ep_presence_view(f->presence).session);
    bus_fake_forget(bus());
    timer_fake_advance(10 * 30 * HL_SECOND);
    beats = bus_fake_published(bus(), TOPIC("heartbeat"));
    g_assert_cmpuint(beats, ==, 10);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("link")), ==, 0); /* nothing changed, so no birth */
    bus_fake_down(bus(), "broken");
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("heartbeat")), ==, beats);
}

/* -------------------------------------------------------------------------------------------------- what comes down */

static void test_dispatch(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const topics[] = { "ack", "settings", "server", "command", "probe" };
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    HlBusMessage cleared = { .topic = TOPIC("settings"), .payload = nothing, .qos = 1, .retained = true };

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *topic = g_strconcat(TOPIC(""), topics[i], NULL);

        g_assert_true(g_strv_contains(bus_fake_options(bus())->subscriptions, topic));
    }
    g_assert_cmpuint(g_strv_length((char **)hl_unconst(bus_fake_options(bus())->subscriptions)), ==, 6);
    bus_fake_up(bus());
    bus_fake_deliver_text(bus(), TOPIC("command"), "x"); /* before the settings that came with it */
    bus_fake_deliver_text(bus(), TOPIC("settings"), "x");
    bus_fake_deliver_text(bus(), TOPIC("server"), "x");
    bus_fake_deliver(bus(), &cleared); /* that is no settings */
    bus_fake_deliver_text(bus(), TOPIC("ack"), "garbage");
    bus_fake_deliver_text(bus(), TOPIC("probe"), "garbage");
    bus_fake_deliver_text(bus(), "holdline/v1/manager/state", "garbage");
    g_assert_cmpuint(f->came->len, ==, 3);
    g_assert_cmpstr(f->came->pdata[0], ==, "command");
    g_assert_cmpstr(f->came->pdata[1], ==, "settings");
    g_assert_cmpstr(f->came->pdata[2], ==, "server");
}

static void test_probe(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;
    g_autoptr(HlMsgEcho) echo = NULL;

    bus_fake_up(bus());
    probe.nonce = 4711;
    deliver(TOPIC("probe"), &probe.base, false);
    echo = take(bus(), TOPIC("echo"), &holdline__v1__echo__descriptor);
    g_assert_cmpuint(echo->nonce, ==, 4711);
    g_assert_cmpuint(echo->session, ==, ep_presence_view(f->presence).session);
}

/* The manager comes back: birth and reports once more, spread over its window; not for what it retained. */
static void test_manager_state(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;

    bus_fake_up(bus());
    state.online = true;
    state.epoch = 1;
    state.reconnect_window_ms = 60 * 1000;
    deliver("holdline/v1/manager/state", &state.base, true);
    spool(f, "c-1");
    bus_fake_forget(bus());
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("link")), ==, 0);
    state.epoch = 2;
    deliver("holdline/v1/manager/state", &state.base, false);
    deliver("holdline/v1/manager/state", &state.base, false);
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("link")), ==, 1);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("report")), >=, 1);
    state.epoch = 3; /* and once more, but the line breaks before its turn */
    deliver("holdline/v1/manager/state", &state.base, false);
    bus_fake_down(bus(), "broken");
    bus_fake_forget(bus());
    timer_fake_advance(10 * HL_MINUTE);
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("link")), ==, 0);
}

static void test_acks(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();
    g_autoptr(HlMsgReport) report = NULL;

    bus_fake_up(bus());
    spool(f, "c-1");
    report = take(bus(), TOPIC("report"), &holdline__v1__report__descriptor);
    ack.spool = report->spool;
    ack.seq = report->seq;
    db_faults_from(DB_FAULTS_WRITES, 1);
    deliver_ack(f, ack); /* cannot be noted: the report stays, and goes out again */
    db_faults_at(DB_FAULTS_WRITES, 0);
    g_assert_nonnull(strstr(ep_trouble_view(f->parts->trouble).text, "an acknowledgement"));
    deliver_ack(f, ack);
    deliver_ack(f, ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 0);
    g_assert_null(ep_trouble_view(f->parts->trouble).text);
}

/* It overtakes: what the manager of an earlier time acknowledges was not sent over this line yet, or not even made. */
static void test_ack_before_report(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();
    g_autofree char *identity = NULL;
    g_autoptr(HlMsgReport) first = NULL;

    bus_fake_up(bus());
    bus_fake_refuse(bus(), true); /* too much is under way: the report waits */
    spool(f, "c-1");
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("report")), ==, 0);
    identity = ep_store_get(f->parts->db, "spool", "");
    ack.spool = identity;
    ack.seq = 1;
    deliver_ack(f, ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 0);
    bus_fake_refuse(bus(), false);
    spool(f, "c-2");
    first = take(bus(), TOPIC("report"), &holdline__v1__report__descriptor);
    g_assert_cmpstr(first->command->command, ==, "c-2");
    ack.seq = 500; /* of a database that is younger than this one */
    deliver_ack(f, ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    ack.spool = (char *)"s-other";
    ack.seq = 1;
    deliver_ack(f, ack);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
}

/* ---------------------------------------------------------------------------------------------------- staying away */

static void test_hold_off(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();

    bus_fake_up(bus());
    ack.hold_off_ms = 5 * 60 * 1000;
    ack.hold_off_boot = (char *)"b-other";
    deliver_ack(f, ack); /* for the other machine */
    timer_fake_advance(HL_SECOND);
    g_assert_nonnull(bus_fake_find(PARTS_ID));
    ack.hold_off_boot = (char *)"b-boot";
    deliver_ack(f, ack);
    deliver_ack(f, ack);
    timer_fake_advance(1);
    g_assert_null(bus_fake_find(PARTS_ID));
    g_assert_cmpint(ep_presence_view(f->presence).state, ==, HL_BUS_DOWN);
    g_assert_nonnull(strstr(ep_presence_view(f->presence).last_error, "asked to stay away"));
    spool(f, "c-1"); /* everything goes on without a line */
    ep_presence_settings_changed(f->presence);
    ep_presence_renewed(f->presence);
    ep_presence_repeat_birth(f->presence, HL_SECOND);
    timer_fake_advance(4 * HL_MINUTE);
    g_assert_null(bus_fake_find(PARTS_ID));
    timer_fake_advance(HL_MINUTE);
    bus_fake_up(bus());
    g_assert_cmpuint(bus_fake_published(bus(), TOPIC("report")), ==, 1);
}

/* The identity is gone before the order to stay away is carried out, and while it is. */
static void test_hold_off_and_gone(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();

    ack.hold_off_ms = 5 * 60 * 1000;
    ack.hold_off_boot = (char *)"b-boot";
    bus_fake_up(bus());
    deliver_ack(f, ack);
    drop(f);
    timer_fake_advance(HL_HOUR);
    make(f);
    bus_fake_up(bus());
    deliver_ack(f, ack);
    timer_fake_advance(HL_SECOND);
    drop(f);
    timer_fake_advance(HL_HOUR);
    g_assert_null(bus_fake_find(PARTS_ID));
}

/* -------------------------------------------------------------------------------------------------------- changes */

static void test_brokers(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GBytes) settings = parts_settings(
        f->parts, (PartsSettings){ .lines = "line.brokers=one.example:8883,two.example:8883\n", .counter = 5 });
    const char *const *brokers = bus_fake_options(bus())->brokers;

    g_assert_cmpstr(brokers[0], ==, "127.0.0.1:8883");
    g_assert_null(brokers[1]);
    g_assert_cmpint(ep_intake_offer(f->parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    ep_presence_settings_changed(f->presence);
    brokers = bus_fake_options(bus())->brokers;
    g_assert_cmpstr(brokers[0], ==, "two.example:8883"); /* its id says so */
    g_assert_cmpstr(brokers[1], ==, "one.example:8883");
    g_assert_cmpstr(brokers[2], ==, "127.0.0.1:8883"); /* that of the enrolment stays, as the last */
}

static void test_renewed(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlBusWill will;

    bus_fake_up(bus());
    ep_presence_renewed(f->presence);
    g_assert_true(bus_fake_is_closing(bus(), &will));
    g_assert_cmpint(will, ==, HL_BUS_DROP_WILL); /* nobody is told: it is up again at once */
}

static void on_goodbye(gpointer user)
{
    Fixture *f = user;

    f->goodbyes++;
}

static void test_goodbye(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlMsgLink) birth = NULL;
    g_autoptr(HlMsgLink) goodbye = NULL;

    ep_presence_say_goodbye(f->presence, on_goodbye, f); /* to nobody: the line is down */
    g_assert_cmpuint(f->goodbyes, ==, 1);
    bus_fake_up(bus());
    birth = take_link(bus());
    ep_presence_say_goodbye(f->presence, on_goodbye, f);
    g_assert_cmpuint(f->goodbyes, ==, 1);
    goodbye = take_link(bus());
    g_assert_false(goodbye->online);
    g_assert_cmpstr(goodbye->reason, ==, "clean-stop");
    bus_fake_ack(bus(), TOPIC("link"), 0);
    g_assert_cmpuint(f->goodbyes, ==, 2);
    ep_presence_say_goodbye(f->presence, on_goodbye, f); /* the line goes before the broker answers */
    drop(f);
    g_assert_cmpuint(f->goodbyes, ==, 3);
}

static void test_leave(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const reasons[] = { [EP_LEAVE_UNINSTALLED] = "uninstalled", [EP_LEAVE_MOVED] = "moved" };

    for (EpLeave leave = EP_LEAVE_UNINSTALLED; leave <= EP_LEAVE_MOVED; leave++) {
        g_autoptr(HlMsgLink) birth = NULL;
        g_autoptr(HlMsgLink) last = NULL;

        bus_fake_up(bus());
        birth = take_link(bus());
        ep_presence_announce_leave(f->presence, leave);
        drop(f);
        last = take_link(NULL);
        g_assert_false(last->online);
        g_assert_cmpstr(last->reason, ==, reasons[leave]);
        make(f);
    }
    ep_presence_announce_leave(f->presence, EP_LEAVE_MOVED); /* down: says nothing */
    g_assert_cmpuint(bus_fake_published(bus(), NULL), ==, 0);
}

/* What is spooled after the presence is gone waits: there is nothing to send it over. */
static void test_spool_stays(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    spool(f, "c-1");
    g_clear_pointer(&f->presence, ep_presence_free);
    spool(f, "c-2");
    ep_spool_tick(f->spool);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 2);
}

#define ADD(path, function) g_test_add("/endpoint-link/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("birth", test_birth);
    ADD("announced-again", test_announced_again);
    ADD("sessions", test_sessions);
    ADD("session-not-stored", test_session_not_stored);
    ADD("failed-attempts", test_failed_attempts);
    ADD("heartbeats", test_heartbeats);
    ADD("dispatch", test_dispatch);
    ADD("probe", test_probe);
    ADD("manager-state", test_manager_state);
    ADD("acks", test_acks);
    ADD("ack-before-report", test_ack_before_report);
    ADD("hold-off", test_hold_off);
    ADD("hold-off-and-gone", test_hold_off_and_gone);
    ADD("brokers", test_brokers);
    ADD("renewed", test_renewed);
    ADD("goodbye", test_goodbye);
    ADD("leave", test_leave);
    ADD("spool-stays", test_spool_stays);
    return g_test_run();
}
