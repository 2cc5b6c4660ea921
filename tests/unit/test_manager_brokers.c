/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/arrivals with several managed brokers: where an endpoint is, what goes where, and who is not
 * heard when one of them is away. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

#define BROKERS 3

/* From here on the helpers speak with that one. */
static void at(Parts *parts, guint broker)
{
    parts->bus = parts_bus(parts, broker);
}

static void born_at(Parts *parts, guint broker, const char *id, uint64_t session)
{
    at(parts, broker);
    parts_birth(parts, id, session);
}

static void beat_at(Parts *parts, guint broker, const char *id, uint64_t session)
{
    static uint64_t seq;
    HlMsgHeartbeat message = HOLDLINE__V1__HEARTBEAT__INIT;

    at(parts, broker);
    message.seq = ++seq;
    message.session = session;
    parts_deliver(parts, HL_TOPIC_HEARTBEAT, id, &message.base);
}

static const MgrEndpoint *endpoint(const Parts *parts, const char *id)
{
    return mgr_fleet_endpoint(&parts->fleet, id);
}

static guint published(Parts *parts, guint broker, HlTopic topic, const char *id)
{
    g_autofree char *name = hl_topic_name(topic, id);

    return bus_fake_published(parts_bus(parts, broker), name);
}

static void forget(Parts *parts)
{
    for (guint i = 0; i < BROKERS; i++)
        bus_fake_forget(parts_bus(parts, i));
}

#define NONE BROKERS

/* Seconds, in which every broker that is up answers the manager's question, except the one that hangs. */
static void pass_with(Parts *parts, guint seconds, guint hung)
{
    for (guint i = 0; i < seconds; i++) {
        timer_fake_advance(HL_SECOND);
        mgr_lines_tick(mgr_arrivals_lines(parts->arrivals));
        for (guint broker = 0; broker < BROKERS; broker++) {
            at(parts, broker);
            if (hl_bus_state(parts->bus) == HL_BUS_UP && broker != hung)
                parts_answer_echo(parts);
        }
    }
}

static void pass(Parts *parts, guint seconds)
{
    pass_with(parts, seconds, NONE);
}

static Parts *start(void)
{
    static const char *const ids[BROKERS] = { "e-zero", "e-one", "e-two" };
    Parts *parts = parts_new_with(BROKERS);

    for (guint i = 0; i < BROKERS; i++) {
        parts_add_endpoint(parts, ids[i]);
        born_at(parts, i, ids[i], 5);
        g_assert_cmpuint(endpoint(parts, ids[i])->broker, ==, i);
    }
    parts_commit(parts);
    return parts;
}

/* Commands, settings and answers of births go where the endpoint is, and nowhere else. */
static void test_down(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;

    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_ACK, "e-one") > 0, ==, i == 1);
    forget(parts);
    at(parts, 0);
    id = parts_issue(parts, "all");
    for (guint i = 0; i < BROKERS; i++) {
        g_assert_cmpuint(published(parts, i, HL_TOPIC_COMMAND, "e-zero"), ==, i == 0);
        g_assert_cmpuint(published(parts, i, HL_TOPIC_COMMAND, "e-one"), ==, i == 1);
        g_assert_cmpuint(published(parts, i, HL_TOPIC_COMMAND, "e-two"), ==, i == 2);
    }
}

/* What is for everybody is at each broker; an answer is where the question came from. */
static void test_everybody(void)
{
    g_autoptr(Parts) parts = start();

    pass(parts, 2);
    mgr_status_flush(parts->status);
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_STATUS_ENDPOINT, "e-one"), >, 0);
    forget(parts);
    at(parts, 2);
    parts_call(parts, "group list", NULL);
    parts_commit(parts);
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_ADMIN_REPLY, "admin") > 0, ==, i == 2);
}

/* The newest session says where an endpoint is: not a late word of its old broker, and not a will there. */
static void test_move(void)
{
    g_autoptr(Parts) parts = start();

    born_at(parts, 2, "e-one", 6);
    g_assert_cmpuint(endpoint(parts, "e-one")->broker, ==, 2);
    at(parts, 1);
    parts_will(parts, "e-one", 5);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpuint(endpoint(parts, "e-one")->broker, ==, 2);
    forget(parts);
    beat_at(parts, 1, "e-one", 5); /* a copy, or one that never left: told so where it is */
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_ACK, "e-one"), ==, 1);
    g_assert_cmpuint(published(parts, 2, HL_TOPIC_ACK, "e-one"), ==, 0);
    g_assert_cmpuint(endpoint(parts, "e-one")->broker, ==, 2);
    beat_at(parts, 2, "e-one", 6);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
}

static json_int_t told_broker(Parts *parts, const char *id)
{
    g_autoptr(json_t) document = mgr_status_endpoint(parts->status, endpoint(parts, id));

    return json_integer_value(json_object_get(document, "broker"));
}

static gsize count(Parts *parts, const char *selector)
{
    g_autoptr(json_t) reply = NULL;

    at(parts, 0);
    parts_call(parts, "endpoint list", "selector", selector, NULL);
    reply = parts_expect_reply(parts, "");
    return json_array_size(json_object_get(reply, "endpoints"));
}

/* Whom the drain of a broker will move can be asked for; who has moved is told of, and who has gone is nowhere. */
static void test_told(void)
{
    g_autoptr(Parts) parts = start();

    g_assert_cmpint(told_broker(parts, "e-one"), ==, 2);
    g_assert_cmpuint(count(parts, "broker=2"), ==, 1);
    mgr_status_flush(parts->status);
    forget(parts);
    born_at(parts, 2, "e-one", 6);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(published(parts, 0, HL_TOPIC_STATUS_ENDPOINT, "e-one"), ==, 1);
    g_assert_cmpint(told_broker(parts, "e-one"), ==, 3);
    g_assert_cmpuint(count(parts, "broker=2"), ==, 0);
    g_assert_cmpuint(count(parts, "broker=3"), ==, 2);
    at(parts, 2);
    parts_will(parts, "e-one", 6);
    g_assert_cmpint(told_broker(parts, "e-one"), ==, 0);
}

/* After a restart of the manager nobody has been heard yet: with one broker that is where everybody is, and hearing it
 * is no news. */
static void test_told_of_one(void)
{
    for (guint brokers = 1; brokers <= BROKERS; brokers += 2) {
        g_autoptr(Parts) parts = parts_new_with(brokers);

        parts_add_endpoint(parts, "e-one")->record.presence.actual = MGR_ACTUAL_ONLINE;
        g_assert_cmpint(told_broker(parts, "e-one"), ==, brokers == 1);
    }
}

/* After a manager's restart: what is kept at several brokers says where each is, in whatever order it comes. */
static void test_kept_births(void)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    g_autofree char *name = hl_topic_name(HL_TOPIC_LINK, "e-one");

    link.online = true;
    link.boot_id = hl_unconst("b-1");
    for (guint first = 0; first < 2; first++) {
        g_autoptr(Parts) parts = parts_new_with(BROKERS);

        parts_add_endpoint(parts, "e-one")->record.presence.session = 6;
        for (guint i = 0; i < 2; i++) {
            guint broker = i == first ? 1 : 2;
            g_autoptr(GBytes) payload = NULL;

            link.session = broker == 2 ? 6 : 5;
            payload = hl_wire_encode(&link.base);
            bus_fake_deliver(parts_bus(parts, broker),
                             &(HlBusMessage){ .topic = name, .payload = payload, .qos = 1, .retained = true });
        }
        g_assert_cmpuint(endpoint(parts, "e-one")->broker, ==, 2);
    }
}

/* One broker is away: its endpoints are kept as they were, the others are judged, and its own that come elsewhere. */
static void test_one_is_away(void)
{
    g_autoptr(Parts) parts = start();

    pass(parts, 70);
    for (guint i = 0; i < BROKERS; i++)
        beat_at(parts, i, i == 0 ? "e-zero" : i == 1 ? "e-one" : "e-two", 5);
    bus_fake_down(parts_bus(parts, 1), "gone");
    g_assert_false(mgr_arrivals_count(parts->arrivals).blind);
    g_assert_cmpint(mgr_presence_reason(&endpoint(parts, "e-one")->record.presence), ==, MGR_REASON_SERVER_BLIND);
    g_assert_cmpint(mgr_presence_reason(&endpoint(parts, "e-two")->record.presence), !=, MGR_REASON_SERVER_BLIND);
    for (guint i = 0; i < 30; i++) { /* five minutes: one goes on, one has fallen silent */
        pass(parts, 10);
        beat_at(parts, 0, "e-zero", 5);
    }
    g_assert_cmpint(parts_actual(parts, "e-zero"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpint(parts_actual(parts, "e-two"), ==, MGR_ACTUAL_OFFLINE);
    born_at(parts, 0, "e-one", 6);
    pass(parts, 300);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_OFFLINE); /* it is judged where it went */
    for (guint i = 0; i < BROKERS; i++)
        if (i != 1)
            bus_fake_down(parts_bus(parts, i), "gone too");
    g_assert_true(mgr_arrivals_count(parts->arrivals).blind);
}

/* It comes back, and who has not returned to it by then is judged. */
static void test_back(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t epoch = parts->fleet.epoch;

    pass(parts, 70);
    for (guint i = 0; i < BROKERS; i++)
        beat_at(parts, i, i == 0 ? "e-zero" : i == 1 ? "e-one" : "e-two", 5);
    bus_fake_down(parts_bus(parts, 1), "gone");
    forget(parts);
    clock_fake_advance(HL_SECOND);
    bus_fake_up(parts_bus(parts, 1));
    g_assert_cmpuint(parts->fleet.epoch, >, epoch);
    for (guint i = 0; i < BROKERS; i++) /* the others' endpoints are not asked for a birth */
        g_assert_cmpuint(published(parts, i, HL_TOPIC_MANAGER_STATE, ""), ==, i == 1);
    pass(parts, 400);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_OFFLINE);
}

/* A crowd of wills at one broker is doubted until that one has answered, whatever another does. */
static void test_doubts(void)
{
    g_autoptr(Parts) parts = start();
    char ids[8][16];

    pass(parts, 70);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_snprintf(ids[i], sizeof ids[i], "e-many%u", i);
        parts_add_endpoint(parts, ids[i]);
        born_at(parts, 1, ids[i], 1);
    }
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        parts_will(parts, ids[i], 1);
    g_assert_cmpuint(published(parts, 0, HL_TOPIC_MANAGER_ECHO, ""), ==, 0);
    bus_fake_deliver_text(parts_bus(parts, 2), "holdline/v1/manager/echo", "?");
    g_assert_cmpint(parts_actual(parts, ids[7]), ==, MGR_ACTUAL_ONLINE);
    timer_fake_advance(HL_SECOND);
    at(parts, 1);
    parts_answer_echo(parts);
    g_assert_cmpint(parts_actual(parts, ids[7]), ==, MGR_ACTUAL_OFFLINE);
}

static uint32_t announced_window(Parts *parts)
{
    g_autoptr(HlMsgManagerState) state = NULL;

    bus_fake_down(parts->bus, "gone");
    bus_fake_forget(parts->bus);
    bus_fake_up(parts->bus);
    state = parts_take(parts, HL_TOPIC_MANAGER_STATE, "", &holdline__v1__manager_state__descriptor);
    return state->reconnect_window_ms;
}

/* Each has the handshakes of its own endpoints alone. */
static void test_window(void)
{
    for (guint brokers = 1; brokers <= BROKERS; brokers += 2) {
        g_autoptr(Parts) parts = parts_new_with(brokers);
        char id[16];

        for (guint i = 0; i < 1200; i++) {
            g_snprintf(id, sizeof id, "e-%u", i);
            parts_add_endpoint(parts, id);
        }
        g_assert_cmpuint(announced_window(parts), ==, 7200 / brokers);
    }
}

/* Those of a broker that is away are at the others. */
static void test_window_away(void)
{
    g_autoptr(Parts) parts = parts_new_with(BROKERS);
    char id[16];

    for (guint i = 0; i < 1200; i++) {
        g_snprintf(id, sizeof id, "e-%u", i);
        parts_add_endpoint(parts, id);
    }
    g_assert_cmpuint(mgr_down_in_use(parts->down), ==, BROKERS);
    bus_fake_down(parts_bus(parts, 1), "gone");
    bus_fake_down(parts_bus(parts, 2), "gone");
    pass(parts, 2); /* it may be started again at once */
    g_assert_cmpuint(mgr_down_in_use(parts->down), ==, BROKERS);
    pass(parts, 8);
    at(parts, 0);
    g_assert_cmpuint(announced_window(parts), ==, 7200);
}

/* More than a broker takes that hangs. */
static void fill(Parts *parts, guint broker)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);

    bus_fake_set_acks(parts_bus(parts, broker), BUS_FAKE_ACKS_LATER);
    for (guint i = 0; i < 2 * HL_BUS_WINDOW + 200; i++)
        hl_bus_publish(parts_bus(parts, broker), &(HlBusMessage){ .topic = "t", .payload = payload, .qos = 1 }, NULL,
                       NULL);
}

/* One hangs, and stays connected for a while: the others' endpoints get what is for them, and status goes on.  When it
 * goes on it is told the newest. */
static void test_one_hangs(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;

    pass(parts, 70);
    mgr_status_flush(parts->status);
    forget(parts);
    fill(parts, 1);
    at(parts, 0);
    id = parts_issue(parts, "all");
    g_assert_cmpuint(published(parts, 0, HL_TOPIC_COMMAND, "e-zero"), ==, 1);
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_COMMAND, "e-one"), ==, 0);
    g_assert_cmpuint(published(parts, 2, HL_TOPIC_COMMAND, "e-two"), ==, 1);
    pass_with(parts, 12, 1);
    g_assert_cmpint(hl_bus_state(parts_bus(parts, 1)), ==, HL_BUS_UP);
    forget(parts);
    mgr_status_touch_all(parts->status);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(published(parts, 0, HL_TOPIC_STATUS_ENDPOINT, "e-zero"), ==, 1);
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_STATUS_ENDPOINT, "e-zero"), ==, 0);
    bus_fake_ack(parts_bus(parts, 1), NULL, 0);
    bus_fake_deliver_text(parts_bus(parts, 1), "holdline/v1/manager/echo", "?");
    mgr_status_flush(parts->status);
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_STATUS_ENDPOINT, "e-zero"), ==, 1);
    pass(parts, 1);
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_COMMAND, "e-one"), ==, 1);
}

/* One that is in the hung one's queue, and comes up at another broker meanwhile: what is newer does not wait there. */
static void test_moved_from_hung(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *old = NULL;
    g_autofree char *new = NULL;

    fill(parts, 1);
    at(parts, 0);
    old = parts_issue(parts, "all");
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_COMMAND, "e-one"), ==, 0);
    born_at(parts, 2, "e-one", 6);
    parts_commit(parts);
    forget(parts);
    at(parts, 0);
    new = parts_issue(parts, "all");
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_COMMAND, "e-one"), ==, 0);
    g_assert_cmpuint(published(parts, 2, HL_TOPIC_COMMAND, "e-one"), ==, 1);
    bus_fake_ack(parts_bus(parts, 1), NULL, 0);
    pass(parts, 1);
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_COMMAND, "e-one"), ==, 0);
    g_assert_cmpuint(published(parts, 2, HL_TOPIC_COMMAND, "e-one"), ==, 1);
}

/* Where a line is down, that waits for its return; not for one that is there again by then. */
static void test_cleared_later(void)
{
    g_autoptr(Parts) parts = start();

    bus_fake_down(parts_bus(parts, 1), "gone");
    forget(parts);
    mgr_delivery_clear_retained(parts->delivery, "e-gone");
    mgr_delivery_clear_retained(parts->delivery, "e-back");
    parts_add_endpoint(parts, "e-back");
    bus_fake_up(parts_bus(parts, 1));
    for (guint i = 0; i < BROKERS; i++) {
        g_assert_cmpuint(published(parts, i, HL_TOPIC_STATUS_ENDPOINT, "e-gone"), ==, 1);
        g_assert_cmpuint(published(parts, i, HL_TOPIC_SETTINGS, "e-back"), ==, i != 1);
    }
    bus_fake_down(parts_bus(parts, 1), "gone");
    bus_fake_up(parts_bus(parts, 1));
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_STATUS_ENDPOINT, "e-gone"), ==, 1);
}

/* What was on its way as the link broke may not have come there. */
static void test_cleared_late(void)
{
    g_autoptr(Parts) parts = start();

    forget(parts);
    bus_fake_set_acks(parts_bus(parts, 1), BUS_FAKE_ACKS_LATER);
    mgr_delivery_clear_retained(parts->delivery, "e-gone");
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_SETTINGS, "e-gone"), ==, 1);
    bus_fake_down(parts_bus(parts, 1), "hung");
    forget(parts);
    bus_fake_up(parts_bus(parts, 1));
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_SETTINGS, "e-gone"), ==, i == 1);
}

/* What was refused where there was no room is told again when there is, without a loss of the link. */
static void test_cleared_where_full(void)
{
    g_autoptr(Parts) parts = start();

    pass(parts, 70);
    forget(parts);
    bus_fake_refuse(parts_bus(parts, 1), true);
    mgr_delivery_clear_retained(parts->delivery, "e-gone");
    g_assert_cmpuint(published(parts, 1, HL_TOPIC_SETTINGS, "e-gone"), ==, 0);
    bus_fake_refuse(parts_bus(parts, 1), false);
    pass(parts, 2);
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_SETTINGS, "e-gone"), ==, 1);
}

/* After a manager's start nobody knows where those are that it has not heard: they are kept as they were while any
 * broker is not heard, and told what is for them at each. */
static void test_not_heard_yet(void)
{
    g_autoptr(Parts) parts = parts_new_with(BROKERS);
    MgrPresence *presence = &parts_add_endpoint(parts, "e-one")->record.presence;
    g_autofree char *id = NULL;

    presence->session = 5;
    presence->actual = MGR_ACTUAL_ONLINE;
    presence->heartbeat_ms = 10000;
    g_assert_true(mgr_presence_restore(presence, mgr_now()));
    g_assert_cmpuint(endpoint(parts, "e-one")->broker, ==, MGR_BROKER_UNKNOWN);
    bus_fake_down(parts_bus(parts, 1), "away");
    pass(parts, 300);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    forget(parts);
    at(parts, 0);
    id = parts_issue(parts, "all");
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_COMMAND, "e-one"), ==, i != 1);
    bus_fake_up(parts_bus(parts, 1));
    pass(parts, 50);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    pass(parts, 100);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_OFFLINE);
}

/* What a removed endpoint's brokers keep is emptied wherever it was. */
static void test_cleared(void)
{
    g_autoptr(Parts) parts = start();

    forget(parts);
    mgr_delivery_clear_retained(parts->delivery, "e-one");
    for (guint i = 0; i < BROKERS; i++)
        g_assert_cmpuint(published(parts, i, HL_TOPIC_SETTINGS, "e-one"), ==, 1);
}

/* One of them is full: a document for all is tried again, and what is for another's endpoint goes out. */
static void test_one_is_full(void)
{
    g_autoptr(Parts) parts = start();
    g_autoptr(json_t) document = json_object();

    bus_fake_refuse(parts_bus(parts, 1), true);
    g_assert_cmpint(mgr_down_send_json(parts->down, HL_TOPIC_STATUS_SUMMARY, "", document), ==, MGR_DOWN_NOT_NOW);
    bus_fake_refuse(parts_bus(parts, 1), false);
    g_assert_cmpint(mgr_down_send_json(parts->down, HL_TOPIC_STATUS_SUMMARY, "", document), ==, MGR_DOWN_SENT);
    bus_fake_down(parts_bus(parts, 1), "gone");
    g_assert_cmpint(mgr_down_send_json(parts->down, HL_TOPIC_STATUS_SUMMARY, "", document), ==, MGR_DOWN_SENT);
    g_assert_true(mgr_down_is_up(parts->down));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/brokers/down", test_down);
    g_test_add_func("/manager/brokers/everybody", test_everybody);
    g_test_add_func("/manager/brokers/move", test_move);
    g_test_add_func("/manager/brokers/told", test_told);
    g_test_add_func("/manager/brokers/told-of-one", test_told_of_one);
    g_test_add_func("/manager/brokers/kept-births", test_kept_births);
    g_test_add_func("/manager/brokers/one-is-away", test_one_is_away);
    g_test_add_func("/manager/brokers/back", test_back);
    g_test_add_func("/manager/brokers/doubts", test_doubts);
    g_test_add_func("/manager/brokers/window", test_window);
    g_test_add_func("/manager/brokers/window-away", test_window_away);
    g_test_add_func("/manager/brokers/one-hangs", test_one_hangs);
    g_test_add_func("/manager/brokers/moved-from-hung", test_moved_from_hung);
    g_test_add_func("/manager/brokers/cleared-where-full", test_cleared_where_full);
    g_test_add_func("/manager/brokers/cleared-later", test_cleared_later);
    g_test_add_func("/manager/brokers/cleared-late", test_cleared_late);
    g_test_add_func("/manager/brokers/not-heard-yet", test_not_heard_yet);
    g_test_add_func("/manager/brokers/cleared", test_cleared);
    g_test_add_func("/manager/brokers/one-is-full", test_one_is_full);
    return g_test_run();
}
