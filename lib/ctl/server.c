/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctl/server.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/ctl/address.h"
#include "lib/ctl/frame.h"

#define DEFAULT_PEERS 32
#define ROOTS_SHARE   8 /* one place in so many */
#define DEFAULT_IDLE  (10 * HL_MINUTE)
#define DEFAULT_QUEUE ((gsize)4 * 1024 * 1024)
#define BACKLOG       64
#define READ_SIZE     (64 * 1024)

/* Descriptors received whose frame is not complete yet.  A peer sends at most one per frame, and rarely two frames at
 * once. */
#define MAX_FDS 4

struct HlCtlServer {
    char *path;
    dev_t device; /* of the socket file, so that only ours is removed */
    ino_t inode;
    int fd;
    GMainContext *context;
    GSource *listener; /* NULL while the process is out of descriptors */
    GSource *sweep;    /* NULL while there is nobody who could be idle, and connections are accepted */
    GPtrArray *peers;
    HlCtlHandler handler;
    HlCtlClosed closed;
    HlCtlDrained drained;
    gpointer user;
    guint max_peers;
    HlTime idle;
    gsize max_queue;
};

struct HlCtlPeer {
    gatomicrefcount refs;
    HlCtlServer *server; /* NULL once closed */
    int fd;
    struct ucred who;
    GSource *readable, *writable; /* writable: NULL while nothing waits */
    HlFrameParser parser;
    int fds[MAX_FDS];
    guint n_fds;
    GQueue out;         /* of GBytes */
    gsize queued, sent; /* bytes in out; of its head, already sent */
    HlTime active;      /* mono */
    guint held;         /* answers that it waits for, however long they take */
    bool kept;
};

/* -- peers -- */

static HlCtlPeer *peer_ref(HlCtlPeer *peer)
{
    g_atomic_ref_count_inc(&peer->refs);
    return peer;
}

static void peer_unref(HlCtlPeer *peer)
{
    if (peer == NULL || !g_atomic_ref_count_dec(&peer->refs))
        return;
    hl_frame_parser_clear(&peer->parser);
    g_free(peer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCtlPeer, peer_unref)

static void drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_source_unref(*source);
    *source = NULL;
}

static void close_peer(HlCtlPeer *peer)
{
    HlCtlServer *server = g_steal_pointer(&peer->server);

    if (server == NULL)
        return;
    drop_source(&peer->readable);
    drop_source(&peer->writable);
    hl_fd_clear(&peer->fd);
    while (peer->n_fds > 0)
        hl_fd_clear(&peer->fds[--peer->n_fds]);
    g_queue_clear_full(&peer->out, (GDestroyNotify)g_bytes_unref);
    if (server->closed != NULL)
        server->closed(peer, server->user);
    g_ptr_array_remove_fast(server->peers, peer); /* drops the server's reference */
}

/* Closes a peer that broke a rule.  The log's key is the uid, so that a loop of new connections is one line. */
static void expel(HlCtlPeer *peer, const char *reason)
{
    g_autofree char *key = g_strdup_printf("%u", (unsigned)peer->who.uid);

    hl_log_limited(HL_LOG_WARN, "control", key, "closed the connection of process %d (user %u): %s", (int)peer->who.pid,
                   (unsigned)peer->who.uid, reason);
    close_peer(peer);
}

static GSource *watch(HlCtlServer *server, int fd, GIOCondition condition, GUnixFDSourceFunc callback, gpointer user)
{
    GSource *source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(callback), user, NULL);
    g_source_set_static_name(source, "control");
    g_source_attach(source, server->context);
    return source;
}

/* -- sending -- */

/* Writes as much as the socket takes.  false: the peer was closed. */
static bool flush_peer(HlCtlPeer *peer)
{
    for (GBytes *head; (head = g_queue_peek_head(&peer->out)) != NULL;) {
        gsize size = 0;
        const guint8 *data = g_bytes_get_data(head, &size);
        ssize_t n = send(peer->fd, data + peer->sent, size - peer->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0) {
            close_peer(peer); /* it has gone away: nothing to report */
            return false;
        }
        peer->active = hl_clock_mono();
        peer->sent += (gsize)n;
        peer->queued -= (gsize)n;
        if (peer->sent < size)
            continue;
        peer->sent = 0;
        g_bytes_unref(g_queue_pop_head(&peer->out));
    }
    return true;
}

static gboolean on_writable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    g_autoptr(HlCtlPeer) peer = peer_ref(user);

    if (!flush_peer(peer) || !g_queue_is_empty(&peer->out))
        return G_SOURCE_CONTINUE;
    drop_source(&peer->writable);
    if (peer->server->drained != NULL)
        peer->server->drained(peer, peer->server->user);
    return G_SOURCE_CONTINUE; /* a destroyed source does not return, whatever the result */
}

static void want_writable(HlCtlPeer *peer)
{
    if (peer->writable == NULL && !g_queue_is_empty(&peer->out))
        peer->writable = watch(peer->server, peer->fd, G_IO_OUT, on_writable, peer);
}

bool hl_ctl_send(HlCtlPeer *peer, GBytes *frame)
{
    g_autoptr(HlCtlPeer) kept G_GNUC_UNUSED = peer_ref(peer);
    GBytes *packed;

    if (peer->server == NULL)
        return false;
    packed = hl_frame_pack(frame, false);
    if (peer->queued + g_bytes_get_size(packed) > peer->server->max_queue) {
        g_bytes_unref(packed);
        expel(peer, "it does not read its answers");
        return false;
    }
    peer->queued += g_bytes_get_size(packed);
    g_queue_push_tail(&peer->out, packed);
    if (peer->writable == NULL && !flush_peer(peer))
        return false;
    want_writable(peer);
    return true;
}

void hl_ctl_hold(HlCtlPeer *peer)
{
    peer->held++;
}

void hl_ctl_release(HlCtlPeer *peer)
{
    g_assert(peer->held > 0);
    peer->held--;
    peer->active = hl_clock_mono();
}

void hl_ctl_keep(HlCtlPeer *peer)
{
    peer->kept = true;
}

bool hl_ctl_is_waiting(const HlCtlPeer *peer)
{
    return peer->queued > 0;
}

/* -- receiving -- */

/* Takes over the descriptors of a message.  NULL, or what is wrong with them. */
static const char *take_fds(HlCtlPeer *peer, struct msghdr *message)
{
    const char *problem = (message->msg_flags & MSG_CTRUNC) != 0 ? "it sent too many descriptors at once" : NULL;

    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
        gsize count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (gsize i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (peer->n_fds < MAX_FDS) {
                peer->fds[peer->n_fds++] = fd;
            } else {
                close(fd);
                problem = "it sent descriptors without frames for them";
            }
        }
    }
    return problem;
}

/* The oldest descriptor, now the caller's; -1 if there is none. */
static int pop_fd(HlCtlPeer *peer)
{
    int fd = peer->fds[0];

    if (peer->n_fds == 0)
        return -1;
    peer->n_fds--;
    memmove(peer->fds, peer->fds + 1, peer->n_fds * sizeof peer->fds[0]);
    return fd;
}

static void handle_frames(HlCtlPeer *peer)
{
    while (peer->server != NULL) {
        g_autofree char *reason = NULL;
        g_autoptr(GBytes) frame = NULL;
        bool with_fd = false;
        uint32_t length = 0;
        int fd = -1;

        switch (hl_frame_parser_next(&peer->parser, &frame, &with_fd, &length)) {
        case HL_FRAME_MORE:
            return;
        case HL_FRAME_TOO_LONG:
            reason = g_strdup_printf("it announced a frame of %u bytes, the limit is %d", length, HL_FRAME_MAX);
            expel(peer, reason);
            return;
        case HL_FRAME_READY:
            break;
        }
        if (with_fd && (fd = pop_fd(peer)) < 0) {
            expel(peer, "it announced a descriptor but sent none");
            return;
        }
        peer->server->handler(peer, frame, fd, peer->server->user);
    }
}

static gboolean on_readable(int socket_fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    g_autoptr(HlCtlPeer) peer = peer_ref(user);
    guint8 buffer[READ_SIZE];
    union {
        char bytes[CMSG_SPACE(sizeof(int) * MAX_FDS)];
        struct cmsghdr aligned;
    } control;
    struct iovec part = { .iov_base = buffer, .iov_len = sizeof buffer };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    ssize_t n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    const char *problem;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        close_peer(peer);
        return G_SOURCE_REMOVE;
    }
    peer->active = hl_clock_mono();
    problem = take_fds(peer, &message);
    if (problem != NULL) {
        expel(peer, problem);
        return G_SOURCE_REMOVE;
    }
    hl_frame_parser_feed(&peer->parser, buffer, (gsize)n);
    handle_frames(peer);
    return G_SOURCE_CONTINUE;
}

/* -- accepting -- */

static gboolean on_sweep(gpointer user);

static void want_sweep(HlCtlServer *server)
{
    if (server->sweep != NULL)
        return;
    server->sweep = g_timeout_source_new((guint)CLAMP(server->idle / 4, 10, HL_SECOND));
    g_source_set_callback(server->sweep, on_sweep, server, NULL);
    g_source_attach(server->sweep, server->context);
}

/* A user may hold half of the places, so that one cannot lock out the others, and all users together leave some for
 * root, who would have to help then. */
static bool has_place(const HlCtlServer *server, const struct ucred *who)
{
    guint all = 0;
    guint own = 0;

    for (guint i = 0; i < server->peers->len; i++) {
        const HlCtlPeer *peer = server->peers->pdata[i];

        all += !peer->kept;
        own += !peer->kept && peer->who.uid == who->uid;
    }
    if (who->uid == 0)
        return all < server->max_peers;
    return all < server->max_peers - server->max_peers / ROOTS_SHARE && own < MAX(server->max_peers / 2, 1);
}

static void add_peer(HlCtlServer *server, int fd, const struct ucred *who)
{
    HlCtlPeer *peer = g_new0(HlCtlPeer, 1);

    g_atomic_ref_count_init(&peer->refs);
    peer->server = server;
    peer->fd = fd;
    peer->who = *who;
    peer->active = hl_clock_mono();
    hl_frame_parser_init(&peer->parser);
    g_queue_init(&peer->out);
    g_ptr_array_add(server->peers, peer);
    peer->readable = watch(server, fd, G_IO_IN | G_IO_HUP, on_readable, peer);
    want_sweep(server);
}

static gboolean on_connection(int listener, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    HlCtlServer *server = user;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who = { 0 };
    socklen_t size = sizeof who;

    if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
        close(fd); /* a peer that cannot be identified is not served */
    } else if (fd >= 0 && has_place(server, &who)) {
        add_peer(server, fd, &who);
    } else if (fd >= 0) {
        hl_log_limited(HL_LOG_WARN, "control", "full", "refused a connection from user %u to %s: %u are already open",
                       who.uid, server->path, server->peers->len);
        close(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        /* the connection stays in the backlog and the socket readable: pause until the next sweep instead of
         * spinning */
        hl_log_limited(HL_LOG_WARN, "control", "accept", "cannot accept on %s: %s", server->path, g_strerror(errno));
        drop_source(&server->listener);
        want_sweep(server);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_sweep(gpointer user)
{
    HlCtlServer *server = user;
    HlTime limit = hl_clock_mono() - server->idle;
    guint passing = 0;

    for (guint i = server->peers->len; i > 0; i--) {
        HlCtlPeer *peer = i <= server->peers->len ? g_ptr_array_index(server->peers, i - 1) : NULL;

        if (peer == NULL || peer->kept) /* NULL: a closed callback closed others as well */
            continue;
        passing++;
        if (peer->held > 0 || peer->active > limit)
            continue;
        hl_debug("control", "closed the connection of process %d: idle", (int)peer->who.pid);
        close_peer(peer);
    }
    if (server->listener == NULL)
        server->listener = watch(server, server->fd, G_IO_IN, on_connection, server);
    if (passing > 0)
        return G_SOURCE_CONTINUE;
    drop_source(&server->sweep);
    return G_SOURCE_REMOVE;
}

/* Removes the socket of a process that no longer exists.  (Two daemons that start at the same moment are kept apart by
 * the lock that each takes first.) */
static bool clear_path(const char *path, const struct sockaddr_un *address, GError **error)
{
    hl_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT || hl_fail_errno(error, errno, "cannot examine %s", path);
    if (!S_ISSOCK(st.st_mode))
        return hl_fail(error, HL_ERROR_CONFLICT, "%s exists and is not a socket: remove it or choose another path",
                       path);
    if (fd < 0)
        return hl_fail_errno(error, errno, "cannot create a socket");
    /* EAGAIN: its owner is alive, with a full backlog */
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN)
        return hl_fail(error, HL_ERROR_CONFLICT, "another process is already listening on %s: stop it first", path);
    if (errno != ECONNREFUSED)
        return hl_fail_errno(error, errno, "cannot determine who owns %s", path);
    if (unlink(path) != 0)
        return hl_fail_errno(error, errno, "cannot replace %s", path);
    return true;
}

/* The mode is set before listen(), so that nobody without permission can connect.  -1 on failure. */
static int open_socket(const char *path, mode_t mode, struct stat *st, GError **error)
{
    hl_autofd int fd = -1;
    struct sockaddr_un address;

    if (!hl_unix_address(path, &address, error) || !clear_path(path, &address, error))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, mode) != 0 ||
        lstat(path, st) != 0 || listen(fd, BACKLOG) != 0) {
        hl_fail_errno(error, errno, "cannot listen on %s", path);
        return -1;
    }
    return hl_fd_steal(&fd);
}

HlCtlServer *hl_ctl_server_new(const HlCtlOptions *options, GError **error)
{
    struct stat st = { 0 };
    int fd = open_socket(options->path, options->mode, &st, error);
    HlCtlServer *server;

    if (fd < 0)
        return NULL;
    server = g_new0(HlCtlServer, 1);
    server->fd = fd;
    server->path = g_strdup(options->path);
    server->device = st.st_dev;
    server->inode = st.st_ino;
    server->context = options->context;
    server->peers = g_ptr_array_new_with_free_func((GDestroyNotify)peer_unref);
    server->handler = options->handler;
    server->closed = options->closed;
    server->drained = options->drained;
    server->user = options->user;
    server->max_peers = options->max_peers > 0 ? options->max_peers : DEFAULT_PEERS;
    server->idle = options->idle > 0 ? options->idle : DEFAULT_IDLE;
    server->max_queue = options->max_queue > 0 ? options->max_queue : DEFAULT_QUEUE;
    server->listener = watch(server, fd, G_IO_IN, on_connection, server);
    return server;
}

void hl_ctl_server_free(HlCtlServer *server)
{
    struct stat st;

    if (server == NULL)
        return;
    drop_source(&server->listener);
    drop_source(&server->sweep);
    while (server->peers->len > 0)
        close_peer(g_ptr_array_index(server->peers, 0));
    if (lstat(server->path, &st) == 0 && st.st_dev == server->device && st.st_ino == server->inode)
        unlink(server->path);
    hl_fd_clear(&server->fd);
    g_ptr_array_unref(server->peers);
    g_free(server->path);
    g_free(server);
}

uid_t hl_ctl_peer_uid(const HlCtlPeer *peer)
{
    return peer->who.uid;
}
