/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/link/direct.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "proto/direct.h"

/* One manager dials: a handful of connections is plenty.  A handshake costs 2 ms of CPU, so that 20 a second cost 4 %
 * of a core at most, however many clients hammer at the port. */
#define MAX_CONNECTIONS  8
#define MAX_REQUESTS     8
#define RATE             20
#define CONNECTION_LIMIT (10 * HL_SECOND)

typedef struct {
    EpDirect *direct;
    int fd;
    HlTls *tls;
    GSource *watch; /* of the socket, for the direction that TLS waits for */
    GSource *limit;
    bool up; /* handshake done, and it is the manager */
    uint8_t in[HL_DIRECT_SIZE], out[HL_DIRECT_SIZE];
    gsize in_n, out_n; /* received of a request; sent of an answer, HL_DIRECT_SIZE: nothing to send */
    int requests;
} Connection;

struct EpDirect {
    int fd;
    uint16_t port;
    HlTlsContext *context;
    EpDirectHandler handler;
    gpointer user;
    GPtrArray *connections;
    GSource *accept_watch;
    GSource *pause;
    int tokens; /* connections that may still be accepted in this second */
    HlTime tokens_at;
    EpDirectCounts counts;
};

static void listen_on(EpDirect *direct);

static void drop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static void connection_free(gpointer data)
{
    Connection *connection = data;

    drop_source(&connection->watch);
    drop_source(&connection->limit);
    hl_tls_close(connection->tls);
    hl_tls_free(connection->tls);
    close(connection->fd);
    g_free(connection);
}

static void end(Connection *connection)
{
    EpDirect *direct = connection->direct;

    g_ptr_array_remove_fast(direct->connections, connection);
    if (direct->accept_watch == NULL && direct->pause == NULL)
        listen_on(direct);
}

static HlDirectAnswer answer(EpDirect *direct, uint8_t kind)
{
    switch (kind) {
    case HL_DIRECT_PING:
        return HL_DIRECT_TAKEN;
    case HL_DIRECT_SETTINGS_CHANGED:
    case HL_DIRECT_UPDATE_NOW:
        direct->counts.notices++;
        direct->handler(kind == HL_DIRECT_UPDATE_NOW ? EP_DIRECT_UPDATE_NOW : EP_DIRECT_SETTINGS_CHANGED, direct->user);
        return HL_DIRECT_TAKEN;
    default:
        return HL_DIRECT_UNKNOWN;
    }
}

/* A whole request was received: puts the answer into out.  false: not the protocol. */
static bool serve(Connection *connection)
{
    EpDirect *direct = connection->direct;
    HlDirectFrame frame;

    if (!hl_direct_unpack(connection->in, &frame) || frame.answer != HL_DIRECT_REQUEST) {
        direct->counts.cut++;
        return false;
    }
    frame.answer =
        connection->requests++ < MAX_REQUESTS ? (uint8_t)answer(direct, frame.kind) : (uint8_t)HL_DIRECT_BUSY;
    hl_direct_pack(&frame, connection->out);
    connection->in_n = connection->out_n = 0;
    direct->counts.answered++;
    return true;
}

static HlTlsOutcome greet(Connection *connection)
{
    HlTlsOutcome outcome = hl_tls_handshake(connection->tls);

    if (outcome == HL_TLS_DONE && hl_tls_peer_kind(connection->tls) == HL_CERT_MANAGER) {
        connection->up = true;
    } else if (outcome == HL_TLS_DONE || outcome == HL_TLS_FAILED) {
        connection->direct->counts.strangers++;
        hl_log_limited(HL_LOG_INFO, "direct", "stranger", "a dial was rejected: %s",
                       outcome == HL_TLS_DONE ? "its certificate is not the manager's"
                                              : hl_tls_problem(connection->tls));
        return HL_TLS_FAILED;
    }
    return outcome;
}

/* As far as the socket allows now. */
static HlTlsOutcome advance(Connection *connection)
{
    HlTlsOutcome outcome = HL_TLS_DONE;
    gsize n;

    while (outcome == HL_TLS_DONE) {
        if (!connection->up) {
            outcome = greet(connection);
        } else if (connection->out_n < HL_DIRECT_SIZE) {
            outcome = hl_tls_write(connection->tls, connection->out + connection->out_n,
                                   HL_DIRECT_SIZE - connection->out_n, &n);
            connection->out_n += n;
        } else if (connection->requests > MAX_REQUESTS) {
            return HL_TLS_CLOSED; /* the last one was answered with BUSY, and that went out */
        } else {
            outcome =
                hl_tls_read(connection->tls, connection->in + connection->in_n, HL_DIRECT_SIZE - connection->in_n, &n);
            connection->in_n += n;
            if (connection->in_n == HL_DIRECT_SIZE && !serve(connection))
                return HL_TLS_FAILED;
        }
    }
    return outcome;
}

static gboolean on_socket(int fd, GIOCondition condition, gpointer user);

static void watch(Connection *connection, GIOCondition condition)
{
    drop_source(&connection->watch);
    connection->watch = g_unix_fd_source_new(connection->fd, condition);
    g_source_set_callback(connection->watch, G_SOURCE_FUNC(on_socket), connection, NULL);
    g_source_attach(connection->watch, NULL);
}

static gboolean on_socket(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    Connection *connection = user;

    switch (advance(connection)) {
    case HL_TLS_WANT_READ:
        watch(connection, G_IO_IN);
        break;
    case HL_TLS_WANT_WRITE:
        watch(connection, G_IO_OUT);
        break;
    case HL_TLS_DONE: /* advance goes on while it can */
    case HL_TLS_CLOSED:
    case HL_TLS_FAILED:
        end(connection);
        break;
    }
    return G_SOURCE_REMOVE; /* watch() made a new one, or the connection is gone */
}

static gboolean on_limit(gpointer user)
{
    Connection *connection = user;

    connection->direct->counts.cut++;
    end(connection);
    return G_SOURCE_REMOVE;
}

static void welcome(EpDirect *direct, int fd)
{
    Connection *connection = g_new0(Connection, 1);
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    direct->counts.accepted++;
    connection->direct = direct;
    connection->fd = fd;
    connection->tls = hl_tls_new(direct->context, fd);
    connection->out_n = HL_DIRECT_SIZE;
    connection->limit = g_timeout_source_new(CONNECTION_LIMIT);
    g_source_set_callback(connection->limit, on_limit, connection, NULL);
    g_source_attach(connection->limit, NULL);
    g_ptr_array_add(direct->connections, connection);
    watch(connection, G_IO_IN);
}

static gboolean on_pause_over(gpointer user)
{
    EpDirect *direct = user;

    drop_source(&direct->pause);
    listen_on(direct);
    return G_SOURCE_REMOVE;
}

static void pause_accepting(EpDirect *direct)
{
    direct->pause = g_timeout_source_new(HL_SECOND / RATE);
    g_source_set_callback(direct->pause, on_pause_over, direct, NULL);
    g_source_attach(direct->pause, NULL);
}

/* A token bucket that holds one second's worth. */
static bool take_token(EpDirect *direct)
{
    HlTime now = hl_clock_mono();
    int earned = (int)MIN((now - direct->tokens_at) * RATE / HL_SECOND, RATE);

    /* only then: if every look moved the time on, looking more than RATE times a second would earn nothing */
    if (earned > 0) {
        direct->tokens = MIN(direct->tokens + earned, RATE);
        direct->tokens_at = now;
    }
    if (direct->tokens == 0)
        return false;
    direct->tokens--;
    return true;
}

static gboolean on_accept(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    EpDirect *direct = user;

    while (direct->connections->len < MAX_CONNECTIONS) {
        int accepted;

        if (!take_token(direct)) {
            drop_source(&direct->accept_watch);
            pause_accepting(direct);
            return G_SOURCE_REMOVE;
        }
        accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) {
            direct->tokens++;
            if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
                return G_SOURCE_CONTINUE;
            hl_log_limited(HL_LOG_WARN, "direct", "accept", "accept: %s", g_strerror(errno));
            drop_source(&direct->accept_watch); /* out of descriptors: the loop must not spin on it */
            pause_accepting(direct);
            return G_SOURCE_REMOVE;
        }
        welcome(direct, accepted);
    }
    drop_source(&direct->accept_watch); /* the end of a connection listens again */
    return G_SOURCE_REMOVE;
}

static void listen_on(EpDirect *direct)
{
    direct->accept_watch = g_unix_fd_source_new(direct->fd, G_IO_IN);
    g_source_set_callback(direct->accept_watch, G_SOURCE_FUNC(on_accept), direct, NULL);
    g_source_attach(direct->accept_watch, NULL);
}

/* A listening socket on one address; -1 with errno. */
static int open_socket(const struct sockaddr *address, socklen_t size)
{
    hl_autofd int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, zero = 0;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, address, size) < 0 || listen(fd, SOMAXCONN) < 0)
        return -1;
    return hl_fd_steal(&fd);
}

static int open_listener(const char *text, uint16_t port, GError **error)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_ANY) } };
    bool is_v4 = text != NULL && inet_pton(AF_INET, text, &v4.sin_addr) == 1;
    bool is_v6 = text == NULL || (!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    int fd = -1;

    if (!is_v4 && !is_v6) {
        hl_fail(error, HL_ERROR_INVALID, "direct port: '%s' is not an IP address", text);
        return -1;
    }
    if (is_v6)
        fd = open_socket((struct sockaddr *)&v6, sizeof v6);
    if (fd < 0 && (is_v4 || (text == NULL && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))))
        fd = open_socket((struct sockaddr *)&v4, sizeof v4); /* a kernel without IPv6 */
    if (fd < 0)
        hl_fail_errno(error, errno, "direct port %u cannot be opened; choose another in the group's settings", port);
    return fd;
}

EpDirect *ep_direct_new(const char *address, uint16_t port, HlTlsContext *context, EpDirectHandler handler,
                        gpointer user, GError **error)
{
    int fd = open_listener(address, port, error);
    struct sockaddr_in6 bound = { 0 }; /* the port is at the same offset in an IPv4 address */
    socklen_t size = sizeof bound;
    EpDirect *direct;

    if (fd < 0)
        return NULL;
    getsockname(fd, (struct sockaddr *)&bound, &size);
    direct = g_new0(EpDirect, 1);
    direct->fd = fd;
    direct->port = ntohs(bound.sin6_port);
    direct->context = context;
    direct->handler = handler;
    direct->user = user;
    direct->connections = g_ptr_array_new_with_free_func(connection_free);
    direct->tokens = RATE;
    direct->tokens_at = hl_clock_mono();
    listen_on(direct);
    return direct;
}

void ep_direct_free(EpDirect *direct)
{
    if (direct == NULL)
        return;
    drop_source(&direct->accept_watch);
    drop_source(&direct->pause);
    g_ptr_array_unref(direct->connections);
    close(direct->fd);
    g_free(direct);
}

uint16_t ep_direct_port(const EpDirect *direct)
{
    return direct->port;
}

EpDirectCounts ep_direct_count(const EpDirect *direct)
{
    return direct->counts;
}
