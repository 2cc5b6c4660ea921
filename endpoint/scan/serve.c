/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "endpoint/scan/copy.h"
#include "endpoint/scan/mounts.h"
#include "lib/base/file.h"

typedef union {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
} Control;

/* The first; -1: none came.  Alignment leaves room for another, which is closed; the kernel closes the rest. */
static int descriptor_of(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fds[sizeof(Control) / sizeof(int)] = { -1 };
    gsize size = 0;

    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return -1;
    size = MIN(header->cmsg_len - CMSG_LEN(0), sizeof fds);
    memcpy(fds, CMSG_DATA(header), size);
    for (gsize i = 1; i < size / sizeof(int); i++)
        close(fds[i]);
    return fds[0];
}

/* Bytes received; 0 at the end; *fd is the caller's. */
static ssize_t receive(int from, char *text, gsize size, int *fd)
{
    struct iovec one = { text, size - 1 };
    Control control = { 0 };
    struct msghdr message = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space
    };
    ssize_t n;

    n = recvmsg(from, &message, MSG_CMSG_CLOEXEC); /* a signal ends it: the user's Ctrl-C */
    *fd = n < 0 ? -1 : descriptor_of(&message);
    text[MAX(n, 0)] = '\0';
    return n;
}

static bool send_text(int to, const char *text, int fd)
{
    struct iovec one = { (void *)(uintptr_t)text, strlen(text) };
    Control control = { 0 };
    struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1 };

    if (fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)one.iov_len;
}

/* ------------------------------------------------------------------------------------------- the scanner */

/* What somebody hands over may be anything: it is read only if they could read it. */
static const char *objection(int fd, struct stat *st)
{
    g_autoptr(EpMounts) mounts = NULL;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY)
        return "it is not open for reading";
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
        return "only regular files are scanned";
    mounts = ep_mounts_read();
    return ep_mounts_is_special(mounts, st->st_dev) ? "a file system without files of its own" : NULL;
}

static json_t *answer_of(const EpLook *look, const char *why)
{
    switch (look->kind) {
    case EP_LOOK_CLEAN:
        return json_pack("{s:s}", "result", "clean");
    case EP_LOOK_FOUND:
        return json_pack("{s:s, s:s}", "result", "found", "signature", look->signature);
    case EP_LOOK_NOT:
        break;
    }
    return json_pack("{s:s, s:s, s:s}", "result", "not-looked-at", "reason", ep_gap_name(look->gap), "why", why);
}

/* The kernel's word for what is open, where it has one and that is true on this machine.  NULL: it is not. */
static char *name_of(EpWitness *witness, int fd, const struct stat *st)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *path = g_file_read_link(link, NULL);

    return path != NULL && ep_witness_confirms(witness, path, st->st_dev, st->st_ino) ? g_steal_pointer(&path) : NULL;
}

/* Of a user's: what this machine does not have may be anything, also a file system over one. */
static bool is_of_user(int fd, bool confirmed)
{
    struct statfs fs;

    return !confirmed || fstatfs(fd, &fs) != 0 || fs.f_type == FUSE_SUPER_MAGIC;
}

/* NULL: the engine fails. */
static json_t *look_at(const EpServe *serve, EpWalkFile *file, bool confirmed)
{
    g_autoptr(GError) error = NULL;
    hl_autofd int copy = -1;
    EpLook look = ep_look_not(EP_GAP_UNREADABLE);

    if (is_of_user(file->fd, confirmed)) {
        copy = ep_copy_make(file->fd, serve->scratch, EP_COPY_MAX, &file->st.st_size, &error);
        if (g_error_matches(error, HL_ERROR, HL_ERROR_LIMIT))
            look.gap = EP_GAP_TOO_LARGE;
        if (copy < 0) {
            ep_session_gap(serve->session, file->path, look.gap, error->message);
            return answer_of(&look, error->message);
        }
        file->fd = copy;
    }
    return ep_session_file(serve->session, file, &look) ? answer_of(&look, "") : NULL;
}

static json_t *on_file(const EpServe *serve, const char *said, int fd)
{
    EpWalkFile file = { .directory = -1, .fd = fd };
    EpLook look = ep_look_not(EP_GAP_UNREADABLE);
    const char *why = objection(fd, &file.st);
    g_autofree char *real = why != NULL ? NULL : name_of(serve->witness, fd, &file.st);
    g_autofree char *path = real != NULL ? g_strdup(real) : g_strconcat(EP_WITNESS_SAID, said, NULL);

    if (why != NULL) {
        ep_session_gap(serve->session, path, look.gap, why);
        return answer_of(&look, why);
    }
    file.name = file.path = path;
    return look_at(serve, &file, real != NULL);
}

/* What a walk can meet; the engine's own word comes from the engine. */
static const bool may_tell[EP_N_GAPS] = {
    [EP_GAP_TOO_DEEP] = true, [EP_GAP_UNREADABLE] = true, [EP_GAP_VANISHED] = true, [EP_GAP_MOUNT] = true
};

static void on_gap(EpSession *session, const char *text, gsize size)
{
    g_autoptr(json_t) gap = hl_json_parse("a message of the user's program", text, size, NULL);
    const char *path = json_string_value(json_object_get(gap, "path"));
    const char *reason = json_string_value(json_object_get(gap, "reason"));
    const char *why = json_string_value(json_object_get(gap, "why"));
    EpGap which = reason == NULL ? EP_N_GAPS : ep_gap_from_name(reason);
    g_autofree char *words = ep_gap_why(why);

    if (path != NULL && which < EP_N_GAPS && may_tell[which])
        ep_session_gap(session, path, which, words);
}

void ep_serve(const EpServe *serve, int from)
{
    char text[EP_SERVE_MAX + 1];
    int received;
    ssize_t n;

    while (ep_session_failure(serve->session) == NULL && (n = receive(from, text, sizeof text, &received)) > 0) {
        hl_autofd int fd = received;
        g_autoptr(json_t) answer = NULL;
        g_autofree char *line = NULL;

        if (fd < 0) {
            on_gap(serve->session, text, (gsize)n);
            continue;
        }
        answer = on_file(serve, text, fd);
        if (answer == NULL)
            break;
        line = hl_json_print(answer);
        if (!send_text(from, line, -1))
            break;
    }
}

/* ---------------------------------------------------------------------------------------- the user's side */

bool ep_serve_ask(int to, const char *path, int fd, json_t **answer, GError **error)
{
    g_autofree char *cut = g_strndup(path, EP_SERVE_MAX - 1);
    char text[EP_SERVE_MAX + 1];
    hl_autofd int none = -1;
    ssize_t n = -1;

    /* a longer one is cut: the scanner names the file by its descriptor */
    if (send_text(to, cut, fd))
        n = receive(to, text, sizeof text, &none);
    if (n <= 0)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "the scan was ended");
    *answer = hl_json_parse("the scanner's answer", text, (gsize)n, error);
    return *answer != NULL;
}

bool ep_serve_tell(int to, const json_t *gap, GError **error)
{
    g_autofree char *text = hl_json_print(gap);

    return strlen(text) >= EP_SERVE_MAX || send_text(to, text, -1) ||
           hl_fail(error, HL_ERROR_UNAVAILABLE, "the scan was ended");
}
