/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/daemon.h"

#include <string.h>

#include "endpoint/daemon/enrolled.h"
#include "endpoint/daemon/front/control.h"
#include "endpoint/daemon/front/status.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/work/scheduler.h"
#include "endpoint/identity/machine.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

#define GOODBYE_TIMEOUT (3 * HL_SECOND) /* stopping does not wait longer for a broker that does not answer */

struct EpDaemon {
    EpDaemonOptions has;
    EpConf conf; /* parts borrow the struct, whose texts a reload replaces */
    int lock_fd; /* -1: not held */
    char *boot_id, *fingerprint;
    HlDb *db;
    EpPulse *pulse;
    EpTrouble *trouble;
    EpRefusals refused; /* since the start, of all identities */
    EpSettings *settings;
    EpProgram *program;
    EpUpdates *updates;
    EpFinds *finds;
    EpScans *scans;
    EpOrders *orders;
    EpKeeper *keeper;
    EpEnrolled *enrolled; /* NULL: not enrolled */
    EpScheduler *scheduler;
    EpControl *control;
    bool stopping;
    guint goodbye_timer;
};

/* ------------------------------------------------------------------------------------------------- the arrows up */

static void on_retry(gpointer user)
{
    EpDaemon *daemon = user;

    if (daemon->enrolled != NULL)
        ep_enrolled_ask_again(daemon->enrolled);
}

/* Also while the parts are made, from the ground up. */
static void on_settings_changed(gpointer user)
{
    EpDaemon *daemon = user;

    if (daemon->scans != NULL)
        ep_scans_settings_changed(daemon->scans);
    if (daemon->scheduler != NULL)
        ep_scheduler_settings_changed(daemon->scheduler);
    if (daemon->enrolled != NULL)
        ep_enrolled_settings_changed(daemon->enrolled);
    ep_pulse_changed(daemon->pulse);
}

/* Also while the parts are made. */
static void on_set_changed(gpointer user)
{
    const EpDaemon *daemon = user;

    if (daemon->scans != NULL)
        ep_scans_set_changed(daemon->scans);
}

static EpStatusView on_view(gpointer user)
{
    const EpDaemon *daemon = user;

    return (EpStatusView){ .db = daemon->db,
                           .trouble = daemon->trouble,
                           .refused = &daemon->refused,
                           .settings = daemon->settings,
                           .program = daemon->program,
                           .updates = daemon->updates,
                           .finds = daemon->finds,
                           .scans = daemon->scans,
                           .orders = daemon->orders,
                           .scheduler = daemon->scheduler,
                           .enrolled = daemon->enrolled };
}

static void on_call_stop(gpointer user)
{
    ep_daemon_stop(user);
}

static bool on_call_reload(gpointer user, GError **error)
{
    return ep_daemon_reload(user, error);
}

static bool on_call_leave(gpointer user, GError **error)
{
    return ep_daemon_leave(user, error);
}

/* ------------------------------------------------------------------------------------------------------ identity */

static EpEnrolled *enrolled_new(EpDaemon *daemon, const EpConf *conf, EpIdentity **identity, GError **error)
{
    EpEnrolledOptions options = { .conf = conf,
                                  .boot_id = daemon->boot_id,
                                  .fingerprint = daemon->fingerprint,
                                  .db = daemon->db,
                                  .trouble = daemon->trouble,
                                  .pulse = daemon->pulse,
                                  .settings = daemon->settings,
                                  .program = daemon->program,
                                  .updates = daemon->updates,
                                  .finds = daemon->finds,
                                  .orders = daemon->orders,
                                  .keeper = daemon->keeper,
                                  .refused = &daemon->refused };

    return ep_enrolled_new(&options, identity, error);
}

/* Cannot fail.  The link of the new one exists already but connects from the loop, when the earlier one is gone: with
 * one client id, two connections would end each other. */
static void enrol(EpDaemon *daemon, EpEnrolled *enrolled)
{
    EpEnrolled *before = daemon->enrolled;

    if (before != NULL && strcmp(ep_enrolled_identity(before)->id, ep_enrolled_identity(enrolled)->id) != 0)
        ep_enrolled_announce_leave(before, EP_LEAVE_MOVED);
    ep_enrolled_free(before);
    daemon->enrolled = enrolled;
    ep_enrolled_start(enrolled);
    ep_pulse_changed(daemon->pulse);
}

/* At the start: what cannot be used is shown, and the next reload looks again. */
static void look_for_identity(EpDaemon *daemon)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EpIdentity) identity = ep_identity_load(daemon->conf.state_dir, &error);
    EpEnrolled *enrolled = identity == NULL ? NULL : enrolled_new(daemon, &daemon->conf, &identity, &error);

    if (enrolled != NULL) {
        enrol(daemon, enrolled);
        return;
    }
    hl_warn("enrol", "%s", error->message);
    if (!g_error_matches(error, HL_ERROR, HL_ERROR_NOT_FOUND))
        ep_trouble_set_identity(daemon->trouble, error->message);
}

/* -------------------------------------------------------------------------------------------------------- reload */

/* What a reload has read, until it is in use. */
typedef struct {
    EpConf conf;
    EpIdentity *identity; /* NULL: this machine is not enrolled */
    EpEnrolled *enrolled; /* NULL: the same */
} Reload;

static void reload_clear(Reload *reload)
{
    ep_conf_clear(&reload->conf);
    ep_enrolled_free(reload->enrolled);
    ep_identity_free(reload->identity);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reload, reload_clear)

static bool read_conf(const EpDaemon *daemon, Reload *reload, GError **error)
{
    if (!ep_conf_load(&reload->conf, daemon->has.conf_path, error))
        return false;
    return (strcmp(reload->conf.state_dir, daemon->conf.state_dir) == 0 &&
            strcmp(reload->conf.socket, daemon->conf.socket) == 0) ||
           hl_fail(error, HL_ERROR_INVALID, "another state directory or socket needs a restart of the daemon");
}

static bool read_identity(const EpDaemon *daemon, Reload *reload, GError **error)
{
    g_autoptr(GError) problem = NULL;

    reload->identity = ep_identity_load(daemon->conf.state_dir, &problem);
    if (reload->identity != NULL)
        return true;
    if (!g_error_matches(problem, HL_ERROR, HL_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    /* files that are gone do not end an enrolment: that is for 'leave', which tells the server */
    return daemon->enrolled == NULL ||
           hl_fail(error, HL_ERROR_NOT_FOUND,
                   "%s/identity is gone: put it back, or end the enrolment with 'holdline-endpoint leave'",
                   daemon->conf.state_dir);
}

static bool read_all(EpDaemon *daemon, Reload *reload, GError **error)
{
    if (!read_conf(daemon, reload, error) || !read_identity(daemon, reload, error))
        return false;
    if (reload->identity == NULL)
        return true;
    reload->enrolled = enrolled_new(daemon, &reload->conf, &reload->identity, error);
    return reload->enrolled != NULL;
}

bool ep_daemon_reload(EpDaemon *daemon, GError **error)
{
    g_auto(Reload) reload = { 0 };

    if (!read_all(daemon, &reload, error))
        return hl_error_prefix(error, "nothing was changed");
    /* everything is read and checked: nothing below can fail */
    ep_conf_clear(&daemon->conf);
    daemon->conf = reload.conf;
    memset(&reload.conf, 0, sizeof reload.conf);
    hl_log_set_level((HlLogLevel)daemon->conf.log_level);
    ep_trouble_set_identity(daemon->trouble, NULL);
    if (reload.enrolled != NULL)
        enrol(daemon, g_steal_pointer(&reload.enrolled));
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- life */

static bool prepare_state(EpDaemon *daemon, GError **error)
{
    g_autofree char *lock = g_build_filename(daemon->conf.state_dir, "lock", NULL);

    /* others may pass through it to the control socket; what is secret has modes of its own */
    if (!hl_dir_make(daemon->conf.state_dir, 0711, error))
        return false;
    /* before the database: a second daemon must not even migrate it under the first */
    daemon->lock_fd = hl_file_lock_as(lock, error, "another endpoint is already running on %s", daemon->conf.state_dir);
    if (daemon->lock_fd < 0)
        return false;
    daemon->db = ep_store_open(daemon->conf.state_dir, error);
    daemon->fingerprint = daemon->db == NULL ? NULL : ep_machine_fingerprint(daemon->conf.machine_id, error);
    daemon->boot_id = hl_ident_new("b-");
    return daemon->fingerprint != NULL;
}

/* What exists whether the machine is enrolled or not, from the ground up. */
static bool make_parts(EpDaemon *daemon, GError **error)
{
    daemon->pulse = ep_pulse_new();
    daemon->trouble = ep_trouble_new(&(EpTroubleOptions){ daemon->pulse, on_retry, daemon });
    daemon->settings = ep_settings_new(&(EpSettingsOptions){ daemon->db, on_settings_changed, daemon }, error);
    if (daemon->settings == NULL)
        return false;
    daemon->program = ep_program_new(&(EpProgramOptions){ daemon->db, &daemon->conf, daemon->trouble, daemon->pulse });
    daemon->updates = ep_updates_new(&(EpUpdatesOptions){ daemon->db, &daemon->conf, daemon->settings, daemon->program,
                                                          daemon->trouble, daemon->pulse, on_set_changed, daemon });
    daemon->finds = ep_finds_new(daemon->db, daemon->trouble, daemon->pulse);
    daemon->scans = ep_scans_new(&(EpScansOptions){ &daemon->conf, daemon->settings, daemon->updates, daemon->finds });
    daemon->orders = ep_orders_new(
        &(EpOrdersOptions){ daemon->db, daemon->trouble, daemon->settings, daemon->scans, daemon->pulse });
    daemon->keeper = ep_keeper_new(&(EpKeeperOptions){ &daemon->conf, daemon->db, daemon->trouble });
    return true;
}

static bool make_front(EpDaemon *daemon, GError **error)
{
    g_autofree char *path = ep_conf_socket(&daemon->conf);
    EpControlOptions options = { .path = path,
                                 .pulse = daemon->pulse,
                                 .settings = daemon->settings,
                                 .program = daemon->program,
                                 .updates = daemon->updates,
                                 .scans = daemon->scans,
                                 .orders = daemon->orders,
                                 .view = on_view,
                                 .stop = on_call_stop,
                                 .reload = on_call_reload,
                                 .leave = on_call_leave,
                                 .user = daemon };

    daemon->scheduler = ep_scheduler_new(&(EpSchedulerOptions){ daemon->db, daemon->trouble, daemon->settings,
                                                                daemon->updates, daemon->orders, daemon->pulse });
    options.scheduler = daemon->scheduler;
    daemon->control = ep_control_new(&options, error);
    return daemon->control != NULL;
}

EpDaemon *ep_daemon_new(EpConf *conf, const EpDaemonOptions *options, GError **error)
{
    EpDaemon *daemon = g_new0(EpDaemon, 1);

    daemon->has = *options;
    daemon->lock_fd = -1;
    daemon->conf = *conf;
    memset(conf, 0, sizeof *conf);
    hl_log_set_level((HlLogLevel)daemon->conf.log_level);
    if (prepare_state(daemon, error) && make_parts(daemon, error)) {
        /* before the front, whose scheduler asks what holds when it starts */
        look_for_identity(daemon);
        if (make_front(daemon, error))
            return daemon;
    }
    ep_daemon_free(daemon);
    return NULL;
}

/* From the top down. */
void ep_daemon_free(EpDaemon *daemon)
{
    if (daemon == NULL)
        return;
    g_clear_handle_id(&daemon->goodbye_timer, g_source_remove);
    g_clear_pointer(&daemon->control, ep_control_free);
    g_clear_pointer(&daemon->scheduler, ep_scheduler_free);
    g_clear_pointer(&daemon->enrolled, ep_enrolled_free);
    g_clear_pointer(&daemon->keeper, ep_keeper_free);
    g_clear_pointer(&daemon->orders, ep_orders_free);
    g_clear_pointer(&daemon->scans, ep_scans_free);
    g_clear_pointer(&daemon->finds, ep_finds_free);
    g_clear_pointer(&daemon->updates, ep_updates_free);
    g_clear_pointer(&daemon->program, ep_program_free);
    g_clear_pointer(&daemon->settings, ep_settings_free);
    g_clear_pointer(&daemon->trouble, ep_trouble_free);
    g_clear_pointer(&daemon->pulse, ep_pulse_free);
    g_clear_pointer(&daemon->db, hl_db_close);
    g_free(daemon->boot_id);
    g_free(daemon->fingerprint);
    hl_fd_clear(&daemon->lock_fd);
    ep_conf_clear(&daemon->conf);
    g_free(daemon);
}

bool ep_daemon_leave(EpDaemon *daemon, GError **error)
{
    g_autofree char *directory = g_build_filename(daemon->conf.state_dir, "identity", NULL);
    const EpIdentity *identity;

    if (daemon->enrolled == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "this machine is not enrolled");
    identity = ep_enrolled_identity(daemon->enrolled);
    /* the settings first: if they stayed in the store, the next start would put them in force once more */
    if (!ep_enrolled_disclaim(daemon->db, error))
        return hl_error_prefix(error, "nothing was changed");
    hl_info("enrol", "endpoint %s leaves %s", identity->id, identity->server);
    ep_enrolled_announce_leave(daemon->enrolled, EP_LEAVE_UNINSTALLED);
    g_clear_pointer(&daemon->enrolled, ep_enrolled_free);
    ep_settings_reset(daemon->settings); /* which also tells those who watch */
    /* the files last: a machine that is switched off before this is still enrolled, and can leave again */
    return hl_tree_remove(directory, error);
}

static void on_goodbye(gpointer user)
{
    EpDaemon *daemon = user;

    daemon->has.stopped(daemon->has.user);
}

static gboolean on_goodbye_late(gpointer user)
{
    EpDaemon *daemon = user;

    daemon->goodbye_timer = 0;
    hl_warn("line", "the broker did not confirm the clean stop in time");
    on_goodbye(daemon);
    return G_SOURCE_REMOVE;
}

void ep_daemon_stop(EpDaemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->goodbye_timer = g_timeout_add((guint)GOODBYE_TIMEOUT, on_goodbye_late, daemon);
    if (daemon->enrolled != NULL)
        ep_enrolled_say_goodbye(daemon->enrolled, on_goodbye, daemon);
    else
        on_goodbye(daemon);
}
