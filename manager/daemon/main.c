/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-managerd: arguments, signals, loop. */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cli.h"
#include "lib/base/log.h"
#include "manager/daemon/manager.h"

typedef struct {
    Manager *manager;
    GMainLoop *loop; /* NULL: it ended, and what comes now (a second SIGTERM) finds a manager that is being freed */
} Run;

static gboolean on_stop(gpointer user)
{
    const Run *run = user;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    hl_info("manager", "stopping");
    g_main_loop_quit(run->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer user)
{
    const Run *run = user;
    g_autoptr(GError) error = NULL;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    if (mgr_manager_reload(run->manager, &error))
        hl_info("manager", "the configuration was re-read");
    else
        hl_error("manager", "the configuration stays as it was: %s", error->message);
    return G_SOURCE_CONTINUE;
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    Run run = { .manager = mgr_manager_new(hl_cli_value(call, "c", "/etc/holdline/manager.conf"), error) };

    if (run.manager == NULL)
        return false;
    run.loop = g_main_loop_new(NULL, FALSE);
    signal(SIGPIPE, SIG_IGN);
    g_unix_signal_add(SIGTERM, on_stop, &run);
    g_unix_signal_add(SIGINT, on_stop, &run);
    g_unix_signal_add(SIGHUP, on_reload, &run);
    g_main_loop_run(run.loop);
    g_clear_pointer(&run.loop, g_main_loop_unref);
    mgr_manager_free(run.manager);
    hl_info("manager", "stopped");
    return true;
}

static const char *const run_flags[] = { "c", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration file, made by 'holdline init' (default /etc/holdline/manager.conf)" }
};
static const HlCommand commands[] = {
    { "run", "[-c FILE]", "Run the manager in the foreground", cmd_run, 0, 0, run_flags },
};
static const HlProgram program = {
    .name = "holdline-managerd",
    .summary = "Manages the endpoints of a site; 'run' is understood when no command is given",
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
