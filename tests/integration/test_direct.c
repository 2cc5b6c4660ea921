/* SPDX-License-Identifier: Apache-2.0 */
/* The prober (manager) against the direct port (endpoint) and against everybody else who may sit at an address. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint/daemon/link/direct.h"
#include "manager/daemon/ground/prober.h"
#include "proto/direct.h"

#define ID "e-7k3m9x2qv4tb"

typedef struct {
    HlKey *ca_key;
    HlCert *ca;
} Authority;

typedef struct {
    Authority ours, theirs;
    HlTlsContext *manager, *admin, *endpoint, *other_endpoint, *stranger;
    EpDirect *direct, *other, *foreign;
    guint settings, updates;
} Net;

typedef struct {
    MgrReach reach;
    uint8_t told;
    uint32_t generation;
    char *detail;
    guint n;
} Seen;

static Authority make_authority(const char *name)
{
    g_autoptr(GError) error = NULL;
    HlTime now = hl_clock_wall();
    Authority authority;

    authority.ca_key = hl_key_generate(&error);
    authority.ca = hl_cert_make_ca(authority.ca_key, name, now - HL_HOUR, now + HL_DAY, &error);
    g_assert_no_error(error);
    return authority;
}

static HlTlsContext *make_context(const Authority *authority, HlTlsRole role, const char *cn, HlCertKind kind)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = hl_csr_make(key, cn, &error);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = cn, .kind = kind, .not_before = now - HL_MINUTE, .not_after = now + HL_HOUR };
    g_autoptr(HlCert) cert = hl_cert_issue(authority->ca, authority->ca_key, csr, &spec, &error);
    HlTlsContext *context;

    g_assert_no_error(error);
    context = hl_tls_context_new(role, authority->ca, cert, key, &error);
    g_assert_no_error(error);
    return context;
}

static void on_notice(EpDirectNotice notice, gpointer user)
{
    Net *net = user;

    net->settings += notice == EP_DIRECT_SETTINGS_CHANGED;
    net->updates += notice == EP_DIRECT_UPDATE_NOW;
}

static Net *net_new(void)
{
    Net *net = g_new0(Net, 1);

    net->ours = make_authority("ours");
    net->theirs = make_authority("theirs");
    net->manager = make_context(&net->ours, HL_TLS_CLIENT, "manager", HL_CERT_MANAGER);
    net->admin = make_context(&net->ours, HL_TLS_CLIENT, "manager", HL_CERT_ADMIN);
    net->endpoint = make_context(&net->ours, HL_TLS_SERVER, ID, HL_CERT_ENDPOINT);
    net->other_endpoint = make_context(&net->ours, HL_TLS_SERVER, "e-another", HL_CERT_ENDPOINT);
    net->stranger = make_context(&net->theirs, HL_TLS_SERVER, ID, HL_CERT_ENDPOINT);
    net->direct = ep_direct_new("127.0.0.1", 0, net->endpoint, on_notice, net, NULL);
    net->other = ep_direct_new("::1", 0, net->other_endpoint, on_notice, net, NULL);
    net->foreign = ep_direct_new("127.0.0.1", 0, net->stranger, on_notice, net, NULL);
    g_assert_true(net->direct != NULL && net->foreign != NULL);
    return net;
}

static void authority_clear(Authority *authority)
{
    hl_cert_free(authority->ca);
    hl_key_free(authority->ca_key);
}

static void net_free(Net *net)
{
    ep_direct_free(net->direct);
    ep_direct_free(net->other);
    ep_direct_free(net->foreign);
    hl_tls_context_free(net->manager);
    hl_tls_context_free(net->admin);
    hl_tls_context_free(net->endpoint);
    hl_tls_context_free(net->other_endpoint);
    hl_tls_context_free(net->stranger);
    authority_clear(&net->ours);
    authority_clear(&net->theirs);
    g_free(net);
}

static void on_result(const MgrDialResult *result, gpointer user)
{
    Seen *seen = user;

    g_assert_cmpstr(result->endpoint, ==, ID);
    g_free(seen->detail);
    *seen = (Seen){ .reach = result->reach,
                    .told = result->told,
                    .generation = result->generation,
                    .detail = g_strdup(result->detail),
                    .n = seen->n + 1 };
}

static void clear_detail(Seen *seen)
{
    g_free(seen->detail);
}

#define PATIENT (20 * HL_SECOND) /* a dial that ends by itself, on a busy machine */
#define SHORT   700              /* ms; one that is to last until its deadline */

static Seen probe_for(HlTlsContext *context, const char *address, uint16_t port, const MgrProberLimits *limits,
                      uint8_t tell)
{
    Seen seen = { 0 };
    g_autoptr(MgrProber) prober = NULL;
    MgrDial dial = { .endpoint = ID, .address = address, .port = port, .tell = tell, .generation = 77 };

    prober = mgr_prober_new(limits, context, on_result, &seen, NULL);
    g_assert_true(mgr_prober_dial(prober, &dial));
    while (seen.n == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(seen.generation, ==, 77);
    return seen;
}

/* Both ends are on this machine. */
static MgrProberLimits limits_of(HlTime deadline)
{
    MgrProberLimits limits = mgr_prober_limits;

    limits.deadline = deadline;
    limits.trial = true;
    return limits;
}

static Seen probe(HlTlsContext *context, const char *address, uint16_t port, uint8_t tell)
{
    MgrProberLimits limits = limits_of(PATIENT);

    return probe_for(context, address, port, &limits, tell);
}

static void expect_within(HlTlsContext *context, const char *address, uint16_t port, MgrReach reach, HlTime deadline)
{
    MgrProberLimits limits = limits_of(deadline);
    __attribute__((cleanup(clear_detail))) Seen seen = probe_for(context, address, port, &limits, MGR_DIAL_PING);

    g_test_message("%s:%u: %s (%s)", address, port, mgr_reach_name(seen.reach), seen.detail);
    g_assert_cmpstr(mgr_reach_name(seen.reach), ==, mgr_reach_name(reach));
}

static void expect(HlTlsContext *context, const char *address, uint16_t port, MgrReach reach)
{
    expect_within(context, address, port, reach, PATIENT);
}

static void test_reachable(void)
{
    Net *net = net_new();
    __attribute__((cleanup(clear_detail))) Seen seen = { 0 };

    expect(net->manager, "127.0.0.1", ep_direct_port(net->direct), MGR_REACH_REACHABLE);
    g_assert_cmpuint(net->settings + net->updates, ==, 0);
    seen = probe(net->manager, "127.0.0.1", ep_direct_port(net->direct), MGR_DIAL_SETTINGS | MGR_DIAL_UPDATE_NOW);
    g_assert_cmpint(seen.reach, ==, MGR_REACH_REACHABLE);
    g_assert_cmpuint(seen.told, ==, MGR_DIAL_SETTINGS | MGR_DIAL_UPDATE_NOW);
    g_assert_cmpuint(net->settings, ==, 1);
    g_assert_cmpuint(net->updates, ==, 1);
    g_assert_cmpuint(ep_direct_count(net->direct).answered, ==, 4);
    g_assert_cmpuint(ep_direct_count(net->direct).strangers, ==, 0);
    net_free(net);
}

/* A listener in C that takes connections and does one thing with them. */
typedef enum { SILENT, CLOSES, TALKS } Manner;

typedef struct {
    int fd;
    Manner manner;
    guint taken;
} Printer;

static gboolean on_printer(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    static const char banner[] = "220 laser ready\r\n";
    Printer *printer = user;
    int taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    printer->taken++;
    if (printer->manner == TALKS)
        g_assert_cmpint(send(taken, banner, sizeof banner, MSG_NOSIGNAL), >, 0);
    if (printer->manner != SILENT)
        close(taken);
    return G_SOURCE_CONTINUE; /* a silent one keeps it until the process ends */
}

static int listen_loopback(int backlog, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, backlog), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void test_wrong_host(void)
{
    Net *net = net_new();
    __attribute__((cleanup(clear_detail))) Seen seen = { 0 };

    for (int manner = SILENT; manner <= TALKS; manner++) {
        uint16_t port;
        Printer printer = { .fd = listen_loopback(5, &port), .manner = (Manner)manner };
        guint source = g_unix_fd_add(printer.fd, G_IO_IN, on_printer, &printer);

        expect_within(net->manager, "127.0.0.1", port, MGR_REACH_WRONG_HOST, manner == SILENT ? SHORT : PATIENT);
        g_assert_cmpuint(printer.taken, ==, 1);
        g_source_remove(source);
        close(printer.fd);
    }
    if (net->other != NULL) { /* a kernel with IPv6 */
        seen = probe(net->manager, "::1", ep_direct_port(net->other), MGR_DIAL_SETTINGS);
        g_assert_cmpint(seen.reach, ==, MGR_REACH_WRONG_HOST);
        g_assert_nonnull(strstr(seen.detail, "e-another"));
        g_assert_cmpuint(seen.told, ==, 0);
        g_assert_cmpuint(net->settings, ==, 0);
    }
    expect(net->manager, "127.0.0.1", ep_direct_port(net->foreign), MGR_REACH_WRONG_HOST); /* same id, another CA */
    net_free(net);
}

/* A kernel that drops a SYN: the queue of a listener that never accepts is full. */
static void test_timeout(void)
{
    Net *net = net_new();
    uint16_t port;
    int fd = listen_loopback(0, &port);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fillers[8];

    for (gsize i = 0; i < G_N_ELEMENTS(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        g_assert_true(connect(fillers[i], (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    }
    expect_within(net->manager, "127.0.0.1", port, MGR_REACH_TIMEOUT, SHORT);
    for (gsize i = 0; i < G_N_ELEMENTS(fillers); i++)
        close(fillers[i]);
    close(fd);
    net_free(net);
}

static void test_no_way(void)
{
    Net *net = net_new();
    uint16_t port;
    int fd = listen_loopback(1, &port);

    close(fd);
    expect(net->manager, "127.0.0.1", port, MGR_REACH_REFUSED);
    expect(net->manager, "", 61000, MGR_REACH_NO_ROUTE);
    expect(net->manager, "printer.example", 61000, MGR_REACH_NO_ROUTE);
    expect(net->manager, "127.0.0.1", 0, MGR_REACH_NO_ROUTE);
    expect(net->manager, "0.0.0.0", ep_direct_port(net->direct), MGR_REACH_NO_ROUTE); /* would be this host */
    expect(net->manager, "224.0.0.1", 61000, MGR_REACH_NO_ROUTE);
    expect(net->manager, "255.255.255.255", 61000, MGR_REACH_NO_ROUTE);
    net_free(net);
}

/* An admin's certificate is of the same CA, and still not the manager's. */
static void test_not_the_manager(void)
{
    Net *net = net_new();
    __attribute__((cleanup(clear_detail))) Seen seen =
        probe(net->admin, "127.0.0.1", ep_direct_port(net->direct), MGR_DIAL_UPDATE_NOW);

    g_assert_cmpint(seen.reach, ==, MGR_REACH_REFUSED);
    g_assert_cmpuint(seen.told, ==, 0);
    g_assert_cmpuint(net->updates, ==, 0);
    g_assert_cmpuint(ep_direct_count(net->direct).strangers, ==, 1);
    net_free(net);
}

typedef struct {
    int fd;
    HlTls *tls;
} Client;

static Client client_open(Net *net)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(ep_direct_port(net->direct)),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    Client client = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    HlTlsOutcome outcome;

    g_assert_cmpint(connect(client.fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_unix_set_fd_nonblocking(client.fd, TRUE, NULL);
    client.tls = hl_tls_new(net->manager, client.fd);
    while ((outcome = hl_tls_handshake(client.tls)) == HL_TLS_WANT_READ)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(outcome, ==, HL_TLS_DONE);
    return client;
}

static void client_close(Client *client)
{
    hl_tls_free(client->tls);
    close(client->fd);
}

/* Sends the bytes and reads one answer; false when the endpoint ended the connection instead. */
static bool exchange(Client *client, const uint8_t request[HL_DIRECT_SIZE], HlDirectFrame *answer)
{
    uint8_t bytes[HL_DIRECT_SIZE];
    HlTlsOutcome outcome = hl_tls_write(client->tls, request, HL_DIRECT_SIZE, &(gsize){ 0 });

    for (gsize n, have = 0; have < sizeof bytes;) {
        outcome = hl_tls_read(client->tls, bytes + have, sizeof bytes - have, &n);
        have += n;
        if (outcome == HL_TLS_CLOSED || outcome == HL_TLS_FAILED)
            return false;
        if (outcome == HL_TLS_WANT_READ)
            g_main_context_iteration(NULL, TRUE);
    }
    return hl_direct_unpack(bytes, answer);
}

static void test_protocol(void)
{
    Net *net = net_new();
    HlDirectFrame frame = { .kind = 99, .number = 0x0123456789abcdef };
    uint8_t bytes[HL_DIRECT_SIZE];
    Client client = client_open(net);

    hl_direct_pack(&frame, bytes);
    g_assert_true(exchange(&client, bytes, &frame));
    g_assert_cmpint(frame.answer, ==, HL_DIRECT_UNKNOWN);
    g_assert_cmpuint(frame.number, ==, 0x0123456789abcdef);
    frame = (HlDirectFrame){ .kind = HL_DIRECT_SETTINGS_CHANGED };
    hl_direct_pack(&frame, bytes);
    for (int i = 0; i < 7; i++) {
        g_assert_true(exchange(&client, bytes, &frame));
        g_assert_cmpint(frame.answer, ==, HL_DIRECT_TAKEN);
    }
    g_assert_true(exchange(&client, bytes, &frame));
    g_assert_cmpint(frame.answer, ==, HL_DIRECT_BUSY); /* and the connection ends */
    g_assert_false(exchange(&client, bytes, &frame));
    g_assert_cmpuint(net->settings, ==, 7);
    client_close(&client);

    client = client_open(net);
    g_assert_false(exchange(&client, (const uint8_t *)"GET / HTTP/1.0\r\n", &frame));
    g_assert_cmpuint(ep_direct_count(net->direct).cut, ==, 1);
    client_close(&client);
    expect(net->manager, "127.0.0.1", ep_direct_port(net->direct), MGR_REACH_REACHABLE);
    net_free(net);
}

/* Many who connect and say nothing hold few places, and a free one serves the manager. */
static void test_hoarders(void)
{
    Net *net = net_new();
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(ep_direct_port(net->direct)),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fds[15];

    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(connect(fds[i], (struct sockaddr *)&address, sizeof address), ==, 0);
    }
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(ep_direct_count(net->direct).accepted, ==, 8);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    expect(net->manager, "127.0.0.1", ep_direct_port(net->direct), MGR_REACH_REACHABLE);
    g_assert_cmpuint(ep_direct_count(net->direct).strangers, ==, 15);
    net_free(net);
}

/* Anyone who enrols chooses the address: the server's own services get no connect by it. */
static void test_strangers_addresses(void)
{
    Net *net = net_new();
    uint16_t port;
    Printer printer = { .fd = listen_loopback(SOMAXCONN, &port), .manner = SILENT };
    Seen seen = probe_for(net->manager, "127.0.0.1", port, &mgr_prober_limits, MGR_DIAL_PING);
    GPollFD connects = { .fd = printer.fd, .events = G_IO_IN };

    g_assert_cmpint(seen.reach, ==, MGR_REACH_NO_ROUTE);
    g_assert_cmpstr(seen.detail, ==, "it is a loopback address, which the manager does not dial");
    clear_detail(&seen);
    g_assert_cmpint(g_poll(&connects, 1, 0), ==, 0);
    close(printer.fd);
    net_free(net);
}

static void test_ended_with_dials_under_way(void)
{
    Net *net = net_new();
    uint16_t port;
    Printer printer = { .fd = listen_loopback(SOMAXCONN, &port), .manner = SILENT };
    MgrProberLimits limits = mgr_prober_limits;
    MgrDial dial = { .endpoint = ID, .address = "127.0.0.1", .port = port };
    Seen seen = { 0 };
    MgrProber *prober;

    limits.waiting = 100;
    limits.trial = true;
    prober = mgr_prober_new(&limits, net->manager, on_result, &seen, NULL);
    for (int i = 0; i < 100; i++)
        g_assert_true(mgr_prober_dial(prober, &dial));
    g_assert_false(mgr_prober_dial(prober, &dial)); /* a bound, and the caller knows */
    mgr_prober_free(prober);
    g_assert_cmpuint(seen.n, ==, 0);
    close(printer.fd);
    net_free(net);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/direct/reachable", test_reachable);
    g_test_add_func("/direct/wrong-host", test_wrong_host);
    g_test_add_func("/direct/timeout", test_timeout);
    g_test_add_func("/direct/no-way", test_no_way);
    g_test_add_func("/direct/not-the-manager", test_not_the_manager);
    g_test_add_func("/direct/protocol", test_protocol);
    g_test_add_func("/direct/hoarders", test_hoarders);
    g_test_add_func("/direct/strangers-addresses", test_strangers_addresses);
    g_test_add_func("/direct/ended-with-dials-under-way", test_ended_with_dials_under_way);
    return g_test_run();
}
