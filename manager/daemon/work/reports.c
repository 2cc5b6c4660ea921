#include "manager/daemon/report.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/commands.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/display.h"
#include "manager/daemon/status.h"
#include "proto/components.h"

#define RETRY_ACK_MS 5000

/* A report on its way through the writer. */
typedef struct {
    Manager *manager;
    char *endpoint; /* looked up again after the commit: it may have been removed */
    HlMsgReport *report;
} Passage;

typedef bool (*WriteFn)(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report, HlWriteSet *set);
typedef void (*FoldFn)(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report);

static MgrApplied applied_of(const HlMsgAppliedSettings *message)
{
    return (MgrApplied){ .group = g_strdup(message->group),
                         .version = message->version,
                         .counter = message->counter,
                         .digest = g_bytes_new(message->digest.data, message->digest.len),
                         .path = g_strdup(message->path),
                         .at = hl_clock_wall() };
}

static bool write_command(Manager *manager G_GNUC_UNUSED, MgrEndpoint *endpoint, const HlMsgReport *report,
                          HlWriteSet *set)
{
    const HlMsgCommandReport *body = report->command;
    MgrTarget *target = mgr_endpoint_find_target(endpoint, body->command);
    MgrTargetRecord record = { body->command, endpoint->record.id, (int)body->state,
                               body->code,    body->detail,        hl_clock_wall() };

    if (target == NULL || !hl_command_state_may_follow(target->record.state, (int)body->state))
        return true; /* nothing new: of a command that ended, or out of order */
    mgr_write_target(set, &record);
    if (hl_command_state_is_final((int)body->state))
        mgr_write_history(set, record.changed_at, endpoint->record.id,
                          hl_command_kind_name(target->command->record.kind), hl_command_state_name((int)body->state));
    return true;
}

static void fold_command(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    mgr_commands_reported(manager, endpoint, report->command);
}

static char *describe_update(const HlMsgUpdateNotification *body)
{
    return g_strdup_printf("%s (%s%s%s)%s%s", body->succeeded ? "succeeded" : "failed", body->trigger,
                           *body->source != '\0' ? ", from " : "", body->source, *body->detail != '\0' ? ": " : "",
                           body->detail);
}

static bool write_update(Manager *manager G_GNUC_UNUSED, MgrEndpoint *endpoint, const HlMsgReport *report,
                         HlWriteSet *set)
{
    const HlMsgUpdateNotification *body = report->update;
    g_autofree char *patterns = hl_components_print(body->patterns, body->n_patterns);
    g_autofree char *result = describe_update(body);
    HlTime now = hl_clock_wall();
    MgrUpdateStep step = { .patterns = body->n_patterns > 0 ? patterns : endpoint->record.patterns,
                           .result = result,
                           .source = body->source,
                           .error = body->succeeded ? "" : body->detail,
                           .at = now };

    mgr_write_update(set, endpoint->record.number, &step);
    mgr_write_history(set, now, endpoint->record.id, "update", result);
    return true;
}

static void fold_update(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    const HlMsgUpdateNotification *body = report->update;

    if (body->n_patterns > 0) {
        g_free(endpoint->record.patterns);
        endpoint->record.patterns = hl_components_print(body->patterns, body->n_patterns);
    }
    g_free(endpoint->record.update_result);
    endpoint->record.update_result = describe_update(body);
    g_free(endpoint->record.update_source);
    endpoint->record.update_source = g_strdup(body->source);
    g_free(endpoint->record.update_error);
    endpoint->record.update_error = g_strdup(body->succeeded ? "" : body->detail);
    endpoint->record.updated_at = hl_clock_wall();
    endpoint->updated_by_schedule = strcmp(body->trigger, "schedule") == 0;
    mgr_display_feed(manager, endpoint, MGR_DISPLAY_UPDATED);
}

static bool write_settings(Manager *manager G_GNUC_UNUSED, MgrEndpoint *endpoint, const HlMsgReport *report,
                           HlWriteSet *set)
{
    MgrApplied applied = applied_of(report->settings);
    g_autofree char *text =
        g_strdup_printf("%s version %" G_GUINT64_FORMAT " applied (%s)", applied.group, applied.version, applied.path);

    mgr_write_applied(set, endpoint->record.number, &applied);
    mgr_write_history(set, applied.at, endpoint->record.id, "settings", text);
    mgr_applied_clear(&applied);
    return true;
}

static void fold_settings(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    mgr_applied_clear(&endpoint->record.applied);
    endpoint->record.applied = applied_of(report->settings);
    if (mgr_endpoint_has_desired(endpoint)) {
        bool independent = endpoint->group->settings.independent;

        mgr_display_settled(manager, endpoint, MGR_NOTIFY_SETTINGS);
        if (independent != endpoint->record.display.independent)
            mgr_display_feed(manager, endpoint, independent ? MGR_DISPLAY_INDEPENDENT_ON : MGR_DISPLAY_INDEPENDENT_OFF);
    } else {
        mgr_delivery_push_settings(manager, endpoint, MGR_OCCASION_LINE); /* saved again meanwhile */
    }
}

static bool write_refusal(Manager *manager G_GNUC_UNUSED, MgrEndpoint *endpoint, const HlMsgReport *report,
                          HlWriteSet *set)
{
    const HlMsgRefusal *body = report->refusal;
    g_autofree char *text = g_strdup_printf("%s refused (%s): %s", body->what, body->code, body->detail);

    mgr_write_history(set, hl_clock_wall(), endpoint->record.id, "refusal", text);
    return true;
}

static void fold_refusal(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    const HlMsgRefusal *body = report->refusal;

    manager->counters.refusals++;
    endpoint->refused++;
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id, "endpoint %s refused a %s (%s): %s", endpoint->record.id,
                   body->what, body->code, body->detail);
    mgr_status_event(manager, endpoint, "refusal", "", body->what, body->code);
}

static void fold_certificate(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    g_autoptr(GBytes) csr = g_bytes_new(report->certificate->csr.data, report->certificate->csr.len);

    mgr_commands_renew_certificate(manager, endpoint, csr);
}

/* It asks for work: because it was dialled and told so, or at its poll. */
static void fold_poll(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    if (strcmp(report->poll->occasion, "direct") == 0)
        mgr_delivery_push_all(manager, endpoint, MGR_OCCASION_DIAL);
    else
        mgr_display_feed(manager, endpoint, MGR_DISPLAY_POLL);
}

typedef struct {
    WriteFn write; /* adds statements; may be NULL */
    FoldFn fold;   /* after the commit; may be NULL */
} ReportRow;

static const ReportRow rows[] = {
    [HOLDLINE__V1__REPORT__BODY_COMMAND] = { write_command, fold_command },
    [HOLDLINE__V1__REPORT__BODY_UPDATE] = { write_update, fold_update },
    [HOLDLINE__V1__REPORT__BODY_SETTINGS] = { write_settings, fold_settings },
    [HOLDLINE__V1__REPORT__BODY_REFUSAL] = { write_refusal, fold_refusal },
    [HOLDLINE__V1__REPORT__BODY_CERTIFICATE] = { NULL, fold_certificate },
    [HOLDLINE__V1__REPORT__BODY_POLL] = { NULL, fold_poll },
};

/* A body of a later version is committed as seen and otherwise skipped. */
static const ReportRow *row_of(const HlMsgReport *report)
{
    static const ReportRow none = { NULL, NULL };

    return (gsize)report->body_case < G_N_ELEMENTS(rows) ? &rows[report->body_case] : &none;
}

static void send_ack(Manager *manager, const MgrEndpoint *endpoint, HlMsgAck ack)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ACK, endpoint->record.id);
    g_autoptr(GBytes) payload = NULL;

    ack.spool = endpoint->record.spool;
    ack.seq = endpoint->record.report_seq;
    ack.poll_ms = endpoint->record.display.in_unreachable_net ? (uint32_t)manager->conf.unreachable_poll : 0;
    payload = HL_WIRE_ENCODE(&ack);
    hl_bus_publish(manager->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1 }, NULL, NULL);
}

void mgr_report_ack(Manager *manager, const MgrEndpoint *endpoint, uint64_t fence_session)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;

    ack.fence_session = fence_session;
    send_ack(manager, endpoint, ack);
}

void mgr_report_hold_off(Manager *manager, const MgrEndpoint *endpoint, const char *boot_id, HlTime hold_off)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;

    ack.hold_off_ms = (uint32_t)hold_off;
    ack.hold_off_boot = (char *)boot_id;
    send_ack(manager, endpoint, ack);
}

void mgr_report_flush_acks(Manager *manager)
{
    for (MgrEndpoint *endpoint; (endpoint = g_queue_pop_head(&manager->ack_queue)) != NULL;) {
        endpoint->ack_due = false;
        mgr_report_ack(manager, endpoint, 0);
    }
}

typedef struct {
    Manager *manager;
    char *endpoint;
} Retry;

static gboolean on_retry_ack(gpointer user)
{
    Retry *retry = user;
    MgrEndpoint *endpoint = g_hash_table_lookup(retry->manager->fleet.endpoints, retry->endpoint);

    if (endpoint != NULL && retry->manager->bus != NULL)
        mgr_report_ack(retry->manager, endpoint, 0);
    g_free(retry->endpoint);
    g_free(retry);
    return G_SOURCE_REMOVE;
}

/* Nothing was stored: take nothing as received, and have the endpoint go back to what is committed a little later. */
static void take_back(Manager *manager, MgrEndpoint *endpoint, const GError *error)
{
    Retry *retry = g_new(Retry, 1);

    manager->counters.write_failures++;
    hl_log_limited(HL_LOG_ERROR, "registry", "report", "reports cannot be stored and are asked for again: %s",
                   error->message);
    g_free(endpoint->accepted_spool);
    endpoint->accepted_spool = g_strdup(endpoint->record.spool);
    endpoint->accepted_seq = endpoint->record.report_seq;
    *retry = (Retry){ manager, g_strdup(endpoint->record.id) };
    g_timeout_add(RETRY_ACK_MS, on_retry_ack, retry);
}

static void on_committed(const GError *error, gpointer user)
{
    Passage *passage = user;
    Manager *manager = passage->manager;
    MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, passage->endpoint);

    if (endpoint != NULL && error != NULL) {
        take_back(manager, endpoint, error);
    } else if (endpoint != NULL) {
        if (strcmp(endpoint->record.spool, passage->report->spool) != 0) {
            g_free(endpoint->record.spool);
            endpoint->record.spool = g_strdup(passage->report->spool);
        }
        endpoint->record.report_seq = passage->report->seq;
        if (row_of(passage->report)->fold != NULL)
            row_of(passage->report)->fold(manager, endpoint, passage->report);
        mgr_display_feed(manager, endpoint, MGR_DISPLAY_LOG_UPLOADED);
        if (!endpoint->ack_due) {
            endpoint->ack_due = true;
            g_queue_push_tail(&manager->ack_queue, endpoint);
        }
        mgr_status_touch(manager, endpoint);
    }
    hl_wire_free(passage->report);
    g_free(passage->endpoint);
    g_free(passage);
}

/* Whether this report is the next one; repeated ones are acknowledged again, a gap sends the endpoint back. */
static bool is_next(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    bool same_spool = strcmp(endpoint->accepted_spool, report->spool) == 0;

    if (!same_spool || report->seq == endpoint->accepted_seq + 1)
        return true;
    if (report->seq <= endpoint->accepted_seq) {
        manager->counters.repeated_reports++;
        if (report->seq <= endpoint->record.report_seq)
            mgr_report_ack(manager, endpoint, 0);
        return false;
    }
    if (report->first ==
        report->seq) { /* what is between is gone from the spool: acknowledged by a registry that was lost */
        manager->counters.report_gaps++;
        mgr_note(manager, endpoint->record.id, "reports",
                 "reports %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are lost", endpoint->accepted_seq + 1,
                 report->seq - 1);
        return true;
    }
    mgr_report_ack(manager, endpoint, 0);
    return false;
}

void mgr_report_handle(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report)
{
    g_autoptr(HlWriteSet) set = NULL;
    g_autoptr(GError) error = NULL;
    Passage *passage;

    manager->counters.reports++;
    if (!is_next(manager, endpoint, report))
        return;
    set = hl_write_set_new();
    mgr_write_report(set, endpoint->record.number,
                     &(MgrReportStep){ endpoint->accepted_spool, report->spool, endpoint->accepted_seq, report->seq });
    if (row_of(report)->write != NULL)
        row_of(report)->write(manager, endpoint, report, set);
    hl_write_set_durable(set);
    passage = g_new(Passage, 1);
    *passage = (Passage){ manager, g_strdup(endpoint->record.id), hl_wire_copy(&report->base) };
    g_free(endpoint->accepted_spool);
    endpoint->accepted_spool = g_strdup(report->spool);
    endpoint->accepted_seq = report->seq;
    if (!hl_writer_submit(manager->writer, g_steal_pointer(&set), on_committed, passage, &error))
        on_committed(error, passage);
}
