/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus with a real mosquitto: what passes, what a loss does, the window, TLS, and freeing it at any time. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/bus/bus.h"
#include "tests/support/broker.h"

#define BURST 2000

/* One bus and what it told. */
typedef struct {
    HlBus *bus;
    HlBusMessage will;
    bool has_will;
    guint ups, downs, failures, wills_asked;
    HlTime delays[64]; /* of failures */
    char *reason;
    HlBusMessage last; /* the last message, owned */
    guint received, acknowledged, broken;
    bool insists; /* publishes again what broke */
} Peer;

static bool publish(Peer *peer, const char *topic, const char *text, int qos);

static const HlBusMessage *on_will(gpointer user)
{
    Peer *peer = user;

    peer->wills_asked++;
    return peer->has_will ? &peer->will : NULL;
}

static void on_up(gpointer user)
{
    ((Peer *)user)->ups++;
}

static void on_down(const char *reason, gpointer user)
{
    Peer *peer = user;

    g_assert_nonnull(reason);
    peer->downs++;
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    Peer *peer = user;

    g_assert_nonnull(broker);
    g_free(peer->reason);
    peer->reason = g_strdup(reason);
    peer->delays[peer->failures++ % G_N_ELEMENTS(peer->delays)] = delay;
}

static void forget_last(Peer *peer)
{
    g_free(hl_unconst(peer->last.topic));
    g_free(hl_unconst(peer->last.response_topic));
    g_clear_pointer(&peer->last.payload, g_bytes_unref);
    g_clear_pointer(&peer->last.correlation, g_bytes_unref);
    memset(&peer->last, 0, sizeof peer->last);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Peer *peer = user;

    forget_last(peer);
    peer->last = *message;
    peer->last.topic = g_strdup(message->topic);
    peer->last.response_topic = g_strdup(message->response_topic);
    peer->last.payload = g_bytes_ref(message->payload);
    peer->last.correlation = message->correlation != NULL ? g_bytes_ref(message->correlation) : NULL;
    peer->received++;
}

static void on_published(bool acknowledged, gpointer user)
{
    Peer *peer = user;

    if (acknowledged)
        peer->acknowledged++;
    else
        peer->broken++;
    if (!acknowledged && peer->insists)
        g_assert_false(publish(peer, "t/again", "", 1));
}

static const char *const nothing[] = { NULL };
static const char *const everything[] = { "t/#", NULL };

static HlBusOptions options(Peer *peer, const char *id, const char *const *brokers, const char *const *filters)
{
    return (HlBusOptions){ .client_id = id,
                           .brokers = brokers,
                           .subscriptions = filters,
                           .subscription_qos = 1,
                           .backoff_base = 100,
                           .backoff_cap = 400,
                           .handlers = { on_will, on_up, on_down, on_failed, on_message, NULL },
                           .user = peer };
}

static void open_peer(Peer *peer, const char *id, const char *address, const char *const *filters)
{
    const char *brokers[] = { address, NULL };
    HlBusOptions wanted = options(peer, id, brokers, filters);
    g_autoptr(GError) error = NULL;

    peer->bus = hl_bus_new(&wanted, &error);
    g_assert_no_error(error);
}

static void close_peer(Peer *peer)
{
    hl_bus_free(peer->bus); /* calls on_published, which looks at it */
    peer->bus = NULL;
    forget_last(peer);
    g_clear_pointer(&peer->reason, g_free);
}

static void set_will(Peer *peer, const char *topic)
{
    peer->has_will = true;
    peer->will = (HlBusMessage){ .topic = topic, .payload = g_bytes_new_static("gone", 4), .qos = 1 };
}

static bool publish(Peer *peer, const char *topic, const char *text, int qos)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, strlen(text));
    HlBusMessage message = { .topic = topic, .payload = payload, .qos = qos };

    return hl_bus_publish(peer->bus, &message, on_published, peer);
}

/* ------------------------------------------------------------------------------------------------------------ tests */

/* What another client is told of the retained message's expiry, in whole seconds; some may have passed. */
static void check_expiry(const TestBroker *broker, gint64 seconds)
{
    g_autofree char *port = g_strdup_printf("%u", broker->port);
    const char *reader[] = { "mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", port, "-t",
                             "t/x",           "-C", "1", "-W", "10",        "-F", "%E", NULL };
    g_autofree char *output = NULL;
    gint64 left;

    g_assert_true(hl_exec(reader, &output, NULL));
    left = g_ascii_strtoll(output, NULL, 10);
    g_assert_cmpint(left, >, seconds - 30);
    g_assert_cmpint(left, <=, seconds);
}

static void test_pass(void)
{
    TestBroker broker;
    Peer a = { 0 };
    Peer b = { 0 };
    g_autoptr(GBytes) payload = g_bytes_new_static("\x00\x01\xff", 3);
    g_autoptr(GBytes) correlation = g_bytes_new_static("c\x00r", 3);
    HlBusMessage message = { .topic = "t/x",
                             .payload = payload,
                             .qos = 1,
                             .retained = true,
                             .expiry = 59500,
                             .response_topic = "t/answer",
                             .correlation = correlation };

    test_broker_init(&broker, "", false);
    open_peer(&a, "a", broker.address, nothing);
    open_peer(&b, "b", broker.address, everything);
    g_assert_false(publish(&a, "t/early", "x", 1)); /* not up yet */
    WAIT_UNTIL(a.ups == 1 && b.ups == 1);
    g_assert_cmpint(hl_bus_state(a.bus), ==, HL_BUS_UP);
    g_assert_cmpstr(hl_bus_broker(a.bus), ==, broker.address);
    g_assert_true(hl_bus_publish(a.bus, &message, on_published, &a));
    WAIT_UNTIL(b.received == 1 && a.acknowledged == 1);
    g_assert_cmpstr(b.last.topic, ==, "t/x");
    g_assert_true(g_bytes_equal(b.last.payload, payload));
    g_assert_cmpint(b.last.qos, ==, 1);
    g_assert_false(b.last.retained); /* it came live */
    g_assert_cmpstr(b.last.response_topic, ==, "t/answer");
    g_assert_true(g_bytes_equal(b.last.correlation, correlation));
    g_assert_true(publish(&a, "t/y", "", 0));
    g_assert_cmpuint(a.acknowledged, ==, 2); /* handed over */
    WAIT_UNTIL(b.received == 2);
    g_assert_cmpuint(g_bytes_get_size(b.last.payload), ==, 0);
    g_assert_cmpint(b.last.qos, ==, 0);
    g_assert_null(b.last.response_topic);
    g_assert_null(b.last.correlation);
    close_peer(&b);
    b = (Peer){ 0 };
    open_peer(&b, "b", broker.address, everything);
    WAIT_UNTIL(b.received == 1);
    g_assert_true(b.last.retained);
    close_peer(&b);
    check_expiry(&broker, 60);
    g_assert_cmpuint(hl_bus_count(a.bus).sent, ==, 2);
    g_assert_cmpuint(hl_bus_count(a.bus).in_flight, ==, 0);
    close_peer(&a);
    test_broker_clear(&broker);
}

/* Who has a picture of its own asks for what changes alone; another filter of the same link gets what is retained. */
static void test_live(void)
{
    static const char *const filters[] = { "t/kept", "t/live/#", NULL };
    TestBroker broker;
    Peer a = { 0 };
    Peer b = { 0 };
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);
    HlBusMessage message = { .topic = "t/live/1", .payload = payload, .qos = 1, .retained = true };
    HlBusOptions wanted = options(&b, "b", NULL, filters);

    test_broker_init(&broker, "", false);
    open_peer(&a, "a", broker.address, nothing);
    WAIT_UNTIL(a.ups == 1);
    for (gsize i = 0; i < 2; message.topic = filters[0], i++)
        g_assert_true(hl_bus_publish(a.bus, &message, on_published, &a));
    WAIT_UNTIL(a.acknowledged == 2);
    wanted.brokers = (const char *const[]){ broker.address, NULL };
    wanted.n_live = 1;
    b.bus = hl_bus_new(&wanted, NULL);
    WAIT_UNTIL(b.ups == 1 && b.received == 1 && strcmp(b.last.topic, "t/kept") == 0);
    g_assert_true(publish(&a, "t/live/1", "now", 1)); /* nothing retained came before it */
    WAIT_UNTIL(b.received == 2 && !b.last.retained);
    close_peer(&b);
    close_peer(&a);
    test_broker_clear(&broker);
}

static void test_too_large(void)
{
    TestBroker broker;
    Peer peer = { 0 };
    g_autofree char *path = NULL;
    g_autofree char *data = g_strnfill(HL_BUS_MAX_SIZE + 1, 'x');
    g_autofree char *port = NULL;

    test_broker_init(&broker, "", false);
    path = test_broker_path(&broker, "large");
    port = g_strdup_printf("%u", broker.port);
    const char *publisher[] = { "mosquitto_pub", "-V", "5",  "-h", "127.0.0.1", "-p", port, "-q", "1", "-t",
                                "t/x",           "-f", path, NULL };
    open_peer(&peer, "a", broker.address, everything);
    WAIT_UNTIL(peer.ups == 1);
    g_assert_true(hl_file_write(path, data, HL_BUS_MAX_SIZE + 1, 0600, NULL));
    g_assert_true(hl_exec(publisher, NULL, NULL));
    g_assert_true(hl_file_write(path, data, HL_BUS_MAX_SIZE, 0600, NULL));
    g_assert_true(hl_exec(publisher, NULL, NULL));
    WAIT_UNTIL(peer.received > 0);
    g_assert_cmpuint(peer.received, ==, 1);
    g_assert_cmpuint(g_bytes_get_size(peer.last.payload), ==, HL_BUS_MAX_SIZE);
    g_assert_cmpuint(hl_bus_count(peer.bus).refused, ==, 1);
    g_assert_cmpuint(peer.downs, ==, 0);
    close_peer(&peer);
    test_broker_clear(&broker);
}

/* This program once more, as an endpoint that is killed; see main. */
static G_NORETURN void run_victim(const char *address)
{
    Peer peer = { 0 };

    set_will(&peer, "t/will");
    open_peer(&peer, "victim", address, nothing);
    WAIT_UNTIL(peer.ups == 1);
    g_assert_true(publish(&peer, "t/alive", "", 1));
    for (;;)
        g_main_context_iteration(NULL, TRUE);
}

static void on_victim_ended(const HlChildEnd *end, gpointer user)
{
    g_assert_false(end->exited);
    *(bool *)user = true;
}

static void test_will(void)
{
    TestBroker broker;
    Peer watcher = { 0 };
    Peer stopped = { 0 };
    bool ended = false;
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    HlChild *victim;

    test_broker_init(&broker, "", false);
    const char *argv[] = { "/proc/self/exe", "--victim", broker.address, NULL };
    open_peer(&watcher, "watcher", broker.address, everything);
    WAIT_UNTIL(watcher.ups == 1);
    spec.argv = argv;
    victim = hl_child_start(&spec, NULL, on_victim_ended, &ended, NULL);
    g_assert_nonnull(victim);
    WAIT_UNTIL(watcher.received == 1);
    g_assert_cmpstr(watcher.last.topic, ==, "t/alive");
    g_assert_cmpint(kill(hl_child_pid(victim), SIGKILL), ==, 0);
    WAIT_UNTIL(watcher.received == 2 && ended);
    g_assert_cmpstr(watcher.last.topic, ==, "t/will");

    /* one that says good-bye leaves none */
    set_will(&stopped, "t/will");
    open_peer(&stopped, "stopped", broker.address, nothing);
    WAIT_UNTIL(stopped.ups == 1);
    close_peer(&stopped);
    g_assert_true(publish(&watcher, "t/marker", "", 1));
    WAIT_UNTIL(watcher.received == 3);
    g_assert_cmpstr(watcher.last.topic, ==, "t/marker");
    g_bytes_unref(stopped.will.payload);
    close_peer(&watcher);
    test_broker_clear(&broker);
}

/* Full jitter: each delay is drawn from 0..min(cap, base * 2^n), the first one too. */
static void check_delays(const Peer *peer)
{
    HlTime bound = 100;

    for (guint i = 0; i < peer->failures; i++) {
        g_assert_cmpint(peer->delays[i], >=, 0);
        g_assert_cmpint(peer->delays[i], <=, bound);
        bound = MIN(bound * 2, 400);
    }
}

static void test_reconnect(void)
{
    TestBroker broker;
    Peer peer = { 0 };
    Peer other = { 0 };

    test_broker_init(&broker, "", false);
    open_peer(&peer, "a", broker.address, everything);
    open_peer(&other, "b", broker.address, nothing);
    WAIT_UNTIL(peer.ups == 1 && other.ups == 1);
    test_broker_kill(&broker);
    WAIT_UNTIL(peer.downs == 1 && other.downs == 1);
    g_assert_false(publish(&peer, "t/x", "", 1));
    WAIT_UNTIL(peer.failures >= 6);
    g_assert_cmpint(memcmp(peer.delays, other.delays, sizeof(HlTime) * 5), !=, 0); /* not one rhythm */
    g_assert_nonnull(peer.reason);
    test_broker_start(&broker);
    WAIT_UNTIL(peer.ups == 2 && other.ups == 2);
    g_assert_cmpuint(peer.wills_asked, >=, peer.failures + 2); /* again for each attempt */
    g_assert_cmpuint(hl_bus_count(peer.bus).lost_links, ==, 1);
    g_assert_true(publish(&other, "t/again", "", 1)); /* and it is subscribed again */
    WAIT_UNTIL(peer.received == 1);
    close_peer(&peer);
    close_peer(&other);
    test_broker_clear(&broker);
}

static void test_first_connect(void)
{
    TestBroker broker = { .directory = g_dir_make_tmp("hl-broker-XXXXXX", NULL), .port = test_port() };
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", broker.port);
    Peer peer = { 0 };

    open_peer(&peer, "a", address, nothing); /* nobody is there yet */
    WAIT_UNTIL(peer.failures >= 5);
    check_delays(&peer);
    g_assert_cmpuint(peer.downs, ==, 0);
    close_peer(&peer);
    test_broker_clear(&broker);
}

static void test_second_address(void)
{
    TestBroker broker;
    g_autofree char *dead = g_strdup_printf("127.0.0.1:%u", test_port());
    Peer peer = { 0 };

    test_broker_init(&broker, "", false);
    const char *brokers[] = { dead, broker.address, NULL };
    const char *swapped[] = { broker.address, dead, NULL };
    HlBusOptions wanted = options(&peer, "a", brokers, nothing);

    peer.bus = hl_bus_new(&wanted, NULL);
    WAIT_UNTIL(peer.ups == 1);
    g_assert_cmpuint(peer.failures, ==, 1);
    g_assert_cmpstr(hl_bus_broker(peer.bus), ==, broker.address);
    hl_bus_set_brokers(peer.bus, swapped);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    WAIT_UNTIL(peer.ups == 2);
    g_assert_cmpuint(peer.failures, ==, 1);
    close_peer(&peer);
    test_broker_clear(&broker);
}

/* FACTS: with its window full, paho falls to 22 messages a second.  Ours stays below the broker's, whatever that is. */
static void test_burst(gconstpointer extra)
{
    TestBroker broker;
    Peer a = { 0 };
    Peer b = { 0 };
    HlTime start;
    HlTime taken;

    test_broker_init(&broker, extra, false);
    open_peer(&a, "a", broker.address, nothing);
    open_peer(&b, "b", broker.address, everything);
    WAIT_UNTIL(a.ups == 1 && b.ups == 1);
    start = hl_clock_mono();
    for (guint i = 0; i < BURST; i++)
        g_assert_true(publish(&a, "t/burst", "0123456789", 1));
    WAIT_UNTIL(a.acknowledged == BURST);
    taken = hl_clock_mono() - start;
    g_test_message("%d messages acknowledged in %d ms", BURST, (int)taken);
    g_assert_cmpint(taken, <, 20 * HL_SECOND);
    WAIT_UNTIL(b.received >= BURST * (*(const char *)extra != '\0' ? 1 : 0)); /* the default queue may drop some */
    g_assert_cmpuint(hl_bus_count(a.bus).acknowledged, ==, BURST);
    g_assert_cmpuint(hl_bus_count(a.bus).queued, ==, 0);
    close_peer(&a);
    close_peer(&b);
    test_broker_clear(&broker);
}

static void test_reconnect_call(void)
{
    TestBroker broker;
    Peer watcher = { 0 };
    Peer peer = { 0 };

    test_broker_init(&broker, "", false);
    set_will(&peer, "t/will");
    open_peer(&watcher, "watcher", broker.address, everything);
    WAIT_UNTIL(watcher.ups == 1);
    open_peer(&peer, "a", broker.address, nothing);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL); /* not begun yet */
    WAIT_UNTIL(hl_bus_state(peer.bus) == HL_BUS_CONNECTING);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL); /* in mid-attempt: that one ends, the next one is used */
    WAIT_UNTIL(peer.ups == 1);
    g_assert_true(publish(&peer, "t/x", "", 1));
    WAIT_UNTIL(watcher.received > 0 && strcmp(watcher.last.topic, "t/x") == 0);
    watcher.received = 0;
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL); /* twice is once */
    g_assert_false(publish(&peer, "t/x", "", 1));
    WAIT_UNTIL(peer.ups == 2 && watcher.received == 1);
    g_assert_cmpstr(watcher.last.topic, ==, "t/will"); /* so the other side knows */
    g_assert_cmpuint(peer.downs, ==, 1);
    g_assert_true(publish(&peer, "t/y", "", 1));
    WAIT_UNTIL(watcher.received == 2);
    g_assert_cmpstr(watcher.last.topic, ==, "t/y");
    close_peer(&peer);
    close_peer(&watcher);
    g_bytes_unref(peer.will.payload);
    test_broker_clear(&broker);
}

/* What is under way when the link breaks is answered: broken, each exactly once. */
static void test_break(void)
{
    TestBroker broker;
    Peer peer = { 0 };

    test_broker_init(&broker, "", false);
    open_peer(&peer, "a", broker.address, nothing);
    WAIT_UNTIL(peer.ups == 1);
    kill(hl_child_pid(broker.child), SIGSTOP);
    for (guint i = 0; i < BURST; i++)
        g_assert_true(publish(&peer, "t/x", "x", 1));
    g_assert_cmpuint(hl_bus_count(peer.bus).in_flight + hl_bus_count(peer.bus).queued, ==, BURST);
    test_broker_kill(&broker);
    WAIT_UNTIL(peer.downs == 1);
    g_assert_cmpuint(peer.acknowledged + peer.broken, ==, BURST);
    g_assert_cmpuint(peer.broken, >, 0);
    g_assert_cmpuint(hl_bus_count(peer.bus).in_flight, ==, 0);
    close_peer(&peer);
    test_broker_clear(&broker);
}

static void test_free(void)
{
    TestBroker broker;
    g_autofree char *silent = NULL;
    hl_autofd int fd = test_listen_silently(&silent);
    HlTime start;

    g_assert_cmpint(fd, >=, 0);
    test_broker_init(&broker, "", false);
    for (int round = 0; round < 7; round++) {
        Peer peer = { .insists = true };

        open_peer(&peer, "a", round == 2 ? silent : broker.address, everything);
        if (round == 1 || round == 2) /* in mid-attempt */
            WAIT_UNTIL(hl_bus_state(peer.bus) == HL_BUS_CONNECTING);
        if (round == 2)
            test_run_for(100);
        if (round >= 3)
            WAIT_UNTIL(peer.ups == 1);
        if (round >= 4) /* with much under way, in both directions */
            for (guint i = 0; i < BURST; i++)
                g_assert_true(publish(&peer, "t/x", "x", (int)(i % 2)));
        if (round == 5)
            WAIT_UNTIL(peer.received > 10);
        if (round == 6) {
            hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
            test_broker_kill(&broker);
        }
        start = hl_clock_mono();
        close_peer(&peer);
        g_assert_cmpint(hl_clock_mono() - start, <, 20 * HL_SECOND);
        g_assert_cmpuint(peer.downs, <=, round == 6 ? 1 : 0); /* no callback comes any more */
    }
    hl_bus_free(NULL);
    test_broker_clear(&broker);
}

static void test_tls(void)
{
    TestBroker broker;
    TestBroker stranger;
    g_autofree char *ca = NULL;
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    g_autofree char *other_ca = NULL;
    Peer good = { 0 };
    Peer wrong_ca = { 0 };
    Peer no_cert = { 0 };
    HlBusOptions wanted;

    test_broker_init(&broker, "", true);
    test_broker_init(&stranger, "", true);
    test_broker_issue(&broker, "e-1", HL_CERT_ENDPOINT);
    ca = test_broker_path(&broker, "ca.pem");
    cert = test_broker_path(&broker, "e-1.pem");
    key = test_broker_path(&broker, "e-1.key");
    other_ca = test_broker_path(&stranger, "ca.pem");
    const char *brokers[] = { broker.address, NULL };

    wanted = options(&good, "e-1", brokers, everything);
    wanted.ca_path = ca;
    wanted.cert_path = cert;
    wanted.key_path = key;
    good.bus = hl_bus_new(&wanted, NULL);
    WAIT_UNTIL(good.ups == 1);
    g_assert_true(publish(&good, "t/x", "secret", 1));
    WAIT_UNTIL(good.received == 1);

    wanted.user = &wrong_ca;
    wanted.ca_path = other_ca; /* the broker is not the one that was meant */
    wrong_ca.bus = hl_bus_new(&wanted, NULL);
    wanted.user = &no_cert;
    wanted.ca_path = ca;
    wanted.cert_path = NULL;
    wanted.key_path = NULL;
    wanted.client_id = "e-2";
    no_cert.bus = hl_bus_new(&wanted, NULL);
    WAIT_UNTIL(wrong_ca.failures >= 2 && no_cert.failures >= 2);
    g_assert_cmpuint(wrong_ca.ups, ==, 0);
    g_assert_cmpuint(no_cert.ups, ==, 0);
    g_assert_nonnull(strstr(wrong_ca.reason, "was not issued by the authority"));
    g_assert_cmpuint(good.downs, ==, 0);
    close_peer(&good);
    close_peer(&wrong_ca);
    close_peer(&no_cert);
    test_broker_clear(&broker);
    test_broker_clear(&stranger);
}

static void test_no_broker(void)
{
    Peer peer = { 0 };
    HlBusOptions wanted = options(&peer, "a", nothing, nothing);
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_bus_new(&wanted, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--victim") == 0)
        run_victim(argv[2]);
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/pass", test_pass);
    g_test_add_func("/bus/live", test_live);
    g_test_add_func("/bus/too-large", test_too_large);
    g_test_add_func("/bus/will", test_will);
    g_test_add_func("/bus/reconnect", test_reconnect);
    g_test_add_func("/bus/first-connect", test_first_connect);
    g_test_add_func("/bus/second-address", test_second_address);
    g_test_add_data_func("/bus/burst",
                         "max_inflight_messages 20000\nmax_inflight_bytes 33554432\nmax_queued_messages 100000\n"
                         "max_queued_bytes 67108864\nset_tcp_nodelay true\n",
                         test_burst);
    g_test_add_data_func("/bus/burst/default-window", "", test_burst);
    g_test_add_func("/bus/reconnect-call", test_reconnect_call);
    g_test_add_func("/bus/break", test_break);
    g_test_add_func("/bus/free", test_free);
    g_test_add_func("/bus/tls", test_tls);
    g_test_add_func("/bus/no-broker", test_no_broker);
    return g_test_run();
}
