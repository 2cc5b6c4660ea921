/* holdline-endpointd: holds the endpoint's line to its server.  Signals, configuration, the loop; the work is in
 * daemon.c. */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "endpoint/daemon/daemon.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

static const char usage[] = "Usage: holdline-endpointd [-c FILE]\n\n"
                            "Holds this machine's line to its Holdline server, in the foreground.\n\n"
                            "Options:\n"
                            "  -c FILE          configuration; default " EP_CONF_DEFAULT_PATH " if it is there\n"
                            "  --print-config   print a documented configuration with the values in use\n"
                            "  --version        print the version\n";

static gboolean on_stop(gpointer user)
{
    ep_daemon_stop(user);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer user)
{
    g_autoptr(GError) error = NULL;

    if (ep_daemon_reload(user, &error))
        hl_info("reload", "configuration and identity were re-read");
    else
        hl_error("reload", "%s", error->message);
    return G_SOURCE_CONTINUE;
}

typedef struct {
    const char *conf_path;
    bool print_config, done;
} Arguments;

static bool parse(int argc, char **argv, Arguments *arguments, GError **error)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
            arguments->conf_path = argv[++i];
        } else if (strcmp(argv[i], "--print-config") == 0) {
            arguments->print_config = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            arguments->done = true;
            fputs(usage, stdout);
        } else if (strcmp(argv[i], "--version") == 0) {
            arguments->done = true;
            printf("holdline-endpointd %s\n", HOLDLINE_VERSION);
        } else {
            return hl_fail(error, HL_ERROR_USAGE, "unknown argument '%s'; see --help", argv[i]);
        }
    }
    return true;
}

static void on_stopped(gpointer user)
{
    g_main_loop_quit(user);
}

static bool run(EpConf *conf, const char *conf_path, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    EpDaemonOptions options = { .conf_path = conf_path, .stopped = on_stopped, .user = loop };
    EpDaemon *daemon = ep_daemon_new(conf, &options, error);

    if (daemon == NULL)
        return false;
    g_unix_signal_add(SIGTERM, on_stop, daemon);
    g_unix_signal_add(SIGINT, on_stop, daemon);
    g_unix_signal_add(SIGHUP, on_reload, daemon);
    g_main_loop_run(loop);
    ep_daemon_free(daemon);
    return true;
}

int main(int argc, char **argv)
{
    Arguments arguments = { 0 };
    g_auto(EpConf) conf = { 0 };
    g_autoptr(GError) error = NULL;
    bool ok = parse(argc, argv, &arguments, &error);

    signal(SIGPIPE, SIG_IGN);
    if (ok && arguments.done)
        return 0;
    ok = ok && ep_conf_load(&conf, arguments.conf_path, &error);
    if (ok && arguments.print_config) {
        g_autofree char *text = hl_conf_print(ep_conf_table(), &conf);

        fputs(text, stdout);
    } else if (ok) {
        ok = run(&conf, arguments.conf_path, &error);
    }
    if (ok)
        return 0;
    fprintf(stderr, "holdline-endpointd: %s\n", error->message);
    return hl_error_exit_status(error);
}
