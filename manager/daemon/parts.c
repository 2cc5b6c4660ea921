/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/parts.h"
#include "manager/daemon/work/announce.h"

#include "lib/base/log.h"
#include "manager/daemon/calls/trend_calls.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"

/* ------------------------------------------------------------------------------- upwards: what parts call back with */

static void on_command_changed(const MgrCommand *command, gpointer user)
{
    MgrParts *parts = user;

    mgr_command_calls_changed(parts->command_calls, command);
    mgr_rollouts_changed(parts->rollouts, command);
}

static void on_command_corrected(const char *command, gpointer user)
{
    mgr_command_calls_corrected(((MgrParts *)user)->command_calls, command);
}

static void on_request(HlTopic topic, const char *name, const HlBusMessage *message, gpointer user)
{
    mgr_dispatch_handle(((MgrParts *)user)->dispatch, topic, name, message);
}

static bool dial(const MgrDial *order, gpointer user)
{
    return mgr_prober_dial(((MgrParts *)user)->prober, order);
}

static void on_dialled(const MgrDialResult *result, gpointer user)
{
    mgr_console_dialled(((MgrParts *)user)->console, result);
}

static GStrv warnings(const MgrCaller *caller, gpointer user)
{
    return mgr_ends_warnings(((MgrParts *)user)->ends, caller);
}

static json_t *about(gconstpointer user)
{
    const MgrParts *parts = user;
    const MgrFencePeer *self = mgr_fence_self(parts->fence);
    g_autofree char *started = hl_time_format(parts->started_wall);
    uint64_t bad = mgr_arrivals_count(parts->arrivals).bad_messages + mgr_dispatch_count(parts->dispatch).bad_messages;

    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "manager_version", HOLDLINE_VERSION, "manager_started", started,
                     "manager_host", self->host, "manager_epoch", (json_int_t)self->epoch, "refusals",
                     (json_int_t)mgr_reports_count(parts->reports).refusals, "bad_messages", (json_int_t)bad);
}

/* ----------------------------------------------------------------------------------------------------------- wiring */

static bool open_registry(MgrParts *parts, GError **error)
{
    g_autofree char *path = mgr_site_path(parts->dir, "registry.db");
    g_autoptr(HlDb) db = NULL;
    HlJournal *journal = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s does not exist: run 'holdline init %s' first", path, parts->dir);
    db = mgr_site_open_registry(parts->dir, &journal, error);
    if (db == NULL)
        return false;
    if (!mgr_fleet_load(&parts->fleet, db, error)) {
        hl_journal_free(journal);
        return false;
    }
    if (!mgr_fence_admit(parts->fence, parts->fleet.epoch, error)) {
        hl_journal_free(journal);
        return false;
    }
    parts->fleet.grace = &parts->conf.grace;
    parts->upkeep.alive_before = (HlTime)parts->fleet.alive;
    hl_db_close(g_steal_pointer(&db));
    parts->record = mgr_record_new(path, journal, error);
    parts->upkeep.conf = &parts->conf;
    parts->upkeep.fleet = &parts->fleet;
    parts->upkeep.record = parts->record;
    parts->clock = (MgrClock){ .fleet = &parts->fleet, .record = parts->record };
    parts->pacing = (MgrPacing){ .fleet = &parts->fleet, .record = parts->record };
    return parts->record != NULL;
}

static bool open_prober(MgrParts *parts, GError **error)
{
    MgrProberLimits limits = mgr_prober_limits;
    HlTlsContext *context = mgr_own_dial_context(parts->own, error);

    limits.deadline = parts->conf.probe_timeout;
    limits.trial = parts->conf.dial_own;
    if (context != NULL)
        parts->prober = mgr_prober_new(&limits, context, on_dialled, parts, error);
    return parts->prober != NULL || hl_error_prefix(error, "prober");
}

static bool open_ground(MgrParts *parts, GError **error)
{
    parts->sealer = mgr_sealer_new(parts->dir, error);
    parts->down = mgr_down_new();
    parts->gate = mgr_gate_new();
    return parts->sealer != NULL && open_registry(parts, error);
}

/* That a certificate has ended with its authority is news of endpoints which themselves say nothing. */
static void tell_left_behind(const MgrParts *parts)
{
    GHashTableIter iter;
    gpointer endpoint;

    g_hash_table_iter_init(&iter, parts->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint))
        if (((const MgrEndpoint *)endpoint)->is_left_behind)
            mgr_status_touch(parts->status, endpoint);
}

static void on_authorities_changed(gpointer user)
{
    const MgrParts *parts = user;
    MgrAnnounceParts announce = { &parts->conf, &parts->fleet, parts->down, parts->pki, parts->fence };

    tell_left_behind(parts);
    mgr_prober_use(parts->prober, mgr_own_dial_context(parts->own, NULL));
    if (mgr_down_is_up(parts->down))
        mgr_announce_state(&announce, true);
}

/* At the start nothing has loaded them yet. */
static void on_renewed(HlCertKind kind, gpointer user)
{
    const MgrParts *parts = user;

    if (parts->front == NULL)
        return;
    if (kind == HL_CERT_SERVER) {
        mgr_front_renew_identity(parts->front);
        mgr_pki_renew_broker(parts->pki);
    } else {
        mgr_prober_use(parts->prober, mgr_own_dial_context(parts->own, NULL));
    }
    mgr_ends_touch(parts->ends);
}

static const char *object_to_telling(gpointer user)
{
    return mgr_fence_outdated(((const MgrParts *)user)->fence);
}

/* Certificates and lists before the broker, which reads them at its start. */
static bool open_pki(MgrParts *parts, GError **error)
{
    parts->pki = mgr_pki_new(&(MgrPkiOptions){ .dir = parts->dir,
                                               .conf = &parts->conf,
                                               .fleet = &parts->fleet,
                                               .record = parts->record,
                                               .objection = object_to_telling,
                                               .objector = parts },
                             error);
    if (parts->pki == NULL || !mgr_pki_publish(parts->pki, error))
        return false;
    parts->own =
        mgr_own_new(&(MgrOwnOptions){ parts->dir, &parts->fleet, parts->record, parts->pki, on_renewed, parts });
    mgr_own_tick(parts->own);
    if (parts->conf.broker_mode != MGR_BROKER_MANAGED) {
        mgr_brokers_end_left(parts->dir, &parts->conf);
        return true;
    }
    parts->brokers = mgr_brokers_start(parts->dir, &parts->conf, error);
    parts->pacing.brokers = parts->brokers;
    mgr_pki_attach_brokers(parts->pki, parts->brokers);
    return parts->brokers != NULL;
}

static void on_connected(const char *name, gpointer user)
{
    const MgrParts *parts = user;

    mgr_pki_connected(parts->pki, name);
}

static void build_observed(MgrParts *parts)
{
    if (parts->brokers != NULL)
        parts->observed = mgr_observed_new(&(MgrObservedOptions){ .dir = parts->dir,
                                                                  .brokers = mgr_brokers_count(parts->brokers),
                                                                  .since = parts->upkeep.alive_before,
                                                                  .fleet = &parts->fleet,
                                                                  .record = parts->record,
                                                                  .status = parts->status,
                                                                  .connected = on_connected,
                                                                  .user = parts });
}

static void build_state(MgrParts *parts)
{
    parts->status = mgr_status_new(&(MgrStatusOptions){ &parts->fleet, parts->down, &parts->conf });
    parts->clock.status = parts->status;
    parts->witness = mgr_witness_new(&(MgrWitnessOptions){ parts->dir, &parts->fleet, parts->record, parts->status });
    parts->delivery = mgr_delivery_new(
        &(MgrDeliveryOptions){ &parts->conf, &parts->fleet, parts->down, parts->record, parts->status, parts->sealer });
    parts->tracker =
        mgr_tracker_new(&(MgrTrackerOptions){ &parts->fleet, parts->record, parts->status, parts->delivery });
    parts->console = mgr_console_new(&(MgrConsoleOptions){ .fleet = &parts->fleet,
                                                           .record = parts->record,
                                                           .status = parts->status,
                                                           .delivery = parts->delivery,
                                                           .dial = dial,
                                                           .user = parts });
    parts->floods = mgr_floods_new(&(MgrFloodsOptions){ .fleet = &parts->fleet,
                                                        .record = parts->record,
                                                        .gate = parts->gate,
                                                        .status = parts->status,
                                                        .pki = parts->pki,
                                                        .tracker = parts->tracker,
                                                        .console = parts->console });
    parts->rounds = mgr_rounds_new(&parts->fleet, parts->pki, parts->down);
    parts->patterns = mgr_patterns_new(
        &(MgrPatternsOptions){ &parts->conf, parts->dir, parts->conf_path, &parts->fleet, parts->status });
    parts->timestamp = mgr_timestamp_new(&(MgrTimestampOptions){
        .conf = &parts->conf, .dir = parts->dir, .patterns = parts->patterns, .status = parts->status });
    parts->ends = mgr_ends_new(
        &(MgrEndsOptions){ parts->dir, &parts->fleet, parts->pki, parts->patterns, parts->timestamp, parts->status });
    parts->location = mgr_location_new(&(MgrLocationOptions){ .conf = &parts->conf,
                                                              .fleet = &parts->fleet,
                                                              .record = parts->record,
                                                              .down = parts->down,
                                                              .notices = mgr_delivery_notices(parts->delivery),
                                                              .sealer = parts->sealer,
                                                              .pki = parts->pki });
    parts->notifications = mgr_notifications_new(&(MgrNotificationsOptions){ .dir = parts->dir,
                                                                             .conf = &parts->conf,
                                                                             .fleet = &parts->fleet,
                                                                             .record = parts->record,
                                                                             .status = parts->status,
                                                                             .timestamp = parts->timestamp });
    build_observed(parts);
}

static bool build_work(MgrParts *parts, GError **error)
{
    parts->commands = mgr_commands_new(&(MgrCommandsOptions){ .conf = &parts->conf,
                                                              .fleet = &parts->fleet,
                                                              .record = parts->record,
                                                              .status = parts->status,
                                                              .delivery = parts->delivery,
                                                              .console = parts->console,
                                                              .changed = on_command_changed,
                                                              .corrected = on_command_corrected,
                                                              .user = parts });
    parts->rollouts = mgr_rollouts_new(&(MgrRolloutsOptions){ .fleet = &parts->fleet,
                                                              .record = parts->record,
                                                              .commands = parts->commands,
                                                              .status = parts->status,
                                                              .delivery = parts->delivery,
                                                              .console = parts->console },
                                       error);
    if (parts->rollouts == NULL)
        return false;
    parts->renewals = mgr_renewals_new(&(MgrRenewalsOptions){ &parts->conf, &parts->fleet, parts->record, parts->status,
                                                              parts->delivery, parts->pki, parts->location });
    parts->introductions = mgr_introductions_new(&(MgrIntroductionsOptions){
        .fleet = &parts->fleet, .record = parts->record, .status = parts->status, .pki = parts->pki });
    parts->finds =
        mgr_finds_new(&(MgrFindsOptions){ .fleet = &parts->fleet, .record = parts->record, .status = parts->status });
    parts->reports = mgr_reports_new(&(MgrReportsOptions){ .fleet = &parts->fleet,
                                                           .record = parts->record,
                                                           .status = parts->status,
                                                           .delivery = parts->delivery,
                                                           .tracker = parts->tracker,
                                                           .console = parts->console,
                                                           .location = parts->location,
                                                           .commands = parts->commands,
                                                           .renewals = parts->renewals,
                                                           .introductions = parts->introductions,
                                                           .finds = parts->finds });
    return true;
}

static void build_calls(MgrParts *parts)
{
    MgrBundleParts bundle = { .dir = parts->dir,
                              .location = parts->location,
                              .sealer = parts->sealer,
                              .delivery = parts->delivery,
                              .pki = parts->pki };

    parts->calls = mgr_calls_new(&parts->fleet, parts->down, parts->record, parts->witness);
    mgr_calls_warn_with(parts->calls, warnings, parts);
    parts->dispatch = mgr_dispatch_new(&parts->fleet, parts->calls);
    parts->access_calls = mgr_access_calls_new(
        &(MgrAccessCallsOptions){ &parts->conf, &parts->fleet, parts->record, parts->pki, bundle, parts->status },
        parts->dispatch);
    parts->group_calls =
        mgr_group_calls_new(&(MgrGroupCallsOptions){ &parts->fleet, parts->record, parts->status, parts->delivery,
                                                     parts->console, mgr_access_calls_passes(parts->access_calls) },
                            parts->dispatch);
    parts->endpoint_calls = mgr_endpoint_calls_new(&(MgrEndpointCallsOptions){ .fleet = &parts->fleet,
                                                                               .record = parts->record,
                                                                               .status = parts->status,
                                                                               .delivery = parts->delivery,
                                                                               .tracker = parts->tracker,
                                                                               .console = parts->console,
                                                                               .pki = parts->pki,
                                                                               .commands = parts->commands,
                                                                               .about = about,
                                                                               .user = parts },
                                                   parts->dispatch);
    parts->command_calls = mgr_command_calls_new(
        &(MgrCommandCallsOptions){ &parts->conf, &parts->fleet, parts->record, parts->commands }, parts->dispatch);
    parts->rollout_calls = mgr_rollout_calls_new(
        &(MgrRolloutCallsOptions){ &parts->fleet, parts->record, parts->commands, parts->rollouts, parts->patterns },
        parts->dispatch);
    parts->issued = mgr_issued_new(&(MgrIssuedOptions){ .dir = parts->dir,
                                                        .fleet = &parts->fleet,
                                                        .record = parts->record,
                                                        .pki = parts->pki,
                                                        .status = parts->status,
                                                        .passes = mgr_access_calls_passes(parts->access_calls),
                                                        .noted = mgr_calls_note,
                                                        .user = parts->calls });
    parts->detection_calls = mgr_detection_calls_new(
        &(MgrDetectionCallsOptions){
            .fleet = &parts->fleet, .record = parts->record, .status = parts->status, .finds = parts->finds },
        parts->dispatch);
    parts->trend = (MgrTrend){ .fleet = &parts->fleet, .status = parts->status, .record = parts->record };
    mgr_trend_calls_add(parts->dispatch, &parts->trend);
    parts->pattern_calls =
        mgr_pattern_calls_new(&(MgrPatternCallsOptions){ .patterns = parts->patterns }, parts->dispatch);
    parts->server_calls = mgr_server_calls_new(
        &(MgrServerCallsOptions){ &parts->conf, &parts->fleet, parts->record, parts->pki, parts->own, parts->ends,
                                  parts->location, parts->sealer, parts->delivery, parts->down, parts->calls,
                                  on_authorities_changed, parts },
        parts->dispatch);
    parts->broker_calls = mgr_broker_calls_new(
        &(MgrBrokerCallsOptions){ parts->brokers, &parts->arrivals, parts->down }, parts->dispatch);
    parts->notification_calls = mgr_notification_calls_new(
        &(MgrNotificationCallsOptions){ &parts->fleet, parts->record, parts->notifications }, parts->dispatch);
}

static bool open_link(MgrParts *parts, GError **error)
{
    parts->arrivals = mgr_arrivals_new(&(MgrArrivalsOptions){ .dir = parts->dir,
                                                              .conf = &parts->conf,
                                                              .fleet = &parts->fleet,
                                                              .record = parts->record,
                                                              .down = parts->down,
                                                              .status = parts->status,
                                                              .delivery = parts->delivery,
                                                              .tracker = parts->tracker,
                                                              .console = parts->console,
                                                              .pki = parts->pki,
                                                              .location = parts->location,
                                                              .reports = parts->reports,
                                                              .brokers = parts->brokers,
                                                              .gate = parts->gate,
                                                              .fence = parts->fence,
                                                              .request = on_request,
                                                              .user = parts },
                                       error);
    return parts->arrivals != NULL;
}

static bool open_front(MgrParts *parts, GError **error)
{
    MgrMetricsParts metrics = { .fleet = &parts->fleet,
                                .record = parts->record,
                                .down = parts->down,
                                .delivery = parts->delivery,
                                .tracker = parts->tracker,
                                .gate = parts->gate,
                                .pki = parts->pki,
                                .floods = parts->floods,
                                .patterns = parts->patterns,
                                .timestamp = parts->timestamp,
                                .ends = parts->ends,
                                .notifications = parts->notifications,
                                .renewals = parts->renewals,
                                .reports = parts->reports,
                                .finds = parts->finds,
                                .arrivals = parts->arrivals,
                                .rollouts = parts->rollouts,
                                .dispatch = parts->dispatch,
                                .calls = parts->calls };

    parts->front = mgr_front_new(&(MgrFrontOptions){ .dir = parts->dir,
                                                     .conf = &parts->conf,
                                                     .down = parts->down,
                                                     .fleet = &parts->fleet,
                                                     .record = parts->record,
                                                     .status = parts->status,
                                                     .delivery = parts->delivery,
                                                     .pki = parts->pki,
                                                     .location = parts->location,
                                                     .log = { mgr_calls_note, mgr_calls_tell, parts->calls },
                                                     .metrics = metrics },
                                 error);
    return parts->front != NULL;
}

bool mgr_parts_make(MgrParts *parts, bool (*stopped)(gpointer), gpointer user, GError **error)
{
    if (!open_ground(parts, error))
        return false;
    if (stopped(user))
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "it was stopped while it started");
    if (!open_pki(parts, error) || !open_prober(parts, error))
        return false;
    build_state(parts);
    if (!build_work(parts, error))
        return false;
    build_calls(parts);
    return open_link(parts, error) && open_front(parts, error);
}

/* ------------------------------------------------------------------------------------------------------------- stop */

void mgr_parts_settle(MgrParts *parts)
{
    g_clear_pointer(&parts->timestamp, mgr_timestamp_free);
    if (parts->calls != NULL)
        mgr_calls_settle(parts->calls);                   /* the repository, of which they warn, goes first */
    g_clear_pointer(&parts->patterns, mgr_patterns_free); /* answers the calls that wait for it */
    if (parts->tracker != NULL)
        mgr_tracker_flush(parts->tracker);
    if (parts->reports != NULL)
        mgr_reports_flush(parts->reports);
    if (parts->record != NULL)
        mgr_record_stop(parts->record);
    if (parts->witness != NULL)
        mgr_witness_close(parts->witness);
    if (parts->arrivals == NULL)
        return;
    mgr_delivery_flush_acks(parts->delivery);
    mgr_status_flush(parts->status);
}

static void free_calls(MgrParts *parts)
{
    g_clear_pointer(&parts->broker_calls, mgr_broker_calls_free);
    g_clear_pointer(&parts->notification_calls, mgr_notification_calls_free);
    g_clear_pointer(&parts->server_calls, mgr_server_calls_free);
    g_clear_pointer(&parts->pattern_calls, mgr_pattern_calls_free);
    g_clear_pointer(&parts->detection_calls, mgr_detection_calls_free);
    g_clear_pointer(&parts->access_calls, mgr_access_calls_free);
    g_clear_pointer(&parts->rollout_calls, mgr_rollout_calls_free);
    g_clear_pointer(&parts->command_calls, mgr_command_calls_free);
    g_clear_pointer(&parts->endpoint_calls, mgr_endpoint_calls_free);
    g_clear_pointer(&parts->group_calls, mgr_group_calls_free);
    g_clear_pointer(&parts->dispatch, mgr_dispatch_free);
    mgr_trend_clear(&parts->trend);
    g_clear_pointer(&parts->calls, mgr_calls_free);
}

void mgr_parts_clear(MgrParts *parts, MgrBrokerEnd end)
{
    g_clear_pointer(&parts->front, mgr_front_free);
    g_clear_pointer(&parts->arrivals, mgr_arrivals_free);
    free_calls(parts);
    g_clear_pointer(&parts->reports, mgr_reports_free);
    g_clear_pointer(&parts->finds, mgr_finds_free);
    g_clear_pointer(&parts->issued, mgr_issued_free);
    g_clear_pointer(&parts->introductions, mgr_introductions_free);
    g_clear_pointer(&parts->renewals, mgr_renewals_free);
    g_clear_pointer(&parts->rollouts, mgr_rollouts_free);
    g_clear_pointer(&parts->commands, mgr_commands_free);
    g_clear_pointer(&parts->prober, mgr_prober_free);
    g_clear_pointer(&parts->observed, mgr_observed_free);
    g_clear_pointer(&parts->notifications, mgr_notifications_free);
    g_clear_pointer(&parts->ends, mgr_ends_free);
    g_clear_pointer(&parts->location, mgr_location_free);
    g_clear_pointer(&parts->rounds, mgr_rounds_free);
    g_clear_pointer(&parts->floods, mgr_floods_free);
    g_clear_pointer(&parts->console, mgr_console_free);
    g_clear_pointer(&parts->tracker, mgr_tracker_free);
    g_clear_pointer(&parts->delivery, mgr_delivery_free);
    g_clear_pointer(&parts->own, mgr_own_free);
    g_clear_pointer(&parts->pki, mgr_pki_free);
    g_clear_pointer(&parts->status, mgr_status_free);
    mgr_brokers_free(g_steal_pointer(&parts->brokers), end);
    g_clear_pointer(&parts->gate, mgr_gate_free);
    g_clear_pointer(&parts->down, mgr_down_free);
    g_clear_pointer(&parts->sealer, mgr_sealer_free);
    g_clear_pointer(&parts->record, mgr_record_free);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    mgr_fleet_clear(&parts->fleet);
}
