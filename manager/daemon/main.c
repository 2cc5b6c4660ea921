/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-managerd: arguments, signals, loop. */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cli.h"
#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/service.h"
#include "manager/daemon/manager.h"
#include "manager/daemon/reload.h"
#include "manager/site/broker.h"
#include "manager/site/site.h"

typedef struct {
    Manager *manager;
    char *fenced;    /* why it may not go on; NULL: it may */
    bool hands_over; /* ends, but leaves the managed broker to the next one */
    GMainLoop *loop; /* NULL: it ended, and what comes now (a second SIGTERM) finds a manager that is being freed */
} Run;

static const char *conf_of(const HlInvocation *call)
{
    return hl_cli_value(call, "c", "/etc/holdline/manager.conf");
}

static gboolean on_stop(gpointer user)
{
    const Run *run = user;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    hl_info("manager", "stopping");
    hl_service_stopping();
    g_main_loop_quit(run->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_hand_over(gpointer user)
{
    Run *run = user;

    run->hands_over = run->loop != NULL || run->hands_over;
    return on_stop(user);
}

static void on_fenced(const char *why, gpointer user)
{
    Run *run = user;

    g_free(run->fenced);
    run->fenced = g_strdup(why);
    if (run->loop != NULL) {
        hl_service_stopping();
        g_main_loop_quit(run->loop);
    }
}

static gboolean on_reload(gpointer user)
{
    const Run *run = user;
    g_autoptr(GError) error = NULL;

    if (run->loop == NULL)
        return G_SOURCE_CONTINUE;
    hl_service_reloading();
    if (mgr_manager_reload(run->manager, &error))
        hl_info("manager", "the configuration was re-read");
    else
        hl_error("manager", "the configuration stays as it was: %s", error->message);
    hl_service_ready();
    return G_SOURCE_CONTINUE;
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    Run run = { 0 };
    g_autofree char *fenced = NULL;

    if (hl_cli_has(call, "check-config"))
        return mgr_reload_check(conf_of(call), error);
    hl_service_start();
    run.manager = mgr_manager_new(
        &(MgrManagerOptions){
            .conf_path = conf_of(call), .take_over = hl_cli_has(call, "take-over"), .fenced = on_fenced, .user = &run },
        error);
    if (run.manager == NULL)
        return false;
    run.loop = g_main_loop_new(NULL, FALSE);
    signal(SIGPIPE, SIG_IGN);
    g_unix_signal_add(SIGTERM, on_stop, &run);
    g_unix_signal_add(SIGINT, on_stop, &run);
    g_unix_signal_add(SIGUSR1, on_hand_over, &run);
    g_unix_signal_add(SIGHUP, on_reload, &run);
    hl_service_ready();
    g_main_loop_run(run.loop);
    g_clear_pointer(&run.loop, g_main_loop_unref);
    mgr_manager_free(run.manager, run.hands_over && run.fenced == NULL ? MGR_BROKER_LEAVE : MGR_BROKER_END);
    hl_service_end();
    hl_info("manager", "stopped");
    fenced = run.fenced;
    return fenced == NULL || hl_fail(error, HL_ERROR_CONFLICT, "%s", fenced);
}

/* For a service, whose command line is not the owner's. */
static bool cmd_take_over(HlInvocation *call, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(conf_of(call));
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_TAKE_OVER);

    if (!g_file_test(conf_of(call), G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s does not exist", conf_of(call));
    if (!hl_file_write_text(path, "", 0600, error))
        return false;
    printf("At its next start the manager on %s takes over from any other that serves.\n", dir);
    return true;
}

/* For a site that stays stopped, after a manager that could not end its broker itself. */
static bool cmd_end_broker(HlInvocation *call, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(conf_of(call), NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *lock_path = mgr_site_path(dir, "lock");
    hl_autofd int lock = -1;
    MgrConf conf = { 0 };
    pid_t pid = 0;
    uint16_t port;
    bool ok;

    if (!hl_conf_load(path, mgr_conf_table(), &conf, error))
        return false;
    lock = hl_file_lock(lock_path, error);
    port = conf.broker_mode == MGR_BROKER_MANAGED ? (uint16_t)conf.broker_port : 0;
    ok = lock >= 0 ? mgr_site_end_broker(dir, port, &pid, error)
                   : hl_error_prefix(error, "a manager runs on %s, and ends its broker when it is stopped", dir);
    hl_options_clear(mgr_conf_table(), &conf);
    if (ok && pid != 0)
        printf("The broker of %s, process %d, has ended.\n", dir, (int)pid);
    else if (ok)
        printf("No broker of %s runs.\n", dir);
    return ok;
}

static const char *const run_flags[] = { "c", "take-over", "check-config", NULL };
static const char *const take_over_flags[] = { "c", NULL };
static const char *const end_broker_flags[] = { "c", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration file, made by 'holdline init' (default /etc/holdline/manager.conf)" },
    { "check-config", NULL, "Name everything that is wrong with the configuration, and do nothing else" },
    { "take-over", NULL, "Serve although another manager on a copy of this site does: that one is fenced" },
};
static const HlCommand commands[] = {
    { "run", "[-c FILE] [--take-over | --check-config]", "Run the manager in the foreground", cmd_run, 0, 0,
      run_flags },
    { "take-over", "[-c FILE]", "Have the next start take over from another manager on a copy of this site",
      cmd_take_over, 0, 0, take_over_flags },
    { "end-broker", "[-c FILE]", "End the managed broker that a manager left which was killed and is not to run again",
      cmd_end_broker, 0, 0, end_broker_flags },
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
