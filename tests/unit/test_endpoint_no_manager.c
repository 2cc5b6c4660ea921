/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/link: a broker where no manager answers, and the way back after a loss. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/presence.h"
#include "proto/envelope.h"
#include "tests/support/bus_fake.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define TOPIC(leaf) "holdline/v1/endpoint/" PARTS_ID "/" leaf

typedef struct {
    EndpointParts *parts;
    EpSpool *spool;
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
    f->poll = ep_poll_new(&(EpPollOptions){ parts->identity, parts->settings, f->spool, parts->trouble });
    options = parts_presence(parts, f->spool, f->poll);
    f->presence = ep_presence_new(&options, &error);
    g_assert_no_error(error);
}

static void drop(Fixture *f)
{
    ep_presence_free(f->presence);
    ep_poll_free(f->poll);
    ep_spool_free(f->spool);
}

static void restart(Fixture *f)
{
    drop(f);
    parts_restart(f->parts);
    make(f);
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

static HlMsgLineNotice empty_ack(void)
{
    return (HlMsgLineNotice)HOLDLINE__V1__LINE_NOTICE__INIT;
}

/* Signed, for the session of now. */
static void deliver_ack(const Fixture *f, HlMsgLineNotice notice)
{
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(GBytes) payload = NULL;

    notice.endpoint = (char *)PARTS_ID;
    notice.session = ep_presence_view(f->presence).session;
    notice.issued_ms = hl_clock_wall();
    envelope = hl_envelope_sign(f->parts->signing_key, HL_ENVELOPE_LINE, &notice.base);
    ack.notice = envelope;
    payload = HL_WIRE_ENCODE(&ack);
    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = TOPIC("ack"), .payload = payload, .qos = 1 });
}

static void deliver_state(void)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&state);
    g_autofree char *topic = hl_topic_name(HL_TOPIC_MANAGER_STATE, "");

    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1, .retained = true });
}

static const char *shown(const Fixture *f)
{
    const char *text = ep_presence_view(f->presence).last_error;

    return text != NULL ? text : "";
}

/* Nobody answers: with one address it says so and stays, until the manager answers. */
static void test_no_manager(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    timer_fake_advance(59 * HL_SECOND);
    g_assert_cmpstr(shown(f), ==, "");
    timer_fake_advance(32 * HL_SECOND);
    g_assert_nonnull(strstr(shown(f), "127.0.0.1:8883: no manager here"));
    g_assert_false(bus_fake_is_closing(bus(), NULL));
    deliver_ack(f, empty_ack());
    g_assert_cmpstr(shown(f), ==, "");
    timer_fake_advance(HL_DAY); /* heard once on this line is heard */
    g_assert_cmpstr(shown(f), ==, "");
}

static EpDeskLine told(const Fixture *f)
{
    EpDeskLine line;

    (void)ep_desk_who_is_alive(f->parts->dir, HOLDLINE_VERSION, &line);
    return line;
}

/* What a helper that waits for the line is told: who meets nobody, or a broker whose manager is away, is not at fault;
 * who is turned away may be. */
static void test_away(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_fail_for(bus(), HL_CAUSE_REFUSED, "nobody listens", HL_SECOND);
    g_assert_cmpint(told(f), ==, EP_DESK_LINE_AWAY);
    bus_fake_attempt(bus());
    bus_fake_fail(bus(), "the certificate is not accepted", HL_SECOND);
    g_assert_cmpint(told(f), ==, EP_DESK_LINE_DOWN);
    bus_fake_attempt(bus());
    bus_fake_up(bus());
    g_assert_cmpint(told(f), ==, EP_DESK_LINE_DOWN);
    deliver_state();
    g_assert_cmpint(told(f), ==, EP_DESK_LINE_AWAY);
    deliver_ack(f, empty_ack());
    g_assert_cmpint(told(f), ==, EP_DESK_LINE_UP);
}

/* With several it goes on to the next; where the broker knows of the manager it has more patience; the manager's word
 * ends it. */
static void test_no_manager_goes_on(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    static const HlTime least[] = { HL_MINUTE, 10 * HL_MINUTE }; /* the second one doubled */
    static const char *const lines[] = { "two.example:8883", "one.example:8883", "127.0.0.1:8883" };
    g_autoptr(GBytes) settings = parts_settings(
        f->parts, (PartsSettings){ .lines = "line.brokers=one.example:8883,two.example:8883\n", .counter = 5 });
    HlBusWill will;

    g_assert_cmpint(ep_intake_offer(f->parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    ep_presence_settings_changed(f->presence);
    for (gsize i = 0; i < G_N_ELEMENTS(least); i++) {
        bus_fake_up(bus());
        g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, lines[i]);
        if (i == 1)
            deliver_state();
        timer_fake_advance(least[i] - HL_SECOND);
        g_assert_false(bus_fake_is_closing(bus(), NULL));
        timer_fake_advance(least[i] / 2 + 2 * HL_SECOND);
        g_assert_true(bus_fake_is_closing(bus(), &will));
        g_assert_cmpint(will, ==, HL_BUS_DROP_WILL);
        g_assert_nonnull(strstr(shown(f), "no manager here"));
    }
    bus_fake_up(bus());
    g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, lines[2]);
    deliver_ack(f, empty_ack());
    timer_fake_advance(HL_DAY);
    g_assert_false(bus_fake_is_closing(bus(), NULL));
}

/* A subscription that the broker refused is shown for as long as the link lasts: the manager's answers do not mend it.
 */
static void test_refused(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up_refused(bus(), "the broker refused the subscription to x: Not authorized");
    deliver_ack(f, empty_ack());
    g_assert_cmpstr(shown(f), ==, "the broker refused the subscription to x: Not authorized");
    bus_fake_down(bus(), "connection lost");
    g_assert_cmpstr(shown(f), ==, "connection lost");
    bus_fake_up(bus());
    g_assert_cmpstr(shown(f), ==, "");
}

/* The manager came back, and gave births a minute. */
static void expect_births_within(HlTime window)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;
    static uint64_t epoch = 100;

    for (int i = 0; i < 20; i++) {
        state.online = true;
        state.epoch = ++epoch;
        state.reconnect_window_ms = HL_MINUTE;
        g_clear_pointer(&payload, g_bytes_unref);
        payload = HL_WIRE_ENCODE(&state);
        bus_fake_deliver(bus(), &(HlBusMessage){ .topic = "holdline/v1/manager/state", .payload = payload, .qos = 1 });
        bus_fake_forget(bus());
        timer_fake_advance(window);
        g_assert_cmpuint(bus_fake_published(bus(), TOPIC("link")), ==, 1);
    }
}

/* Within what time it comes back after a loss is the server's word; kept for the next start, and bounded. */
static void test_window(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgLineNotice ack = empty_ack();

    g_assert_cmpint(bus_fake_spread(bus()), ==, 0);
    bus_fake_up(bus());
    ack.connect_window_ms = 25000;
    deliver_ack(f, ack);
    g_assert_cmpint(bus_fake_spread(bus()), ==, 25000);
    expect_births_within(25 * HL_SECOND);
    bus_fake_down(bus(), "broken");
    g_assert_cmpint(ep_presence_view(f->presence).next_attempt, ==, hl_clock_wall() + 25000);
    drop(f);
    make(f);
    g_assert_cmpint(bus_fake_first_delay(bus()), ==, 25000);
    g_assert_cmpint(ep_presence_view(f->presence).next_attempt, ==, hl_clock_wall() + 25000);
    g_assert_cmpint(bus_fake_spread(bus()), ==, 25000);
    bus_fake_up(bus());
    ack.connect_window_ms = G_MAXUINT32;
    deliver_ack(f, ack);
    g_assert_cmpint(bus_fake_spread(bus()), ==, 10 * HL_MINUTE);
    ack.connect_window_ms = 0; /* a small fleet, or an earlier manager */
    deliver_ack(f, ack);
    g_assert_cmpint(bus_fake_spread(bus()), ==, 0);
}

/* A helper waits for the line with less patience than a large fleet's window has. */
static void test_window_of_an_upgrade(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    static const EpUpgradeState states[] = { EP_UPGRADE_INSTALLING, EP_UPGRADE_WAITING, EP_UPGRADE_GOING_BACK };
    EpDeskUpgrade upgrade = { .release = 1, .from = (char *)"1.0", .to = (char *)"1.1" };

    g_assert_true(ep_store_set_int(f->parts->db, "connect-window", 10 * HL_MINUTE, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        upgrade.upgrade = (EpUpgrade){ states[i], 1 };
        g_assert_true(ep_desk_write(f->parts->dir, EP_DESK_RUNNING, &upgrade, NULL));
        restart(f);
        g_assert_cmpint(bus_fake_first_delay(bus()), <=, 2 * HL_SECOND);
        g_assert_cmpint(bus_fake_spread(bus()), ==, 10 * HL_MINUTE); /* of a line that was up */
    }
    g_assert_true(ep_desk_remove(f->parts->dir, EP_DESK_RUNNING, NULL));
    restart(f);
    g_assert_cmpint(bus_fake_first_delay(bus()), ==, 10 * HL_MINUTE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/endpoint-link/no-manager", Fixture, NULL, set_up, test_no_manager, tear_down);
    g_test_add("/endpoint-link/no-manager/goes-on", Fixture, NULL, set_up, test_no_manager_goes_on, tear_down);
    g_test_add("/endpoint-link/no-manager/away", Fixture, NULL, set_up, test_away, tear_down);
    g_test_add("/endpoint-link/refused-subscription", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/endpoint-link/window", Fixture, NULL, set_up, test_window, tear_down);
    g_test_add("/endpoint-link/window/upgrade", Fixture, NULL, set_up, test_window_of_an_upgrade, tear_down);
    return g_test_run();
}
