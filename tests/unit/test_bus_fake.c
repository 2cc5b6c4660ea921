/* SPDX-License-Identifier: Apache-2.0 */
/* The bus in memory keeps what bus.h promises (tests/integration/test_bus.c asks the same of the real one) and fails
 * the test for what a broker would not do. */
#include <string.h>

#include "tests/support/bus_fake.h"

typedef struct {
    HlBus *bus;
    HlBusMessage will;
    bool has_will, publish_in_up, free_in_message;
    guint ups, downs, failures, wills, received, acknowledged, broken;
    bool could_publish_in_down, could_publish_when_broken;
    HlTime delay;
    char reason[64], broker[64], topic[64], text[64], response_topic[64], correlation[64];
    int qos;
    bool retained;
    HlTime expiry;
} Peer;

static bool publish(Peer *peer, const char *topic, const char *text, int qos);

static const HlBusMessage *on_will(gpointer user)
{
    Peer *peer = user;

    peer->wills++;
    return peer->has_will ? &peer->will : NULL;
}

static void on_up(gpointer user)
{
    Peer *peer = user;

    peer->ups++;
    g_assert_cmpint(hl_bus_state(peer->bus), ==, HL_BUS_UP);
    if (peer->publish_in_up)
        g_assert_true(publish(peer, "t/birth", "born", 1));
}

static void on_down(const char *reason, gpointer user)
{
    Peer *peer = user;

    peer->downs++;
    g_strlcpy(peer->reason, reason, sizeof peer->reason);
    peer->could_publish_in_down = hl_bus_state(peer->bus) == HL_BUS_UP || publish(peer, "t/x", "", 1);
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    Peer *peer = user;

    peer->failures++;
    g_strlcpy(peer->broker, broker, sizeof peer->broker);
    g_strlcpy(peer->reason, reason, sizeof peer->reason);
    peer->delay = delay;
}

static void copy_bytes(char *buffer, gsize size, GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    g_assert_cmpuint(length, <, size);
    if (length > 0)
        memcpy(buffer, data, length);
    buffer[length] = '\0';
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Peer *peer = user;

    peer->received++;
    if (g_bytes_get_size(message->payload) < sizeof peer->text)
        copy_bytes(peer->text, sizeof peer->text, message->payload);
    g_strlcpy(peer->topic, message->topic, sizeof peer->topic);
    peer->qos = message->qos;
    peer->retained = message->retained;
    peer->expiry = message->expiry;
    if (message->response_topic != NULL)
        g_strlcpy(peer->response_topic, message->response_topic, sizeof peer->response_topic);
    if (message->correlation != NULL)
        copy_bytes(peer->correlation, sizeof peer->correlation, message->correlation);
    if (peer->free_in_message)
        hl_bus_free(peer->bus);
}

static void on_published(bool acknowledged, gpointer user)
{
    Peer *peer = user;

    if (acknowledged)
        peer->acknowledged++;
    else
        peer->broken++;
    if (!acknowledged && hl_bus_state(peer->bus) != HL_BUS_UP)
        peer->could_publish_when_broken |= publish(peer, "t/again", "", 1);
}

static bool publish(Peer *peer, const char *topic, const char *text, int qos)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, strlen(text));

    return hl_bus_publish(peer->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = qos }, on_published,
                          peer);
}

static const char *const brokers[] = { "one:8883", "two:8883", NULL };
static const char *const filters[] = { "t/#", "only/+/this", NULL };

static void open_peer(Peer *peer, const char *id, int qos)
{
    peer->bus = hl_bus_new(
        &(HlBusOptions){
            .client_id = id,
            .brokers = brokers,
            .subscriptions = filters,
            .subscription_qos = qos,
            .handlers = { .will = on_will, .up = on_up, .down = on_down, .failed = on_failed, .message = on_message },
            .user = peer },
        NULL);
    g_assert_nonnull(peer->bus);
}

static void close_peer(Peer *peer)
{
    hl_bus_free(peer->bus); /* first: done() of what is under way still looks at it */
    peer->bus = NULL;
    g_clear_pointer(&peer->will.payload, g_bytes_unref);
    bus_fake_reset();
}

static void set_will(Peer *peer, const char *topic)
{
    peer->has_will = true;
    peer->will = (HlBusMessage){ .topic = topic, .payload = g_bytes_new_static("gone", 4), .qos = 1 };
}

static void assert_taken(HlBus *bus, const char *filter, const char *topic)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(bus, filter);

    g_assert_nonnull(message);
    g_assert_cmpstr(message->topic, ==, topic);
}

static void test_new(void)
{
    static const char *const none[] = { NULL };
    g_autoptr(GError) error = NULL;
    Peer first = { 0 };
    Peer second = { 0 };

    g_assert_null(
        hl_bus_new(&(HlBusOptions){ .client_id = "a", .brokers = none, .handlers.message = on_message }, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_null(bus_fake_last());
    open_peer(&first, "a", 1);
    g_assert_true(bus_fake_last() == first.bus);
    g_assert_cmpint(hl_bus_state(first.bus), ==, HL_BUS_DOWN);
    g_assert_cmpstr(hl_bus_broker(first.bus), ==, "one:8883");
    g_assert_cmpstr(bus_fake_options(first.bus)->subscriptions[1], ==, "only/+/this");
    g_assert_cmpuint(first.wills, ==, 0);
    open_peer(&second, "b", 1);
    g_assert_true(bus_fake_find("a") == first.bus);
    g_assert_true(bus_fake_find("b") == second.bus);
    g_assert_null(bus_fake_find("c"));
    g_clear_pointer(&second.bus, hl_bus_free);
    g_assert_true(bus_fake_last() == first.bus);
    hl_bus_free(NULL);
    close_peer(&first);
}

static void test_link(void)
{
    Peer peer = { 0 };

    set_will(&peer, "t/will");
    open_peer(&peer, "a", 1);
    g_assert_false(publish(&peer, "t/early", "", 1));
    bus_fake_fail(peer.bus, "nobody there", 700);
    g_assert_cmpuint(peer.failures, ==, 1);
    g_assert_cmpuint(peer.downs, ==, 0);
    g_assert_cmpstr(peer.broker, ==, "one:8883");
    g_assert_cmpstr(peer.reason, ==, "nobody there");
    g_assert_cmpint(peer.delay, ==, 700);
    bus_fake_attempt(peer.bus);
    g_assert_cmpint(hl_bus_state(peer.bus), ==, HL_BUS_CONNECTING);
    g_assert_cmpuint(peer.wills, ==, 2); /* a new one for each attempt */
    g_assert_cmpstr(bus_fake_will(peer.bus)->topic, ==, "t/will");
    g_assert_false(publish(&peer, "t/early", "", 1));
    peer.publish_in_up = true;
    bus_fake_up(peer.bus);
    g_assert_cmpuint(peer.ups, ==, 1);
    g_assert_cmpstr(hl_bus_broker(peer.bus), ==, "two:8883");
    assert_taken(peer.bus, NULL, "t/birth");
    bus_fake_down(peer.bus, "cable cut");
    g_assert_cmpuint(peer.downs, ==, 1);
    g_assert_cmpuint(peer.broken, ==, 1); /* the birth */
    g_assert_cmpstr(peer.reason, ==, "cable cut");
    g_assert_false(peer.could_publish_in_down);
    g_assert_false(peer.could_publish_when_broken);
    g_assert_cmpuint(hl_bus_count(peer.bus).lost_links, ==, 1);
    peer.has_will = false;
    bus_fake_up(peer.bus);
    g_assert_null(bus_fake_will(peer.bus));
    g_assert_cmpuint(peer.ups, ==, 2);
    close_peer(&peer);
    g_assert_cmpuint(peer.downs, ==, 1); /* freeing calls no handler */
}

static void test_reconnect(void)
{
    static const char *const swapped[] = { "three:8883", NULL };
    HlBusWill will = HL_BUS_DROP_WILL;
    Peer peer = { 0 };

    open_peer(&peer, "a", 1);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL); /* not begun yet */
    g_assert_false(bus_fake_is_closing(peer.bus, &will));
    bus_fake_attempt(peer.bus);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL); /* in mid-attempt: that one ends silently */
    bus_fake_fail(peer.bus, "ignored", 0);
    g_assert_cmpuint(peer.failures, ==, 0);
    bus_fake_up(peer.bus);
    g_assert_true(publish(&peer, "t/x", "", 1));
    hl_bus_set_brokers(peer.bus, swapped);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    hl_bus_reconnect(peer.bus, HL_BUS_DROP_WILL); /* twice is once */
    g_assert_true(bus_fake_is_closing(peer.bus, &will));
    g_assert_cmpint(will, ==, HL_BUS_KEEP_WILL);
    g_assert_false(publish(&peer, "t/x", "", 1));
    g_assert_cmpuint(peer.broken, ==, 0);
    bus_fake_up(peer.bus);
    g_assert_cmpuint(peer.downs, ==, 1);
    g_assert_cmpuint(peer.broken, ==, 1);
    g_assert_cmpuint(peer.ups, ==, 2);
    g_assert_cmpuint(peer.failures, ==, 0);
    g_assert_cmpstr(hl_bus_broker(peer.bus), ==, "three:8883");
    g_assert_false(bus_fake_is_closing(peer.bus, NULL));
    close_peer(&peer);
}

static void test_deliver(void)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("hello", 5);
    g_autoptr(GBytes) correlation = g_bytes_new_static("c1", 2);
    g_autofree char *data = g_strnfill(HL_BUS_MAX_SIZE + 1, 'x');
    g_autoptr(GBytes) large = g_bytes_new(data, HL_BUS_MAX_SIZE + 1);
    g_autoptr(GBytes) largest = g_bytes_new(data, HL_BUS_MAX_SIZE);
    HlBusMessage message = { .topic = "t/x",
                             .payload = payload,
                             .qos = 1,
                             .retained = true,
                             .expiry = HL_MINUTE,
                             .response_topic = "t/answer",
                             .correlation = correlation };
    Peer peer = { 0 };

    open_peer(&peer, "a", 1);
    bus_fake_up(peer.bus);
    bus_fake_deliver(peer.bus, &message);
    g_assert_cmpuint(peer.received, ==, 1);
    g_assert_cmpstr(peer.topic, ==, "t/x");
    g_assert_cmpstr(peer.text, ==, "hello");
    g_assert_cmpint(peer.qos, ==, 1);
    g_assert_true(peer.retained);
    g_assert_cmpint(peer.expiry, ==, 0);
    g_assert_cmpstr(peer.response_topic, ==, "t/answer");
    g_assert_cmpstr(peer.correlation, ==, "c1");
    bus_fake_deliver_text(peer.bus, "only/a/this", "text");
    bus_fake_deliver_text(peer.bus, "t", "of the filter's parent");
    g_assert_false(peer.retained);
    message.payload = large;
    bus_fake_deliver(peer.bus, &message);
    g_assert_cmpuint(peer.received, ==, 3);
    g_assert_cmpuint(hl_bus_count(peer.bus).refused, ==, 1);
    message.payload = largest;
    bus_fake_deliver(peer.bus, &message);
    g_assert_cmpuint(hl_bus_count(peer.bus).received, ==, 4);
    close_peer(&peer);
    open_peer(&peer, "a", 0);
    bus_fake_up(peer.bus);
    bus_fake_deliver(peer.bus, &message);
    g_assert_cmpint(peer.qos, ==, 0);
    close_peer(&peer);
}

static HlBusAdmission admit_none(const char *topic G_GNUC_UNUSED, gsize size, gpointer user)
{
    *(gsize *)user += size;
    return HL_BUS_DROPPED;
}

static void test_entrance(void)
{
    static const char *const topics[] = { "t", NULL };
    Peer peer = { 0 };
    gsize asked = 0;
    HlBusOptions options = { .client_id = "e-1",
                             .brokers = brokers,
                             .subscriptions = topics,
                             .handlers = { .message = on_message },
                             .user = &peer,
                             .entrance = { admit_none, &asked } };
    g_autoptr(HlBus) bus = hl_bus_new(&options, NULL);

    bus_fake_up(bus);
    bus_fake_deliver_text(bus, "t", "four");
    g_assert_cmpuint(asked, ==, 4);
    g_assert_cmpuint(peer.received, ==, 0);
    g_assert_cmpuint(hl_bus_count(bus).received, ==, 0);
}

static void test_publish(void)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("hello", 5);
    g_autoptr(GBytes) correlation = g_bytes_new_static("c1", 2);
    HlBusMessage request = { .topic = "u/request",
                             .payload = payload,
                             .qos = 1,
                             .retained = true,
                             .expiry = HL_MINUTE,
                             .response_topic = "t/answer",
                             .correlation = correlation };
    Peer peer = { 0 };

    open_peer(&peer, "a", 1);
    bus_fake_up(peer.bus);
    g_assert_true(publish(&peer, "t/zero", "", 0));
    g_assert_cmpuint(peer.acknowledged, ==, 1); /* handed over */
    g_assert_true(hl_bus_publish(peer.bus, &request, NULL, NULL));
    g_assert_true(publish(&peer, "t/one", "", 1));
    g_assert_cmpuint(bus_fake_published(peer.bus, NULL), ==, 3);
    g_assert_cmpuint(bus_fake_published(peer.bus, "t/+"), ==, 2);
    assert_taken(peer.bus, "t/one", "t/one");
    g_assert_null(bus_fake_take(peer.bus, "t/one"));
    {
        g_autoptr(HlBusMessage) taken = bus_fake_take(peer.bus, "u/#");

        g_assert_true(g_bytes_equal(taken->payload, payload));
        g_assert_true(g_bytes_equal(taken->correlation, correlation));
        g_assert_cmpstr(taken->response_topic, ==, "t/answer");
        g_assert_cmpint(taken->qos, ==, 1);
        g_assert_cmpint(taken->expiry, ==, HL_MINUTE);
        g_assert_true(taken->retained);
    }
    bus_fake_forget(peer.bus);
    g_assert_null(bus_fake_take(peer.bus, NULL));
    bus_fake_refuse(peer.bus, true);
    g_assert_false(publish(&peer, "t/refused", "", 0));
    g_assert_cmpuint(hl_bus_count(peer.bus).refused, ==, 1);
    bus_fake_refuse(peer.bus, false);
    g_assert_true(publish(&peer, "t/last", "words", 1));
    g_assert_cmpuint(hl_bus_count(peer.bus).sent, ==, 4);
    hl_bus_free(peer.bus);
    {
        g_autoptr(HlBusMessage) words = bus_fake_take_left("a", "t/#");

        g_assert_cmpstr(words->topic, ==, "t/last");
        g_assert_null(bus_fake_take_left("a", NULL));
    }
    bus_fake_reset();
}

static void test_acks(void)
{
    Peer peer = { 0 };

    open_peer(&peer, "a", 1);
    bus_fake_up(peer.bus);
    for (int i = 0; i < 3; i++)
        g_assert_true(publish(&peer, "t/a", "", 1));
    g_assert_true(publish(&peer, "t/b", "", 1));
    g_assert_cmpuint(peer.acknowledged, ==, 0);
    g_assert_cmpuint(hl_bus_count(peer.bus).in_flight, ==, 4);
    g_assert_cmpuint(bus_fake_ack(peer.bus, "t/b", 0), ==, 1);
    g_assert_cmpuint(bus_fake_ack(peer.bus, NULL, 1), ==, 1);
    g_assert_cmpuint(peer.acknowledged, ==, 2);
    g_assert_cmpuint(bus_fake_nack(peer.bus, "t/a", 1), ==, 1);
    g_assert_cmpuint(peer.broken, ==, 1);
    g_assert_cmpint(hl_bus_state(peer.bus), ==, HL_BUS_UP);
    bus_fake_set_acks(peer.bus, BUS_FAKE_ACKS_AT_ONCE);
    g_assert_true(publish(&peer, "t/now", "", 1));
    g_assert_cmpuint(peer.acknowledged, ==, 3);
    g_assert_cmpuint(hl_bus_count(peer.bus).acknowledged, ==, 3);
    bus_fake_set_acks(peer.bus, BUS_FAKE_ACKS_LATER);
    bus_fake_down(peer.bus, "cable cut"); /* the one left */
    g_assert_cmpuint(peer.broken, ==, 2);
    g_assert_cmpuint(bus_fake_ack(peer.bus, NULL, 0), ==, 0); /* once only */
    bus_fake_up(peer.bus);
    for (guint i = 0; i < HL_BUS_WINDOW + HL_BUS_QUEUE; i++)
        g_assert_true(publish(&peer, "t/a", "", 1));
    g_assert_cmpuint(hl_bus_count(peer.bus).in_flight, ==, HL_BUS_WINDOW);
    g_assert_cmpuint(hl_bus_count(peer.bus).queued, ==, HL_BUS_QUEUE);
    g_assert_false(publish(&peer, "t/a", "", 1));
    g_assert_true(publish(&peer, "t/zero", "", 0));
    peer.broken = 0;
    close_peer(&peer);
    g_assert_cmpuint(peer.broken, ==, HL_BUS_WINDOW + HL_BUS_QUEUE); /* freeing answers too */
    g_assert_false(peer.could_publish_when_broken);
}

/* -- what fails the test -- */

static void mistake_unsubscribed(Peer *peer)
{
    bus_fake_deliver_text(peer->bus, "only/a/that", "");
}

static void mistake_deliver_down(Peer *peer)
{
    bus_fake_down(peer->bus, "cable cut");
    bus_fake_deliver_text(peer->bus, "t/x", "");
}

static void mistake_filter(Peer *peer)
{
    publish(peer, "t/+", "", 1);
}

static void mistake_large(Peer *peer)
{
    g_autofree char *data = g_strnfill(HL_BUS_MAX_SIZE + 1, 'x');

    publish(peer, "t/x", data, 1);
}

static void mistake_free_inside(Peer *peer)
{
    peer->free_in_message = true;
    bus_fake_deliver_text(peer->bus, "t/x", "");
}

static void mistake_left_open(Peer *peer G_GNUC_UNUSED)
{
    bus_fake_reset();
}

static const struct {
    const char *path;
    void (*make)(Peer *peer);
    const char *complaint;
} mistakes[] = {
    { "/bus-fake/mistake/unsubscribed", mistake_unsubscribed, "*nobody subscribed to only/a/that*" },
    { "/bus-fake/mistake/deliver-down", mistake_deliver_down, "*HL_BUS_UP*" },
    { "/bus-fake/mistake/filter", mistake_filter, "*'t/+' is not a topic*" },
    { "/bus-fake/mistake/large", mistake_large, "*HL_BUS_MAX_SIZE*" },
    { "/bus-fake/mistake/free-inside", mistake_free_inside, "*calling == 0*" },
    { "/bus-fake/mistake/left-open", mistake_left_open, "*still there*" },
};

static void test_mistake(gconstpointer row)
{
    const typeof(mistakes[0]) *mistake = row;
    Peer peer = { 0 };

    if (g_test_subprocess()) {
        open_peer(&peer, "a", 1);
        bus_fake_up(peer.bus);
        mistake->make(&peer);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(mistake->complaint);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus-fake/new", test_new);
    g_test_add_func("/bus-fake/link", test_link);
    g_test_add_func("/bus-fake/reconnect", test_reconnect);
    g_test_add_func("/bus-fake/deliver", test_deliver);
    g_test_add_func("/bus-fake/entrance", test_entrance);
    g_test_add_func("/bus-fake/publish", test_publish);
    g_test_add_func("/bus-fake/acks", test_acks);
    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++)
        g_test_add_data_func(mistakes[i].path, &mistakes[i], test_mistake);
    return g_test_run();
}
