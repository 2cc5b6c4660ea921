/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/manager.h"

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/daemon/calls/access_calls.h"
#include "manager/daemon/calls/command_calls.h"
#include "manager/daemon/calls/detection_calls.h"
#include "manager/daemon/calls/endpoint_calls.h"
#include "manager/daemon/calls/group_calls.h"
#include "manager/daemon/calls/pattern_calls.h"
#include "manager/daemon/calls/server_calls.h"
#include "manager/daemon/front/front.h"
#include "manager/daemon/ground/upkeep.h"
#include "manager/daemon/reload.h"
#include "manager/daemon/state/ends.h"
#include "manager/daemon/state/fence.h"
#include "manager/daemon/state/floods.h"
#include "manager/daemon/state/observed.h"
#include "manager/daemon/state/own.h"
#include "manager/daemon/work/issued.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"

#define FLUSH_MS 20 /* status topics and acknowledgements: gathered this long */

struct Manager {
    char *dir, *conf_path;
    MgrConf conf; /* parts read it where it is: a reload puts another one here */
    int lock;
    HlTime started_wall;
    MgrUpkeep upkeep;
    guint second_timer, flush_timer;

    MgrFence *fence; /* the first of all that is asked */
    MgrFleet fleet;
    MgrRecord *record;
    MgrSealer *sealer;
    MgrDown *down;
    MgrGate *gate;
    MgrBroker *broker; /* NULL: external */
    MgrProber *prober;

    MgrStatus *status;
    MgrPki *pki;
    MgrOwn *own;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrFloods *floods;
    MgrObserved *observed; /* NULL: the broker's log is not ours */
    MgrPatterns *patterns;
    MgrTimestamp *timestamp;
    MgrEnds *ends;
    MgrLocation *location;

    MgrCommands *commands;
    MgrRenewals *renewals;
    MgrIntroductions *introductions;
    MgrIssued *issued;
    MgrFinds *finds;
    MgrReports *reports;
    MgrLink *link;

    MgrCalls *calls;
    MgrDispatch *dispatch;
    MgrGroupCalls *group_calls;
    MgrEndpointCalls *endpoint_calls;
    MgrCommandCalls *command_calls;
    MgrAccessCalls *access_calls;
    MgrPatternCalls *pattern_calls;
    MgrDetectionCalls *detection_calls;
    MgrServerCalls *server_calls;

    MgrFront *front;
};

/* ----------------------------------------------------------------------------------------------------------- timers */

static gboolean on_flush(gpointer user)
{
    Manager *manager = user;

    mgr_delivery_flush_acks(manager->delivery);
    mgr_status_flush(manager->status);
    mgr_command_calls_flush(manager->command_calls);
    return G_SOURCE_CONTINUE;
}

static gboolean on_second(gpointer user)
{
    Manager *manager = user;

    mgr_upkeep_tick(&manager->upkeep);
    mgr_commands_tick(manager->commands);
    mgr_console_tick(manager->console);
    mgr_patterns_tick(manager->patterns);
    mgr_timestamp_tick(manager->timestamp);
    mgr_own_tick(manager->own);
    mgr_issued_tick(manager->issued);
    mgr_ends_tick(manager->ends);
    if (manager->observed != NULL)
        mgr_observed_tick(manager->observed);
    mgr_fence_tick(manager->fence, mgr_down_is_up(manager->down));
    mgr_status_set_broker_reload(manager->status, mgr_rereader_problem(mgr_pki_rereader(manager->pki)));
    mgr_status_set_broker_split(manager->status, mgr_fence_split(manager->fence));
    mgr_link_tick(manager->link);
    mgr_floods_tick(manager->floods);
    mgr_tracker_flush(manager->tracker);
    mgr_record_flush(manager->record);
    return G_SOURCE_CONTINUE;
}

/* -------------------------------------------------------------------------------- upwards: what parts call back with
 */

static void on_command_changed(const MgrCommand *command, gpointer user)
{
    mgr_command_calls_changed(((Manager *)user)->command_calls, command);
}

static void on_request(HlTopic topic, const char *name, const HlBusMessage *message, gpointer user)
{
    mgr_dispatch_handle(((Manager *)user)->dispatch, topic, name, message);
}

static bool dial(const MgrDial *order, gpointer user)
{
    return mgr_prober_dial(((Manager *)user)->prober, order);
}

static void on_dialled(const MgrDialResult *result, gpointer user)
{
    mgr_console_dialled(((Manager *)user)->console, result);
}

static GStrv warnings(const MgrCaller *caller, gpointer user)
{
    return mgr_ends_warnings(((Manager *)user)->ends, caller);
}

static json_t *about(gconstpointer user)
{
    const Manager *manager = user;
    const MgrFencePeer *self = mgr_fence_self(manager->fence);
    g_autofree char *started = hl_time_format(manager->started_wall);
    uint64_t bad = mgr_link_count(manager->link).bad_messages + mgr_dispatch_count(manager->dispatch).bad_messages;

    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "manager_version", HOLDLINE_VERSION, "manager_started", started,
                     "manager_host", self->host, "manager_epoch", (json_int_t)self->epoch, "refusals",
                     (json_int_t)mgr_reports_count(manager->reports).refusals, "bad_messages", (json_int_t)bad);
}

/* ------------------------------------------------------------------------------------------------------------ wiring
 */

static bool open_registry(Manager *manager, GError **error)
{
    g_autofree char *path = mgr_site_path(manager->dir, "registry.db");
    g_autoptr(HlDb) db = NULL;
    HlJournal *journal = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s does not exist: run 'holdline init %s' first", path,
                       manager->dir);
    db = mgr_site_open_registry(manager->dir, &journal, error);
    if (db == NULL)
        return false;
    if (!mgr_fleet_load(&manager->fleet, db, error)) {
        hl_journal_free(journal);
        return false;
    }
    if (!mgr_fence_admit(manager->fence, manager->fleet.epoch, error)) {
        hl_journal_free(journal);
        return false;
    }
    manager->upkeep.alive_before = (HlTime)manager->fleet.alive;
    hl_db_close(g_steal_pointer(&db));
    manager->record = mgr_record_new(path, journal, error);
    manager->upkeep.conf = &manager->conf;
    manager->upkeep.record = manager->record;
    return manager->record != NULL;
}

static bool open_prober(Manager *manager, GError **error)
{
    MgrProberLimits limits = mgr_prober_limits;
    HlTlsContext *context = mgr_own_dial_context(manager->own, error);

    limits.deadline = manager->conf.probe_timeout;
    limits.trial = manager->conf.dial_own;
    if (context != NULL)
        manager->prober = mgr_prober_new(&limits, context, on_dialled, manager, error);
    return manager->prober != NULL || hl_error_prefix(error, "prober");
}

static bool open_ground(Manager *manager, GError **error)
{
    manager->sealer = mgr_sealer_new(manager->dir, error);
    manager->down = mgr_down_new();
    manager->gate = mgr_gate_new();
    return manager->sealer != NULL && open_registry(manager, error);
}

/* At the start nothing has loaded them yet. */
static void on_renewed(HlCertKind kind, gpointer user)
{
    const Manager *manager = user;

    if (manager->front == NULL)
        return;
    if (kind == HL_CERT_SERVER) {
        mgr_front_renew_identity(manager->front);
        mgr_pki_renew_broker(manager->pki);
    } else {
        mgr_prober_use(manager->prober, mgr_own_dial_context(manager->own, NULL));
    }
    mgr_ends_touch(manager->ends);
}

/* Certificates and lists before the broker, which reads them at its start. */
static bool open_pki(Manager *manager, GError **error)
{
    manager->pki = mgr_pki_new(
        &(MgrPkiOptions){
            .dir = manager->dir, .conf = &manager->conf, .fleet = &manager->fleet, .record = manager->record },
        error);
    if (manager->pki == NULL || !mgr_pki_publish(manager->pki, error))
        return false;
    manager->own = mgr_own_new(
        &(MgrOwnOptions){ manager->dir, &manager->fleet, manager->record, manager->pki, on_renewed, manager });
    mgr_own_tick(manager->own);
    if (manager->conf.broker_mode != MGR_BROKER_MANAGED) {
        mgr_broker_end_left(manager->dir, &manager->conf);
        return true;
    }
    manager->broker = mgr_broker_start(manager->dir, &manager->conf, error);
    mgr_pki_attach_broker(manager->pki, manager->broker);
    return manager->broker != NULL;
}

static void on_connected(const char *name, gpointer user)
{
    const Manager *manager = user;

    mgr_pki_connected(manager->pki, name);
}

static void build_observed(Manager *manager)
{
    if (manager->broker != NULL)
        manager->observed = mgr_observed_new(&(MgrObservedOptions){ .dir = manager->dir,
                                                                    .since = manager->upkeep.alive_before,
                                                                    .fleet = &manager->fleet,
                                                                    .record = manager->record,
                                                                    .status = manager->status,
                                                                    .connected = on_connected,
                                                                    .user = manager });
}

static void build_state(Manager *manager)
{
    manager->status = mgr_status_new(&(MgrStatusOptions){ &manager->fleet, manager->down, &manager->conf });
    manager->delivery = mgr_delivery_new(&(MgrDeliveryOptions){ &manager->conf, &manager->fleet, manager->down,
                                                                manager->record, manager->status, manager->sealer });
    manager->tracker =
        mgr_tracker_new(&(MgrTrackerOptions){ &manager->fleet, manager->record, manager->status, manager->delivery });
    manager->console = mgr_console_new(&(MgrConsoleOptions){ .fleet = &manager->fleet,
                                                             .record = manager->record,
                                                             .status = manager->status,
                                                             .delivery = manager->delivery,
                                                             .dial = dial,
                                                             .user = manager });
    manager->floods = mgr_floods_new(&(MgrFloodsOptions){ .fleet = &manager->fleet,
                                                          .record = manager->record,
                                                          .gate = manager->gate,
                                                          .status = manager->status,
                                                          .pki = manager->pki,
                                                          .tracker = manager->tracker,
                                                          .console = manager->console });
    manager->patterns = mgr_patterns_new(
        &(MgrPatternsOptions){ &manager->conf, manager->dir, manager->conf_path, &manager->fleet, manager->status });
    manager->timestamp = mgr_timestamp_new(&(MgrTimestampOptions){
        .conf = &manager->conf, .dir = manager->dir, .patterns = manager->patterns, .status = manager->status });
    manager->ends = mgr_ends_new(
        &(MgrEndsOptions){ manager->dir, &manager->fleet, manager->pki, manager->patterns, manager->status });
    manager->location = mgr_location_new(&(MgrLocationOptions){ &manager->conf, &manager->fleet, manager->record,
                                                                manager->down, manager->sealer, manager->pki });
    build_observed(manager);
}

static void build_work(Manager *manager)
{
    manager->commands = mgr_commands_new(&(MgrCommandsOptions){ .conf = &manager->conf,
                                                                .fleet = &manager->fleet,
                                                                .record = manager->record,
                                                                .status = manager->status,
                                                                .delivery = manager->delivery,
                                                                .console = manager->console,
                                                                .changed = on_command_changed,
                                                                .user = manager });
    manager->renewals = mgr_renewals_new(&(MgrRenewalsOptions){ &manager->conf, &manager->fleet, manager->record,
                                                                manager->status, manager->delivery, manager->pki });
    manager->introductions = mgr_introductions_new(&(MgrIntroductionsOptions){
        .fleet = &manager->fleet, .record = manager->record, .status = manager->status, .pki = manager->pki });
    manager->finds = mgr_finds_new(
        &(MgrFindsOptions){ .fleet = &manager->fleet, .record = manager->record, .status = manager->status });
    manager->reports = mgr_reports_new(&(MgrReportsOptions){ .fleet = &manager->fleet,
                                                             .record = manager->record,
                                                             .status = manager->status,
                                                             .delivery = manager->delivery,
                                                             .console = manager->console,
                                                             .location = manager->location,
                                                             .commands = manager->commands,
                                                             .renewals = manager->renewals,
                                                             .introductions = manager->introductions,
                                                             .finds = manager->finds });
}

static void build_calls(Manager *manager)
{
    MgrBundleParts bundle = { .dir = manager->dir,
                              .location = manager->location,
                              .sealer = manager->sealer,
                              .delivery = manager->delivery,
                              .pki = manager->pki };

    manager->calls = mgr_calls_new(manager->down, manager->record, manager->status);
    mgr_calls_warn_with(manager->calls, warnings, manager);
    manager->dispatch = mgr_dispatch_new(&manager->fleet, manager->calls);
    manager->group_calls =
        mgr_group_calls_new(&(MgrGroupCallsOptions){ &manager->fleet, manager->record, manager->status,
                                                     manager->delivery, manager->console },
                            manager->dispatch);
    manager->endpoint_calls = mgr_endpoint_calls_new(&(MgrEndpointCallsOptions){ .fleet = &manager->fleet,
                                                                                 .record = manager->record,
                                                                                 .status = manager->status,
                                                                                 .delivery = manager->delivery,
                                                                                 .tracker = manager->tracker,
                                                                                 .console = manager->console,
                                                                                 .pki = manager->pki,
                                                                                 .commands = manager->commands,
                                                                                 .about = about,
                                                                                 .user = manager },
                                                     manager->dispatch);
    manager->command_calls = mgr_command_calls_new(
        &(MgrCommandCallsOptions){ &manager->conf, &manager->fleet, manager->record, manager->commands },
        manager->dispatch);
    manager->access_calls = mgr_access_calls_new(
        &(MgrAccessCallsOptions){ &manager->conf, &manager->fleet, manager->record, manager->pki, bundle },
        manager->dispatch);
    manager->issued = mgr_issued_new(&(MgrIssuedOptions){ .dir = manager->dir,
                                                          .fleet = &manager->fleet,
                                                          .record = manager->record,
                                                          .pki = manager->pki,
                                                          .status = manager->status,
                                                          .passes = mgr_access_calls_passes(manager->access_calls),
                                                          .noted = mgr_calls_note,
                                                          .user = manager->calls });
    manager->detection_calls = mgr_detection_calls_new(
        &(MgrDetectionCallsOptions){
            .fleet = &manager->fleet, .record = manager->record, .status = manager->status, .finds = manager->finds },
        manager->dispatch);
    manager->pattern_calls =
        mgr_pattern_calls_new(&(MgrPatternCallsOptions){ .patterns = manager->patterns }, manager->dispatch);
    manager->server_calls = mgr_server_calls_new(
        &(MgrServerCallsOptions){ &manager->conf, &manager->fleet, manager->record, manager->pki, manager->own,
                                  manager->location, manager->sealer, manager->delivery, manager->calls },
        manager->dispatch);
}

static bool open_link(Manager *manager, GError **error)
{
    manager->link = mgr_link_new(&(MgrLinkOptions){ .dir = manager->dir,
                                                    .conf = &manager->conf,
                                                    .fleet = &manager->fleet,
                                                    .record = manager->record,
                                                    .down = manager->down,
                                                    .status = manager->status,
                                                    .delivery = manager->delivery,
                                                    .tracker = manager->tracker,
                                                    .console = manager->console,
                                                    .pki = manager->pki,
                                                    .location = manager->location,
                                                    .reports = manager->reports,
                                                    .gate = manager->gate,
                                                    .fence = manager->fence,
                                                    .request = on_request,
                                                    .user = manager },
                                 error);
    return manager->link != NULL;
}

static bool open_front(Manager *manager, GError **error)
{
    MgrMetricsParts metrics = { .fleet = &manager->fleet,
                                .record = manager->record,
                                .down = manager->down,
                                .delivery = manager->delivery,
                                .tracker = manager->tracker,
                                .gate = manager->gate,
                                .pki = manager->pki,
                                .floods = manager->floods,
                                .timestamp = manager->timestamp,
                                .ends = manager->ends,
                                .renewals = manager->renewals,
                                .reports = manager->reports,
                                .finds = manager->finds,
                                .link = manager->link,
                                .dispatch = manager->dispatch,
                                .calls = manager->calls };

    manager->front = mgr_front_new(&(MgrFrontOptions){ .dir = manager->dir,
                                                       .conf = &manager->conf,
                                                       .down = manager->down,
                                                       .fleet = &manager->fleet,
                                                       .record = manager->record,
                                                       .status = manager->status,
                                                       .delivery = manager->delivery,
                                                       .pki = manager->pki,
                                                       .metrics = metrics },
                                   error);
    return manager->front != NULL;
}

/* From the ground up.  The link before the console's start, whose first judgements are told on it; neither hears
 * anything before the loop runs. */
static bool start(Manager *manager, GError **error)
{
    g_auto(MgrConsolePolicy) policy = { 0 };

    if (!mgr_console_policy_init(&policy, &manager->conf, error) || !open_ground(manager, error) ||
        !open_pki(manager, error) || !open_prober(manager, error))
        return false;
    build_state(manager);
    build_work(manager);
    build_calls(manager);
    if (!open_link(manager, error) || !open_front(manager, error))
        return false;
    mgr_console_apply(manager->console, &policy);
    mgr_console_start(manager->console);
    mgr_patterns_tick(manager->patterns);
    mgr_timestamp_tick(manager->timestamp);
    mgr_ends_tick(manager->ends);
    manager->second_timer = g_timeout_add(1000, on_second, manager);
    manager->flush_timer = g_timeout_add(FLUSH_MS, on_flush, manager);
    hl_info("manager", "version " HOLDLINE_VERSION " on %s: %u endpoints, %u groups", manager->dir,
            g_hash_table_size(manager->fleet.endpoints), g_hash_table_size(manager->fleet.groups));
    return true;
}

/* Nothing of the site is touched before it is known that no other manager lives. */
static bool enter(Manager *manager, const MgrManagerOptions *options, GError **error)
{
    manager->fence = mgr_fence_new(&(MgrFenceOptions){ .dir = manager->dir,
                                                       .conf = &manager->conf,
                                                       .lock = manager->lock,
                                                       .take_over = options->take_over,
                                                       .fenced = options->fenced,
                                                       .user = options->user });
    return mgr_fence_enter(manager->fence, error);
}

static bool read_conf(Manager *manager, GError **error)
{
    g_autofree char *lock = mgr_site_path(manager->dir, "lock");

    if (!hl_conf_load(manager->conf_path, mgr_conf_table(), &manager->conf, error))
        return false;
    hl_log_set_level((HlLogLevel)manager->conf.log_level);
    manager->lock = hl_file_lock(lock, error);
    return manager->lock >= 0 || hl_error_prefix(error, "a manager is already running on %s", manager->dir);
}

/* -------------------------------------------------------------------------------------------------------------- stop
 */

/* What was noted last is written, and what is committed now is still acknowledged, sent and answered: before the link
 * and the front go. */
static void settle(Manager *manager)
{
    g_clear_handle_id(&manager->second_timer, g_source_remove);
    g_clear_handle_id(&manager->flush_timer, g_source_remove);
    g_clear_pointer(&manager->timestamp, mgr_timestamp_free);
    if (manager->calls != NULL)
        mgr_calls_settle(manager->calls);                   /* the repository, of which they warn, goes first */
    g_clear_pointer(&manager->patterns, mgr_patterns_free); /* answers the calls that wait for it */
    if (manager->tracker != NULL)
        mgr_tracker_flush(manager->tracker);
    if (manager->record != NULL)
        mgr_record_stop(manager->record);
    if (manager->link == NULL)
        return;
    mgr_delivery_flush_acks(manager->delivery);
    mgr_status_flush(manager->status);
}

static void free_calls(Manager *manager)
{
    g_clear_pointer(&manager->server_calls, mgr_server_calls_free);
    g_clear_pointer(&manager->pattern_calls, mgr_pattern_calls_free);
    g_clear_pointer(&manager->detection_calls, mgr_detection_calls_free);
    g_clear_pointer(&manager->access_calls, mgr_access_calls_free);
    g_clear_pointer(&manager->command_calls, mgr_command_calls_free);
    g_clear_pointer(&manager->endpoint_calls, mgr_endpoint_calls_free);
    g_clear_pointer(&manager->group_calls, mgr_group_calls_free);
    g_clear_pointer(&manager->dispatch, mgr_dispatch_free);
    g_clear_pointer(&manager->calls, mgr_calls_free);
}

void mgr_manager_free(Manager *manager, MgrBrokerEnd end)
{
    settle(manager);
    g_clear_pointer(&manager->front, mgr_front_free);
    g_clear_pointer(&manager->link, mgr_link_free);
    free_calls(manager);
    g_clear_pointer(&manager->reports, mgr_reports_free);
    g_clear_pointer(&manager->finds, mgr_finds_free);
    g_clear_pointer(&manager->issued, mgr_issued_free);
    g_clear_pointer(&manager->introductions, mgr_introductions_free);
    g_clear_pointer(&manager->renewals, mgr_renewals_free);
    g_clear_pointer(&manager->commands, mgr_commands_free);
    g_clear_pointer(&manager->prober, mgr_prober_free);
    g_clear_pointer(&manager->observed, mgr_observed_free);
    g_clear_pointer(&manager->ends, mgr_ends_free);
    g_clear_pointer(&manager->location, mgr_location_free);
    g_clear_pointer(&manager->floods, mgr_floods_free);
    g_clear_pointer(&manager->console, mgr_console_free);
    g_clear_pointer(&manager->tracker, mgr_tracker_free);
    g_clear_pointer(&manager->delivery, mgr_delivery_free);
    g_clear_pointer(&manager->own, mgr_own_free);
    g_clear_pointer(&manager->pki, mgr_pki_free);
    g_clear_pointer(&manager->status, mgr_status_free);
    mgr_broker_free(g_steal_pointer(&manager->broker), end);
    g_clear_pointer(&manager->gate, mgr_gate_free);
    g_clear_pointer(&manager->down, mgr_down_free);
    g_clear_pointer(&manager->sealer, mgr_sealer_free);
    g_clear_pointer(&manager->record, mgr_record_free);
    g_clear_pointer(&manager->fence, mgr_fence_free);
    mgr_fleet_clear(&manager->fleet);
    hl_options_clear(mgr_conf_table(), &manager->conf);
    hl_fd_clear(&manager->lock);
    g_free(manager->dir);
    g_free(manager->conf_path);
    g_free(manager);
}

Manager *mgr_manager_new(const MgrManagerOptions *options, GError **error)
{
    Manager *manager = g_new0(Manager, 1);

    manager->lock = -1;
    manager->conf_path = g_canonicalize_filename(options->conf_path, NULL);
    manager->dir = g_path_get_dirname(manager->conf_path);
    manager->started_wall = hl_clock_wall();
    manager->upkeep.started_mono = hl_clock_mono();
    if (read_conf(manager, error) && enter(manager, options, error) && start(manager, error))
        return manager;
    if (manager->fence != NULL && error != NULL && hl_error_code(*error) == HL_ERROR_CONFLICT)
        mgr_broker_end_left(manager->dir, &manager->conf); /* fenced: endpoints would stay with it */
    mgr_manager_free(manager, MGR_BROKER_END_STARTED);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------ reload
 */

static void swap_all(Manager *manager, MgrReload *reload)
{
    MgrConf old = manager->conf;

    manager->conf = reload->conf;
    reload->conf = old; /* cleared by the caller */
    hl_log_set_level((HlLogLevel)manager->conf.log_level);
    mgr_front_set_identity(manager->front, g_steal_pointer(&reload->identity));
    mgr_console_apply(manager->console, &reload->policy);
    mgr_front_reconfigured(manager->front);
    mgr_pki_reconfigured(manager->pki);
    mgr_link_reconfigured(manager->link);
    mgr_fence_reconfigured(manager->fence);
}

bool mgr_manager_reload(Manager *manager, GError **error)
{
    g_auto(MgrReload) reload = { 0 };

    /* the lists are files made from the registry: writing them again changes nothing, and shows that it can be done */
    if (!mgr_reload_read(&reload, manager->conf_path, &manager->conf, manager->front, error) ||
        !mgr_pki_publish(manager->pki, error))
        return false;
    swap_all(manager, &reload);
    mgr_own_touch(manager->own);
    return true;
}
