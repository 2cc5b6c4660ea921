/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/broker.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
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
#include "manager/core/hang.h"
#include "manager/site/broker.h"
#include "manager/site/site.h"

#define FILE_LIMIT      1048576 /* one descriptor a connection; the kernel's own limit bounds it */
#define STEADY          (30 * HL_SECOND)
#define MAX_LOG_SIZE    (16 * 1024 * 1024)
#define LOG_LOOK        5000  /* ms; a connect is 250 bytes in the log and 2 ms of the broker: 600 kB at most */
#define END_PATIENCE    10000 /* ms */
#define MAX_CONF        (64 * 1024)
#define ANSWER_PATIENCE 200              /* ms */
#define YOUNG           (2 * HL_SECOND)  /* until its handlers stand, a SIGHUP kills it */
#define TOLD_FOR        HL_HOUR          /* that it hung, or does not stay */
#define UNKILLABLE      (30 * HL_SECOND) /* since it was killed */
#define QUICK_DEATHS    5                /* in a row: said once more loudly, with the log's last line */

struct MgrBroker {
    const MgrConf *conf; /* borrowed; where it listens is fixed */
    char *dir, *program, *conf_path, *log_path;
    MgrBrokerPlace place;          /* dir: that one */
    char fixed[MGR_BROKER_DIGEST]; /* of what it is started with now */
    HlChild *child;                /* started by this process; NULL: it runs not, or was found */
    int found_fd;                  /* of one that was found; -1: none */
    pid_t found_pid;
    guint found_watch, kill_timer;
    HlTime started_mono;
    HlBackoff backoff;
    guint timer, reload_timer, log_timer;
    bool stopping;
    bool is_resting;  /* on purpose: it is not to run */
    bool is_replaced; /* the one that was found ends, and another one starts then */
    MgrHang hang;
    bool is_hung;  /* and killed for it, at killed_mono */
    char *trouble; /* see mgr_broker_trouble; of trouble_mono */
    HlTime killed_mono, trouble_mono;
    guint64 restarts, hangs;
};

static bool begin(MgrBroker *broker, GError **error);

static const char *own_host(const MgrConf *conf)
{
    return strcmp(conf->broker_listen, "0.0.0.0") == 0 ? "127.0.0.1"
           : strcmp(conf->broker_listen, "::") == 0    ? "::1"
                                                       : conf->broker_listen;
}

GStrv mgr_broker_own_addresses(const MgrConf *conf)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (conf->broker_mode != MGR_BROKER_MANAGED)
        return g_strdupv(conf->broker_addresses);
    for (guint i = 0; i < mgr_conf_brokers(conf); i++) {
        g_autofree char *local = hl_place_print(own_host(conf), (uint16_t)(conf->broker_port + i));

        g_strv_builder_add(builder, local);
    }
    return g_strv_builder_end(builder);
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
    if (!begin(broker, &error))
        try_later(broker, error);
    return G_SOURCE_REMOVE;
}

/* Takes the sentence. */
static void tell(MgrBroker *broker, char *trouble)
{
    g_free(broker->trouble);
    broker->trouble = trouble;
    broker->trouble_mono = hl_clock_mono();
}

/* how: as far as it is known. */
static void start_again(MgrBroker *broker, const char *how)
{
    g_autofree char *line = mgr_site_broker_said(broker->log_path);
    g_autofree char *when = hl_time_format(hl_clock_wall());
    HlTime delay;

    if (hl_clock_mono() - broker->started_mono > STEADY)
        hl_backoff_reset(&broker->backoff);
    delay = hl_backoff_next(&broker->backoff, hl_random_u64());
    broker->restarts++;
    hl_warn("broker", "it ended (%s); starting it again in %" G_GINT64_FORMAT " ms; last line of its log: %s", how,
            delay, line);
    if (broker->backoff.failures >= QUICK_DEATHS)
        tell(broker, g_strdup_printf("broker %u ended %u times in a row, the last at %s (%s): look at %s",
                                     broker->place.number + 1, broker->backoff.failures, when, how, broker->log_path));
    if (broker->backoff.failures == QUICK_DEATHS)
        hl_error("broker", "%s", broker->trouble);
    broker->timer = g_timeout_add((guint)delay, on_start_due, broker);
}

static void on_ended(const HlChildEnd *end, gpointer user)
{
    MgrBroker *broker = user;
    g_autofree char *how = g_strdup_printf("%s %d", end->exited ? "exit status" : "signal", end->status);

    broker->child = NULL;
    g_clear_handle_id(&broker->kill_timer, g_source_remove);
    broker->is_hung = false;
    if (broker->is_resting)
        mgr_site_forget_broker(&broker->place);
    else if (!broker->stopping)
        start_again(broker, how);
}

static bool is_running(const MgrBroker *broker)
{
    return broker->child != NULL || broker->found_fd >= 0;
}

static void send_signal(const MgrBroker *broker, int signal)
{
    if (broker->child != NULL)
        kill(hl_child_pid(broker->child), signal);
    else if (broker->found_fd >= 0)
        (void)hl_proc_signal(broker->found_fd, signal);
}

/* ---------------------------------------------------------------------------------------------------- its log, port */

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

    if (is_running(broker) && rotate_log(broker->log_path))
        mgr_broker_reload(broker);
    return G_SOURCE_CONTINUE;
}

/* A socket that would be bound where the broker listens, or -1. */
static int make_socket(const struct sockaddr_storage *native, GError **error)
{
    int on = 1;
    int fd = socket(native->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        hl_fail_errno(error, errno, "cannot make a socket");
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* as the broker does */
    if (native->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return fd;
}

static bool native_address(const char *host, uint16_t port, struct sockaddr_storage *native, socklen_t *size,
                           GError **error)
{
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(host, port);

    *size = (socklen_t)g_socket_address_get_native_size(address);
    return g_socket_address_to_native(address, native, sizeof *native, error);
}

/* Until its handlers stand a broker that cannot listen only ends again, and the manager would connect to anyone who has
 * the port: another manager's broker too.  *is_free; false: it can be nobody's. */
static bool ask_port(const MgrBroker *broker, bool *is_free, GError **error)
{
    const char *listens = broker->conf->broker_listen;
    struct sockaddr_storage native;
    socklen_t size;
    hl_autofd int fd = -1;

    *is_free = false;
    if (!native_address(listens, broker->place.port, &native, &size, error))
        return false;
    fd = make_socket(&native, error);
    if (fd < 0)
        return false;
    *is_free = bind(fd, (const struct sockaddr *)&native, size) == 0 && listen(fd, 1) == 0;
    return *is_free || errno == EADDRINUSE ||
           hl_fail_errno(error, errno, "the managed broker cannot listen at %s, port %d", listens,
                         (int)broker->place.port);
}

/* Only a connection that is refused says that nobody listens: a broker to which thousands come back at once lets others
 * wait. */
static bool answers(const MgrBroker *broker)
{
    struct sockaddr_storage native;
    struct pollfd made = { .events = POLLOUT };
    socklen_t size, length = sizeof(int);
    int problem = 0;
    hl_autofd int fd = -1;

    if (!native_address(own_host(broker->conf), broker->place.port, &native, &size, NULL))
        return true;
    fd = make_socket(&native, NULL);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&native, size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return errno != ECONNREFUSED;
    made.fd = fd;
    return poll(&made, 1, ANSWER_PATIENCE) <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length) != 0 ||
           problem != ECONNREFUSED;
}

/* " (python3, process 4711 of user root)"; caller frees. */
static char *who_listens(uint16_t port)
{
    g_autoptr(GArray) listeners = hl_proc_listeners(port);
    const HlListener *first = listeners->len > 0 ? &g_array_index(listeners, HlListener, 0) : NULL;
    const struct passwd *user = first != NULL ? getpwuid(first->owner) : NULL;
    g_autofree char *owner = user != NULL ? g_strdup(user->pw_name) : NULL;

    if (first == NULL)
        return g_strdup("");
    if (owner == NULL)
        owner = g_strdup_printf("%u", (unsigned)first->owner);
    return first->pid != 0 ? g_strdup_printf(" (%s, process %d of user %s)", first->name, (int)first->pid, owner)
                           : g_strdup_printf(" (of user %s)", owner);
}

static bool fail_taken(const MgrBroker *broker, GError **error)
{
    uint16_t port = broker->place.port;
    g_autofree char *who = who_listens(port);

    return hl_fail(error, HL_ERROR_UNAVAILABLE,
                   "Address already in use: port %d of %s, broker.port%s, is taken by another program%s, which may be "
                   "a broker that runs by itself, or that of another manager: stop that one, or choose another port",
                   (int)port, broker->conf->broker_listen,
                   broker->place.number > 0 ? " and those behind it (broker.count)" : "", who);
}

/* ----------------------------------------------------------------------------------------------- started, or found */

static void note_child(const MgrBroker *broker)
{
    MgrBrokerNote note = { 0 };
    g_autoptr(GError) error = NULL;

    if (!hl_proc_identify(hl_child_pid(broker->child), &note.id))
        return; /* it ended at once */
    g_strlcpy(note.fixed, broker->fixed, sizeof note.fixed);
    if (!mgr_site_note_broker(&broker->place, &note, &error))
        hl_warn("broker", "if this manager is killed, the next one has to start the broker again: %s", error->message);
}

static bool start_child(MgrBroker *broker, GError **error)
{
    const char *argv[] = { broker->program, "-c", broker->conf_path, NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    spec.argv = argv;
    spec.log_path = broker->log_path;
    spec.file_limit = FILE_LIMIT;
    spec.outlives = true;
    (void)rotate_log(broker->log_path); /* the new one opens whatever is there */
    broker->started_mono = hl_clock_mono();
    broker->child = hl_child_start(&spec, NULL, on_ended, broker, error);
    if (broker->child == NULL) {
        g_autofree char *found = g_find_program_in_path(broker->program);

        return hl_error_prefix(error, found != NULL
                                          ? "managed broker"
                                          : "managed broker (broker.program, which the package mosquitto has)");
    }
    note_child(broker);
    hl_info("broker", "started %s, process %d", broker->program, (int)hl_child_pid(broker->child));
    return true;
}

static void drop_found(MgrBroker *broker)
{
    g_clear_handle_id(&broker->found_watch, g_source_remove);
    g_clear_handle_id(&broker->kill_timer, g_source_remove);
    hl_fd_clear(&broker->found_fd);
}

static gboolean on_found_ended(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    MgrBroker *broker = user;
    bool is_replaced = broker->is_replaced;

    broker->found_watch = 0;
    broker->is_replaced = false;
    broker->is_hung = false;
    drop_found(broker);
    if (broker->is_resting)
        mgr_site_forget_broker(&broker->place);
    else if (is_replaced)
        on_start_due(broker);
    else
        start_again(broker, "it was not started by this manager, so how is not known");
    return G_SOURCE_REMOVE;
}

static gboolean on_end_late(gpointer user)
{
    MgrBroker *broker = user;

    broker->kill_timer = 0;
    send_signal(broker, SIGKILL);
    return G_SOURCE_REMOVE;
}

/* Takes over left->fd. */
static void take_found(MgrBroker *broker, MgrLeftBroker *left, const char *why_not)
{
    HlTime age = hl_proc_age(&left->id);

    broker->found_fd = hl_fd_steal(&left->fd);
    broker->found_pid = left->id.pid;
    broker->found_watch = g_unix_fd_add(broker->found_fd, G_IO_IN, on_found_ended, broker);
    broker->started_mono = hl_clock_mono() - age;
    broker->is_replaced = why_not != NULL;
    if (why_not == NULL) {
        hl_info("broker", "found it running, process %d, started %" G_GINT64_FORMAT " s ago: no line is lost",
                (int)broker->found_pid, age / HL_SECOND);
        mgr_broker_reload(broker);
        return;
    }
    hl_warn("broker", "process %d, which an earlier manager left, is replaced, and all lines with it: %s",
            (int)broker->found_pid, why_not);
    send_signal(broker, SIGTERM);
    broker->kill_timer = g_timeout_add(END_PATIENCE, on_end_late, broker);
}

static bool begin(MgrBroker *broker, GError **error)
{
    MgrLeftBroker left;
    MgrBrokerFinding finding = { .lives = mgr_site_find_broker(&broker->place, &left) };
    hl_autofd int fd = left.fd;
    const char *why;

    if (!finding.lives && !ask_port(broker, &finding.port_free, error))
        return false;
    finding.is_noted = left.is_noted;
    finding.is_current = left.is_noted && strcmp(left.note.fixed, broker->fixed) == 0;
    finding.answers = finding.lives && (hl_proc_age(&left.id) < YOUNG || answers(broker));
    left.fd = hl_fd_steal(&fd);
    switch (mgr_broker_next(&finding, &why)) {
    case MGR_BROKER_START:
        return start_child(broker, error);
    case MGR_BROKER_ADOPT:
    case MGR_BROKER_REPLACE:
        take_found(broker, &left, why);
        return true;
    case MGR_BROKER_WAIT:
        return fail_taken(broker, error);
    }
    g_assert_not_reached();
}

static void end_left(const MgrBrokerPlace *place)
{
    g_autoptr(GError) error = NULL;
    pid_t pid;

    if (!mgr_site_end_broker(place, &pid, &error))
        hl_error("broker", "%s", error->message);
    else if (pid != 0)
        hl_info("broker", "ended process %d, which an earlier manager left", (int)pid);
}

static MgrBroker *broker_new(const char *dir, const MgrConf *conf, guint number)
{
    MgrBroker *broker = g_new0(MgrBroker, 1);

    broker->conf = conf;
    broker->found_fd = -1;
    broker->dir = g_strdup(dir);
    broker->place = (MgrBrokerPlace){ broker->dir, number, (uint16_t)(conf->broker_port + number) };
    broker->program = g_strdup(conf->broker_program);
    broker->conf_path = mgr_site_broker_path(dir, number, "mosquitto.conf");
    broker->log_path = mgr_site_broker_path(dir, number, "mosquitto.log");
    broker->backoff = HL_BACKOFF_INIT(HL_SECOND, HL_MINUTE);
    return broker;
}

MgrBroker *mgr_broker_start(const char *dir, const MgrConf *conf, guint number, bool rests, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = NULL;
    MgrBroker *broker;

    if (!mgr_site_write_broker_conf(dir, conf, number, error))
        return NULL;
    broker = broker_new(dir, conf, number);
    broker->is_resting = rests;
    text = hl_file_read_text(broker->conf_path, MAX_CONF, &problem);
    if (text != NULL)
        mgr_broker_fixed_digest(broker->program, text, broker->fixed);
    if (rests) {
        end_left(&broker->place);
    } else if (text != NULL && !begin(broker, &problem) && hl_error_code(problem) == HL_ERROR_UNAVAILABLE) {
        try_later(broker, problem);
    } else if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        mgr_broker_free(broker, MGR_BROKER_END_STARTED);
        return NULL;
    }
    broker->log_timer = g_timeout_add(LOG_LOOK, on_log_look, broker);
    return broker;
}

void mgr_broker_rest(MgrBroker *broker, bool rests)
{
    if (broker->is_resting == rests)
        return;
    broker->is_resting = rests;
    g_clear_handle_id(&broker->timer, g_source_remove);
    if (is_running(broker)) { /* if it ends already, and is wanted again, it is started as after any other end */
        send_signal(broker, SIGTERM);
        if (broker->kill_timer == 0)
            broker->kill_timer = g_timeout_add(END_PATIENCE, on_end_late, broker);
    } else if (!rests) {
        on_start_due(broker);
    }
}

/* -------------------------------------------------------------------------------------------------- one that hangs */

static void end_hung(MgrBroker *broker, MgrHangVerdict verdict)
{
    g_autofree char *when = hl_time_format(hl_clock_wall());
    g_autofree char *how = mgr_hang_describe(verdict);

    tell(broker, g_strdup_printf("broker %u hung at %s: %s; the manager ended it and started it again: look at %s, and "
                                 "at the system's log for what stopped it",
                                 broker->place.number + 1, when, how, broker->log_path));
    broker->killed_mono = broker->trouble_mono;
    broker->hangs++;
    broker->is_hung = true;
    hl_error("broker", "broker %u, process %d, hangs: %s; it is killed, and started again", broker->place.number + 1,
             (int)broker->hang.last.pid, how);
    send_signal(broker, SIGKILL);
}

void mgr_broker_look(MgrBroker *broker, bool is_mute)
{
    MgrHangLook look = { .pid = mgr_broker_view(broker).pid };
    struct stat log = { 0 };
    MgrHangVerdict verdict;

    if (!is_mute || look.pid == 0 || broker->is_resting || broker->is_replaced) {
        broker->hang = (MgrHang){ 0 };
        return;
    }
    (void)stat(broker->log_path, &log);
    look.busy = hl_proc_occupied((pid_t)look.pid); /* ticks are too coarse for one that is idle */
    look.waits_for_machine = hl_proc_waits_for_machine((pid_t)look.pid);
    look.log_size = (uint64_t)log.st_size;
    verdict = mgr_hang_look(&broker->hang, &look, hl_clock_mono());
    if (!broker->is_hung && verdict != MGR_HANG_NO)
        end_hung(broker, verdict);
    else if (broker->is_hung && hl_clock_mono() - broker->killed_mono > UNKILLABLE)
        hl_log_limited(HL_LOG_ERROR, "broker", "unkillable",
                       "broker %u, process %d, was killed and does not end: only a restart of the machine helps",
                       broker->place.number + 1, (int)look.pid);
}

const char *mgr_broker_trouble(const MgrBroker *broker)
{
    return broker->trouble != NULL && hl_clock_mono() - broker->trouble_mono < TOLD_FOR ? broker->trouble : NULL;
}

MgrBrokerView mgr_broker_view(const MgrBroker *broker)
{
    MgrBrokerView view = { .port = broker->place.port, .is_resting = broker->is_resting };

    if (is_running(broker)) {
        view.pid = broker->child != NULL ? hl_child_pid(broker->child) : broker->found_pid;
        view.age = hl_clock_mono() - broker->started_mono;
    }
    view.restarts = broker->restarts;
    view.hangs = broker->hangs;
    return view;
}

bool mgr_broker_was_found(const MgrBroker *broker)
{
    return broker->found_fd >= 0 && !broker->is_replaced;
}

static gboolean on_reload_due(gpointer user)
{
    MgrBroker *broker = user;

    broker->reload_timer = 0;
    send_signal(broker, SIGHUP);
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
    return broker->reload_timer != 0 ? MAX(1, YOUNG - (hl_clock_mono() - broker->started_mono)) : 0;
}

static void end_child(MgrBroker *broker)
{
    HlTime until = hl_clock_mono() + 5 * HL_SECOND;

    hl_child_stop(broker->child);
    while (broker->child != NULL && hl_clock_mono() < until)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(5000);
    if (broker->child != NULL)
        hl_child_abandon(broker->child);
    mgr_site_forget_broker(&broker->place);
}

void mgr_broker_free(MgrBroker *broker, MgrBrokerEnd end)
{
    bool found;

    if (broker == NULL)
        return;
    broker->stopping = true;
    found = broker->found_fd >= 0;
    g_clear_handle_id(&broker->timer, g_source_remove);
    g_clear_handle_id(&broker->reload_timer, g_source_remove);
    g_clear_handle_id(&broker->log_timer, g_source_remove);
    g_clear_handle_id(&broker->kill_timer, g_source_remove);
    drop_found(broker);
    if (broker->child != NULL && end == MGR_BROKER_LEAVE)
        hl_child_leave(broker->child);
    else if (broker->child != NULL)
        end_child(broker);
    else if (found && end == MGR_BROKER_END)
        end_left(&broker->place);
    g_free(broker->dir);
    g_free(broker->program);
    g_free(broker->conf_path);
    g_free(broker->log_path);
    g_free(broker->trouble);
    g_free(broker);
}
