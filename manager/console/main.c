/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-console: arguments, signals, loop. */
#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "lib/base/cli.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/service.h"
#include "manager/console/console.h"
#include "proto/copied.h"

#define DEFAULT_PATH "/var/lib/holdline-console/console.conf"

typedef struct {
    Console *console;
    GMainLoop *loop; /* NULL: it ended */
} Run;

static gboolean on_stop(gpointer user)
{
    const Run *run = user;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    hl_info("console", "stopping");
    hl_service_stopping();
    g_main_loop_quit(run->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer user)
{
    const Run *run = user;
    g_autoptr(GError) error = NULL;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    hl_service_reloading();
    if (con_console_reload(run->console, &error))
        hl_info("console", "configuration and certificates were re-read");
    else
        hl_error("console", "the configuration stays as it was: %s", error->message);
    hl_service_ready();
    return G_SOURCE_CONTINUE;
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    const char *path = hl_cli_value(call, "c", DEFAULT_PATH);
    Run run = { 0 };

    if (hl_cli_has(call, "check-config"))
        return con_console_check(path, error);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       _("there is no %s: 'holdline console create NAME' makes a console's directory; the one that "
                         "'holdline init' made is console/ of the site, and holdline-console(8) says how it gets here"),
                       path);
    hl_service_start();
    run.console = con_console_new(path, error);
    if (run.console == NULL)
        return false;
    run.loop = g_main_loop_new(NULL, FALSE);
    signal(SIGPIPE, SIG_IGN);
    g_unix_signal_add(SIGTERM, on_stop, &run);
    g_unix_signal_add(SIGINT, on_stop, &run);
    g_unix_signal_add(SIGHUP, on_reload, &run);
    hl_service_ready();
    g_main_loop_run(run.loop);
    g_clear_pointer(&run.loop, g_main_loop_unref);
    con_console_free(run.console);
    hl_service_end();
    hl_info("console", "stopped");
    return true;
}

static const char *const run_flags[] = { "c", "check-config", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration, made by 'holdline console create' (default " DEFAULT_PATH ")" },
    { "check-config", NULL, "Name everything that is wrong with the configuration, and do nothing else" },
};
static const HlCommand commands[] = {
    { "run", "[-c FILE] [--check-config]", "Serve the management console in the foreground", cmd_run, 0, 0, run_flags },
};
static const HlProgram program = {
    .name = "holdline-console",
    .copied = &hl_copied,
    .summary = "The management console of a Holdline server, for browsers and scripts; 'run' is understood when no "
               "command is given",
    .commands = commands,
    .n_commands = G_N_ELEMENTS(commands),
    .flags = flags,
    .n_flags = G_N_ELEMENTS(flags),
    .usual = "run",
};

int main(int argc, char **argv)
{
    return hl_cli_main(&program, argc, argv, NULL);
}
