/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-endpointd: arguments, signals, loop.  The work is in daemon.c. */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "endpoint/daemon/daemon.h"
#include "lib/base/cli.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/service.h"
#include "proto/copied.h"

static gboolean on_stop(gpointer user)
{
    hl_service_stopping();
    ep_daemon_stop(user);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer user)
{
    g_autoptr(GError) error = NULL;

    hl_service_reloading();
    if (ep_daemon_reload(user, &error))
        hl_info("reload", "configuration and identity were re-read");
    else
        hl_error("reload", "%s", error->message);
    hl_service_ready();
    return G_SOURCE_CONTINUE;
}

static void on_stopped(gpointer user)
{
    g_main_loop_quit(user);
}

static bool run(EpConf *conf, const char *conf_path, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    EpDaemonOptions options = { .conf_path = conf_path, .stopped = on_stopped, .user = loop };
    EpDaemon *daemon;

    signal(SIGPIPE, SIG_IGN);
    daemon = ep_daemon_new(conf, &options, error);
    if (daemon == NULL)
        return false;
    g_unix_signal_add(SIGTERM, on_stop, daemon);
    g_unix_signal_add(SIGINT, on_stop, daemon);
    g_unix_signal_add(SIGHUP, on_reload, daemon);
    hl_service_ready();
    g_main_loop_run(loop);
    ep_daemon_free(daemon);
    hl_service_end();
    return true;
}

static bool check_whole(void *values, GError **error)
{
    return ep_conf_check(values, error);
}

static bool check_conf(const char *path, GError **error)
{
    EpConf conf = { 0 };

    if (path == NULL && !g_file_test(EP_CONF_DEFAULT_PATH, G_FILE_TEST_EXISTS)) {
        printf("%s does not exist: the defaults hold\n", EP_CONF_DEFAULT_PATH);
        return true;
    }
    return hl_conf_check_print(path != NULL ? path : EP_CONF_DEFAULT_PATH, ep_conf_table(), &conf,
                               (HlConfRules){ .whole = check_whole }, error);
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    const char *path = hl_cli_value(call, "c", NULL);
    g_auto(EpConf) conf = { 0 };
    g_autofree char *text = NULL;

    if (hl_cli_has(call, "check-config"))
        return check_conf(path, error);
    if (!hl_cli_has(call, "print-config"))
        hl_service_start();
    if (!ep_conf_load(&conf, path, error))
        return false;
    if (!hl_cli_has(call, "print-config"))
        return run(&conf, path, error);
    text = hl_conf_print(ep_conf_table(), &conf);
    fputs(text, stdout);
    return true;
}

static const char *const run_flags[] = { "c", "print-config", "check-config", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration; the default is " EP_CONF_DEFAULT_PATH " if it is there, else the defaults" },
    { "check-config", NULL, "Name everything that is wrong with the configuration, and do nothing else" },
    { "print-config", NULL, "Print a documented configuration with the values in use, and do nothing else" },
};
static const HlCommand commands[] = {
    { "run", "[-c FILE] [--print-config | --check-config]", "Hold this machine's line to its server, in the foreground",
      cmd_run, 0, 0, run_flags },
};
static const HlProgram program = {
    .name = "holdline-endpointd",
    .copied = &hl_copied,
    .summary = "Holds this machine's line to its Holdline server; 'run' is understood when no command is given",
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
