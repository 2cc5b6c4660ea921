/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus over a real broker: the entrance, and the end of a program. */
#include <gio/gio.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/bus/bus.h"
#include "tests/support/broker.h"

static guint ups, received;
static char first[32]; /* what was received first */
static atomic_int asked;

static const HlBusMessage *on_will(gpointer user)
{
    return user;
}

static void on_up(gpointer user G_GNUC_UNUSED)
{
    ups++;
}

static void on_message(const HlBusMessage *message, gpointer user G_GNUC_UNUSED)
{
    if (received++ == 0)
        g_snprintf(first, sizeof first, "%.*s", (int)g_bytes_get_size(message->payload),
                   (const char *)g_bytes_get_data(message->payload, NULL));
}

static HlBusAdmission admit_short(const char *topic, gsize size, gpointer user)
{
    atomic_fetch_add((atomic_int *)user, 1);
    return strcmp(topic, "t/x") == 0 && size < 10 ? HL_BUS_ADMITTED : HL_BUS_DROPPED;
}

static HlBus *open_bus(const TestBroker *broker, const char *id, const char *const *filters, HlBusMessage *will)
{
    const char *const brokers[] = { broker->address, NULL };
    HlBusOptions options = { .client_id = id,
                             .brokers = brokers,
                             .subscriptions = filters,
                             .subscription_qos = 1,
                             .handlers = { .will = on_will, .up = on_up, .message = on_message },
                             .user = will,
                             .entrance = { admit_short, &asked } };
    g_autoptr(GError) error = NULL;
    HlBus *bus = hl_bus_new(&options, &error);

    g_assert_no_error(error);
    return bus;
}

static void publish(HlBus *bus, const char *topic, const char *text, int qos)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, strlen(text));

    g_assert_true(hl_bus_publish(bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = qos }, NULL, NULL));
}

/* By another process: this one's library may take a new socket for the one that was left. */
static void publish_elsewhere(const TestBroker *broker, const char *id)
{
    g_autofree char *port = g_strdup(strrchr(broker->address, ':') + 1);
    const char *const argv[] = { "mosquitto_pub", "-V", "mqttv5", "-h", "127.0.0.1", "-p", port, "-i", id, "-t",
                                 "t/x",           "-q", "1",      "-m", "here",      NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_NONE, &error);

    g_assert_no_error(error);
    g_assert_true(g_subprocess_wait_check(child, NULL, &error));
}

static const char *const everything[] = { "t/#", NULL };
static const char *const nothing[] = { NULL };

/* What it refuses is not seen, and what comes after it is. */
static void test_entrance(void)
{
    TestBroker broker;
    HlBus *hears, *says;

    ups = received = 0;
    test_broker_init(&broker, "", false);
    hears = open_bus(&broker, "hears", everything, NULL);
    says = open_bus(&broker, "says", nothing, NULL);
    WAIT_UNTIL(ups == 2);
    publish(says, "t/x", "much too long", 1);
    publish(says, "t/x", "also too long", 0);
    publish(says, "t/other", "short", 1);
    publish(says, "t/x", "short", 1);
    WAIT_UNTIL(received > 0);
    g_assert_cmpuint(received, ==, 1);
    g_assert_cmpint(atomic_load(&asked), ==, 4);
    g_assert_cmpuint(hl_bus_count(hears).received, ==, 1);
    hl_bus_free(hears);
    hl_bus_free(says);
    test_broker_clear(&broker);
}

/* Anyone who leaves says so: the will is dropped. */
static void test_leave(void)
{
    g_autoptr(GBytes) gone = g_bytes_new_static("gone", 4);
    HlBusMessage will = { .topic = "t/x", .payload = gone, .qos = 1 };
    TestBroker broker;
    HlBus *hears, *leaves;

    ups = received = 0;
    test_broker_init(&broker, "", false);
    hears = open_bus(&broker, "hears", everything, NULL);
    leaves = open_bus(&broker, "leaves", nothing, &will);
    WAIT_UNTIL(ups == 2);
    hl_bus_leave(leaves);
    publish_elsewhere(&broker, "leaves"); /* a take-over, with the will before it, if the session were still there */
    WAIT_UNTIL(received > 0);
    g_assert_cmpstr(first, ==, "here");
    hl_bus_free(hears);
    test_broker_clear(&broker);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/entrance", test_entrance);
    g_test_add_func("/bus/leave", test_leave);
    return g_test_run();
}
