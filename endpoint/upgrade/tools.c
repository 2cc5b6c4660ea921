/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/upgrade/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/package_version.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

#define LOOK_TIME    HL_MINUTE
#define INSTALL_TIME (20 * HL_MINUTE) /* an old disk under load; a script that hangs ends an upgrade all the same */
#define LOCK_LOOK    500              /* ms */

void ep_tools_set_environment(void)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "PATH", "/usr/sbin:/usr/bin:/sbin:/bin" },
        { "LC_ALL", "C.UTF-8" },
        { "DEBIAN_FRONTEND", "noninteractive" },
        { "DEBIAN_PRIORITY", "critical" },
        { "DPKG_FRONTEND_LOCKED", "1" }, /* by this program: dpkg would wait for itself */
        { "HOME", "/root" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_setenv(rows[i].name, rows[i].value, TRUE);
}

/* ------------------------------------------------------------------------------------------------------- children */

typedef struct {
    GMainLoop *loop;
    const char *name;
    char **output;
    char *words; /* NULL: it worked */
} Run;

/* dpkg's first error has the cause in the line below it; what it ends with are the names of files. */
static char *find_words(const char *errors)
{
    const char *error = strstr(errors, "dpkg: error ");
    const char *cause = error != NULL ? strchr(error, '\n') : NULL;
    g_autofree char *two =
        cause != NULL ? g_strndup(error, (gsize)(cause - error) + 1 + strcspn(cause + 1, "\n")) : NULL;

    return hl_text_last_words(two != NULL ? two : errors);
}

static void on_done(const HlChildEnd *end, gpointer user)
{
    Run *run = user;
    g_autofree char *words = find_words(end->errors);

    if (end->timed_out)
        run->words = g_strdup("it took too long and was stopped");
    else if (!end->exited)
        run->words = g_strdup_printf("it was killed by signal %d", end->status);
    else if (end->status != 0)
        run->words = g_strdup_printf("status %d: %s", end->status, words);
    else if (run->output != NULL)
        *run->output = g_strdup(end->output);
    g_main_loop_quit(run->loop);
}

static void on_line(const char *line, gpointer user)
{
    const Run *run = user;

    hl_info(run->name, "%s", line);
}

/* argv[0] is one of the tools.  output NULL: it is logged instead. */
static bool run_tool(const EpTools *tools, const char **argv, HlTime deadline, char **output, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree char *program = g_build_filename(tools->directory, argv[0], NULL);
    Run run = { .loop = loop, .name = argv[0], .output = output };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    HlChild *child;
    bool worked;

    argv[0] = program;
    spec.argv = argv;
    spec.deadline = deadline;
    child = hl_child_start(&spec, output == NULL ? on_line : NULL, on_done, &run, error);
    if (child != NULL)
        g_main_loop_run(loop);
    argv[0] = run.name;
    worked = child != NULL && (run.words == NULL || hl_fail(error, HL_ERROR_FAILED, "%s: %s", run.name, run.words));
    g_free(run.words);
    return worked;
}

/* ------------------------------------------------------------------------------------------------ what is installed */

static bool is_there(const char *status)
{
    static const char *const states[] = { "installed",        "half-configured",  "unpacked", "half-installed",
                                          "triggers-awaited", "triggers-pending", NULL };

    return g_strv_contains(states, status);
}

/* Of each package that matches: name, state, version. */
static bool query(const EpTools *tools, const char *pattern, GPtrArray *rows, GError **error)
{
    const char *argv[] = { "dpkg-query", "-W",    "-f", "${Package}\t${db:Status-Status}\t${Version}\n",
                           "--",         pattern, NULL };
    g_autofree char *output = NULL;
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) lines = NULL;

    if (!run_tool(tools, argv, LOOK_TIME, &output, &problem)) {
        if (strstr(problem->message, "no packages found") != NULL) /* its locale is ours */
            return true;
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    lines = g_strsplit(output, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        char **fields = g_strsplit(lines[i], "\t", 3);

        if (g_strv_length(fields) == 3 && is_there(fields[1]))
            g_ptr_array_add(rows, fields);
        else
            g_strfreev(fields);
    }
    return true;
}

static void free_row(gpointer row)
{
    g_strfreev(row);
}

char *ep_tools_installed(const EpTools *tools, const char *package, bool *whole, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
    char *const *row;

    if (!query(tools, package, rows, error) || rows->len == 0)
        return NULL;
    row = rows->pdata[0];
    if (whole != NULL)
        *whole = strcmp(row[1], "installed") == 0;
    return g_strdup(row[2]);
}

GPtrArray *ep_tools_list(const EpTools *tools, const char *pattern, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
    GPtrArray *names;

    if (!query(tools, pattern, rows, error))
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(names, g_strdup(((char *const *)rows->pdata[i])[0]));
    return names;
}

char *ep_tools_architecture(const EpTools *tools, GError **error)
{
    const char *argv[] = { "dpkg", "--print-architecture", NULL };
    char *output = NULL;

    return run_tool(tools, argv, LOOK_TIME, &output, error) ? g_strstrip(output) : NULL;
}

/* ------------------------------------------------------------------------------------------------ a package's words */

void ep_tools_deb_clear(EpToolsDeb *deb)
{
    g_free(deb->package);
    g_free(deb->version);
    g_free(deb->architecture);
    memset(deb, 0, sizeof *deb);
}

bool ep_tools_read(const EpTools *tools, const char *path, EpToolsDeb *deb, GError **error)
{
    const char *argv[] = { "dpkg-deb", "-W",
                           "--showformat=${Package}\t${Version}\t${Architecture}\t${Installed-Size}\n", path, NULL };
    g_autofree char *output = NULL;
    g_auto(GStrv) fields = NULL;
    guint64 size = 0;

    if (!run_tool(tools, argv, LOOK_TIME, &output, error))
        return false;
    fields = g_strsplit(g_strchomp(output), "\t", 4);
    if (g_strv_length(fields) != 4 || !hl_package_version_ok(fields[1]) ||
        !g_ascii_string_to_unsigned(fields[3], 10, 0, G_MAXUINT32, &size, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "%s does not say what it is", path);
    deb->package = g_strdup(fields[0]);
    deb->version = g_strdup(fields[1]);
    deb->architecture = g_strdup(fields[2]);
    deb->size = size * 1024;
    return true;
}

/* ------------------------------------------------------------------------------------------------------ at work */

int ep_tools_lock(const EpTools *tools, GError **error)
{
    hl_autofd int fd = open(tools->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    HlTime until = hl_clock_mono() + tools->patience;
    bool said = false;

    if (fd < 0) {
        hl_fail_errno(error, errno, "cannot open the package manager's lock %s", tools->lock);
        return -1;
    }
    for (;;) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        if (fcntl(fd, F_SETLK, &lock) == 0)
            return hl_fd_steal(&fd);
        if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
            lock.l_pid = 0;
        if (hl_clock_mono() >= until) {
            hl_fail(error, HL_ERROR_UNAVAILABLE,
                    "another package manager (process %d) has held %s for too long: wait for its end, or end it",
                    (int)lock.l_pid, tools->lock);
            return -1;
        }
        if (!said)
            hl_info("dpkg", "waiting for another package manager (process %d)", (int)lock.l_pid);
        said = true;
        g_usleep((gulong)LOCK_LOOK * 1000);
    }
}

bool ep_tools_install(const EpTools *tools, const GPtrArray *paths, const char *before, GError **error)
{
    /* a configuration file that the administrator changed stays as it is; dpkg.cfg may forbid the way back */
    static const char *const words[] = { "dpkg", "--force-confold", "--force-downgrade", "--install", "--" };
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        g_ptr_array_add(argv, hl_unconst(words[i]));
    for (guint i = 0; i < paths->len; i++)
        g_ptr_array_add(argv, paths->pdata[i]);
    g_ptr_array_add(argv, NULL);
    if (before != NULL)
        g_setenv("HOLDLINE_WAY_BACK", before, TRUE); /* holdline-endpoint.preinst */
    else
        g_unsetenv("HOLDLINE_WAY_BACK");
    return run_tool(tools, (const char **)(gpointer)argv->pdata, INSTALL_TIME, NULL, error);
}

void ep_tools_mend(const EpTools *tools)
{
    const char *argv[] = { "dpkg", "--force-confold", "--configure", "--pending", NULL };
    g_autoptr(GError) error = NULL;

    if (!run_tool(tools, argv, INSTALL_TIME, NULL, &error))
        hl_warn("dpkg", "%s", error->message); /* what is installed next may mend it */
}

/* ------------------------------------------------------------------------------------------------------ the daemon */

int64_t ep_tools_daemon(const EpTools *tools)
{
    const char *argv[] = { "systemctl", "show", "--property=MainPID", "--value", EP_TOOLS_UNIT, NULL };
    g_autofree char *output = NULL;
    gint64 pid = 0;

    if (!run_tool(tools, argv, LOOK_TIME, &output, NULL) ||
        !g_ascii_string_to_signed(g_strstrip(output), 10, 0, G_MAXINT32, &pid, NULL))
        return 0;
    return pid;
}

bool ep_tools_restart_daemon(const EpTools *tools, GError **error)
{
    /* one that failed again and again would not be started before somebody has said so */
    const char *forget[] = { "systemctl", "reset-failed", EP_TOOLS_UNIT, NULL };
    const char *restart[] = { "systemctl", "--no-block", "restart", EP_TOOLS_UNIT, NULL };

    if (!run_tool(tools, forget, LOOK_TIME, NULL, NULL))
        hl_debug("systemd", "nothing is to be forgotten");
    return run_tool(tools, restart, LOOK_TIME, NULL, error);
}
