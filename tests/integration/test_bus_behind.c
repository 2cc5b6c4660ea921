/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus over TLS with a broker that does not read: what waits at this end leaves whole, once and in its order. */
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>

#include "lib/bus/bus.h"
#include "tests/support/broker.h"

#define SIZE  60000 /* bytes of a message */
#define MANY  300   /* of them: more than the sockets of both ends hold (4 and 6 MiB) */
#define SMALL 50
#define QUEUE 600 /* more than may be under way */

typedef struct {
    HlBus *bus;
    guint ups, downs, wills, acknowledged, broken;
    guint received; /* numbered from 0, none missing, none twice */
    guint before_urgent, urgent;
} Peer;

typedef struct {
    TestBroker broker;
    Peer here, there;
    GBytes *gone;
    HlBusMessage will;
} Case;

static void on_up(gpointer user)
{
    ((Peer *)user)->ups++;
}

static void on_down(const char *reason G_GNUC_UNUSED, gpointer user)
{
    ((Peer *)user)->downs++;
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Peer *peer = user;
    gsize size;
    const char *text = g_bytes_get_data(message->payload, &size);

    if (strcmp(message->topic, "t/will") == 0) {
        peer->wills++;
        return;
    }
    if (strcmp(message->topic, "t/urgent") == 0) {
        peer->urgent++;
        peer->before_urgent = peer->received;
        return;
    }
    g_assert_cmpuint(size, >, sizeof peer->received);
    g_assert_true(memcmp(text, &peer->received, sizeof peer->received) == 0);
    g_assert_cmpint(text[size - 1], ==, 'x');
    peer->received++;
}

static void on_published(bool acknowledged, gpointer user)
{
    Peer *peer = user;

    peer->acknowledged += acknowledged;
    peer->broken += !acknowledged;
}

static const HlBusMessage *on_will(gpointer user)
{
    return &((Case *)((char *)user - G_STRUCT_OFFSET(Case, here)))->will;
}

static void open_peer(Case *c, Peer *peer, const char *id, const char *filter)
{
    const char *brokers[] = { c->broker.address, NULL };
    const char *filters[] = { filter, NULL };
    g_autofree char *ca = test_broker_path(&c->broker, "ca.pem");
    g_autofree char *cert_name = g_strdup_printf("%s.pem", id);
    g_autofree char *key_name = g_strdup_printf("%s.key", id);
    g_autofree char *cert = test_broker_path(&c->broker, cert_name);
    g_autofree char *key = test_broker_path(&c->broker, key_name);
    HlBusOptions options = { .client_id = id,
                             .brokers = brokers,
                             .subscriptions = filters,
                             .subscription_qos = 1,
                             .ca_path = ca,
                             .cert_path = cert,
                             .key_path = key,
                             .handlers = { peer == &c->here ? on_will : NULL, on_up, on_down, NULL, on_message, NULL },
                             .user = peer };
    g_autoptr(GError) error = NULL;

    test_broker_issue(&c->broker, id, HL_CERT_ENDPOINT);
    peer->bus = hl_bus_new(&options, &error);
    g_assert_no_error(error);
}

static void set_up(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    memset(c, 0, sizeof *c);
    c->gone = g_bytes_new_static("gone", 4);
    c->will = (HlBusMessage){ .topic = "t/will", .payload = c->gone, .qos = 1 };
    test_broker_init(&c->broker, "max_inflight_messages 0\nmax_queued_messages 0\n", true);
    open_peer(c, &c->there, "e-2", "t/#");
    open_peer(c, &c->here, "e-1", NULL);
    WAIT_UNTIL(c->here.ups == 1 && c->there.ups == 1);
}

static void close_peer(Peer *peer)
{
    hl_bus_free(peer->bus);
    peer->bus = NULL;
}

static void tear_down(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    close_peer(&c->here);
    close_peer(&c->there);
    test_broker_clear(&c->broker);
    g_bytes_unref(c->gone);
}

static void publish(Case *c, guint number, gsize size, int qos)
{
    char *text = g_malloc(size);
    g_autoptr(GBytes) payload = NULL;
    HlBusMessage message = { .topic = "t/x", .qos = qos };

    memset(text, 'x', size);
    memcpy(text, &number, sizeof number);
    payload = g_bytes_new_take(text, size);
    message.payload = payload;
    g_assert_true(hl_bus_publish(c->here.bus, &message, on_published, &c->here));
}

/* More than the sockets hold, to a broker that does not read. */
static void publish_to_stopped(Case *c)
{
    kill(hl_child_pid(c->broker.child), SIGSTOP);
    for (guint i = 0; i < MANY; i++)
        publish(c, i, SIZE, 1);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* It stops reading in the middle of what is sent, and goes on. */
static void test_stopped(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    publish_to_stopped(c);
    kill(hl_child_pid(c->broker.child), SIGCONT);
    WAIT_UNTIL(c->here.acknowledged == MANY && c->there.received == MANY);
    g_assert_cmpuint(c->here.broken, ==, 0);
    g_assert_cmpuint(c->here.downs + c->there.downs, ==, 0);
}

/* This end ends meanwhile: in a while, and what had left before is whole. */
static void test_ended(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    publish_to_stopped(c);
    close_peer(&c->here);
    kill(hl_child_pid(c->broker.child), SIGCONT);
    WAIT_UNTIL(c->there.wills == 1 || c->there.received == MANY); /* a farewell only after all of it */
    g_assert_cmpuint(c->there.downs, ==, 0);
}

/* What is urgent comes last, while the broker has few of the others yet: it goes before those that wait. */
static void test_urgent(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("x", 1);
    HlBusMessage message = { .topic = "t/urgent", .payload = payload, .qos = 1, .urgent = true };

    kill(hl_child_pid(c->broker.child), SIGSTOP);
    for (guint i = 0; i < QUEUE; i++)
        publish(c, i, 100, 1);
    g_assert_true(hl_bus_publish(c->here.bus, &message, NULL, NULL));
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    kill(hl_child_pid(c->broker.child), SIGCONT);
    WAIT_UNTIL(c->here.acknowledged == QUEUE && c->there.received == QUEUE && c->there.urgent == 1);
    g_assert_cmpuint(c->there.before_urgent, <, QUEUE / 2);
}

/* What was handed over before the end is sent before it. */
static void test_last_word(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    for (guint i = 0; i < SMALL; i++)
        publish(c, i, 100, 0);
    close_peer(&c->here);
    WAIT_UNTIL(c->there.received == SMALL);
    g_assert_cmpuint(c->there.wills, ==, 0);
}

int main(int argc, char **argv);

static const char *file_of(const void *address)
{
    Dl_info found;

    g_assert_cmpint(dladdr(address, &found), !=, 0);
    return found.dli_fname;
}

static gint by_us, by_others; /* calls of the function below; atomic */

/* Stands before OpenSSL's, as our SSL_write does, and sees who hands it what is to be encrypted. */
int SSL_write_ex(SSL *ssl, const void *data, size_t size, size_t *written)
{
    int (*next)(SSL * ssl, const void *data, size_t size, size_t *written);
    bool is_ours = strcmp(file_of(__builtin_return_address(0)), file_of((const void *)main)) == 0;

    *(void **)&next = dlsym(RTLD_NEXT, "SSL_write_ex");
    g_atomic_int_inc(is_ours ? &by_us : &by_others);
    return next(ssl, data, size, written);
}

/* The library's packets come to OpenSSL through the SSL_write that gathers: with another it would send as well, packet
 * by packet, and nobody would notice but who measures. */
static void test_gathers(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_cmpstr(file_of(dlsym(RTLD_DEFAULT, "SSL_write")), ==, file_of((const void *)main));
    g_atomic_int_set(&by_us, 0);
    g_atomic_int_set(&by_others, 0);
    for (guint i = 0; i < SMALL; i++)
        publish(c, i, 100, 1);
    WAIT_UNTIL(c->here.acknowledged == SMALL && c->there.received == SMALL);
    g_assert_cmpint(g_atomic_int_get(&by_us), >, 0);
    g_assert_cmpint(g_atomic_int_get(&by_others), ==, 0);
}

#define BEHIND_TEST(name, function) g_test_add("/behind/" name, Case, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    BEHIND_TEST("stopped", test_stopped);
    BEHIND_TEST("ended", test_ended);
    BEHIND_TEST("urgent", test_urgent);
    BEHIND_TEST("last-word", test_last_word);
    BEHIND_TEST("gathers", test_gathers);
    return g_test_run();
}
