/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/metrics.h"

#include <string.h>

typedef struct {
    const char *name, *help;
    uint64_t value;
} Metric;

static void add_metrics(GString *out, const Metric *metrics, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(out, "# HELP holdline_%s %s\n# TYPE holdline_%s %s\nholdline_%s %" G_GUINT64_FORMAT "\n",
                               metrics[i].name, metrics[i].help, metrics[i].name,
                               g_str_has_suffix(metrics[i].name, "_total") ? "counter" : "gauge", metrics[i].name,
                               metrics[i].value);
}

/* What endpoints are, say and are told. */
static void add_endpoints(GString *out, const MgrMetricsParts *parts)
{
    const MgrLinkCounts link = mgr_link_count(parts->link);
    const MgrTrackerCounts tracker = mgr_tracker_count(parts->tracker);
    const MgrReportsCounts reports = mgr_reports_count(parts->reports);
    const MgrDeliveryCounts delivery = mgr_delivery_count(parts->delivery);
    const MgrDispatchCounts dispatch = mgr_dispatch_count(parts->dispatch);
    const MgrGateCounts gate = mgr_gate_count(parts->gate);
    const MgrFindsCounts finds = mgr_finds_count(parts->finds);
    const HlBusCounts bus = mgr_down_count(parts->down);
    const Metric metrics[] = {
        { "endpoints", "Endpoints in the registry", g_hash_table_size(parts->fleet->endpoints) },
        { "endpoints_online", "Endpoints that are Online or Stale", parts->fleet->online },
        { "commands_open", "Commands with an endpoint that is not done", g_hash_table_size(parts->fleet->commands) },
        { "births_total", "Births received", link.births },
        { "heartbeats_total", "Heartbeats received", link.heartbeats },
        { "heartbeats_lost_total", "Gaps in heartbeat numbers", tracker.lost_heartbeats },
        { "messages_stale_total", "Messages of an older session, ignored", tracker.stale_messages },
        { "messages_bad_total", "Messages that did not decode, ignored", link.bad_messages + dispatch.bad_messages },
        { "messages_unknown_total", "Messages of senders that are not in the registry", link.unknown_senders },
        { "messages_over_quota_total", "Messages dropped because their sender sent too many", gate.refused },
        { "messages_refused_total", "Messages dropped because too many waited, or too large", bus.refused },
        { "reports_total", "Reports received", reports.received },
        { "reports_repeated_total", "Reports received again", reports.repeated },
        { "reports_gaps_total", "Gaps in report numbers", reports.gaps },
        { "detections_open", "Detections that nobody has acknowledged", parts->fleet->open_detections },
        { "detections_total", "Finds reported", finds.detections },
        { "endpoints_infected", "Endpoints with open detections", parts->fleet->infected },
        { "endpoints_scan_failed", "Endpoints whose last scan failed", parts->fleet->scans_failed },
        { "scans_total", "Ends of scans reported", finds.scans },
        { "scans_failed_total", "Scans that failed, of those", finds.scans_failed },
        { "refusals_total", "Settings and commands that endpoints refused", reports.refusals },
        { "settings_sent_total", "Settings documents sent", delivery.settings },
        { "commands_sent_total", "Commands sent", delivery.commands },
    };

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
}

/* How the server itself is. */
static void add_server(GString *out, const MgrMetricsParts *parts, const HlHttpCounts *http)
{
    const MgrLinkCounts link = mgr_link_count(parts->link);
    const MgrDispatchCounts dispatch = mgr_dispatch_count(parts->dispatch);
    const HlWriterCounts writer = mgr_record_count(parts->record);
    const MgrFloodsCounts floods = mgr_floods_count(parts->floods);
    const MgrTimestampView timestamp = mgr_timestamp_view(parts->timestamp);
    const HlBusCounts bus = mgr_down_count(parts->down);
    const MgrRereader *rereader = mgr_pki_rereader(parts->pki);
    const MgrRereaderCounts rereads = mgr_rereader_count(rereader);
    const Metric metrics[] = {
        { "broker_reload_failed", "1 while the last run of broker.reload-command failed",
          mgr_rereader_problem(rereader) != NULL },
        { "broker_reloads_total", "Runs of broker.reload-command", rereads.runs },
        { "broker_reload_failures_total", "Runs of broker.reload-command that failed", rereads.failures },
        { "server_blind", "1 while the manager cannot hear its endpoints", link.blind },
        { "flooding", "Senders that are held off", floods.now },
        { "floods_total", "Hold-offs of senders that sent too much", floods.total },
        { "renewals_refused_total", "Certificate requests that were not due", mgr_renewals_refused(parts->renewals) },
        { "enrolled_total", "Enrolments", mgr_enrol_count(parts->enrol) },
        { "late_renewals_total", "Endpoints that came back after their certificate had ended",
          mgr_late_renewals_count(parts->late_renewals) },
        { "enrol_refused_total", "Requests of either kind that were refused",
          mgr_applicants_refused(parts->applicants) },
        { "calls_total", "Admin calls", dispatch.received },
        { "calls_refused_total", "Admin calls refused", mgr_calls_refused(parts->calls) },
        { "registry_transactions_total", "Transactions committed", writer.transactions },
        { "registry_failures_total", "Write sets that failed", writer.failed_sets },
        { "history_folded_total", "Rows of history for which an endpoint had no room",
          mgr_record_folded(parts->record) },
        { "registry_pending", "Write sets waiting", writer.pending },
        { "bus_lost_total", "Lost links to the broker", bus.lost_links },
        { "bus_queued", "Publications waiting for the window", bus.queued },
        { "repository_ageing", "1 from half of the life of the repository's timestamp on, also when it has expired",
          timestamp.age >= MGR_SIGNATURE_AGEING },
        { "repository_expires_seconds", "Time until endpoints refuse the repository; 0: they do, or there is none",
          (uint64_t)(MAX(timestamp.expires - hl_clock_wall(), 0) / HL_SECOND) },
        { "http_requests_total", "HTTPS requests answered", http->requests },
        { "http_downloads_refused_total", "Downloads told to come back later", http->downloads_refused },
    };

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
}

char *mgr_metrics_print(const MgrMetricsParts *parts, const HlHttpCounts *http)
{
    GString *out = g_string_new(NULL);

    add_endpoints(out, parts);
    add_server(out, parts, http);
    mgr_ends_print_metric(parts->ends, out);
    return g_string_free(out, FALSE);
}
