/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/ctl/address.h"
#include "lib/ctl/frame.h"

struct HlCtlClient {
    int fd;
    char *path;
    HlFrameParser parser;
};

static bool fail_connect(GError **error, int errno_value, const char *path, const char *hint)
{
    switch (errno_value) {
    case ENOENT:
    case ECONNREFUSED:
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "nothing is listening on %s: %s", path, hint);
    case EAGAIN:
        return hl_fail(error, HL_ERROR_TIMEOUT, "%s is busy: try again", path);
    default:
        return hl_fail_errno(error, errno_value, "cannot connect to %s", path);
    }
}

HlCtlClient *hl_ctl_connect(const char *path, const char *hint, HlTime timeout, GError **error)
{
    struct timeval limit = { .tv_sec = timeout / HL_SECOND, .tv_usec = timeout % HL_SECOND * 1000 };
    hl_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;
    HlCtlClient *client;

    if (!hl_unix_address(path, &address, error))
        return NULL;
    /* connect() to a Unix socket waits for a place in the backlog, but no longer than this */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        fail_connect(error, errno, path, hint);
        return NULL;
    }
    client = g_new0(HlCtlClient, 1);
    client->fd = hl_fd_steal(&fd);
    client->path = g_strdup(path);
    hl_frame_parser_init(&client->parser);
    return client;
}

void hl_ctl_client_free(HlCtlClient *client)
{
    if (client == NULL)
        return;
    hl_fd_clear(&client->fd);
    hl_frame_parser_clear(&client->parser);
    g_free(client->path);
    g_free(client);
}

static bool wait_for(const HlCtlClient *client, short events, HlTime deadline, GError **error)
{
    for (;;) {
        struct pollfd watch = { .fd = client->fd, .events = events };
        HlTime left = deadline - hl_clock_mono();
        int ready = poll(&watch, 1, (int)CLAMP(left, 0, G_MAXINT));

        if (ready > 0)
            return true;
        if (ready == 0)
            return hl_fail(error, HL_ERROR_TIMEOUT, "no answer from %s in time", client->path);
        if (errno != EINTR)
            return hl_fail_errno(error, errno, "cannot poll %s", client->path);
    }
}

/* The descriptor goes with the first byte. */
static ssize_t send_some(int to, const guint8 *data, gsize size, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control = { { 0 } };
    struct iovec part = { .iov_base = hl_unconst(data), .iov_len = size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd >= 0) {
        struct cmsghdr *head;

        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool hl_ctl_client_send(HlCtlClient *client, GBytes *frame, int fd, HlTime timeout, GError **error)
{
    HlTime deadline = hl_clock_mono() + timeout;
    g_autoptr(GBytes) packed = NULL;
    const guint8 *data;
    gsize left = 0;

    if (g_bytes_get_size(frame) > HL_FRAME_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "the request is too long: %zu bytes, the limit is %d for %s",
                       g_bytes_get_size(frame), HL_FRAME_MAX, client->path);
    packed = hl_frame_pack(frame, fd >= 0);
    data = g_bytes_get_data(packed, &left);
    while (left > 0) {
        ssize_t n = send_some(client->fd, data, left, fd);

        if (n > 0) {
            data += n;
            left -= (gsize)n;
            fd = -1;
        } else if (errno == EAGAIN) {
            if (!wait_for(client, POLLOUT, deadline, error))
                return false;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return hl_fail(error, HL_ERROR_UNAVAILABLE, "the daemon at %s closed the connection", client->path);
        } else if (errno != EINTR) {
            return hl_fail_errno(error, errno, "cannot send to %s", client->path);
        }
    }
    return true;
}

static bool receive_some(HlCtlClient *client, GError **error)
{
    guint8 buffer[16 * 1024];
    ssize_t n = recv(client->fd, buffer, sizeof buffer, MSG_DONTWAIT);

    if (n > 0)
        hl_frame_parser_feed(&client->parser, buffer, (gsize)n);
    else if (n == 0 || errno == ECONNRESET)
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       "the daemon at %s closed the connection: it may be busy or stopping; see its log", client->path);
    else if (errno != EAGAIN && errno != EINTR)
        return hl_fail_errno(error, errno, "cannot receive from %s", client->path);
    return true;
}

GBytes *hl_ctl_client_receive(HlCtlClient *client, HlTime timeout, GError **error)
{
    HlTime deadline = hl_clock_mono() + timeout;
    GBytes *frame = NULL;
    bool with_fd = false;
    uint32_t length = 0;

    for (;;) {
        switch (hl_frame_parser_next(&client->parser, &frame, &with_fd, &length)) {
        case HL_FRAME_READY:
            return frame;
        case HL_FRAME_TOO_LONG:
            hl_fail(error, HL_ERROR_INVALID, "%s answered with a frame of %u bytes: this is not our daemon",
                    client->path, length);
            return NULL;
        case HL_FRAME_MORE:
            break;
        }
        if (!wait_for(client, POLLIN, deadline, error) || !receive_some(client, error))
            return NULL;
    }
}
