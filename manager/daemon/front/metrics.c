/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/metrics.h"

#include "manager/daemon/front/metric_text.h"
#include "manager/daemon/front/summary_metrics.h"

/* What endpoints are, say and are told. */
static void add_endpoints(GString *out, const MgrMetricsParts *parts)
{
    const MgrArrivalsCounts arrivals = mgr_arrivals_count(parts->arrivals);
    const MgrTrackerCounts tracker = mgr_tracker_count(parts->tracker);
    const MgrReportsCounts reports = mgr_reports_count(parts->reports);
    const MgrDeliveryCounts delivery = mgr_delivery_count(parts->delivery);
    const MgrDispatchCounts dispatch = mgr_dispatch_count(parts->dispatch);
    const MgrGateCounts gate = mgr_gate_count(parts->gate);
    const MgrFindsCounts finds = mgr_finds_count(parts->finds);
    const HlBusCounts bus = mgr_down_count(parts->down);
    const MgrMetric metrics[] = {
        { "endpoints", "Endpoints in the registry", g_hash_table_size(parts->fleet->endpoints) },
        { "endpoints_online", "Endpoints that are Online or Stale", parts->fleet->online },
        { "births_total", "Births received", arrivals.births },
        { "heartbeats_total", "Heartbeats received", arrivals.heartbeats },
        { "heartbeats_lost_total", "Gaps in heartbeat numbers", tracker.lost_heartbeats },
        { "messages_stale_total", "Messages of an older session, ignored", tracker.stale_messages },
        { "messages_bad_total", "Messages that did not decode, ignored",
          arrivals.bad_messages + dispatch.bad_messages },
        { "messages_unknown_total", "Messages of senders that are not in the registry", arrivals.unknown_senders },
        { "messages_over_quota_total", "Messages dropped because their sender sent too many", gate.refused },
        { "messages_refused_total", "Messages dropped because too many waited, or too large", bus.refused },
        { "reports_total", "Reports received", reports.received },
        { "reports_repeated_total", "Reports received again", reports.repeated },
        { "reports_gaps_total", "Gaps in report numbers", reports.gaps },
        { "reports_deferred_total", "Reports for which there was no room yet, and that are asked for again",
          reports.crowded },
        { "detections_total", "Finds reported", finds.detections },
        { "scans_total", "Ends of scans reported", finds.scans },
        { "scans_failed_total", "Scans that failed, of those", finds.scans_failed },
        { "upgrades_failed_total", "Upgrades of the program that failed", reports.upgrades_failed },
        { "refusals_total", "Settings and commands that endpoints refused", reports.refusals },
        { "settings_sent_total", "Settings documents sent", delivery.settings },
        { "commands_sent_total", "Commands sent", delivery.commands },
    };

    mgr_metrics_add(out, metrics, G_N_ELEMENTS(metrics));
}

/* How the server itself is. */
static void add_server(GString *out, const MgrMetricsParts *parts, const HlHttpCounts *http)
{
    const MgrArrivalsCounts arrivals = mgr_arrivals_count(parts->arrivals);
    const MgrDispatchCounts dispatch = mgr_dispatch_count(parts->dispatch);
    const HlWriterCounts writer = mgr_record_count(parts->record);
    const MgrFloodsCounts floods = mgr_floods_count(parts->floods);
    const MgrTimestampView timestamp = mgr_timestamp_view(parts->timestamp);
    const HlBusCounts bus = mgr_down_count(parts->down);
    const MgrRereader *rereader = mgr_pki_rereader(parts->pki);
    const MgrRereaderCounts rereads = mgr_rereader_count(rereader);
    const MgrMetric metrics[] = {
        { "broker_split", "1 while broker.addresses lead to brokers that do not know each other", arrivals.split },
        { "broker_refused", "1 while the broker refuses the manager a subscription",
          mgr_down_refused(parts->down) != NULL },
        { "broker_reload_failed", "1 while the last run of broker.reload-command failed",
          mgr_rereader_problem(rereader) != NULL },
        { "broker_reloads_total", "Runs of broker.reload-command", rereads.runs },
        { "broker_reload_failures_total", "Runs of broker.reload-command that failed", rereads.failures },
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
        { "registry_transactions_total", "Transactions committed", writer.transactions - writer.failed_transactions },
        { "registry_failures_total", "Write sets that failed", writer.failed_sets },
        { "history_folded_total", "Rows of history for which an endpoint had no room",
          mgr_record_folded(parts->record) },
        { "registry_pending", "Write sets waiting", writer.pending },
        { "bus_lost_total", "Lost links to the broker", bus.lost_links },
        { "bus_queued", "Publications waiting for the window", bus.queued },
        { "repository_ageing", "1 from half of the life of the repository's timestamp on, also when it has expired",
          timestamp.age >= MGR_SIGNATURE_AGEING },
        { "repository_expires_seconds", "Time until endpoints refuse the repository; 0: they do, or there is none",
          (uint64_t)(MAX(timestamp.refused_from - hl_clock_wall(), 0) / HL_SECOND) },
        { "patterns_published_timestamp_seconds",
          "Day of the patterns in the repository, as Unix time; 0: there are none",
          (uint64_t)(mgr_patterns_published(parts->patterns) / HL_SECOND) },
        { "patterns_old", "1 while there have been no new patterns for patterns.old-after",
          mgr_status_view(parts->status).problems[MGR_PROBLEM_PATTERNS_OLD] != NULL },
        { "audit_broken", "1 while the audit log is not what was written",
          mgr_status_view(parts->status).problems[MGR_PROBLEM_AUDIT] != NULL },
        { "repository_missing_files", "Files of the repository that are missing; 1 if all of it is",
          mgr_patterns_missing(parts->patterns) },
        { "http_requests_total", "HTTPS requests answered", http->requests },
        { "http_downloads_refused_total", "Downloads told to come back later", http->downloads_refused },
    };

    mgr_metrics_add(out, metrics, G_N_ELEMENTS(metrics));
}

static void add_notifications(GString *out, const MgrNotifications *notifications)
{
    const MgrNotificationCounts counts = mgr_notifications_count(notifications);
    const MgrMetric metrics[] = {
        { "notification_rules", "Rules of notification", counts.rules },
        { "notifications_sent_total", "Notifications that their destination took", counts.sent },
        { "notifications_failed_total", "Attempts to send one that failed", counts.failed },
        { "notifications_given_up_total", "Notifications that were given up", counts.given_up },
        { "notifications_waiting", "Notifications that wait to be sent", counts.waiting },
        { "notifications_failing", "Rules whose destination has failed for a quarter of an hour", counts.failing },
    };

    mgr_metrics_add(out, metrics, G_N_ELEMENTS(metrics));
}

static void add_by_broker(GString *out, const char *name, const char *help, const uint64_t values[], guint n)
{
    mgr_metric_begin(out, name, help);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(out, "holdline_%s{broker=\"%u\"} %" G_GUINT64_FORMAT "\n", name, i + 1, values[i]);
}

static void add_brokers(GString *out, const MgrMetricsParts *parts)
{
    uint64_t up[MGR_MAX_BROKERS] = { 0 }, endpoints[MGR_MAX_BROKERS] = { 0 }, queued[MGR_MAX_BROKERS] = { 0 };
    uint64_t restarts[MGR_MAX_BROKERS] = { 0 }, hangs[MGR_MAX_BROKERS] = { 0 }, drained[MGR_MAX_BROKERS] = { 0 };
    guint counted_there[MGR_MAX_BROKERS];
    const MgrLines *lines = mgr_arrivals_lines(parts->arrivals);
    guint n = mgr_lines_count(lines);

    mgr_lines_endpoints(lines, NULL, counted_there);
    for (guint i = 0; i < n; i++) {
        const MgrLineView view = mgr_lines_view(lines, i);

        up[i] = !view.is_blind;
        drained[i] = view.is_drained;
        restarts[i] = view.restarts;
        hangs[i] = view.hangs;
        endpoints[i] = counted_there[i];
        queued[i] = mgr_down_count_at(parts->down, i).queued;
    }
    add_by_broker(out, "broker_heard", "1 while the manager hears endpoints at this broker", up, n);
    add_by_broker(out, "broker_drained", "1 while this broker is drained: somebody has it down", drained, n);
    add_by_broker(out, "broker_endpoints", "Endpoints, Online or Stale, at this broker", endpoints, n);
    add_by_broker(out, "broker_queued", "Publications that wait for this broker", queued, n);
    if (n == 0 || !mgr_lines_view(lines, 0).is_managed)
        return;
    add_by_broker(out, "broker_restarts_total", "Times that this managed broker ended and was started again", restarts,
                  n);
    add_by_broker(out, "broker_hangs_total", "Times that it hung and was killed, of those", hangs, n);
}

/* Those that are over are not counted: done and aborted would grow with their list. */
static void add_rollouts(GString *out, const MgrRollouts *rollouts)
{
    static const MgrRolloutState states[] = { MGR_ROLLOUT_RUNNING, MGR_ROLLOUT_SOAKING, MGR_ROLLOUT_PAUSED,
                                              MGR_ROLLOUT_HALTED };
    guint counts[MGR_ROLLOUT_N_STATES];

    mgr_rollouts_count_states(rollouts, counts);
    mgr_metric_begin(out, "rollouts", "Roll-outs under way, by state; a halted one reaches nobody else by itself");
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        g_string_append_printf(out, "holdline_rollouts{state=\"%s\"} %u\n", mgr_rollout_state_name(states[i]),
                               counts[states[i]]);
}

static void add_health(GString *out, const MgrHealth *health)
{
    const MgrMetric metrics[] = {
        { "healthy", "1 while GET /healthz answers 200", mgr_health_is_well(health) },
        { "disk_free_bytes", "Free on the disk of the site", health->disk_free },
        { "disk_size_bytes", "Size of the disk of the site", health->disk_size },
    };

    mgr_metrics_add(out, metrics, G_N_ELEMENTS(metrics));
    mgr_metric_begin(out, "build_info", "Always 1; which version runs");
    g_string_append(out, "holdline_build_info{version=\"" HOLDLINE_VERSION "\"} 1\n");
}

char *mgr_metrics_print(const MgrMetricsParts *parts, const HlHttpCounts *http, const MgrHealth *health)
{
    g_autoptr(json_t) summary = mgr_status_summary(parts->status, NULL);
    GString *out = g_string_new(NULL);

    add_endpoints(out, parts);
    mgr_summary_metrics_print(out, summary);
    add_brokers(out, parts);
    add_rollouts(out, parts->rollouts);
    mgr_group_metrics_print(out, parts->fleet, parts->status);
    add_server(out, parts, http);
    add_health(out, health);
    add_notifications(out, parts->notifications);
    mgr_ends_print_metric(parts->ends, out);
    return g_string_free(out, FALSE);
}
