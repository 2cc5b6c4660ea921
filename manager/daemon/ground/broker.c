/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/broker.h"

#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/backoff.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/network.h"
#include "manager/site/site.h"

#define FILE_LIMIT   1048576 /* one descriptor a connection; the kernel's own limit bounds it */
#define STEADY       (30 * HL_SECOND)
#define MAX_LOG_SIZE (16 * 1024 * 1024)
#define LOG_LOOK     5000            /* ms; a connect is 250 bytes in the log and 2 ms of the broker: 600 kB at most */
#define YOUNG        (2 * HL_SECOND) /* until its handlers stand, a SIGHUP kills it */
#define QUICK_DEATHS 5               /* in a row: said once more loudly, with the log's last line */

struct MgrBroker {
    const MgrConf *conf; /* borrowed; where it listens is fixed */
    char *program, *conf_path, *log_path;
    HlChild *child;
    HlTime started_mono;
    HlBackoff backoff;
    guint timer, reload_timer, log_timer;
    bool stopping;
};

static bool start_child(MgrBroker *broker, GError **error);

GStrv mgr_broker_own_addresses(const MgrConf *conf)
{
    const char *host = strcmp(conf->broker_listen, "0.0.0.0") == 0 ? "127.0.0.1"
                       : strcmp(conf->broker_listen, "::") == 0    ? "::1"
                                                                   : conf->broker_listen;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *local = hl_place_print(host, (uint16_t)conf->broker_port);

    if (conf->broker_mode != MGR_BROKER_MANAGED)
        return g_strdupv(conf->broker_addresses);
    g_strv_builder_add(builder, local);
    return g_strv_builder_end(builder);
}

static char *last_line(const char *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint n;
    gsize size = 0;

    if (!g_file_get_contents(path, &text, &size, NULL))
        return g_strdup("no log");
    lines = g_strsplit(g_strchomp(text + (size > 4096 ? size - 4096 : 0)), "\n", -1);
    n = g_strv_length(lines);
    return g_strdup(n > 0 ? lines[n - 1] : "empty log");
}

static gboolean on_start_due(gpointer user);

static void try_later(MgrBroker *broker, const GError *error)
{
    hl_error("broker", "%s", error->message);
    broker->timer = g_timeout_add((guint)hl_backoff_next(&broker->backoff, hl_random_u64()), on_start_due, broker);
}

static gboolean on_start_due(gpointer user)
{
    MgrBroker *broker = user;
    g_autoptr(GError) error = NULL;

    broker->timer = 0;
    if (!start_child(broker, &error))
        try_later(broker, error);
    return G_SOURCE_REMOVE;
}

static void on_ended(const HlChildEnd *end, gpointer user)
{
    MgrBroker *broker = user;
    g_autofree char *line = NULL;
    HlTime delay;

    broker->child = NULL;
    if (broker->stopping)
        return;
    if (hl_clock_mono() - broker->started_mono > STEADY)
        hl_backoff_reset(&broker->backoff);
    line = last_line(broker->log_path);
    delay = hl_backoff_next(&broker->backoff, hl_random_u64());
    hl_warn("broker", "it ended (%s %d); starting it again in %" G_GINT64_FORMAT " ms; last line of its log: %s",
            end->exited ? "exit status" : "signal", end->status, delay, line);
    if (broker->backoff.failures == QUICK_DEATHS)
        hl_error("broker", "it died %d times in a row: look at %s", QUICK_DEATHS, broker->log_path);
    broker->timer = g_timeout_add((guint)delay, on_start_due, broker);
}

/* One old log is kept, so that connects of many years, or of one who does nothing else, do not fill the disk.  Whether
 * the log is now another file than the broker's. */
static bool rotate_log(const char *path)
{
    g_autofree char *old = g_strconcat(path, ".1", NULL);
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT; /* rotated before, and not opened again yet */
    if (st.st_size <= MAX_LOG_SIZE)
        return false;
    if (rename(path, old) == 0)
        return true;
    hl_log_limited(HL_LOG_WARN, "broker", "rotate", "cannot rotate the log %s: %s", path, g_strerror(errno));
    return false;
}

static gboolean on_log_look(gpointer user)
{
    MgrBroker *broker = user;

    if (broker->child != NULL && rotate_log(broker->log_path))
        mgr_broker_reload(broker);
    return G_SOURCE_CONTINUE;
}

/* Until its handlers stand a broker that cannot listen only ends again, and the manager would connect to whoever has
 * the port: another manager's broker too. */
static bool port_is_free(const MgrConf *conf, GError **error)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string(conf->broker_listen, (guint)conf->broker_port);
    struct sockaddr_storage native;
    gssize size = g_socket_address_get_native_size(address);
    int on = 1;
    hl_autofd int fd = -1;

    if (!g_socket_address_to_native(address, &native, sizeof native, error))
        return false;
    fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hl_fail_errno(error, errno, "cannot make a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* as the broker does */
    if (native.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&native, (socklen_t)size) == 0 && listen(fd, 1) == 0)
        return true;
    if (errno != EADDRINUSE)
        return hl_fail_errno(error, errno, "the managed broker cannot listen at %s, port %d", conf->broker_listen,
                             (int)conf->broker_port);
    return hl_fail(error, HL_ERROR_UNAVAILABLE,
                   "Address already in use: port %d of %s, broker.port, is taken by another program, which may be a "
                   "broker that runs by itself, "
                   "or that of another manager: stop that one, or choose another port",
                   (int)conf->broker_port, conf->broker_listen);
}

static bool start_child(MgrBroker *broker, GError **error)
{
    const char *argv[] = { broker->program, "-c", broker->conf_path, NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    if (!port_is_free(broker->conf, error))
        return false;
    spec.argv = argv;
    spec.log_path = broker->log_path;
    spec.file_limit = FILE_LIMIT;
    (void)rotate_log(broker->log_path); /* the new one opens whatever is there */
    broker->started_mono = hl_clock_mono();
    broker->child = hl_child_start(&spec, NULL, on_ended, broker, error);
    if (broker->child == NULL)
        return hl_error_prefix(error, "managed broker");
    hl_info("broker", "started %s, process %d", broker->program, (int)hl_child_pid(broker->child));
    return true;
}

MgrBroker *mgr_broker_start(const char *dir, const MgrConf *conf, GError **error)
{
    g_autoptr(GError) problem = NULL;
    MgrBroker *broker;

    if (!mgr_site_write_broker_conf(dir, conf, error))
        return NULL;
    broker = g_new0(MgrBroker, 1);
    broker->conf = conf;
    broker->program = g_strdup(conf->broker_program);
    broker->conf_path = mgr_site_path(dir, "broker/mosquitto.conf");
    broker->log_path = mgr_site_path(dir, "broker/mosquitto.log");
    broker->backoff = HL_BACKOFF_INIT(HL_SECOND, HL_MINUTE);
    if (!start_child(broker, &problem) && hl_error_code(problem) == HL_ERROR_UNAVAILABLE) {
        try_later(broker, problem); /* that of a manager that was killed ends by itself, after it has saved */
    } else if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        mgr_broker_free(broker);
        return NULL;
    }
    broker->log_timer = g_timeout_add(LOG_LOOK, on_log_look, broker);
    return broker;
}

static gboolean on_reload_due(gpointer user)
{
    MgrBroker *broker = user;

    broker->reload_timer = 0;
    if (broker->child != NULL)
        kill(hl_child_pid(broker->child), SIGHUP);
    return G_SOURCE_REMOVE;
}

void mgr_broker_reload(MgrBroker *broker)
{
    HlTime age = hl_clock_mono() - broker->started_mono;

    if (broker->reload_timer != 0)
        return;
    if (age >= YOUNG)
        on_reload_due(broker);
    else
        broker->reload_timer = g_timeout_add((guint)(YOUNG - age), on_reload_due, broker);
}

HlTime mgr_broker_until_reload(const MgrBroker *broker)
{
    return broker->reload_timer != 0 ? MAX(0, YOUNG - (hl_clock_mono() - broker->started_mono)) : 0;
}

void mgr_broker_free(MgrBroker *broker)
{
    HlTime until = hl_clock_mono() + 5 * HL_SECOND;

    if (broker == NULL)
        return;
    broker->stopping = true;
    if (broker->timer != 0)
        g_source_remove(broker->timer);
    if (broker->reload_timer != 0)
        g_source_remove(broker->reload_timer);
    if (broker->log_timer != 0)
        g_source_remove(broker->log_timer);
    if (broker->child != NULL)
        hl_child_stop(broker->child);
    while (broker->child != NULL && hl_clock_mono() < until)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(5000);
    if (broker->child != NULL)
        hl_child_abandon(broker->child);
    g_free(broker->program);
    g_free(broker->conf_path);
    g_free(broker->log_path);
    g_free(broker);
}
