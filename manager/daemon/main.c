/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-managerd: arguments, signals, loop. */
#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cli.h"
#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/service.h"
#include "manager/daemon/manager.h"
#include "manager/daemon/reload.h"
#include "manager/site/broker.h"
#include "manager/site/exchange.h"
#include "manager/site/owners.h"
#include "manager/site/site.h"
#include "proto/copied.h"

typedef struct {
    Manager *manager;
    char *fenced;           /* why it may not go on; NULL: it may */
    bool is_stopped;        /* while it started */
    bool hands_over;        /* ends, but leaves the managed broker to the next one */
    GMainLoop *loop;        /* NULL: it starts, or it ended, and what comes now finds a manager that is being freed */
    GMainContext *starting; /* the signals that end it, once more: the loop's own hear nothing before it runs */
} Run;

static const char *conf_of(const HlInvocation *call)
{
    return hl_cli_value(call, "c", "/etc/holdline/manager.conf");
}

/* A manager that root starts by hand, and all that it leaves in the site, is the site's owner's. */
static bool become_owner(const HlInvocation *call, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(conf_of(call), NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    if (!mgr_exchange_check(dir, error)) /* by then it may have no configuration */
        return false;
    if (access(path, F_OK) == 0)
        return hl_process_become_owner(dir, error);
    return errno != ENOENT || hl_fail(error, HL_ERROR_NOT_FOUND,
                                      "there is no %s: name the site's manager.conf with -c, or make a site with "
                                      "'holdline init DIR'",
                                      path);
}

/* As the user that the manager will be: root can read what its owner cannot. */
static bool check_config(const HlInvocation *call, GError **error)
{
    const char *path = conf_of(call);
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *dir = g_path_get_dirname(absolute);

    return (access(path, F_OK) != 0 || hl_process_become_owner(dir, error)) && mgr_reload_check(path, error);
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

static gboolean on_stop_early(gpointer user)
{
    ((Run *)user)->is_stopped = true;
    return G_SOURCE_CONTINUE;
}

static gboolean on_hand_over_early(gpointer user)
{
    ((Run *)user)->hands_over = true;
    return on_stop_early(user);
}

static MgrBrokerEnd broker_end(const Run *run)
{
    return run->hands_over && run->fenced == NULL ? MGR_BROKER_LEAVE : MGR_BROKER_END;
}

static bool is_stopped(MgrBrokerEnd *end, gpointer user)
{
    Run *run = user;

    while (g_main_context_iteration(run->starting, FALSE))
        continue;
    *end = broker_end(run);
    return run->is_stopped;
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

/* Before anything is started: what a signal kills here would leave its broker behind. */
static void hear_signals(Run *run)
{
    static const struct {
        int signal;
        GSourceFunc at_run, at_start; /* at_start NULL: it waits until the loop runs */
    } rows[] = {
        { SIGTERM, on_stop, on_stop_early },
        { SIGINT, on_stop, on_stop_early },
        { SIGUSR1, on_hand_over, on_hand_over_early },
        { SIGHUP, on_reload, NULL },
    };

    static GMainContext *starting; /* as long as the process: GLib's own thread may just be waking it for a signal */

    signal(SIGPIPE, SIG_IGN);
    run->starting = starting = g_main_context_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_unix_signal_add(rows[i].signal, rows[i].at_run, run);
        if (rows[i].at_start != NULL) {
            g_autoptr(GSource) source = g_unix_signal_source_new(rows[i].signal);

            g_source_set_callback(source, rows[i].at_start, run, NULL);
            g_source_attach(source, run->starting);
        }
    }
}

static void serve(Run *run)
{
    MgrBrokerEnd end;

    run->loop = g_main_loop_new(NULL, FALSE);
    if (!is_stopped(&end, run)) {
        hl_service_ready();
        g_main_loop_run(run->loop);
    }
    g_clear_pointer(&run->loop, g_main_loop_unref);
    mgr_manager_free(run->manager, broker_end(run));
}

static bool run_manager(HlInvocation *call, GError **error)
{
    Run run = { 0 };
    g_autofree char *fenced = NULL;
    g_autoptr(GError) problem = NULL;

    if (!become_owner(call, error))
        return false;
    hear_signals(&run);
    hl_service_start();
    run.manager = mgr_manager_new(&(MgrManagerOptions){ .conf_path = conf_of(call),
                                                        .take_over = hl_cli_has(call, "take-over"),
                                                        .stopped = is_stopped,
                                                        .fenced = on_fenced,
                                                        .user = &run },
                                  &problem);
    if (run.manager != NULL)
        serve(&run);
    if (problem != NULL && !run.is_stopped) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    hl_service_end();
    hl_info("manager", "stopped%s%s", problem != NULL ? ": " : "", problem != NULL ? problem->message : "");
    fenced = run.fenced;
    return fenced == NULL || hl_fail(error, HL_ERROR_CONFLICT, "%s", fenced);
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(conf_of(call), NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *remedy = NULL;

    if (hl_cli_has(call, "check-config"))
        return check_config(call, error);
    if (run_manager(call, error))
        return true;
    remedy = mgr_site_start_remedy(dir);
    return remedy != NULL && hl_error_remedy(error, HL_ERROR_DENIED, "%s", remedy);
}

/* For a service, whose command line is not the owner's. */
static bool cmd_take_over(HlInvocation *call, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(conf_of(call));
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_TAKE_OVER);

    if (!g_file_test(conf_of(call), G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s does not exist", conf_of(call));
    if (mgr_site_is_running(dir))
        return hl_fail(
            error, HL_ERROR_CONFLICT,
            "a manager runs on %s, and there is nothing to take over: this is for the copy that is to serve in "
            "place of another one",
            dir);
    if (!become_owner(call, error) || !hl_file_write_text(path, "", 0600, error))
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
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    uint16_t port;
    bool ok;

    if (!become_owner(call, error) || !hl_conf_load(path, mgr_conf_table(), &conf, error))
        return false;
    lock = hl_file_lock_as(lock_path, error, "a manager runs on %s, and ends its broker when it is stopped", dir);
    port = conf.broker_mode == MGR_BROKER_MANAGED ? (uint16_t)conf.broker_port : 0;
    ok = lock >= 0 && mgr_site_end_brokers(dir, 0, port, pids, error);
    hl_options_clear(mgr_conf_table(), &conf);
    for (guint i = 0; i < pids->len; i++)
        printf("The broker of %s, process %d, has ended.\n", dir, (int)g_array_index(pids, pid_t, i));
    if (ok && pids->len == 0)
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
    .copied = &hl_copied,
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
