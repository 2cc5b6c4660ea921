/* SPDX-License-Identifier: Apache-2.0 */
/* Why lib/bus does not come up: each cause, made real with a mosquitto, a proxy or neither, is told by its own
 * sentence. */
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/bus/bus.h"
#include "tests/support/broker.h"

/* A bus that does not come up, and what it said of it. */
typedef struct {
    HlBus *bus;
    guint failures, ups;
    char *reason;
} Peer;

static void on_failed(const char *broker, const char *reason, HlTime delay G_GNUC_UNUSED, gpointer user)
{
    Peer *peer = user;

    g_assert_nonnull(broker);
    g_free(peer->reason);
    peer->reason = g_strdup(reason);
    peer->failures++;
}

static void on_up(gpointer user)
{
    ((Peer *)user)->ups++;
}

static void on_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static const char *const nothing[] = { NULL };

typedef struct {
    const char *address;
    const TestBroker *trusted; /* whose CA is believed */
    const TestBroker *issuer;  /* who issued NAME.pem */
    const char *name;          /* NULL: no certificate */
    const char *proxy;
    HlTime connect_timeout;
} Attempt;

static void open_peer(Peer *peer, const Attempt *attempt)
{
    const char *brokers[] = { attempt->address, NULL };
    g_autofree char *ca = test_broker_path(attempt->trusted, "ca.pem");
    g_autofree char *cert = g_strdup_printf("%s/%s.pem", attempt->issuer->directory, attempt->name);
    g_autofree char *key = g_strdup_printf("%s/%s.key", attempt->issuer->directory, attempt->name);
    g_autoptr(GError) error = NULL;
    HlBusOptions options = { .client_id = "e-1",
                             .brokers = brokers,
                             .ca_path = ca,
                             .cert_path = attempt->name != NULL ? cert : NULL,
                             .key_path = attempt->name != NULL ? key : NULL,
                             .proxy = attempt->proxy,
                             .subscriptions = nothing,
                             .connect_timeout = attempt->connect_timeout,
                             .backoff_base = 100,
                             .backoff_cap = 400,
                             .handlers = { .up = on_up, .failed = on_failed, .message = on_message },
                             .user = peer };

    peer->bus = hl_bus_new(&options, &error);
    g_assert_no_error(error);
}

static void close_peer(Peer *peer)
{
    HlTime start = hl_clock_mono();

    g_clear_pointer(&peer->bus, hl_bus_free);
    g_assert_cmpint(hl_clock_mono() - start, <, 20 * HL_SECOND);
    g_clear_pointer(&peer->reason, g_free);
}

/* The first failure already says it. */
static void expect(const Attempt *attempt, const char *text)
{
    Peer peer = { 0 };

    open_peer(&peer, attempt);
    WAIT_UNTIL(peer.failures >= 1);
    g_assert_cmpuint(peer.ups, ==, 0);
    if (strstr(peer.reason, text) == NULL)
        g_error("not '%s' but '%s'", text, peer.reason);
    close_peer(&peer);
}

static void issue_dated(const TestBroker *broker, const char *name, HlTime begin, HlTime end)
{
    HlTime now = hl_clock_wall();

    test_broker_issue_as(broker, &(HlCertSpec){ name, HL_CERT_ENDPOINT, NULL, now + begin, now + end });
}

static Attempt attempt_at(const TestBroker *broker)
{
    return (Attempt){ .address = broker->address, .trusted = broker, .issuer = broker, .name = "e-1" };
}

static void set_up(TestBroker *broker, const char *extra)
{
    test_broker_init(broker, extra, true);
    test_broker_issue(broker, "e-1", HL_CERT_ENDPOINT);
}

/* ----------------------------------------------------------------------------------------------------- the network */

static void on_child_ended(const HlChildEnd *end G_GNUC_UNUSED, gpointer user)
{
    *(bool *)user = true;
}

static void test_nobody(void)
{
    TestBroker broker;
    g_autofree char *dead = g_strdup_printf("127.0.0.1:%u", test_port());
    Attempt attempt;

    set_up(&broker, "");
    attempt = attempt_at(&broker);
    attempt.address = dead;
    expect(&attempt, "nobody listens at that address (connection refused)");
    attempt.address = "[::1]:1";
    expect(&attempt, "that address");
    attempt.address = "no-such-name.invalid:8883";
    expect(&attempt, "the name no-such-name.invalid cannot be resolved");
    test_broker_clear(&broker);
}

static void test_not_the_broker(void)
{
    TestBroker broker;
    TestBroker plain;
    g_autofree char *silent = NULL;
    hl_autofd int fd = test_listen_silently(&silent);
    Attempt attempt;

    g_assert_cmpint(fd, >=, 0);
    set_up(&broker, "");
    test_broker_init(&plain, "", false);
    attempt = attempt_at(&broker);
    attempt.address = plain.address;
    expect(&attempt, "closed again during the TLS handshake");
    attempt.address = silent;
    attempt.connect_timeout = HL_SECOND;
    expect(&attempt, "the TLS handshake is not answered");
    test_broker_clear(&plain);
    test_broker_clear(&broker);
}

/* Somebody who counts, and may close at once what is taken. */
typedef struct {
    int listener;
    bool closes;
    guint taken;
    int kept[8];
} Doorman;

static gboolean on_connection(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    Doorman *doorman = user;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    g_assert_cmpint(connection, >=, 0);
    if (doorman->closes) {
        close(connection);
    } else {
        g_assert_cmpuint(doorman->taken, <, G_N_ELEMENTS(doorman->kept));
        doorman->kept[doorman->taken] = connection;
    }
    doorman->taken++;
    return G_SOURCE_CONTINUE;
}

static guint start_doorman(Doorman *doorman, char **address)
{
    doorman->listener = test_listen_silently(address);
    return g_unix_fd_add(doorman->listener, G_IO_IN, on_connection, doorman);
}

static void stop_doorman(Doorman *doorman, guint source)
{
    g_source_remove(source);
    close(doorman->listener);
    for (guint i = 0; !doorman->closes && i < doorman->taken; i++)
        close(doorman->kept[i]);
}

/* A second look can be given up at once, by a call to connect again or by the end of the bus. */
static void test_given_up(void)
{
    TestBroker broker;
    g_autofree char *address = NULL;
    Doorman doorman = { 0 };
    guint source = start_doorman(&doorman, &address);
    Attempt attempt;
    Peer peer = { 0 };
    HlTime start;

    set_up(&broker, "");
    attempt = attempt_at(&broker);
    attempt.address = address;
    attempt.connect_timeout = HL_SECOND;
    open_peer(&peer, &attempt);
    WAIT_UNTIL(doorman.taken == 2); /* the attempt, and the second look at it */
    g_assert_cmpint(hl_bus_state(peer.bus), ==, HL_BUS_CONNECTING);
    start = hl_clock_mono();
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    g_assert_cmpint(hl_clock_mono() - start, <, 5 * HL_SECOND);
    WAIT_UNTIL(doorman.taken == 4);
    start = hl_clock_mono();
    close_peer(&peer);
    g_assert_cmpint(hl_clock_mono() - start, <, 5 * HL_SECOND);
    g_assert_cmpuint(peer.failures, ==, 0);
    stop_doorman(&doorman, source);
    test_broker_clear(&broker);
}

static int64_t cpu_ms(void)
{
    struct rusage used;

    g_assert_cmpint(getrusage(RUSAGE_SELF, &used), ==, 0);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

static gboolean on_second(gpointer user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

/* Who waits for an answer sleeps: a broker that is slow to answer needs the core itself. */
static void test_wait(void)
{
    TestBroker broker;
    g_autofree char *address = NULL;
    Doorman doorman = { 0 };
    guint source = start_doorman(&doorman, &address);
    Attempt attempt;
    Peer peer = { 0 };
    bool is_over = false;
    int64_t before;

    set_up(&broker, "");
    attempt = attempt_at(&broker);
    attempt.address = address;
    open_peer(&peer, &attempt);
    WAIT_UNTIL(doorman.taken == 1);
    before = cpu_ms();
    g_timeout_add_seconds(1, on_second, &is_over);
    while (!is_over)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(cpu_ms() - before, <, 300);
    close_peer(&peer);
    stop_doorman(&doorman, source);
    test_broker_clear(&broker);
}

/* Looks beside failed attempts; the next attempt may be under way. */
static void expect_looks(const Doorman *doorman, guint attempts, guint looks)
{
    g_assert_cmpuint(doorman->taken, >=, attempts + looks);
    g_assert_cmpuint(doorman->taken, <=, attempts + looks + 1);
}

/* One look stands for the attempts of ten seconds that fail in the same way; after a call to connect again there is one
 * more. */
static void test_looks(void)
{
    TestBroker broker;
    g_autofree char *address = NULL;
    Doorman doorman = { .closes = true };
    guint source = start_doorman(&doorman, &address);
    Attempt attempt;
    Peer peer = { 0 };

    set_up(&broker, "");
    attempt = attempt_at(&broker);
    attempt.address = address;
    open_peer(&peer, &attempt);
    WAIT_UNTIL(peer.failures == 3);
    expect_looks(&doorman, 3, 1);
    hl_bus_reconnect(peer.bus, HL_BUS_KEEP_WILL);
    WAIT_UNTIL(peer.failures == 5);
    expect_looks(&doorman, 5, 2);
    close_peer(&peer);
    stop_doorman(&doorman, source);
    test_broker_clear(&broker);
}

/* A server of the right certificate that does not speak MQTT, and sends no ticket by which a client sees that it was
 * accepted. */
static void test_nothing_found(void)
{
    TestBroker broker;
    uint16_t port = test_port();
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
    g_autofree char *ca = NULL;
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    HlChild *server;
    bool has_ended = false;
    Attempt attempt;

    set_up(&broker, "");
    ca = test_broker_path(&broker, "ca.pem");
    cert = test_broker_path(&broker, "server.pem");
    key = test_broker_path(&broker, "server.key");
    const char *argv[] = { "openssl", "s_server", "-accept", address, "-CAfile",      ca,  "-cert", cert, "-key",
                           key,       "-Verify",  "1",       "-www",  "-num_tickets", "0", NULL };
    spec.argv = argv;
    server = hl_child_start(&spec, NULL, on_child_ended, &has_ended, NULL);
    g_assert_nonnull(server);
    WAIT_UNTIL(test_port_is_taken(port));
    attempt = attempt_at(&broker);
    attempt.address = address;
    attempt.connect_timeout = HL_SECOND;
    expect(&attempt, "a second look at the network and the certificates found nothing wrong");
    kill(hl_child_pid(server), SIGKILL);
    WAIT_UNTIL(has_ended);
    test_broker_clear(&broker);
}

/* -------------------------------------------------------------------------------------------------------- the proxy */

static void test_proxy(void)
{
    TestBroker broker;
    uint16_t port = test_port();
    g_autofree char *port_text = g_strdup_printf("%u", port);
    g_autofree char *wrong = g_strdup_printf("http://me:other@127.0.0.1:%u", port);
    g_autofree char *right = g_strdup_printf("http://me:s3%%40cret@127.0.0.1:%u", port);
    g_autofree char *dead = g_strdup_printf("127.0.0.1:%u", test_port());
    g_autofree char *dead_proxy = g_strdup_printf("http://me:s3cret@%s", dead);
    g_autofree char *proxy_text = g_strdup_printf("nobody listens at the proxy %s (connection refused)", dead);
    const char *argv[] = { "python3", SUPPORT_DIR "/connect_proxy.py", port_text, "/dev/null", "me:s3@cret", NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    HlChild *proxy;
    bool has_ended = false;
    Attempt attempt;

    set_up(&broker, "");
    spec.argv = argv;
    proxy = hl_child_start(&spec, NULL, on_child_ended, &has_ended, NULL);
    g_assert_nonnull(proxy);
    WAIT_UNTIL(test_port_is_taken(port));
    attempt = attempt_at(&broker);
    attempt.proxy = dead_proxy;
    expect(&attempt, proxy_text);
    attempt.proxy = wrong;
    expect(&attempt, "wants another user name or password (it answers \"407 Proxy Authentication Required\")");
    attempt.proxy = right;
    attempt.address = dead;
    expect(&attempt, "cannot reach the broker (it answers \"502 Bad Gateway\")");
    attempt.address = broker.address;
    attempt.name = NULL; /* what is wrong behind the proxy is seen through it */
    expect(&attempt, "the broker does not accept this certificate: certificate required");
    kill(hl_child_pid(proxy), SIGKILL);
    WAIT_UNTIL(has_ended);
    test_broker_clear(&broker);
}

/* ------------------------------------------------------------------------------------------------- the certificates */

static void test_own_certificate(void)
{
    TestBroker broker;
    TestBroker stranger;
    Attempt attempt;

    set_up(&broker, "");
    set_up(&stranger, "");
    attempt = attempt_at(&broker);
    issue_dated(&broker, "ended", -2 * HL_MINUTE, -HL_MINUTE);
    attempt.name = "ended";
    expect(&attempt, "this machine's own certificate ended at 20");
    issue_dated(&broker, "early", HL_HOUR, 2 * HL_HOUR);
    attempt.name = "early";
    expect(&attempt, "this machine's own certificate is valid from 20");
    attempt.name = "nowhere";
    expect(&attempt, "this machine's own files cannot be used: the certificate in ");
    attempt.name = NULL;
    expect(&attempt, "the broker does not accept this certificate: certificate required (this machine has none)");
    attempt = attempt_at(&broker);
    attempt.issuer = &stranger;
    expect(&attempt, "the broker does not know the authority that issued this machine's certificate");
    test_broker_clear(&broker);
    test_broker_clear(&stranger);
}

static void test_revoked(void)
{
    TestBroker broker;
    g_autofree char *extra = NULL;
    g_autofree char *cert_path = NULL;
    g_autofree char *crl_path = g_strdup_printf("%s/hl-crl-%d.pem", g_get_tmp_dir(), (int)getpid());
    g_autofree char *crl = NULL;
    g_autoptr(HlCert) cert = NULL;
    HlTime now = hl_clock_wall();
    HlRevoked revoked = { .at = now - HL_MINUTE };
    Attempt attempt;

    set_up(&broker, "");
    cert_path = test_broker_path(&broker, "e-1.pem");
    cert = hl_cert_load(cert_path, NULL);
    revoked.serial = hl_cert_info(cert)->serial;
    crl = hl_crl_make(broker.ca, broker.ca_key, &revoked, 1, 1, now - HL_MINUTE, now + HL_DAY, NULL);
    g_assert_true(hl_file_write_text(crl_path, crl, 0644, NULL));
    extra = test_broker_path(&broker, "mosquitto.conf");
    {
        g_autofree char *conf = hl_file_read_text(extra, 65536, NULL);
        g_autofree char *with_list = g_strdup_printf("%scrlfile %s\n", conf, crl_path);

        g_assert_true(hl_file_write_text(extra, with_list, 0600, NULL));
    }
    test_broker_kill(&broker);
    test_broker_start(&broker);
    attempt = attempt_at(&broker);
    expect(&attempt, "the broker does not accept this certificate: certificate revoked");
    test_broker_clear(&broker);
    unlink(crl_path);
}

static void serve_with(TestBroker *broker, const char *const *names, HlTime begin, HlTime end)
{
    HlTime now = hl_clock_wall();

    test_broker_issue_as(broker, &(HlCertSpec){ "server", HL_CERT_SERVER, names, now + begin, now + end });
    test_broker_kill(broker);
    test_broker_start(broker);
}

static void test_server_certificate(void)
{
    static const char *const others[] = { "av.example.org", "192.0.2.7", "2001:db8::7", NULL };
    static const char *const names[] = { "127.0.0.1", NULL };
    TestBroker broker;
    TestBroker stranger;
    Attempt attempt;

    set_up(&broker, "");
    set_up(&stranger, "");
    attempt = attempt_at(&broker);
    attempt.trusted = &stranger;
    expect(&attempt, "the server's certificate was not issued by the authority in /");
    attempt.trusted = &broker;
    serve_with(&broker, others, -HL_HOUR, HL_DAY);
    expect(&attempt, "is for other names: av.example.org, 192.0.2.7, 2001:db8::7, not 127.0.0.1");
    serve_with(&broker, names, -2 * HL_MINUTE, -HL_MINUTE);
    expect(&attempt, "the server's certificate ended at 20");
    serve_with(&broker, names, HL_HOUR, HL_DAY);
    expect(&attempt, "the server's certificate is valid from 20");
    test_broker_clear(&broker);
    test_broker_clear(&stranger);
}

/* A finding stands for a moment while attempts fail in the same way, and not for anything else. */
static void test_again(void)
{
    TestBroker broker;
    Attempt attempt;
    Peer peer = { 0 };

    set_up(&broker, "");
    test_broker_kill(&broker);
    attempt = attempt_at(&broker);
    open_peer(&peer, &attempt);
    WAIT_UNTIL(peer.failures >= 4);
    g_assert_nonnull(strstr(peer.reason, "nobody listens"));
    test_broker_start(&broker);
    WAIT_UNTIL(peer.ups == 1);
    issue_dated(&broker, "e-1", -2 * HL_MINUTE, -HL_MINUTE);
    peer.failures = 0;
    hl_bus_reconnect(peer.bus, HL_BUS_DROP_WILL);
    WAIT_UNTIL(peer.failures >= 2);
    g_assert_nonnull(strstr(peer.reason, "own certificate ended"));
    issue_dated(&broker, "e-1", -HL_HOUR, HL_DAY);
    WAIT_UNTIL(peer.ups == 2);
    close_peer(&peer);
    test_broker_clear(&broker);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/causes/nobody", test_nobody);
    g_test_add_func("/causes/not-the-broker", test_not_the_broker);
    g_test_add_func("/causes/given-up", test_given_up);
    g_test_add_func("/causes/wait", test_wait);
    g_test_add_func("/causes/looks", test_looks);
    g_test_add_func("/causes/nothing-found", test_nothing_found);
    g_test_add_func("/causes/proxy", test_proxy);
    g_test_add_func("/causes/own-certificate", test_own_certificate);
    g_test_add_func("/causes/revoked", test_revoked);
    g_test_add_func("/causes/server-certificate", test_server_certificate);
    g_test_add_func("/causes/again", test_again);
    return g_test_run();
}
