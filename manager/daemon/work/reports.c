/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/reports.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/work/report_room.h"
#include "manager/daemon/work/report_turns.h"
#include "proto/wire.h"

#define RETRY_MS 5000
#define GATHERED 64  /* reports of one endpoint in one set: as many as an endpoint sends before it waits */
#define MANY     100 /* targets of a command: their reports are answers to what goes out to many */

struct MgrReports {
    MgrReportsOptions parts;
    MgrReportRoom *room;
    MgrReportTurns *turns; /* of Batch * */
    GHashTable *unstored;  /* ids whose reports could not be stored: told so, a little later */
    guint retry_timer;
    MgrReportsCounts counts;
};

/* What one endpoint reports until its turn has come: one set, stored or not as a whole, and one acknowledgement. */
typedef struct {
    MgrReports *reports;
    char *endpoint; /* id */
    int64_t number; /* its own: another may come to have the id */
    char *from_spool, *to_spool;
    uint64_t from, to, mark;
    gsize bytes;        /* taken of the room */
    GPtrArray *pending; /* MgrReportPending * */
    bool has_finds;
} Batch;

static void pending_free(gpointer item)
{
    MgrReportPending *pending = item;

    hl_wire_free(pending->message);
    g_free(pending);
}

static void batch_free(gpointer change)
{
    Batch *batch = change;

    mgr_report_room_give(batch->reports->room, batch->number, batch->bytes);
    g_ptr_array_unref(batch->pending);
    g_free(batch->endpoint);
    g_free(batch->from_spool);
    g_free(batch->to_spool);
    g_free(batch);
}

static bool is_busy(gpointer user)
{
    const MgrReports *reports = user;

    return mgr_delivery_is_busy(reports->parts.delivery) && !mgr_report_room_is_short(reports->room);
}

static void submit(gpointer item, gpointer user);

MgrReports *mgr_reports_new(const MgrReportsOptions *options)
{
    MgrReports *reports = g_new0(MgrReports, 1);

    reports->parts = *options;
    reports->room = mgr_report_room_new();
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
    mgr_report_room_free(reports->room);
    g_hash_table_unref(reports->unstored);
    g_free(reports);
}

MgrReportsCounts mgr_reports_count(const MgrReports *reports)
{
    return reports->counts;
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
        const MgrReportPending *pending = batch->pending->pdata[i];
        const MgrReportRow *row = mgr_report_row(pending->message);

        session = pending->message->session;
        if (row->fold != NULL)
            row->fold(pending, endpoint);
        reports->counts.refusals += pending->message->body_case == HOLDLINE__V1__REPORT__BODY_REFUSAL;
        reports->counts.upgrades_failed += mgr_report_is_failed_upgrade(pending->message);
        /* a command's has the status written, if anything in it is new */
        shows = shows || row->shows;
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

/* --------------------------------------------------------------------------------------------- in turns of the loop */

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
        const MgrReportPending *pending = batch->pending->pdata[i];
        const MgrReportRow *row = mgr_report_row(pending->message);

        if (row->write != NULL)
            row->write(pending, endpoint, set);
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
    const MgrTarget *target;

    if (message->body_case != HOLDLINE__V1__REPORT__BODY_COMMAND)
        return mgr_report_row(message)->is_answer;
    target = mgr_endpoint_find_target(endpoint, message->command->command);
    return target != NULL && target->command->targets->len > MANY;
}

/* Takes the message. */
static void gather(MgrReports *reports, MgrEndpoint *endpoint, HlMsgReport *message, gsize bytes)
{
    Batch *batch = batch_for(reports, endpoint);
    MgrReportPending *pending = g_new(MgrReportPending, 1);
    guint n = batch->pending->len;

    if (n > 0 && supersedes(message, ((const MgrReportPending *)batch->pending->pdata[n - 1])->message))
        g_ptr_array_remove_index(batch->pending, n - 1);
    *pending = (MgrReportPending){ &reports->parts, message, hl_clock_wall() };
    g_ptr_array_add(batch->pending, pending);
    mgr_set_text(&batch->to_spool, message->spool);
    batch->to = message->seq;
    batch->mark = message->mark;
    batch->bytes += bytes;
    batch->has_finds |= mgr_report_row(message)->is_find;
    mgr_contact_accept(mgr_endpoint_make_contact(endpoint),
                       &(MgrAccepted){ message->spool, message->seq, message->mark });
    if (!answers_many(endpoint, message))
        mgr_report_turns_hurry(reports->turns, batch->number);
}

void mgr_reports_handle(MgrReports *reports, MgrEndpoint *endpoint, HlMsgReport *report)
{
    g_autoptr(HlMsgReport) message = report;
    gsize bytes = protobuf_c_message_get_packed_size(&message->base);

    reports->counts.received++;
    mgr_bucket_take(&mgr_endpoint_make_contact(endpoint)->report_pace, MGR_QUOTA_REPORT, 0, hl_clock_mono());
    if (!is_next(reports, endpoint, message))
        return;
    if (!mgr_report_room_take(reports->room, endpoint->record.number, bytes)) {
        hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id,
                       "endpoint %s reports faster than it can be written, and is asked for it again",
                       endpoint->record.id);
        reports->counts.crowded++;
        return;
    }
    gather(reports, endpoint, g_steal_pointer(&message), bytes);
}
