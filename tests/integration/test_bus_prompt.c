/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus does not wait for what need not be waited for. */
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/bus/bus.h"
#include "tests/support/broker.h"

#define NO_NAME "no-such-name.invalid"

typedef struct {
    HlBus *bus;
    guint ups, received, acknowledged, failures;
} Peer;

static gint lookups; /* of NO_NAME, by any library and thread */

/* Stands before the C library's own. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (host != NULL && strcmp(host, NO_NAME) == 0) {
        if (hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0)
            g_atomic_int_inc(&lookups);
        return EAI_NONAME;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(host, service, hints, found);
}

static void on_up(gpointer user)
{
    ((Peer *)user)->ups++;
}

static void on_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user)
{
    ((Peer *)user)->received++;
}

static void on_published(bool acknowledged, gpointer user)
{
    ((Peer *)user)->acknowledged += acknowledged;
}

static void on_failed(const char *broker G_GNUC_UNUSED, const char *reason, HlTime delay G_GNUC_UNUSED, gpointer user)
{
    g_assert_true(g_str_has_prefix(reason, "the name " NO_NAME " cannot be resolved"));
    ((Peer *)user)->failures++;
}

static void open_peer(Peer *peer, const char *id, const char *address)
{
    const char *brokers[] = { address, NULL };
    const char *filters[] = { "t/#", NULL };
    HlBusOptions options = { .client_id = id,
                             .brokers = brokers,
                             .subscriptions = filters,
                             .subscription_qos = 1,
                             .handlers = { .up = on_up, .failed = on_failed, .message = on_message },
                             .user = peer };
    g_autoptr(GError) error = NULL;

    peer->bus = hl_bus_new(&options, &error);
    g_assert_no_error(error);
}

/* Those of the process's TCP connections to the port that send at once; *all counts them too that do not. */
static guint count_prompt(uint16_t port, guint *all)
{
    guint n = 0;

    *all = 0;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer = { 0 };
        socklen_t size = sizeof peer;
        socklen_t int_size = sizeof(int);
        int on = 0;

        if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || peer.sin_family != AF_INET ||
            ntohs(peer.sin_port) != port)
            continue;
        (*all)++;
        g_assert_cmpint(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &int_size), ==, 0);
        n += on != 0;
    }
    return n;
}

/* No message waits for the acknowledgement of the one before. */
static void test_no_delay(void)
{
    TestBroker broker;
    Peer a = { 0 };
    Peer b = { 0 };
    guint all;

    test_broker_init(&broker, "", false);
    open_peer(&a, "a", broker.address);
    open_peer(&b, "b", broker.address);
    WAIT_UNTIL(a.ups == 1 && b.ups == 1);
    g_assert_cmpuint(count_prompt(broker.port, &all), ==, 2);
    g_assert_cmpuint(all, ==, 2);
    hl_bus_free(b.bus);
    hl_bus_free(a.bus);
    test_broker_clear(&broker);
}

/* Of the loop's library alone: nobody else is waited for, so nobody sleeps. */
static void test_alone(void)
{
    TestBroker broker;
    Peer peer = { 0 };
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);
    HlBusMessage message = { .topic = "t/x", .payload = payload, .qos = 1 };
    guint threads = 0;
    g_autoptr(GDir) tasks = NULL;

    test_broker_init(&broker, "", false);
    open_peer(&peer, "a", broker.address);
    WAIT_UNTIL(peer.ups == 1);
    g_assert_true(hl_bus_publish(peer.bus, &message, on_published, &peer));
    WAIT_UNTIL(peer.received == 1 && peer.acknowledged == 1);
    tasks = g_dir_open("/proc/self/task", 0, NULL);
    while (g_dir_read_name(tasks) != NULL)
        threads++;
    g_assert_cmpuint(threads, ==, 1);
    hl_bus_free(peer.bus);
    test_broker_clear(&broker);
}

/* Where name servers are silent each look costs seconds: the library has one, and the one who says what is wrong. */
static void test_lookups(void)
{
    Peer peer = { 0 };

    open_peer(&peer, "a", NO_NAME ":1");
    WAIT_UNTIL(peer.failures == 1);
    g_assert_cmpint(g_atomic_int_get(&lookups), ==, 2);
    hl_bus_free(peer.bus);
}

/* One of many that lose the same broker waits for its turn; asked to connect again, it does so at once. */
static void test_spread(void)
{
    TestBroker broker;
    Peer peer = { 0 };

    test_broker_init(&broker, "", false);
    open_peer(&peer, "a", broker.address);
    WAIT_UNTIL(peer.ups == 1);
    hl_bus_spread(peer.bus, 20 * HL_DAY);
    test_broker_kill(&broker);
    WAIT_UNTIL(hl_bus_state(peer.bus) == HL_BUS_DOWN);
    g_assert_cmpint(hl_bus_delay(peer.bus), >, HL_SECOND); /* or one time in two million */
    test_broker_start(&broker);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    WAIT_UNTIL(peer.ups == 2);
    hl_bus_free(peer.bus);
    test_broker_clear(&broker);
}

/* A wait at the start is told like one after a loss. */
static void test_first_delay(void)
{
    const char *brokers[] = { "127.0.0.1:1", NULL };
    Peer peer = { 0 };
    HlBusOptions options = { .client_id = "a",
                             .brokers = brokers,
                             .first_delay = 20 * HL_DAY,
                             .handlers = { .message = on_message },
                             .user = &peer };

    peer.bus = hl_bus_new(&options, NULL);
    g_assert_cmpint(hl_bus_delay(peer.bus), >, HL_SECOND); /* or one time in two million */
    hl_bus_free(peer.bus);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompt/no-delay", test_no_delay);
    g_test_add_func("/prompt/alone", test_alone);
    g_test_add_func("/prompt/lookups", test_lookups);
    g_test_add_func("/prompt/spread", test_spread);
    g_test_add_func("/prompt/first-delay", test_first_delay);
    return g_test_run();
}
