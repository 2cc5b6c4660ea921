#include "endpoint/daemon/daemon.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/front/control.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/link.h"
#include "endpoint/daemon/link/poll.h"
#include "endpoint/daemon/work/commands.h"
#include "endpoint/daemon/work/renewal.h"
#include "endpoint/daemon/work/scans.h"
#include "endpoint/daemon/work/scheduler.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/daemon/work/updates.h"
#include "endpoint/identity/machine.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/signing.h"
#include "proto/wire.h"

#define RETRY_SPREAD    (10 * HL_SECOND)
#define GOODBYE_TIMEOUT (3 * HL_SECOND)

/* A store that failed: birth and reports once more, which the manager answers with what is missing here. */
static void on_store_retry(gpointer user)
{
    EpDaemon *daemon = user;

    if (daemon->link != NULL)
        ep_link_repeat_birth(daemon->link, RETRY_SPREAD);
}

/* -------------------------------------------------------------------------------------------- identity */

static bool is_line_up(gpointer user)
{
    const EpDaemon *daemon = user;

    return daemon->link != NULL && ep_link_view(daemon->link).state == HL_BUS_UP;
}

static void drop_identity(EpDaemon *daemon)
{
    if (daemon->updates != NULL)
        ep_updates_enrol(daemon->updates, NULL);
    g_clear_pointer(&daemon->link, ep_link_free);
    g_clear_pointer(&daemon->poll, ep_poll_free);
    g_clear_pointer(&daemon->renewal, ep_renewal_free);
    g_clear_pointer(&daemon->commands, ep_commands_free);
    g_clear_pointer(&daemon->intake, ep_intake_free);
    g_clear_pointer(&daemon->refuser, ep_refuser_free);
    g_clear_pointer(&daemon->journal, ep_journal_free);
    g_clear_pointer(&daemon->spool, ep_spool_free);
    g_clear_pointer(&daemon->identity, ep_identity_free);
}

/* The database belongs to one identity: that of another one is forgotten. */
static bool claim_database(EpDaemon *daemon, GError **error)
{
    g_autofree char *key = hl_signing_key_id(daemon->identity->signing_key);
    g_autofree char *name = g_strdup_printf("%s of %s", daemon->identity->id, key);
    g_autofree char *before = ep_store_get(daemon->db, "identity", "");
    g_auto(HlTxn) txn = HL_TXN_INIT;

    if (strcmp(name, before) == 0)
        return true;
    if (!hl_txn_begin(&txn, daemon->db, error) || !ep_store_forget_identity(daemon->db, error) ||
        !ep_store_set(daemon->db, "identity", name, error) || !hl_txn_commit(&txn, error))
        return false;
    ep_settings_reset(daemon->settings);
    return true;
}

/* The settings that came with the enrolment are in force before the first connect. */
static void take_enrolled_settings(EpDaemon *daemon)
{
    const char *path = daemon->identity->settings_path;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) envelope = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    envelope = hl_file_read(path, HL_WIRE_MAX_SIZE, &error);
    if (envelope == NULL) {
        hl_error("enrol", "%s", error->message);
        return;
    }
    switch (ep_intake_offer(daemon->intake, envelope, "bundle")) {
    case EP_INTAKE_IN_FORCE:
    case EP_INTAKE_UNCHANGED:
    case EP_INTAKE_DECLINED:
    case EP_INTAKE_REFUSED:
        unlink(path); /* once is enough: later it would be a replay */
        break;
    case EP_INTAKE_NOT_STORED: /* the next start offers it again */
        break;
    }
}

bool ep_daemon_take_identity(EpDaemon *daemon, GError **error)
{
    g_autoptr(EpIdentity) identity = ep_identity_load(daemon->conf.state_dir, error);

    if (identity == NULL)
        return false;
    if (daemon->link != NULL && strcmp(daemon->identity->id, identity->id) != 0)
        ep_link_announce_leave(daemon->link, EP_LEAVE_MOVED);
    drop_identity(daemon);
    daemon->identity = g_steal_pointer(&identity);
    ep_trouble_set_identity(daemon->trouble, NULL);
    if (claim_database(daemon, error) &&
        (daemon->spool = ep_spool_new(daemon->db, ep_link_send_report, daemon, error)) != NULL) {
        daemon->journal = ep_journal_new(daemon->db, daemon->spool);
        daemon->refuser = ep_refuser_new(&(EpRefuserOptions){ &daemon->refusals, daemon->spool, daemon->trouble });
        daemon->intake = ep_intake_new(&(EpIntakeOptions){ .identity = daemon->identity,
                                                           .db = daemon->db,
                                                           .settings = daemon->settings,
                                                           .spool = daemon->spool,
                                                           .refuser = daemon->refuser,
                                                           .trouble = daemon->trouble });
        take_enrolled_settings(daemon);
        ep_updates_enrol(daemon->updates, &(EpUpdateEnrolment){ daemon->identity, daemon->spool, is_line_up, daemon });
        daemon->commands = ep_commands_new(daemon);
        daemon->poll = ep_poll_new(daemon);
        daemon->link = ep_link_new(daemon, error);
        daemon->renewal = ep_renewal_new(daemon);
    }
    if (daemon->link != NULL) {
        hl_info("enrol", "this is endpoint %s of %s", daemon->identity->id, daemon->identity->server);
        return true;
    }
    drop_identity(daemon);
    return false;
}

/* ------------------------------------------------------------------------------------------------ life */

static bool prepare_state(EpDaemon *daemon, GError **error)
{
    g_autofree char *lock = g_build_filename(daemon->conf.state_dir, "lock", NULL);

    /* others may pass through it to the control socket; what is secret has modes of its own */
    if (!hl_dir_make(daemon->conf.state_dir, 0711, error))
        return false;
    daemon->lock_fd = hl_file_lock(lock, error);
    if (daemon->lock_fd < 0)
        return hl_error_prefix(error, "another endpoint runs on %s", daemon->conf.state_dir);
    daemon->db = ep_store_open(daemon->conf.state_dir, error);
    daemon->fingerprint = daemon->db == NULL ? NULL : ep_machine_fingerprint(daemon->conf.machine_id, error);
    daemon->boot_id = hl_ident_new("b-");
    return daemon->fingerprint != NULL;
}

/* Not enrolled, or an identity that cannot be used: the daemon runs and says so. */
static void look_for_identity(EpDaemon *daemon)
{
    g_autoptr(GError) error = NULL;

    if (ep_daemon_take_identity(daemon, &error))
        return;
    hl_warn("enrol", "%s", error->message);
    if (!g_error_matches(error, HL_ERROR, HL_ERROR_NOT_FOUND))
        ep_trouble_set_identity(daemon->trouble, error->message);
}

static void on_settings_changed(gpointer user)
{
    EpDaemon *daemon = user;

    ep_scheduler_settings_changed(daemon);
    if (daemon->poll != NULL)
        ep_poll_refresh(daemon->poll);
    if (daemon->link != NULL)
        ep_link_settings_changed(daemon->link);
}

bool ep_daemon_start(EpDaemon *daemon, GError **error)
{
    EpSettingsOptions options = { .changed = on_settings_changed, .user = daemon };

    daemon->announce = true;
    daemon->trouble = ep_trouble_new(&(EpTroubleOptions){ on_store_retry, daemon });
    hl_log_set_level((HlLogLevel)daemon->conf.log_level);
    if (!prepare_state(daemon, error))
        return false;
    options.db = daemon->db;
    if ((daemon->settings = ep_settings_new(&options, error)) == NULL)
        return false;
    daemon->updates = ep_updates_new(&(EpUpdatesOptions){
        .db = daemon->db, .conf = &daemon->conf, .settings = daemon->settings, .trouble = daemon->trouble });
    daemon->scans = ep_scans_new(&(EpScansOptions){ .db = daemon->db,
                                                    .conf = &daemon->conf,
                                                    .settings = daemon->settings,
                                                    .trouble = daemon->trouble,
                                                    .updates = daemon->updates });
    look_for_identity(daemon);
    daemon->scheduler = ep_scheduler_new(daemon);
    daemon->control = ep_control_new(daemon, error);
    return daemon->control != NULL;
}

bool ep_daemon_reload(EpDaemon *daemon, GError **error)
{
    g_auto(EpConf) conf = { 0 };

    if (!ep_conf_load(&conf, daemon->conf_path, error))
        return hl_error_prefix(error, "nothing was changed");
    if (strcmp(conf.state_dir, daemon->conf.state_dir) != 0 || strcmp(conf.socket, daemon->conf.socket) != 0)
        return hl_fail(error, HL_ERROR_INVALID,
                       "nothing was changed: another state directory or socket needs a restart of the daemon");
    hl_log_set_level((HlLogLevel)conf.log_level);
    ep_conf_clear(&daemon->conf);
    daemon->conf = conf;
    memset(&conf, 0, sizeof conf);
    daemon->announce = true;
    look_for_identity(daemon);
    return true;
}

static gboolean on_goodbye(gpointer user)
{
    EpDaemon *daemon = user;

    g_main_loop_quit(daemon->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_goodbye_late(gpointer user)
{
    EpDaemon *daemon = user;

    daemon->exit_timer = 0;
    hl_warn("line", "the broker did not confirm the clean stop in time");
    return on_goodbye(daemon);
}

bool ep_daemon_leave(EpDaemon *daemon, GError **error)
{
    g_autofree char *directory = g_build_filename(daemon->conf.state_dir, "identity", NULL);

    if (daemon->identity == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "this machine is not enrolled");
    hl_info("enrol", "endpoint %s leaves %s", daemon->identity->id, daemon->identity->server);
    if (daemon->link != NULL)
        ep_link_announce_leave(daemon->link, EP_LEAVE_UNINSTALLED);
    drop_identity(daemon);
    ep_settings_reset(daemon->settings);
    return hl_tree_remove(directory, error);
}

void ep_daemon_stop(EpDaemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->exit_timer = g_timeout_add((guint)GOODBYE_TIMEOUT, on_goodbye_late, daemon);
    if (daemon->link != NULL)
        ep_link_say_goodbye(daemon->link, on_goodbye, daemon);
    else
        on_goodbye(daemon);
}

void ep_daemon_clear(EpDaemon *daemon)
{
    g_clear_handle_id(&daemon->exit_timer, g_source_remove);
    g_clear_pointer(&daemon->control, ep_control_free);
    g_clear_pointer(&daemon->scheduler, ep_scheduler_free);
    drop_identity(daemon);
    g_clear_pointer(&daemon->scans, ep_scans_free);
    g_clear_pointer(&daemon->updates, ep_updates_free);
    g_clear_pointer(&daemon->settings, ep_settings_free);
    g_clear_pointer(&daemon->db, hl_db_close);
    g_free(daemon->boot_id);
    g_free(daemon->fingerprint);
    g_clear_pointer(&daemon->trouble, ep_trouble_free);
    hl_fd_clear(&daemon->lock_fd);
    ep_conf_clear(&daemon->conf);
}
