/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/manager_parts.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/option.h"
#include "lib/base/text.h"
#include "lib/store/stmt.h"
#include "proto/envelope.h"
#include "tests/support/manager_site.h"

static void ok(bool done, GError *error)
{
    g_assert_no_error(error);
    g_assert_true(done);
}

static char *path_in(const Parts *parts, const char *name)
{
    return g_build_filename(parts->dir, name, NULL);
}

static void open_registry(Parts *parts)
{
    g_autofree char *path = path_in(parts, "registry.db");
    g_autoptr(GError) error = NULL;

    parts->reader = hl_db_open(path, HL_DB_DEFAULT, &error);
    ok(parts->reader != NULL && mgr_fleet_load(&parts->fleet, parts->reader, &error), error);
    parts->record = mgr_record_new(path, NULL, &error);
    g_assert_no_error(error);
    parts->writer = writer_fake_last();
}

static bool record_dial(const MgrDial *order, gpointer user)
{
    Parts *parts = user;
    PartsDial *dial;

    if (parts->dials_refused)
        return false;
    dial = g_new(PartsDial, 1);
    *dial = (PartsDial){ g_strdup(order->endpoint), g_strdup(order->address), order->port, order->tell, order->lane,
                         order->generation };
    g_ptr_array_add(parts->dials, dial);
    return true;
}

void parts_dial_free(gpointer item)
{
    PartsDial *dial = item;

    g_free(dial->endpoint);
    g_free(dial->address);
    g_free(dial);
}

static void on_changed(const MgrCommand *command, gpointer user)
{
    mgr_command_calls_changed(((Parts *)user)->command_calls, command);
    mgr_rollouts_changed(((Parts *)user)->rollouts, command);
}

static void on_corrected(const char *command, gpointer user)
{
    mgr_command_calls_corrected(((Parts *)user)->command_calls, command);
}

static void on_request(HlTopic topic, const char *name, const HlBusMessage *message, gpointer user)
{
    mgr_dispatch_handle(((Parts *)user)->dispatch, topic, name, message);
}

static void on_renewed(HlCertKind kind G_GNUC_UNUSED, gpointer user)
{
    ((Parts *)user)->renewed++;
}

static json_t *about(gconstpointer user G_GNUC_UNUSED)
{
    return json_object();
}

static void build_state(Parts *p)
{
    g_autoptr(GError) error = NULL;
    g_auto(MgrConsolePolicy) policy = { 0 };

    p->down = mgr_down_new();
    p->gate = mgr_gate_new();
    p->fleet.grace = &p->conf.grace;
    p->status = mgr_status_new(&(MgrStatusOptions){ &p->fleet, p->down, &p->conf });
    p->witness = mgr_witness_new(&(MgrWitnessOptions){ p->dir, &p->fleet, p->record, p->status });
    p->pki = mgr_pki_new(&(MgrPkiOptions){ p->dir, &p->conf, &p->fleet, p->record, NULL, NULL }, &error);
    g_assert_no_error(error);
    p->own = mgr_own_new(&(MgrOwnOptions){ p->dir, &p->fleet, p->record, p->pki, on_renewed, p });
    p->delivery =
        mgr_delivery_new(&(MgrDeliveryOptions){ &p->conf, &p->fleet, p->down, p->record, p->status, p->sealer });
    p->location = mgr_location_new(&(MgrLocationOptions){ &p->conf, &p->fleet, p->record, p->down,
                                                          mgr_delivery_notices(p->delivery), p->sealer, p->pki });
    p->tracker = mgr_tracker_new(&(MgrTrackerOptions){ &p->fleet, p->record, p->status, p->delivery });
    p->console = mgr_console_new(&(MgrConsoleOptions){ &p->fleet, p->record, p->status, p->delivery, record_dial, p });
    p->floods =
        mgr_floods_new(&(MgrFloodsOptions){ &p->fleet, p->record, p->gate, p->status, p->pki, p->tracker, p->console });
    ok(mgr_console_policy_init(&policy, &p->conf, &error), error);
    mgr_console_apply(p->console, &policy);
    p->patterns = mgr_patterns_new(&(MgrPatternsOptions){ &p->conf, p->dir, "manager.conf", &p->fleet, p->status });
    p->timestamp = mgr_timestamp_new(&(MgrTimestampOptions){ &p->conf, p->dir, p->patterns, p->status });
    p->ends = mgr_ends_new(&(MgrEndsOptions){ p->dir, &p->fleet, p->pki, p->patterns, p->timestamp, p->status });
    p->notifications = mgr_notifications_new(
        &(MgrNotificationsOptions){ p->dir, &p->conf, &p->fleet, p->record, p->status, p->timestamp });
}

static void build_work(Parts *p)
{
    g_autoptr(GError) error = NULL;

    p->commands = mgr_commands_new(&(MgrCommandsOptions){ &p->conf, &p->fleet, p->record, p->status, p->delivery,
                                                          p->console, on_changed, on_corrected, p });
    p->rollouts = mgr_rollouts_new(
        &(MgrRolloutsOptions){ &p->fleet, p->record, p->commands, p->status, p->delivery, p->console }, &error);
    g_assert_no_error(error);
    p->renewals = mgr_renewals_new(
        &(MgrRenewalsOptions){ &p->conf, &p->fleet, p->record, p->status, p->delivery, p->pki, p->location });
    p->introductions = mgr_introductions_new(&(MgrIntroductionsOptions){ &p->fleet, p->record, p->status, p->pki });
    p->finds = mgr_finds_new(&(MgrFindsOptions){ &p->fleet, p->record, p->status });
    p->reports =
        mgr_reports_new(&(MgrReportsOptions){ &p->fleet, p->record, p->status, p->delivery, p->tracker, p->console,
                                              p->location, p->commands, p->renewals, p->introductions, p->finds });
    p->arrivals = mgr_arrivals_new(&(MgrArrivalsOptions){ .dir = p->dir,
                                                          .conf = &p->conf,
                                                          .fleet = &p->fleet,
                                                          .record = p->record,
                                                          .down = p->down,
                                                          .status = p->status,
                                                          .delivery = p->delivery,
                                                          .tracker = p->tracker,
                                                          .console = p->console,
                                                          .pki = p->pki,
                                                          .location = p->location,
                                                          .reports = p->reports,
                                                          .gate = p->gate,
                                                          .request = on_request,
                                                          .user = p },
                                   &error);
    g_assert_no_error(error);
    for (guint i = 0; i < mgr_conf_brokers(&p->conf); i++)
        bus_fake_set_acks(parts_bus(p, i), BUS_FAKE_ACKS_AT_ONCE);
    p->bus = parts_bus(p, 0);
}

static void build_calls(Parts *p)
{
    MgrBundleParts bundle = { p->dir, p->location, p->sealer, p->delivery, p->pki };

    p->calls = mgr_calls_new(&p->fleet, p->down, p->record, p->witness);
    p->dispatch = mgr_dispatch_new(&p->fleet, p->calls);
    p->access_calls = mgr_access_calls_new(
        &(MgrAccessCallsOptions){ &p->conf, &p->fleet, p->record, p->pki, bundle, p->status }, p->dispatch);
    p->group_calls =
        mgr_group_calls_new(&(MgrGroupCallsOptions){ &p->fleet, p->record, p->status, p->delivery, p->console,
                                                     mgr_access_calls_passes(p->access_calls) },
                            p->dispatch);
    p->endpoint_calls = mgr_endpoint_calls_new(&(MgrEndpointCallsOptions){ .fleet = &p->fleet,
                                                                           .record = p->record,
                                                                           .status = p->status,
                                                                           .delivery = p->delivery,
                                                                           .tracker = p->tracker,
                                                                           .console = p->console,
                                                                           .pki = p->pki,
                                                                           .commands = p->commands,
                                                                           .about = about },
                                               p->dispatch);
    p->command_calls =
        mgr_command_calls_new(&(MgrCommandCallsOptions){ &p->conf, &p->fleet, p->record, p->commands }, p->dispatch);
    p->rollout_calls = mgr_rollout_calls_new(
        &(MgrRolloutCallsOptions){ &p->fleet, p->record, p->commands, p->rollouts, p->patterns }, p->dispatch);
    p->detection_calls =
        mgr_detection_calls_new(&(MgrDetectionCallsOptions){ &p->fleet, p->record, p->status, p->finds }, p->dispatch);
    p->trend = (MgrTrend){ .fleet = &p->fleet, .status = p->status, .record = p->record };
    mgr_trend_calls_add(p->dispatch, &p->trend);
    p->pattern_calls = mgr_pattern_calls_new(&(MgrPatternCallsOptions){ p->patterns }, p->dispatch);
    p->broker_calls = mgr_broker_calls_new(&(MgrBrokerCallsOptions){ NULL, &p->arrivals, p->down }, p->dispatch);
    p->notification_calls = mgr_notification_calls_new(
        &(MgrNotificationCallsOptions){ &p->fleet, p->record, p->notifications }, p->dispatch);
    p->server_calls = mgr_server_calls_new(&(MgrServerCallsOptions){ &p->conf, &p->fleet, p->record, p->pki, p->own,
                                                                     p->ends, p->location, p->sealer, p->delivery,
                                                                     p->down, p->calls, parts_authorities_changed, p },
                                           p->dispatch);
}

Parts *parts_new(void)
{
    return parts_new_with(1);
}

Parts *parts_new_with(guint brokers)
{
    return parts_new_of(&(PartsSite){ .brokers = brokers });
}

Parts *parts_new_of(const PartsSite *site)
{
    guint brokers = MAX(site->brokers, 1);
    Parts *parts = g_new0(Parts, 1);
    g_autoptr(GError) error = NULL;

    clock_fake_set(CLOCK_FAKE_WALL, CLOCK_FAKE_MONO);
    parts->dir = g_dir_make_tmp("holdline-parts-XXXXXX", &error);
    g_assert_no_error(error);
    hl_options_init(mgr_conf_table(), &parts->conf);
    parts->conf.broker_count = brokers;
    parts->dials = g_ptr_array_new_with_free_func(parts_dial_free);
    parts->replies = g_ptr_array_new_with_free_func((GDestroyNotify)bus_fake_message_free);
    parts->key = parts_make_site(parts->dir, site->peopled);
    parts->sealer = mgr_sealer_new(parts->dir, NULL);
    open_registry(parts);
    build_state(parts);
    build_work(parts);
    build_calls(parts);
    for (guint i = 0; i < brokers; i++)
        bus_fake_up(parts_bus(parts, i));
    parts_commit(parts);
    for (guint i = 0; i < brokers; i++)
        bus_fake_forget(parts_bus(parts, i));
    return parts;
}

/* What is kept of a group's members is what a walk through them finds. */
static void check_group_sums(const Parts *p)
{
    g_autoptr(GPtrArray) groups = mgr_fleet_sorted_groups(&p->fleet);
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(p->fleet.endpoints);

    for (guint g = 0; g < groups->len; g++) {
        const MgrGroup *group = groups->pdata[g];
        MgrGroupSums kept = mgr_status_of_group(p->status, group), found = { 0 };

        for (guint i = 0; i < endpoints->len; i++) {
            const MgrEndpoint *endpoint = endpoints->pdata[i];
            bool tries = mgr_group_tries(group, endpoint->record.id);

            if (endpoint->group != group)
                continue;
            found.trying += tries;
            found.tried += tries && mgr_endpoint_has_desired(endpoint);
            found.current += !tries && mgr_endpoint_has_desired(endpoint);
        }
        g_assert_cmpmem(&kept, sizeof kept, &found, sizeof found);
    }
}

void parts_free(Parts *p)
{
    g_autoptr(GError) error = NULL;

    mgr_record_stop(p->record);
    check_group_sums(p);
    mgr_broker_calls_free(p->broker_calls);
    mgr_notification_calls_free(p->notification_calls);
    mgr_server_calls_free(p->server_calls);
    mgr_pattern_calls_free(p->pattern_calls);
    mgr_detection_calls_free(p->detection_calls);
    mgr_access_calls_free(p->access_calls);
    mgr_rollout_calls_free(p->rollout_calls);
    mgr_command_calls_free(p->command_calls);
    mgr_endpoint_calls_free(p->endpoint_calls);
    mgr_group_calls_free(p->group_calls);
    mgr_trend_clear(&p->trend);
    mgr_dispatch_free(p->dispatch);
    mgr_calls_free(p->calls);
    mgr_arrivals_free(p->arrivals);
    mgr_reports_free(p->reports);
    mgr_finds_free(p->finds);
    mgr_introductions_free(p->introductions);
    mgr_renewals_free(p->renewals);
    mgr_rollouts_free(p->rollouts);
    mgr_commands_free(p->commands);
    mgr_notifications_free(p->notifications);
    mgr_ends_free(p->ends);
    mgr_timestamp_free(p->timestamp);
    mgr_patterns_free(p->patterns);
    mgr_floods_free(p->floods);
    mgr_console_free(p->console);
    mgr_tracker_free(p->tracker);
    mgr_location_free(p->location);
    mgr_delivery_free(p->delivery);
    mgr_own_free(p->own);
    mgr_pki_free(p->pki);
    mgr_status_free(p->status);
    mgr_gate_free(p->gate);
    mgr_down_free(p->down);
    mgr_record_free(p->record);
    mgr_witness_free(p->witness);
    g_clear_pointer(&p->reader, hl_db_close);
    mgr_fleet_clear(&p->fleet);
    mgr_sealer_free(p->sealer);
    hl_options_clear(mgr_conf_table(), &p->conf);
    g_ptr_array_unref(p->dials);
    g_ptr_array_unref(p->replies);
    ok(hl_tree_remove(p->dir, &error), error);
    g_free(p->dir);
    g_free(p);
    bus_fake_reset();
}

/* ----------------------------------------------------------------------------------------------------- registry */

typedef struct {
    MgrFleet *fleet;
    MgrEndpointRecord record;
} Addition;

static void fold_addition(gpointer change)
{
    Addition *addition = change;

    mgr_fleet_add_endpoint(addition->fleet, &addition->record);
}

static void fail_addition(gpointer change G_GNUC_UNUSED, const GError *error)
{
    g_error("%s", error->message);
}

MgrEndpoint *parts_add_endpoint(Parts *parts, const char *id)
{
    static const MgrChangeKind kind = { fold_addition, fail_addition, NULL };
    HlWriteSet *set = hl_write_set_new();
    Addition addition = { .fleet = &parts->fleet,
                          .record = { .number = parts->fleet.next_number++,
                                      .id = g_strdup(id),
                                      .group = g_strdup("office"),
                                      .host = g_strdup(id + 2),
                                      .fingerprint = g_strdup_printf("print-of-%s", id),
                                      .addresses = g_strdup("192.0.2.7"),
                                      .os = g_strdup(""),
                                      .program = g_strdup(""),
                                      .observed = g_strdup(""),
                                      .observed_by = g_strdup("https"),
                                      .serial = g_strdup_printf("serial-of-%s", id),
                                      .enrolled_at = hl_clock_wall(),
                                      .cert_expires = hl_clock_wall() + HL_DAY,
                                      .moved_counter = 1,
                                      .patterns = g_strdup(""),
                                      .update_result = g_strdup(""),
                                      .update_source = g_strdup(""),
                                      .spool = g_strdup("") } };

    mgr_write_endpoint(set, &addition.record);
    mgr_record_commit(parts->record, set, &kind, &addition);
    parts_commit(parts);
    return mgr_fleet_endpoint(&parts->fleet, id);
}

void parts_add_group(Parts *parts, const char *name, const char *setting)
{
    if (setting != NULL)
        parts_call(parts, "group create", "name", name, "setting", setting, NULL);
    else
        parts_call(parts, "group create", "name", name, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

void parts_set(Parts *parts, const char *group, const char *setting)
{
    parts_call(parts, "group set", "name", group, "setting", setting, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

void parts_load(Parts *parts, MgrFleet *fleet)
{
    g_autoptr(GError) error = NULL;

    mgr_tracker_flush(parts->tracker);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    ok(mgr_fleet_load(fleet, parts->reader, &error), error);
}

/* One line of text for each thing that is stored: what differs is then seen at a glance. */
static void add_endpoint_line(GPtrArray *lines, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *r = &endpoint->record;
    const MgrApplied *a = &r->applied;
    const MgrSeldom *s = mgr_endpoint_seldom(r);
    const MgrFindings *f = mgr_endpoint_findings(endpoint);

    g_ptr_array_add(lines, g_strdup_printf("endpoint %s group %s %" G_GUINT64_FORMAT " serial %s %" G_GINT64_FORMAT
                                           " revoked %" G_GINT64_FORMAT " updated %" G_GINT64_FORMAT
                                           " %s %s %s upgrade %s %s %s %" G_GINT64_FORMAT
                                           " patterns %s spool %s %" G_GUINT64_FORMAT,
                                           r->id, r->group, r->moved_counter, r->serial, r->cert_expires, r->revoked_at,
                                           r->updated_at, r->update_result, r->update_source, s->update_error,
                                           s->upgrade_end, s->upgrade_to, s->upgrade_detail, s->upgraded_at,
                                           r->patterns, r->spool, r->report_seq));
    g_ptr_array_add(lines,
                    g_strdup_printf("findings %s open %u left out %u, last scan %s %s at %" G_GINT64_FORMAT
                                    ": %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " found, %" G_GUINT64_FORMAT
                                    " not looked at",
                                    r->id, f->open, f->left_out, mgr_scan_how_name(f->how), mgr_scan_end_name(f->end),
                                    f->ended_at, f->files, f->found, f->not_looked_at));
    g_ptr_array_add(lines,
                    g_strdup_printf("addresses %s %s observed %s", r->id, r->addresses, mgr_endpoint_observed(r)));
    g_ptr_array_add(
        lines, g_strdup_printf("machine %s %s enrolled as %s", r->id, r->fingerprint, mgr_endpoint_enrolled_as(r)));
    g_ptr_array_add(lines,
                    g_strdup_printf("applied %s %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s at %" G_GINT64_FORMAT,
                                    r->id, a->group != NULL ? a->group : "", a->version, a->counter,
                                    a->path != NULL ? a->path : "", a->at));
}

static void add_command_lines(GPtrArray *lines, const MgrCommand *command)
{
    g_ptr_array_add(lines, g_strdup_printf("command %s cancelled %" G_GINT64_FORMAT, command->record.id,
                                           command->record.cancelled_at));
    for (guint i = 0; i < command->targets->len; i++) {
        const MgrTargetRecord *r = &((const MgrTarget *)command->targets->pdata[i])->record;

        g_ptr_array_add(lines, g_strdup_printf("target %s %s %s %s %s at %" G_GINT64_FORMAT, r->command, r->endpoint,
                                               hl_command_state_name(r->state), r->code, r->detail, r->changed_at));
    }
}

static GPtrArray *describe(const MgrFleet *fleet)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(fleet->endpoints);
    g_autoptr(GPtrArray) groups = mgr_fleet_values(fleet->groups);
    g_autoptr(GPtrArray) commands = mgr_fleet_values(fleet->commands);
    g_autoptr(GPtrArray) tokens = mgr_fleet_values(fleet->tokens);
    g_autoptr(GPtrArray) certificates = mgr_fleet_values(fleet->certificates);
    g_autoptr(GPtrArray) accounts = mgr_accounts_sorted(fleet->accounts);

    for (guint i = 0; i < endpoints->len; i++)
        add_endpoint_line(lines, endpoints->pdata[i]);
    for (guint i = 0; i < commands->len; i++)
        add_command_lines(lines, commands->pdata[i]);
    for (guint i = 0; i < groups->len; i++) {
        const MgrGroupRecord *r = &((const MgrGroup *)groups->pdata[i])->record;

        g_ptr_array_add(lines,
                        g_strdup_printf("group %s '%s' %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " at %" G_GINT64_FORMAT
                                        " %s",
                                        r->name, r->display_name, r->version, r->counter, r->changed_at, r->settings));
    }
    for (guint i = 0; i < tokens->len; i++) {
        const MgrTokenRecord *r = tokens->pdata[i];

        g_ptr_array_add(lines, g_strdup_printf("token %s for '%s' %" G_GINT64_FORMAT " withdrawn %" G_GINT64_FORMAT,
                                               r->id, r->endpoint, r->uses_left, r->withdrawn_at));
    }
    for (guint i = 0; i < certificates->len; i++) {
        const MgrCertificateRecord *r = certificates->pdata[i];

        g_ptr_array_add(
            lines, g_strdup_printf("certificate %s %s revoked %" G_GINT64_FORMAT " used %" G_GINT64_FORMAT " for %s",
                                   r->serial, r->name, r->revoked_at, r->used_at, mgr_certificate_replaces(r)));
    }
    for (guint i = 0; i < accounts->len; i++) {
        const MgrAccountRecord *r = accounts->pdata[i];

        g_ptr_array_add(lines, g_strdup_printf("account %s %s groups '%s' disabled %" G_GINT64_FORMAT " note '%s'",
                                               r->name, mgr_role_name(r->role), r->groups, r->disabled_at, r->note));
    }
    g_ptr_array_add(lines, g_strdup_printf("fleet open %" G_GUINT64_FORMAT " infected %u failed %u",
                                           fleet->open_detections, fleet->infected, fleet->scans_failed));
    g_ptr_array_sort(lines, hl_text_compare);
    return lines;
}

/* The lines of one that the other has not. */
static char *difference(const GPtrArray *lines, const GPtrArray *others)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < others->len; i++)
        g_hash_table_add(there, others->pdata[i]);
    for (guint i = 0; i < lines->len; i++)
        if (!g_hash_table_contains(there, lines->pdata[i]))
            g_string_append_printf(out, "%s\n", (const char *)lines->pdata[i]);
    return g_string_free(out, FALSE);
}

void parts_check_registry(Parts *parts)
{
    MgrFleet stored = { 0 };
    g_autoptr(GPtrArray) memory = NULL;
    g_autoptr(GPtrArray) registry = NULL;
    g_autofree char *forgotten = NULL;
    g_autofree char *unknown = NULL;

    parts_load(parts, &stored);
    memory = describe(&parts->fleet);
    registry = describe(&stored);
    mgr_fleet_clear(&stored);
    forgotten = difference(memory, registry);
    unknown = difference(registry, memory);
    g_assert_cmpstr(unknown, ==, forgotten); /* the registry's lines, and memory's */
    g_assert_cmpuint(registry->len, ==, memory->len);
}

/* Under the name of whose session it ends. */
static void let_manager_in(const Parts *parts)
{
    HlBus *newest = bus_fake_last();

    if (!parts->keeps_out && newest != NULL && newest != parts->bus && hl_bus_state(newest) != HL_BUS_UP)
        bus_fake_up(newest);
}

guint parts_commit(Parts *parts)
{
    guint all = 0;

    mgr_reports_flush(parts->reports);
    for (guint n; (n = writer_fake_commit(parts->writer, 0)) > 0;)
        all += n;
    let_manager_in(parts);
    return all;
}

Parts *parts_new_on_line(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    bus_fake_forget(parts->bus);
    return parts;
}
