/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "endpoint/scan/backlog.h"
#include "endpoint/scan/mounts.h"
#include "endpoint/scan/witness.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define READ_SIZE  (64 * 1024)
#define TELL_PAUSE HL_SECOND        /* between two lines of numbers */
#define TELL_LATE  (30 * HL_SECOND) /* also if nothing has changed: it lives */

struct EpWatch {
    EpWatchOptions has;
    char *own; /* without links, with a slash; NULL: none */
    int fd;    /* fanotify */
    EpBacklog *backlog;
    EpBacklogNumbers told;
    HlTime told_mono;
};

/* ------------------------------------------------------------------------------------------------- what is written */

static char *name_of(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);

    return g_file_read_link(link, NULL);
}

/* By name, which is cheap, and then by the file itself: its writer may have a mount namespace in which their file
 * has that name. */
static bool is_own(const EpWatch *watch, const char *path, const struct stat *st)
{
    return watch->own != NULL && g_str_has_prefix(path, watch->own) && ep_witness_sees(path, st->st_dev, st->st_ino);
}

static bool is_excluded(const EpWatch *watch, const char *path, const struct stat *st)
{
    return hl_excludes_path(watch->has.excludes, path) != NULL && ep_witness_sees(path, st->st_dev, st->st_ino);
}

/* A file that was made without a name (O_TMPFILE) may be given one; one that was removed never again, and the engine
 * writes many of those.  The kernel shows the former as "/tmp/#4711 (deleted)". */
static bool may_get_name(const char *path)
{
    const char *name = strrchr(path, '/');
    gsize digits = name == NULL || name[1] != '#' ? 0 : strspn(name + 2, "0123456789");

    return digits > 0 && strcmp(name + 2 + digits, " (deleted)") == 0;
}

/* Now or, if it is excluded or has no name, perhaps when it is due: then it may have got another name. */
static bool is_worth_waiting(const EpWatch *watch, int fd, const struct stat *st)
{
    g_autofree char *path = S_ISREG(st->st_mode) ? name_of(fd) : NULL;

    if (path == NULL || is_own(watch, path, st) || (st->st_nlink == 0 && !may_get_name(path)))
        return false;
    return (st->st_nlink > 0 && !is_excluded(watch, path, st)) || ep_backlog_has_spare(watch->backlog);
}

/* Takes fd. */
static void on_written(EpWatch *watch, int fd)
{
    hl_autofd int owned = fd;
    struct stat st;

    if (fstat(owned, &st) != 0 || !is_worth_waiting(watch, owned, &st))
        return;
    if (ep_backlog_add(watch->backlog, st.st_dev, st.st_ino, owned, hl_clock_mono()))
        hl_fd_steal(&owned);
}

static void on_events(EpWatch *watch, const struct fanotify_event_metadata *event, ssize_t size)
{
    for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
        if ((event->mask & FAN_Q_OVERFLOW) != 0)
            ep_backlog_overflowed(watch->backlog);
        else if (event->fd >= 0)
            on_written(watch, event->fd);
        else
            ep_backlog_unopened(watch->backlog);
    }
}

static bool has_more(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };

    return poll(&one, 1, 0) == 1;
}

/* All that the kernel has by now, but not for ever: somebody may write as fast as this reads. */
static void read_events(EpWatch *watch)
{
    union {
        struct fanotify_event_metadata align;
        char space[READ_SIZE];
    } buffer;

    for (int i = 0; i < EP_BACKLOG_MAX && has_more(watch->fd); i++) {
        ssize_t n = read(watch->fd, buffer.space, sizeof buffer.space);

        if (n > 0)
            on_events(watch, &buffer.align, n);
        else if (n < 0 && errno != EINTR) /* opening it failed: a lease, a server that is gone; the event is used up */
            ep_backlog_unopened(watch->backlog);
    }
}

/* -------------------------------------------------------------------------------------------------------- the looks */

/* Takes fd.  false: the engine fails. */
static bool look_at(const EpWatch *watch, EpSession *session, int fd)
{
    hl_autofd int owned = fd;
    g_autofree char *path = name_of(owned);
    EpWalkFile file = { .directory = -1, .fd = owned };
    g_autofree char *shown = NULL;
    EpLook look;

    if (path == NULL || fstat(owned, &file.st) != 0 || file.st.st_nlink == 0 || is_own(watch, path, &file.st) ||
        is_excluded(watch, path, &file.st)) {
        ep_backlog_passed_over(watch->backlog);
        return true;
    }
    shown = ep_witness_sees(path, file.st.st_dev, file.st.st_ino) ? g_strdup(path)
                                                                  : g_strconcat(EP_WITNESS_SAID, path, NULL);
    file.name = file.path = shown;
    return ep_session_file(session, &file, &look);
}

static void tell_numbers(EpWatch *watch)
{
    HlTime now = hl_clock_mono();
    HlTime age = now - watch->told_mono;
    EpBacklogNumbers numbers = ep_backlog_numbers(watch->backlog, now);
    bool changed = memcmp(&numbers, &watch->told, sizeof numbers) != 0;

    if (age < TELL_PAUSE || (!changed && age < TELL_LATE))
        return;
    watch->told = numbers;
    watch->told_mono = now;
    ep_session_tell("watch", ep_backlog_json(&numbers));
}

/* Until there is something to do, at most that long; a change that was not told is. */
static void wait_for_events(const EpWatch *watch, HlTime most)
{
    EpBacklogNumbers numbers = ep_backlog_numbers(watch->backlog, hl_clock_mono());
    bool changed = memcmp(&numbers, &watch->told, sizeof numbers) != 0;
    struct pollfd one = { .fd = watch->fd, .events = POLLIN };
    HlTime pause = ep_backlog_pause(watch->backlog, hl_clock_mono(), MIN(most, changed ? TELL_PAUSE : TELL_LATE));

    HL_IGNORE(poll(&one, 1, (int)pause) >= 0); /* a signal is as good a reason to look */
}

void ep_watch_run(EpWatch *watch, EpSession *session)
{
    while (ep_session_failure(session) == NULL) {
        HlTime rest = ep_session_rest(session);
        int fd;

        read_events(watch);
        tell_numbers(watch);
        fd = ep_backlog_take(watch->backlog, hl_clock_mono());
        if (fd < 0)
            wait_for_events(watch, rest);
        else if (!look_at(watch, session, fd))
            break;
    }
}

/* -------------------------------------------------------------------------------------------------------- the marks */

static int open_fanotify(GError **error)
{
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
                           O_RDONLY | O_LARGEFILE | O_NONBLOCK | O_CLOEXEC | O_NOATIME);

    if (fd < 0 && errno == ENOSYS)
        hl_fail(error, HL_ERROR_UNAVAILABLE, "this kernel does not tell of files that are written (no fanotify)");
    else if (fd < 0 && errno == EPERM)
        hl_fail(error, HL_ERROR_UNAVAILABLE,
                "the right to be told of files that are written is missing (CAP_SYS_ADMIN): containers and hardened "
                "units often do not give it");
    else if (fd < 0)
        hl_fail_errno(error, errno, "cannot be told of files that are written");
    return fd;
}

/* The whole file system, whichever way leads there. */
static bool mark(const EpWatch *watch, const EpMounts *mounts, const char *path, GError **error)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return hl_fail_errno(error, errno, "cannot watch %s", path);
    if (ep_mounts_is_special(mounts, st.st_dev))
        return hl_fail(error, HL_ERROR_INVALID, "cannot watch %s: a file system without files of its own", path);
    return fanotify_mark(watch->fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CLOSE_WRITE, AT_FDCWD, path) == 0 ||
           hl_fail_errno(error, errno, "cannot watch the file system of %s", path);
}

/* One path that is not there, or not yet, is that one path. */
static bool mark_all(const EpWatch *watch, GError **error)
{
    g_autoptr(EpMounts) mounts = ep_mounts_read();
    g_autoptr(GError) last = NULL;
    guint n = 0;

    for (gsize i = 0; watch->has.paths[i] != NULL; i++) {
        g_autoptr(GError) problem = NULL;

        if (mark(watch, mounts, watch->has.paths[i], &problem)) {
            n++;
            continue;
        }
        hl_warn("scan", "%s", problem->message);
        g_clear_error(&last);
        last = g_steal_pointer(&problem);
    }
    if (n == 0 && last != NULL)
        g_propagate_error(error, g_steal_pointer(&last));
    return n > 0;
}

EpWatch *ep_watch_new(const EpWatchOptions *options, GError **error)
{
    g_autoptr(EpWatch) watch = g_new0(EpWatch, 1);
    char *real = options->own == NULL ? NULL : realpath(options->own, NULL);

    watch->has = *options;
    watch->own = real == NULL ? NULL : g_strconcat(real, "/", NULL);
    free(real);
    watch->backlog = ep_backlog_new();
    watch->fd = open_fanotify(error);
    return watch->fd >= 0 && mark_all(watch, error) ? g_steal_pointer(&watch) : NULL;
}

void ep_watch_free(EpWatch *watch)
{
    int fd;

    if (watch == NULL)
        return;
    while ((fd = ep_backlog_take(watch->backlog, G_MAXINT64)) >= 0)
        close(fd);
    ep_backlog_free(watch->backlog);
    hl_fd_clear(&watch->fd);
    g_free(watch->own);
    g_free(watch);
}
