/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/reports.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/state/applied.h"
#include "manager/daemon/work/report_turns.h"
#include "manager/daemon/work/trials.h"
#include "proto/components.h"
#include "proto/wire.h"

#define RETRY_MS 5000
#define GATHERED 64  /* reports of one endpoint in one set: as many as an endpoint sends before it waits */
#define MANY     100 /* targets of a command: their reports are answers to what goes out to many */

struct MgrReports {
    MgrReportsOptions parts;
    MgrReportTurns *turns; /* of Batch * */
    GHashTable *unstored;  /* ids whose reports could not be stored: told so, a little later */
    guint retry_timer;
    MgrReportsCounts counts;
};

/* A report on its way through the writer: what is written of it and what is folded have the one time. */
typedef struct {
    MgrReports *reports;
    HlMsgReport *message;
    HlTime at;
} Pending;

/* What one endpoint reports until its turn has come: one set, stored or not as a whole, and one acknowledgement. */
typedef struct {
    MgrReports *reports;
    char *endpoint; /* id */
    int64_t number; /* its own: another may come to have the id */
    char *from_spool, *to_spool;
    uint64_t from, to, mark;
    GPtrArray *pending; /* Pending * */
    bool has_finds;
} Batch;

static void pending_free(gpointer item)
{
    Pending *pending = item;

    hl_wire_free(pending->message);
    g_free(pending);
}

static void batch_free(gpointer change)
{
    Batch *batch = change;

    g_ptr_array_unref(batch->pending);
    g_free(batch->endpoint);
    g_free(batch->from_spool);
    g_free(batch->to_spool);
    g_free(batch);
}

static bool is_busy(gpointer user)
{
    return mgr_delivery_is_busy(((const MgrReports *)user)->parts.delivery);
}

static void submit(gpointer item, gpointer user);

MgrReports *mgr_reports_new(const MgrReportsOptions *options)
{
    MgrReports *reports = g_new0(MgrReports, 1);

    reports->parts = *options;
    reports->turns = mgr_report_turns_new(&(MgrReportTurnsOptions){ is_busy, submit, batch_free, reports });
    reports->unstored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return reports;
}

void mgr_reports_free(MgrReports *reports)
{
    if (reports == NULL)
        return;
    g_clear_handle_id(&reports->retry_timer, g_source_remove);
    mgr_report_turns_free(reports->turns); /* what it has was never acknowledged, and comes again */
    g_hash_table_unref(reports->unstored);
    g_free(reports);
}

MgrReportsCounts mgr_reports_count(const MgrReports *reports)
{
    return reports->counts;
}

/* --------------------------------------------------------------------------------------------- the kinds of report */

static MgrCommandNews news_of(const Pending *pending)
{
    const HlMsgCommandReport *body = pending->message->command;

    return (MgrCommandNews){ .command = body->command,
                             .state = hl_command_state_from_wire((int)body->state),
                             .code = body->code,
                             .detail = body->detail,
                             .percent = body->percent,
                             .at = pending->at };
}

static void write_command(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrCommandNews news = news_of(pending);

    mgr_commands_write_news(pending->reports->parts.commands, set, endpoint, &news);
}

static void fold_command(const Pending *pending, MgrEndpoint *endpoint)
{
    MgrCommandNews news = news_of(pending);

    mgr_commands_fold_news(pending->reports->parts.commands, endpoint, &news);
}

static char *describe_update(const HlMsgUpdateNotification *body)
{
    return g_strdup_printf("%s (%s%s%s)%s%s", body->succeeded ? "succeeded" : "failed", body->trigger,
                           *body->source != '\0' ? ", from " : "", body->source, *body->detail != '\0' ? ": " : "",
                           body->detail);
}

/* A row of history for what a report tells, if the endpoint has room for one. */
static void write_row(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set, const char *what,
                      const char *text)
{
    if (mgr_record_has_room(pending->reports->parts.record, endpoint->record.id, strlen(text)))
        mgr_write_history_once(set, pending->at, endpoint->record.id, what, text, pending->message->mark);
}

static void write_update(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgUpdateNotification *body = pending->message->update;
    g_autofree char *patterns = hl_components_print(body->patterns, body->n_patterns);
    g_autofree char *result = describe_update(body);
    MgrUpdateStep step = { .patterns = body->n_patterns > 0 ? patterns : NULL,
                           .result = result,
                           .source = body->source,
                           .error = body->succeeded ? "" : body->detail,
                           .at = pending->at };

    mgr_write_update(set, endpoint->record.number, &step);
    write_row(pending, endpoint, set, "update", result);
}

static void fold_update(const Pending *pending, MgrEndpoint *endpoint)
{
    const HlMsgUpdateNotification *body = pending->message->update;
    g_autofree char *patterns = hl_components_print(body->patterns, body->n_patterns);
    g_autofree char *result = describe_update(body);
    MgrEndpointRecord *record = &endpoint->record;

    if (body->n_patterns > 0)
        mgr_set_text(&record->patterns, patterns);
    mgr_set_text(&record->update_result, result);
    mgr_set_text(&record->update_source, body->source);
    if (!body->succeeded || *mgr_endpoint_seldom(record)->update_error != '\0')
        mgr_set_text(&mgr_endpoint_make_seldom(record)->update_error, body->succeeded ? "" : body->detail);
    record->updated_at = pending->at;
    endpoint->updated_by_schedule = strcmp(body->trigger, "schedule") == 0;
    mgr_console_feed(pending->reports->parts.console, endpoint, MGR_DISPLAY_UPDATED);
}

static MgrApplied applied_of(const HlMsgAppliedSettings *message, HlTime at)
{
    return (MgrApplied){ .group = g_strdup(message->group),
                         .version = message->version,
                         .counter = message->counter,
                         .digest = g_bytes_new(message->digest.data, message->digest.len),
                         .path = g_strdup(message->path),
                         .at = at };
}

static void write_settings(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrApplied applied = applied_of(pending->message->settings, pending->at);
    g_autofree char *text =
        g_strdup_printf("%s version %" G_GUINT64_FORMAT " applied (%s)", applied.group, applied.version, applied.path);

    mgr_write_applied(set, endpoint->record.number, &applied);
    write_row(pending, endpoint, set, "settings", text);
    mgr_applied_clear(&applied);
}

static void fold_settings(const Pending *pending, MgrEndpoint *endpoint)
{
    const MgrReportsOptions *parts = &pending->reports->parts;
    bool independent = mgr_endpoint_terms(endpoint)->settings.independent;

    mgr_applied_clear(&endpoint->record.applied);
    endpoint->record.applied = applied_of(pending->message->settings, pending->at);
    mgr_endpoint_share_digest(endpoint);
    if (!mgr_endpoint_has_desired(endpoint)) { /* saved again meanwhile */
        mgr_applied_settle(&(MgrAppliedParts){ parts->fleet, parts->record, parts->status, parts->delivery }, endpoint);
        return;
    }
    mgr_console_settled(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    if (independent != endpoint->record.display.independent)
        mgr_console_feed(parts->console, endpoint,
                         independent ? MGR_DISPLAY_INDEPENDENT_ON : MGR_DISPLAY_INDEPENDENT_OFF);
}

static void write_refusal(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgRefusal *body = pending->message->refusal;
    g_autofree char *text = g_strdup_printf("%s refused (%s): %s", body->what, body->code, body->detail);

    write_row(pending, endpoint, set, "refusal", text);
    mgr_trials_write_refusal(set, endpoint, body);
}

static void fold_refusal(const Pending *pending, MgrEndpoint *endpoint)
{
    const HlMsgRefusal *body = pending->message->refusal;

    mgr_trials_fold_refusal(endpoint, body);
    pending->reports->counts.refusals++;
    mgr_endpoint_make_contact(endpoint)->refused++;
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id, "endpoint %s refused a %s (%s): %s", endpoint->record.id,
                   body->what, body->code, body->detail);
    mgr_status_event(pending->reports->parts.status, endpoint, "refusal", "", body->what, body->code);
}

static void fold_certificate(const Pending *pending, MgrEndpoint *endpoint)
{
    const HlMsgCertificateRequest *body = pending->message->certificate;
    g_autoptr(GBytes) csr = g_bytes_new(body->csr.data, body->csr.len);

    mgr_renewals_request(pending->reports->parts.renewals, endpoint, csr);
}

static void fold_shown(const Pending *pending, MgrEndpoint *endpoint)
{
    const HlMsgCertificateShown *body = pending->message->shown;
    g_autoptr(GBytes) pem = g_bytes_new(body->certificate.data, body->certificate.len);

    mgr_introductions_show(pending->reports->parts.introductions, endpoint, pem);
}

static MgrFindsNews finds_of(const Pending *pending)
{
    return (MgrFindsNews){ pending->message, pending->at };
}

static void write_detection(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_detection(pending->reports->parts.finds, set, endpoint, &news);
}

static void fold_detection(const Pending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_detection(pending->reports->parts.finds, endpoint, &news);
}

static void write_scan(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_scan(pending->reports->parts.finds, set, endpoint, &news);
}

static void fold_scan(const Pending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_scan(pending->reports->parts.finds, endpoint, &news);
}

static void write_quarantine(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_quarantine(pending->reports->parts.finds, set, endpoint, &news);
}

static void fold_quarantine(const Pending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_quarantine(pending->reports->parts.finds, endpoint, &news);
}

/* It asks for work: because it was dialled and told so, or at its poll. */
static void fold_poll(const Pending *pending, MgrEndpoint *endpoint)
{
    const MgrReportsOptions *parts = &pending->reports->parts;

    if (strcmp(pending->message->poll->occasion, "direct") == 0)
        mgr_delivery_all(parts->delivery, endpoint, MGR_OCCASION_DIAL);
    else
        mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_POLL);
}

static void write_server(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgAppliedServer *body = pending->message->server;
    g_autofree char *text =
        g_strdup_printf("where the server is (counter %" G_GUINT64_FORMAT "): %s%s%s", body->counter, body->state,
                        *body->detail != '\0' ? ": " : "", body->detail);

    mgr_location_write(pending->reports->parts.location, set, endpoint, body, pending->at);
    write_row(pending, endpoint, set, "server", text);
}

static void fold_server(const Pending *pending, MgrEndpoint *endpoint)
{
    mgr_location_fold(pending->reports->parts.location, endpoint, pending->message->server, pending->at);
}

/* "0.1.0-1 to 0.2.0-1: back: its line did not come up". */
static char *describe_upgrade(const HlMsgProgramUpgrade *body)
{
    return g_strdup_printf("%s to %s: %s%s%s", body->from, body->to, body->end, *body->detail != '\0' ? ": " : "",
                           body->detail);
}

/* What is not in force is told of (manager/core/note.c has a kind of the history's word). */
static bool is_upgraded(const HlMsgProgramUpgrade *body)
{
    return strcmp(body->end, MGR_UPGRADE_DONE) == 0;
}

/* The history's word: a way back is told again when it has ended. */
static const char *word_of(const HlMsgProgramUpgrade *body)
{
    return is_upgraded(body) || strcmp(body->end, MGR_UPGRADE_GOING_BACK) == 0 ? "upgrade" : "upgrade-failed";
}

static void write_program(const Pending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgProgramUpgrade *body = pending->message->program;
    g_autofree char *text = describe_upgrade(body);
    MgrUpgradeStep step = { .end = body->end, .to = body->to, .detail = body->detail, .at = pending->at };

    mgr_write_upgrade(set, endpoint->record.number, &step);
    write_row(pending, endpoint, set, word_of(body), text);
}

static void fold_program(const Pending *pending, MgrEndpoint *endpoint)
{
    const HlMsgProgramUpgrade *body = pending->message->program;
    g_autofree char *text = describe_upgrade(body);
    MgrEndpointRecord *record = &endpoint->record;
    MgrSeldom *upgrade = mgr_endpoint_make_seldom(record);

    mgr_set_text(&upgrade->upgrade_end, body->end);
    mgr_set_text(&upgrade->upgrade_to, body->to);
    mgr_set_text(&upgrade->upgrade_detail, body->detail);
    upgrade->upgraded_at = pending->at;
    if (!is_upgraded(body))
        hl_log_limited(HL_LOG_WARN, "line", record->id, "endpoint %s: the program was not upgraded: %s", record->id,
                       text);
    mgr_status_event(pending->reports->parts.status, endpoint, word_of(body), body->from, body->to, body->end);
}

typedef struct {
    void (*write)(const Pending *pending, const MgrEndpoint *endpoint,
                  HlWriteSet *set);                              /* adds statements; may be NULL */
    void (*fold)(const Pending *pending, MgrEndpoint *endpoint); /* after the commit; may be NULL */
    bool is_find; /* what is known of the endpoint's detections and scans has changed */
} ReportRow;

static const ReportRow rows[] = {
    [HOLDLINE__V1__REPORT__BODY_COMMAND] = { write_command, fold_command, false },
    [HOLDLINE__V1__REPORT__BODY_UPDATE] = { write_update, fold_update, false },
    [HOLDLINE__V1__REPORT__BODY_SETTINGS] = { write_settings, fold_settings, false },
    [HOLDLINE__V1__REPORT__BODY_REFUSAL] = { write_refusal, fold_refusal, false },
    [HOLDLINE__V1__REPORT__BODY_CERTIFICATE] = { NULL, fold_certificate, false },
    [HOLDLINE__V1__REPORT__BODY_POLL] = { NULL, fold_poll, false },
    [HOLDLINE__V1__REPORT__BODY_SHOWN] = { NULL, fold_shown, false },
    [HOLDLINE__V1__REPORT__BODY_DETECTION] = { write_detection, fold_detection, true },
    [HOLDLINE__V1__REPORT__BODY_SCAN] = { write_scan, fold_scan, true },
    [HOLDLINE__V1__REPORT__BODY_QUARANTINE] = { write_quarantine, fold_quarantine, false },
    [HOLDLINE__V1__REPORT__BODY_SERVER] = { write_server, fold_server, false },
    [HOLDLINE__V1__REPORT__BODY_PROGRAM] = { write_program, fold_program, false },
};

/* A body of a later version is committed as seen and otherwise skipped. */
static const ReportRow *row_of(const HlMsgReport *message)
{
    static const ReportRow none = { NULL, NULL, false };

    return (gsize)message->body_case < G_N_ELEMENTS(rows) ? &rows[message->body_case] : &none;
}

/* ------------------------------------------------------------------------------------------------------- the change */

static void fold_batch(gpointer change)
{
    const Batch *batch = change;
    MgrReports *reports = batch->reports;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(reports->parts.fleet, batch->endpoint);
    bool shows = false;
    uint64_t session = 0;

    if (endpoint == NULL)
        return; /* removed meanwhile */
    mgr_set_text(&endpoint->record.spool, batch->to_spool);
    endpoint->record.report_seq = batch->to;
    endpoint->record.report_mark = batch->mark;
    if (batch->has_finds)
        mgr_finds_refresh(reports->parts.finds, endpoint);
    for (guint i = 0; i < batch->pending->len; i++) {
        const Pending *pending = batch->pending->pdata[i];
        const ReportRow *row = row_of(pending->message);

        session = pending->message->session;
        if (row->fold != NULL)
            row->fold(pending, endpoint);
        /* a command's has the status written, if anything in it is new */
        shows = shows || row->fold != fold_command;
    }
    mgr_console_feed(reports->parts.console, endpoint, MGR_DISPLAY_LOG_UPLOADED);
    mgr_notices_ack_later(mgr_delivery_notices(reports->parts.delivery), endpoint, session);
    if (shows)
        mgr_status_touch(reports->parts.status, endpoint);
}

static gboolean on_retry(gpointer user)
{
    MgrReports *reports = user;
    g_autoptr(GList) ids = g_hash_table_get_keys(reports->unstored);

    reports->retry_timer = 0;
    for (GList *at = ids; at != NULL; at = at->next) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(reports->parts.fleet, at->data);

        if (endpoint != NULL)
            mgr_notices_ack(mgr_delivery_notices(reports->parts.delivery), endpoint);
    }
    g_hash_table_remove_all(reports->unstored);
    return G_SOURCE_REMOVE;
}

/* Nothing was stored: nothing counts as received, and the endpoint is sent back to what is committed a little later. */
static void fail_batch(gpointer change, const GError *error)
{
    const Batch *batch = change;
    MgrReports *reports = batch->reports;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(reports->parts.fleet, batch->endpoint);

    if (endpoint == NULL)
        return;
    hl_log_limited(HL_LOG_ERROR, "registry", "report", "reports cannot be stored and are asked for again: %s",
                   error->message);
    mgr_contact_accept(mgr_endpoint_make_contact(endpoint), NULL);
    g_hash_table_add(reports->unstored, g_strdup(endpoint->record.id));
    if (reports->retry_timer == 0)
        reports->retry_timer = g_timeout_add(RETRY_MS, on_retry, reports);
}

/* Whether the endpoint has the same report before this one as was accepted.  If not, it was set back to a snapshot and
 * gives numbers a second time; the acknowledgement tells it so. */
static bool follows(MgrAccepted accepted, const HlMsgReport *message)
{
    return message->seq == accepted.seq + 1 &&
           (message->previous == 0 || accepted.mark == 0 || message->previous == accepted.mark);
}

/* Whether this report is the next one; repeated ones are acknowledged again, a gap sends the endpoint back.  Of a spool
 * that is new here only its oldest is: an acknowledgement of a later one would make the endpoint forget those before
 * it. What comes out of turn then is not answered, and is sent again. */
static bool is_next(MgrReports *reports, const MgrEndpoint *endpoint, const HlMsgReport *message)
{
    MgrAccepted accepted = mgr_endpoint_accepted(endpoint);

    if (strcmp(accepted.spool, message->spool) != 0)
        return message->seq == message->first;
    if (follows(accepted, message))
        return true;
    if (message->seq <= accepted.seq) {
        reports->counts.repeated++;
        if (message->seq <= endpoint->record.report_seq)
            mgr_notices_ack(mgr_delivery_notices(reports->parts.delivery), endpoint);
        return false;
    }
    if (message->first == message->seq && message->seq > accepted.seq + 1) {
        /* what is between is gone from the spool: acknowledged by a registry that was lost */
        reports->counts.gaps++;
        mgr_record_note(reports->parts.record, endpoint->record.id, "reports",
                        "reports %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are lost", accepted.seq + 1,
                        message->seq - 1);
        return true;
    }
    mgr_notices_ack(mgr_delivery_notices(reports->parts.delivery), endpoint);
    return false;
}

/* ------------------------------------------------------------------------------------------------ in turns of the loop
 */

/* MgrReportTurnsOptions.submit */
static void submit(gpointer item, gpointer user)
{
    static const MgrChangeKind kind = { fold_batch, fail_batch, batch_free };
    MgrReports *reports = user;
    Batch *batch = item;
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(reports->parts.fleet, batch->endpoint);
    HlWriteSet *set;

    if (endpoint == NULL || endpoint->record.number != batch->number) {
        batch_free(batch);
        return;
    }
    set = hl_write_set_new();
    mgr_write_report(set, batch->number,
                     &(MgrReportStep){ batch->from_spool, batch->to_spool, batch->from, batch->to, batch->mark });
    for (guint i = 0; i < batch->pending->len; i++) {
        const Pending *pending = batch->pending->pdata[i];

        if (row_of(pending->message)->write != NULL)
            row_of(pending->message)->write(pending, endpoint, set);
    }
    mgr_record_commit(reports->parts.record, set, &kind, batch);
}

void mgr_reports_flush(MgrReports *reports)
{
    mgr_report_turns_flush(reports->turns);
}

/* The one that this report belongs to. */
static Batch *batch_for(MgrReports *reports, const MgrEndpoint *endpoint)
{
    Batch *batch = mgr_report_turns_last(reports->turns, endpoint->record.number);
    MgrAccepted accepted = mgr_endpoint_accepted(endpoint);

    /* not after a failure: from there it starts again */
    if (batch != NULL && batch->pending->len < GATHERED && batch->to == accepted.seq &&
        strcmp(batch->to_spool, accepted.spool) == 0)
        return batch;
    batch = g_new(Batch, 1);
    *batch = (Batch){ .reports = reports,
                      .endpoint = g_strdup(endpoint->record.id),
                      .number = endpoint->record.number,
                      .from_spool = g_strdup(accepted.spool),
                      .to_spool = g_strdup(accepted.spool),
                      .from = accepted.seq,
                      .pending = g_ptr_array_new_with_free_func(pending_free) };
    mgr_report_turns_add(reports->turns, batch->number, batch);
    return batch;
}

/* A command that was received, started and done in one turn is done: nobody could see what was before. */
static bool supersedes(const HlMsgReport *message, const HlMsgReport *before)
{
    return message->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND && before->body_case == message->body_case &&
           strcmp(message->command->command, before->command->command) == 0 &&
           hl_command_state_may_follow(hl_command_state_from_wire((int)before->command->state),
                                       hl_command_state_from_wire((int)message->command->state));
}

/* Whether it answers what may be going out to many just now. */
static bool answers_many(const MgrEndpoint *endpoint, const HlMsgReport *message)
{
    const MgrTarget *target = NULL;

    if (message->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND)
        target = mgr_endpoint_find_target(endpoint, message->command->command);
    return message->body_case == HOLDLINE__V1__REPORT__BODY_SETTINGS ||
           (target != NULL && target->command->targets->len > MANY);
}

static void gather(MgrReports *reports, const MgrEndpoint *endpoint, const HlMsgReport *message)
{
    Batch *batch = batch_for(reports, endpoint);
    Pending *pending = g_new(Pending, 1);
    guint n = batch->pending->len;

    if (n > 0 && supersedes(message, ((const Pending *)batch->pending->pdata[n - 1])->message))
        g_ptr_array_remove_index(batch->pending, n - 1);
    *pending = (Pending){ reports, hl_wire_copy(&message->base), hl_clock_wall() };
    g_ptr_array_add(batch->pending, pending);
    mgr_set_text(&batch->to_spool, message->spool);
    batch->to = message->seq;
    batch->mark = message->mark;
    batch->has_finds |= row_of(message)->is_find;
    if (!answers_many(endpoint, message))
        mgr_report_turns_hurry(reports->turns, batch->number);
}

void mgr_reports_handle(MgrReports *reports, MgrEndpoint *endpoint, const HlMsgReport *message)
{
    reports->counts.received++;
    mgr_bucket_take(&mgr_endpoint_make_contact(endpoint)->report_pace, MGR_QUOTA_REPORT, 0, hl_clock_mono());
    if (!is_next(reports, endpoint, message))
        return;
    gather(reports, endpoint, message);
    mgr_contact_accept(mgr_endpoint_make_contact(endpoint),
                       &(MgrAccepted){ message->spool, message->seq, message->mark });
}
