/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/environment.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

#define MAX_OUTPUT (256 * 1024)
#define MAX_ERRORS (4 * 1024)
#define KILL_DELAY (10 * HL_SECOND)
#define REAP_TIME  (5 * HL_SECOND)
#define REAP_PAUSE 2 /* ms */
#define LOST_DELAY (5 * HL_SECOND)

typedef struct {
    int fd;
    guint source;
    GString *text;
} Pipe;

struct HlChild {
    pid_t pid;
    HlChildLine on_line;
    HlChildDone done;
    gpointer user;
    Pipe out, err;
    gsize line_start; /* of the first line in out.text that was not passed on yet */
    guint watch, timer;
    bool ended, timed_out, may_be_lost, lost, lines_only;
    bool skipping; /* to the end of a line that was too long */
    int wait_status;
};

typedef struct {
    pid_t parent;
    guint64 file_limit;
    bool outlives;
} Setup;

/* Runs between fork and exec: async-signal-safe calls only. */
static void set_up_child(gpointer user)
{
    const Setup *setup = user;
    struct rlimit limit;

    if (setup->outlives) {
        setsid();
    } else {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != setup->parent)
            _exit(127); /* the parent died before the line above */
    }
    if (setup->file_limit > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        if (limit.rlim_max < setup->file_limit) { /* root may raise the hard limit too */
            struct rlimit raised = { setup->file_limit, setup->file_limit };

            if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
                return;
        }
        limit.rlim_cur = MIN(limit.rlim_max, setup->file_limit);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void clear_pipe(Pipe *stream)
{
    if (stream->source != 0)
        g_source_remove(stream->source);
    stream->source = 0;
    hl_fd_clear(&stream->fd);
    if (stream->text != NULL)
        g_string_free(stream->text, TRUE);
    stream->text = NULL;
}

static void free_child(HlChild *child)
{
    if (child->watch != 0)
        g_source_remove(child->watch);
    if (child->timer != 0)
        g_source_remove(child->timer);
    clear_pipe(&child->out);
    clear_pipe(&child->err);
    g_free(child);
}

static void tell_lines(HlChild *child)
{
    char *end;

    if (child->on_line == NULL)
        return;
    while ((end = strchr(child->out.text->str + child->line_start, '\n')) != NULL) {
        g_autofree char *line = g_strndup(child->out.text->str + child->line_start,
                                          (gsize)(end - child->out.text->str) - child->line_start);

        child->line_start = (gsize)(end - child->out.text->str) + 1;
        if (!child->skipping)
            child->on_line(line, child->user);
        child->skipping = false;
    }
    if (child->lines_only) {
        g_string_erase(child->out.text, 0, (gssize)child->line_start);
        child->line_start = 0;
    }
}

static void finish_if_over(HlChild *child)
{
    HlChildEnd end;

    if (!child->ended || child->out.source != 0 || child->err.source != 0)
        return;
    end = (HlChildEnd){ .exited = WIFEXITED(child->wait_status),
                        .status = WIFEXITED(child->wait_status) ? WEXITSTATUS(child->wait_status)
                                                                : WTERMSIG(child->wait_status),
                        .timed_out = child->timed_out,
                        .lost = child->lost,
                        .output = child->out.text->str,
                        .errors = child->err.text->str };
    child->done(&end, child->user);
    free_child(child);
}

static gboolean on_readable(HlChild *child, Pipe *stream)
{
    char buffer[4096];
    ssize_t n = read(stream->fd, buffer, sizeof buffer);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        stream->source = 0;
        finish_if_over(child);
        return G_SOURCE_REMOVE;
    }
    if (stream == &child->err) {
        g_string_append_len(stream->text, buffer, n);
        if (stream->text->len > MAX_ERRORS)
            g_string_erase(stream->text, 0, (gssize)(stream->text->len - MAX_ERRORS));
    } else if (stream->text->len + (gsize)n <= MAX_OUTPUT) {
        g_string_append_len(stream->text, buffer, n);
        tell_lines(child);
    } else if (child->lines_only) { /* nobody's line: what is left of it is dropped, and the next one is told */
        child->skipping = true;
        g_string_truncate(stream->text, 0);
        g_string_append_len(stream->text, buffer, n);
        tell_lines(child);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_out(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    HlChild *child = user;

    return on_readable(child, &child->out);
}

static gboolean on_err(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    HlChild *child = user;

    return on_readable(child, &child->err);
}

static void leave_pipes(HlChild *child)
{
    for (Pipe *stream = &child->out; stream != NULL; stream = stream == &child->out ? &child->err : NULL) {
        if (stream->source != 0)
            g_source_remove(stream->source);
        stream->source = 0;
    }
    finish_if_over(child);
}

/* A grandchild may keep the pipes open after the child is gone; its output is not waited for longer than a second. */
static gboolean on_pipes_late(gpointer user)
{
    HlChild *child = user;

    child->timer = 0;
    leave_pipes(child);
    return G_SOURCE_REMOVE;
}

static void on_exit_status(GPid pid G_GNUC_UNUSED, int status, gpointer user)
{
    HlChild *child = user;

    child->watch = 0;
    child->ended = true;
    child->wait_status = status;
    if (child->timer != 0)
        g_source_remove(child->timer);
    child->timer = 0;
    if (child->out.source != 0 || child->err.source != 0)
        child->timer = g_timeout_add(1000, on_pipes_late, child);
    finish_if_over(child);
}

static void on_lost_ended(GPid pid G_GNUC_UNUSED, int status G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    /* it is reaped, which is all that was still to be done */
}

static gboolean on_lost(gpointer user)
{
    HlChild *child = user;

    child->timer = 0;
    g_source_remove(child->watch);
    child->watch = 0;
    g_child_watch_add(child->pid, on_lost_ended, NULL);
    child->ended = child->lost = true;
    child->wait_status = SIGKILL;
    leave_pipes(child);
    return G_SOURCE_REMOVE;
}

static void set_timer(HlChild *child, HlTime delay, GSourceFunc due)
{
    if (child->timer != 0)
        g_source_remove(child->timer);
    child->timer = g_timeout_add((guint)delay, due, child);
}

static gboolean on_kill_due(gpointer user)
{
    HlChild *child = user;

    child->timer = 0;
    hl_child_kill(child);
    return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer user)
{
    HlChild *child = user;

    child->timer = 0;
    child->timed_out = true;
    hl_child_stop(child);
    return G_SOURCE_REMOVE;
}

void hl_child_stop(HlChild *child)
{
    if (child->ended)
        return;
    kill(child->pid, SIGTERM);
    set_timer(child, KILL_DELAY, on_kill_due);
}

void hl_child_kill(HlChild *child)
{
    if (child->ended)
        return;
    kill(child->pid, SIGKILL);
    if (child->may_be_lost)
        set_timer(child, LOST_DELAY, on_lost);
}

void hl_child_abandon(HlChild *child)
{
    HlTime until = hl_clock_mono() + REAP_TIME;

    if (!child->ended) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, WNOHANG) == 0 && hl_clock_mono() < until)
            g_usleep(REAP_PAUSE * 1000);
    }
    free_child(child);
}

void hl_child_leave(HlChild *child)
{
    free_child(child);
}

pid_t hl_child_pid(const HlChild *child)
{
    return child->pid;
}

static void open_pipe(HlChild *child, Pipe *stream, GUnixFDSourceFunc callback)
{
    stream->text = g_string_new(NULL);
    if (stream->fd < 0)
        return;
    g_unix_set_fd_nonblocking(stream->fd, TRUE, NULL);
    stream->source = g_unix_fd_add(stream->fd, G_IO_IN | G_IO_HUP, callback, child);
}

char *hl_exec_find(const char *program)
{
    const char *path = g_getenv("PATH");
    g_auto(GStrv) folders = g_strsplit(path != NULL ? path : "/bin:/usr/bin:.", ":", -1); /* as GLib looks for it */

    if (strchr(program, '/') != NULL)
        return g_file_test(program, G_FILE_TEST_EXISTS) ? g_strdup(program) : NULL;
    for (gsize i = 0; folders[i] != NULL; i++) {
        g_autofree char *file = g_build_filename(folders[i], program, NULL);

        if (g_file_test(file, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&file);
    }
    return NULL;
}

const char *hl_exec_denial(const char *program)
{
    g_autofree char *file = hl_exec_find(program);
    struct statvfs fs;
    struct stat st;

    if (file == NULL || stat(file, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    if (statvfs(file, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0)
        return N_("no program may be started from its file system, which is mounted noexec: mount it with exec, or "
                  "name a program elsewhere");
    return access(file, X_OK) == 0
               ? N_("its mode allows that, so its interpreter, or AppArmor or SELinux, forbids it: the journal of the "
                    "kernel (journalctl -k) says which")
               : NULL;
}

/* "Permission denied" alone sends everybody to the mode. */
static bool fail_start(const char *program, const GError *problem, GError **error)
{
    const char *why = g_error_matches(problem, G_SPAWN_ERROR, G_SPAWN_ERROR_ACCES) ? hl_exec_denial(program) : NULL;

    g_autofree char *said =
        why != NULL ? g_strdup_printf("%s: %s", problem->message, _(why)) : g_strdup(problem->message);

    return hl_fail(error, HL_ERROR_IO, _("cannot start %s: %s"), program, said);
}

HlChild *hl_child_start(const HlChildSpec *spec, HlChildLine on_line, HlChildDone done, gpointer user, GError **error)
{
    g_autofree HlChild *child = g_new0(HlChild, 1);
    Setup setup = { .parent = getpid(), .file_limit = spec->file_limit, .outlives = spec->outlives };
    hl_autofd int log = -1;
    hl_autofd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    g_auto(GStrv) environment = hl_environment_for_child();
    g_autoptr(GError) problem = NULL;

    g_assert(!spec->outlives || spec->log_path != NULL);
    child->out.fd = child->err.fd = -1;
    child->on_line = on_line;
    child->lines_only = spec->lines_only;
    child->may_be_lost = spec->may_be_lost;
    child->done = done;
    child->user = user;
    if (spec->log_path != NULL) {
        log = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (log < 0) {
            hl_fail_errno(error, errno, _("cannot open log %s"), spec->log_path);
            return NULL;
        }
    }
    if (!g_spawn_async_with_pipes_and_fds(
            NULL, spec->argv, (const char *const *)environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
            set_up_child, &setup, spec->stdin_fd >= 0 ? spec->stdin_fd : null, log, log, NULL, NULL, 0, &child->pid,
            NULL, log < 0 ? &child->out.fd : NULL, log < 0 ? &child->err.fd : NULL, &problem)) {
        if (spec->spawn_error != NULL)
            *spec->spawn_error = problem->domain == G_SPAWN_ERROR ? problem->code : G_SPAWN_ERROR_FAILED;
        fail_start(spec->argv[0], problem, error);
        return NULL;
    }
    open_pipe(child, &child->out, on_out);
    open_pipe(child, &child->err, on_err);
    child->watch = g_child_watch_add(child->pid, on_exit_status, child);
    if (spec->deadline > 0)
        child->timer = g_timeout_add((guint)spec->deadline, on_deadline, child);
    return g_steal_pointer(&child);
}

bool hl_exec(const char *const *argv, char **output, GError **error)
{
    g_auto(GStrv) environment = hl_environment_for_child();
    g_autofree char *words = NULL;
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) problem = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, hl_unconst(argv), environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status,
                      &problem))
        return fail_start(argv[0], problem, error);
    words = hl_text_last_words(err);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return hl_fail(error, HL_ERROR_FAILED, "%s failed: %s", argv[0],
                       *words != '\0' ? words : _("it gave no reason"));
    if (output != NULL)
        *output = g_steal_pointer(&out);
    return true;
}

bool hl_exec_shown(const char *const *argv, int *status, GError **error)
{
    g_auto(GStrv) environment = hl_environment_for_child();
    g_autoptr(GError) problem = NULL;

    fflush(stdout); /* what was printed before it stays before it */
    if (!g_spawn_sync(NULL, hl_unconst(argv), environment, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                      NULL, NULL, NULL, status, &problem))
        return fail_start(argv[0], problem, error);
    if (!WIFEXITED(*status))
        return hl_fail(error, HL_ERROR_FAILED, _("%s was killed by signal %d"), argv[0], WTERMSIG(*status));
    *status = WEXITSTATUS(*status);
    return true;
}
