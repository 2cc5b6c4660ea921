/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/metrics.h"

#include <string.h>

#define MAX_GROUPS 200

typedef struct {
    const char *name, *help;
    uint64_t value;
} Metric;

typedef struct {
    const char *name, *help, *member;
} Counted;

typedef struct {
    const char *name, *help, *label, *member;
} Labelled;

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
        { "broker_split", "1 while broker.addresses lead to brokers that do not know each other", link.split },
        { "broker_refused", "1 while the broker refuses the manager a subscription",
          mgr_down_refused(parts->down) != NULL },
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

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
}

/* What the summary counts, from the same document that 'holdline status' shows. */
static const Counted counted[] = {
    { "endpoints_removed", "Endpoints that left the console because they were away for long", "removed" },
    { "endpoints_outdated", "Endpoints with patterns behind the server's", "outdated" },
    { "endpoints_outdated_program", "Endpoints with a version of the program before the one that is offered",
      "outdated_program" },
    { "endpoints_settings_behind", "Endpoints without the settings that they should have", "settings_behind" },
    { "endpoints_never_scanned", "Endpoints that never reported a scan", "never_scanned" },
};

/* Members of the summary that are objects of counts: a label for each, from a fixed set of words. */
static const Labelled labelled[] = {
    { "endpoints_displayed", "Endpoints by what the console shows", "displayed", "displayed" },
    { "endpoints_verdict", "Endpoints by verdict", "verdict", "verdicts" },
};

static void add_notifications(GString *out, const MgrNotifications *notifications)
{
    const MgrNotificationCounts counts = mgr_notifications_count(notifications);
    const Metric metrics[] = {
        { "notification_rules", "Rules of notification", counts.rules },
        { "notifications_sent_total", "Notifications that their destination took", counts.sent },
        { "notifications_failed_total", "Attempts to send one that failed", counts.failed },
        { "notifications_given_up_total", "Notifications that were given up", counts.given_up },
        { "notifications_waiting", "Notifications that wait to be sent", counts.waiting },
        { "notifications_failing", "Rules whose destination has failed for a quarter of an hour", counts.failing },
    };

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
}

static void begin_labelled(GString *out, const char *name, const char *help)
{
    g_string_append_printf(out, "# HELP holdline_%s %s\n# TYPE holdline_%s %s\n", name, help, name,
                           g_str_has_suffix(name, "_total") ? "counter" : "gauge");
}

static void add_summary(GString *out, const MgrStatus *status)
{
    g_autoptr(json_t) summary = mgr_status_summary(status, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++)
        add_metrics(out,
                    &(Metric){ counted[i].name, counted[i].help,
                               (uint64_t)json_integer_value(json_object_get(summary, counted[i].member)) },
                    1);
    for (gsize i = 0; i < G_N_ELEMENTS(labelled); i++) {
        const char *word;
        json_t *count;

        begin_labelled(out, labelled[i].name, labelled[i].help);
        json_object_foreach(json_object_get(summary, labelled[i].member), word, count)
            g_string_append_printf(out, "holdline_%s{%s=\"%s\"} %" JSON_INTEGER_FORMAT "\n", labelled[i].name,
                                   labelled[i].label, word, json_integer_value(count));
    }
    add_metrics(out,
                &(Metric){ "audit_rows", "Rows of the audit log",
                           (uint64_t)json_integer_value(json_object_get(json_object_get(summary, "audit"), "rows")) },
                1);
}

static void add_by_broker(GString *out, const char *name, const char *help, const uint64_t values[], guint n)
{
    begin_labelled(out, name, help);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(out, "holdline_%s{broker=\"%u\"} %" G_GUINT64_FORMAT "\n", name, i + 1, values[i]);
}

static void add_brokers(GString *out, const MgrMetricsParts *parts)
{
    uint64_t up[MGR_MAX_BROKERS] = { 0 }, endpoints[MGR_MAX_BROKERS] = { 0 }, queued[MGR_MAX_BROKERS] = { 0 };
    uint64_t restarts[MGR_MAX_BROKERS] = { 0 }, hangs[MGR_MAX_BROKERS] = { 0 }, drained[MGR_MAX_BROKERS] = { 0 };
    guint counted_there[MGR_MAX_BROKERS];
    const MgrLines *lines = mgr_link_lines(parts->link);
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
    begin_labelled(out, "rollouts", "Roll-outs under way, by state; a halted one reaches nobody else by itself");
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        g_string_append_printf(out, "holdline_rollouts{state=\"%s\"} %u\n", mgr_rollout_state_name(states[i]),
                               counts[states[i]]);
}

static gint by_members(gconstpointer a, gconstpointer b)
{
    const MgrGroup *one = *(MgrGroup *const *)a, *other = *(MgrGroup *const *)b;

    return one->members != other->members ? (one->members < other->members ? 1 : -1)
                                          : strcmp(one->record.name, other->record.name);
}

/* A label for each group, of which there may be any number: the largest ones. */
static void add_groups(GString *out, const MgrFleet *fleet)
{
    g_autoptr(GPtrArray) groups = mgr_fleet_values(fleet->groups);

    g_ptr_array_sort(groups, by_members);
    begin_labelled(out, "group_endpoints", "Endpoints of each group, the 200 largest");
    /* names of groups are identifiers: nothing in them has to be escaped */
    for (guint i = 0; i < MIN(groups->len, MAX_GROUPS); i++) {
        const MgrGroup *group = groups->pdata[i];

        g_string_append_printf(out, "holdline_group_endpoints{group=\"%s\"} %u\n", group->record.name, group->members);
    }
}

static void add_health(GString *out, const MgrHealth *health)
{
    const Metric metrics[] = {
        { "healthy", "1 while GET /healthz answers 200", mgr_health_is_well(health) },
        { "disk_free_bytes", "Free on the disk of the site", health->disk_free },
        { "disk_size_bytes", "Size of the disk of the site", health->disk_size },
    };

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
    begin_labelled(out, "build_info", "Always 1; which version runs");
    g_string_append(out, "holdline_build_info{version=\"" HOLDLINE_VERSION "\"} 1\n");
}

char *mgr_metrics_print(const MgrMetricsParts *parts, const HlHttpCounts *http, const MgrHealth *health)
{
    GString *out = g_string_new(NULL);

    add_endpoints(out, parts);
    add_summary(out, parts->status);
    add_brokers(out, parts);
    add_rollouts(out, parts->rollouts);
    add_groups(out, parts->fleet);
    add_server(out, parts, http);
    add_health(out, health);
    add_notifications(out, parts->notifications);
    mgr_ends_print_metric(parts->ends, out);
    return g_string_free(out, FALSE);
}
