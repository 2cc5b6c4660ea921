/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/clamd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"

enum { POLL_PAUSE = 50 /* ms */ };

/* Between two looks at whether the engine that was asked is still the one of the path. */
#define SLICE (HL_SECOND / 10)

/* An engine that is killed while it hangs in the kernel keeps its socket open, takes what it is asked, and never
 * answers. The socket's file tells it from the next engine: it is removed with the engine. */
typedef struct {
    int fd;
    const char *path;
    struct stat socket; /* as it was before the connection */
} Line;

static bool is_replaced(const Line *line)
{
    struct stat now;

    return lstat(line->path, &now) != 0 || now.st_dev != line->socket.st_dev || now.st_ino != line->socket.st_ino ||
           now.st_mtim.tv_sec != line->socket.st_mtim.tv_sec || now.st_mtim.tv_nsec != line->socket.st_mtim.tv_nsec;
}

/* Never blocks: a queue that is full is EAGAIN. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    hl_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    return hl_fd_steal(&fd);
}

static Line open_line(const char *path)
{
    Line line = { .fd = -1, .path = path };

    if (lstat(path, &line.socket) == 0 || errno == ENAMETOOLONG)
        line.fd = connect_to(path);
    return line;
}

/* False: not until then, or never. */
static bool wait_for_input(const Line *line, HlTime until)
{
    struct pollfd one = { .fd = line->fd, .events = POLLIN };

    for (;;) {
        HlTime left = until - hl_clock_mono();
        int n = left <= 0 ? 0 : poll(&one, 1, (int)MIN(left, SLICE));

        if (n > 0)
            return true;
        if (left <= 0 || (n < 0 && errno != EINTR) || (n == 0 && is_replaced(line)))
            return false;
    }
}

static bool send_file(int fd, int file)
{
    char nul = 0;
    struct iovec one = { &nul, 1 };
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr message = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &file, sizeof file);
    return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

/* Up to the end of the connection, or the NUL that ends an answer. */
static bool receive(const Line *line, char *answer, gsize size, HlTime until)
{
    gsize used = 0;

    while (used < size - 1 && memchr(answer, '\0', used) == NULL) {
        ssize_t n;

        if (!wait_for_input(line, until))
            return false;
        n = recv(line->fd, answer + used, size - 1 - used, 0);
        if (n == 0)
            break;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        used += n > 0 ? (gsize)n : 0;
    }
    answer[used] = '\0';
    return used > 0;
}

/* A request of ours is small: it goes out whole, or the connection is no good. */
static bool say(int fd, const char *request)
{
    gsize size = strlen(request) + 1;

    return send(fd, request, size, MSG_NOSIGNAL) == (ssize_t)size;
}

bool ep_clamd_wait(const char *path, HlTime patience, GError **error)
{
    HlTime until = hl_clock_mono() + patience;
    char answer[64];

    do {
        Line line = open_line(path);
        hl_autofd int fd = line.fd;

        if (fd >= 0 && say(fd, "zPING") && receive(&line, answer, sizeof answer, until) && strcmp(answer, "PONG") == 0)
            return true;
        if (fd < 0 && errno == ENAMETOOLONG)
            return hl_fail_errno(error, errno, "the engine's socket %s", path);
        g_usleep(POLL_PAUSE * 1000);
    } while (hl_clock_mono() < until);
    return hl_fail(error, HL_ERROR_TIMEOUT, "the engine was not ready in time");
}

EpLook ep_clamd_look(const char *path, int file, HlTime deadline, bool *hung)
{
    HlTime until = hl_clock_mono() + deadline;
    EpLook none = { .kind = EP_LOOK_NOT, .gap = EP_GAP_ENGINE, .broken = true };
    Line line = open_line(path);
    hl_autofd int fd = line.fd;
    char answer[1024];

    *hung = false;
    if (fd < 0 || !say(fd, "zFILDES") || !send_file(fd, file))
        return none;
    if (receive(&line, answer, sizeof answer, until))
        return ep_look_parse(answer);
    *hung = hl_clock_mono() >= until;
    if (*hung)
        none.gap = EP_GAP_TIME;
    return none;
}

bool ep_clamd_reload(const char *path, GError **error)
{
    hl_autofd int fd = connect_to(path);

    return (fd >= 0 && say(fd, "zRELOAD")) || hl_fail_errno(error, errno, "the engine does not accept the new set");
}
