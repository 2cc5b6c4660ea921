/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/report_rows.h"

#include <string.h>

#include "lib/base/common.h"
#include "lib/base/log.h"
#include "manager/daemon/state/applied.h"
#include "manager/daemon/work/trials.h"
#include "proto/components.h"

static MgrCommandNews news_of(const MgrReportPending *pending)
{
    const HlMsgCommandReport *body = pending->message->command;

    return (MgrCommandNews){ .command = body->command,
                             .state = hl_command_state_from_wire((int)body->state),
                             .code = body->code,
                             .detail = body->detail,
                             .percent = body->percent,
                             .at = pending->at };
}

static void write_command(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrCommandNews news = news_of(pending);

    mgr_commands_write_news(pending->parts->commands, set, endpoint, &news);
}

static void fold_command(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    MgrCommandNews news = news_of(pending);

    mgr_commands_fold_news(pending->parts->commands, endpoint, &news);
}

static char *describe_update(const HlMsgUpdateNotification *body)
{
    return g_strdup_printf("%s (%s%s%s)%s%s", body->succeeded ? "succeeded" : "failed", body->trigger,
                           *body->source != '\0' ? ", from " : "", body->source, *body->detail != '\0' ? ": " : "",
                           body->detail);
}

/* A row of history for what a report tells, if the endpoint has room for one. */
static void write_row(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set, const char *what,
                      const char *text)
{
    if (mgr_record_has_room(pending->parts->record, endpoint->record.id, strlen(text)))
        mgr_write_history_once(set, pending->at, endpoint->record.id, what, text, pending->message->mark);
}

static void write_update(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
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

static void fold_update(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const HlMsgUpdateNotification *body = pending->message->update;
    g_autofree char *patterns = hl_components_print(body->patterns, body->n_patterns);
    g_autofree char *result = describe_update(body);
    MgrEndpointRecord *record = &endpoint->record;

    if (body->n_patterns > 0)
        mgr_set_common(&record->patterns, patterns);
    mgr_set_common(&record->update_result, result);
    mgr_set_common(&record->update_source, body->source);
    if (!body->succeeded || *mgr_endpoint_seldom(record)->update_error != '\0')
        mgr_set_text(&mgr_endpoint_make_seldom(record)->update_error, body->succeeded ? "" : body->detail);
    record->updated_at = pending->at;
    endpoint->updated_by_schedule = strcmp(body->trigger, "schedule") == 0;
    mgr_console_feed(pending->parts->console, endpoint, MGR_DISPLAY_UPDATED);
}

static MgrApplied applied_of(const HlMsgAppliedSettings *message, HlTime at)
{
    return (MgrApplied){ .group = hl_common_dup(message->group),
                         .version = message->version,
                         .counter = message->counter,
                         .digest = g_bytes_new(message->digest.data, message->digest.len),
                         .path = hl_common_dup(message->path),
                         .at = at };
}

static void write_settings(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrApplied applied = applied_of(pending->message->settings, pending->at);
    g_autofree char *text =
        g_strdup_printf("%s version %" G_GUINT64_FORMAT " applied (%s)", applied.group, applied.version, applied.path);

    mgr_write_applied(set, endpoint->record.number, &applied);
    write_row(pending, endpoint, set, "settings", text);
    mgr_applied_clear(&applied);
}

static void fold_settings(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const MgrReportsOptions *parts = pending->parts;
    bool independent = mgr_endpoint_terms(endpoint)->settings.independent;

    mgr_applied_clear(&endpoint->record.applied);
    endpoint->record.applied = applied_of(pending->message->settings, pending->at);
    mgr_endpoint_share_digest(endpoint);
    mgr_applied_settle(
        &(MgrAppliedParts){ parts->fleet, parts->record, parts->status, parts->delivery, parts->tracker }, endpoint);
    if (!mgr_endpoint_has_desired(endpoint)) /* saved again meanwhile */
        return;
    mgr_console_settled(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    if (independent != endpoint->record.display.independent)
        mgr_console_feed(parts->console, endpoint,
                         independent ? MGR_DISPLAY_INDEPENDENT_ON : MGR_DISPLAY_INDEPENDENT_OFF);
}

static void write_refusal(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgRefusal *body = pending->message->refusal;
    g_autofree char *text = g_strdup_printf("%s refused (%s): %s", body->what, body->code, body->detail);

    write_row(pending, endpoint, set, "refusal", text);
    mgr_trials_write_refusal(set, endpoint, body);
}

static void fold_refusal(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const HlMsgRefusal *body = pending->message->refusal;

    mgr_trials_fold_refusal(endpoint, body);
    mgr_endpoint_make_contact(endpoint)->refused++;
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id, "endpoint %s refused a %s (%s): %s", endpoint->record.id,
                   body->what, body->code, body->detail);
    mgr_status_event(pending->parts->status, endpoint, "refusal", "", body->what, body->code);
}

static void fold_certificate(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const HlMsgCertificateRequest *body = pending->message->certificate;
    g_autoptr(GBytes) csr = g_bytes_new(body->csr.data, body->csr.len);

    mgr_renewals_request(pending->parts->renewals, endpoint, csr);
}

static void fold_shown(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const HlMsgCertificateShown *body = pending->message->shown;
    g_autoptr(GBytes) pem = g_bytes_new(body->certificate.data, body->certificate.len);

    mgr_introductions_show(pending->parts->introductions, endpoint, pem);
}

static MgrFindsNews finds_of(const MgrReportPending *pending)
{
    return (MgrFindsNews){ pending->message, pending->at };
}

static void write_detection(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_detection(pending->parts->finds, set, endpoint, &news);
}

static void fold_detection(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_detection(pending->parts->finds, endpoint, &news);
}

static void write_scan(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_scan(pending->parts->finds, set, endpoint, &news);
}

static void fold_scan(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_scan(pending->parts->finds, endpoint, &news);
}

static void write_quarantine(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_write_quarantine(pending->parts->finds, set, endpoint, &news);
}

static void fold_quarantine(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    MgrFindsNews news = finds_of(pending);

    mgr_finds_fold_quarantine(pending->parts->finds, endpoint, &news);
}

/* It asks for work: because it was dialled and told so, or at its poll. */
static void fold_poll(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    const MgrReportsOptions *parts = pending->parts;

    if (strcmp(pending->message->poll->occasion, "direct") == 0)
        mgr_delivery_all(parts->delivery, endpoint, MGR_OCCASION_DIAL);
    else
        mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_POLL);
}

static void write_server(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgAppliedServer *body = pending->message->server;
    g_autofree char *text =
        g_strdup_printf("where the server is (counter %" G_GUINT64_FORMAT "): %s%s%s", body->counter, body->state,
                        *body->detail != '\0' ? ": " : "", body->detail);

    mgr_location_write(pending->parts->location, set, endpoint, body, pending->at);
    write_row(pending, endpoint, set, "server", text);
}

static void fold_server(const MgrReportPending *pending, MgrEndpoint *endpoint)
{
    mgr_location_fold(pending->parts->location, endpoint, pending->message->server, pending->at);
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

static bool has_failed(const HlMsgProgramUpgrade *body)
{
    return !is_upgraded(body) && strcmp(body->end, MGR_UPGRADE_GOING_BACK) != 0;
}

bool mgr_report_is_failed_upgrade(const HlMsgReport *message)
{
    return message->body_case == HOLDLINE__V1__REPORT__BODY_PROGRAM && has_failed(message->program);
}

/* The history's word: a way back is told again when it has ended. */
static const char *word_of(const HlMsgProgramUpgrade *body)
{
    return has_failed(body) ? "upgrade-failed" : "upgrade";
}

static void write_program(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set)
{
    const HlMsgProgramUpgrade *body = pending->message->program;
    g_autofree char *text = describe_upgrade(body);
    MgrUpgradeStep step = { .end = body->end, .to = body->to, .detail = body->detail, .at = pending->at };

    mgr_write_upgrade(set, endpoint->record.number, &step);
    write_row(pending, endpoint, set, word_of(body), text);
}

static void fold_program(const MgrReportPending *pending, MgrEndpoint *endpoint)
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
    mgr_status_event(pending->parts->status, endpoint, word_of(body), body->from, body->to, body->end);
}

static const MgrReportRow rows[] = {
    /* is_find, is_answer, shows */
    [HOLDLINE__V1__REPORT__BODY_COMMAND] = { write_command, fold_command, false, true, false },
    [HOLDLINE__V1__REPORT__BODY_UPDATE] = { write_update, fold_update, false, true, true },
    [HOLDLINE__V1__REPORT__BODY_SETTINGS] = { write_settings, fold_settings, false, true, true },
    [HOLDLINE__V1__REPORT__BODY_REFUSAL] = { write_refusal, fold_refusal, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_CERTIFICATE] = { NULL, fold_certificate, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_POLL] = { NULL, fold_poll, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_SHOWN] = { NULL, fold_shown, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_DETECTION] = { write_detection, fold_detection, true, false, true },
    [HOLDLINE__V1__REPORT__BODY_SCAN] = { write_scan, fold_scan, true, false, true },
    [HOLDLINE__V1__REPORT__BODY_QUARANTINE] = { write_quarantine, fold_quarantine, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_SERVER] = { write_server, fold_server, false, false, true },
    [HOLDLINE__V1__REPORT__BODY_PROGRAM] = { write_program, fold_program, false, false, true },
};

const MgrReportRow *mgr_report_row(const HlMsgReport *message)
{
    static const MgrReportRow none = { NULL, NULL, false, false, true };

    return (gsize)message->body_case < G_N_ELEMENTS(rows) ? &rows[message->body_case] : &none;
}
