/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/finds.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "manager/store/quarantine.h"
#include "proto/components.h"

/* The history names each find while so many are open.  Of a PC on which thousands are found, the row of the scan tells
 * how many; else they would use up the room of everything else that happens to it. */
#define MAX_IN_HISTORY 20

struct MgrFinds {
    MgrFindsOptions parts;
    MgrFindsCounts counts;
};

MgrFinds *mgr_finds_new(const MgrFindsOptions *options)
{
    MgrFinds *finds = g_new0(MgrFinds, 1);

    finds->parts = *options;
    return finds;
}

void mgr_finds_free(MgrFinds *finds)
{
    g_free(finds);
}

MgrFindsCounts mgr_finds_count(const MgrFinds *finds)
{
    return finds->counts;
}

static HlTime time_of(const MgrEndpoint *endpoint, int64_t told, HlTime at)
{
    return mgr_scan_time(told, mgr_endpoint_contact(endpoint)->skew, endpoint->record.enrolled_at, at);
}

static void write_history(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint, const char *what,
                          const char *text, const MgrFindsNews *news)
{
    if (mgr_record_has_room(finds->parts.record, endpoint->record.id, strlen(text)))
        mgr_write_history_once(set, news->at, endpoint->record.id, what, text, news->report->mark);
}

void mgr_finds_refresh(MgrFinds *finds, MgrEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    MgrFindings findings;

    if (!mgr_registry_read_findings(mgr_record_committed(finds->parts.record), endpoint->record.number, &findings,
                                    &error)) {
        hl_log_limited(HL_LOG_ERROR, "registry", "findings", "detections of %s cannot be counted: %s",
                       endpoint->record.id, error->message);
        return;
    }
    mgr_fleet_set_findings(finds->parts.fleet, endpoint, &findings);
    mgr_status_touch(finds->parts.status, endpoint);
}

/* ------------------------------------------------------------------------------------------------------- detections */

static char *digest_of(const HlMsgDetection *body)
{
    return hl_hex(body->sha256.data, body->sha256.len);
}

void mgr_finds_write_detection(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint, const MgrFindsNews *news)
{
    const HlMsgDetection *body = news->report->detection;
    g_autofree char *sha256 = digest_of(body);
    MgrFind find = { .number = endpoint->record.number,
                     .endpoint = endpoint->record.id,
                     .host = endpoint->record.host,
                     .path = body->path,
                     .sha256 = sha256,
                     .owner = body->owner,
                     .signature = body->signature,
                     .component = body->component,
                     .how = body->how,
                     .action = body->action,
                     .detail = body->detail,
                     .scan = body->scan,
                     .size = body->size,
                     .version = body->version,
                     .found_at = time_of(endpoint, body->found_ms, news->at),
                     .told_at = news->at,
                     .mark = news->report->mark };

    mgr_write_find(set, &find);
    if (mgr_endpoint_findings(endpoint)->open < MAX_IN_HISTORY) {
        g_autofree char *text = g_strdup_printf("%s in %s (%s)%s%s", body->signature, body->path, body->action,
                                                *body->detail != '\0' ? ": " : "", body->detail);

        write_history(finds, set, endpoint, "detection", text, news);
    }
}

/* Its row, as it is called; null: there was no room for one. */
static json_t *row_of(const MgrFinds *finds, const MgrEndpoint *endpoint, const HlMsgDetection *body,
                      const char *sha256)
{
    g_autofree char *key = mgr_find_key(body->path, sha256, body->signature);
    g_autoptr(GError) error = NULL;
    int64_t number = 0;

    if (!mgr_registry_find_detection(mgr_record_committed(finds->parts.record), endpoint->record.id, key, &number,
                                     &error))
        hl_log_limited(HL_LOG_ERROR, "registry", "findings", "a detection cannot be read: %s", error->message);
    return number > 0 ? json_sprintf("d-%" G_GINT64_FORMAT, number) : json_null();
}

void mgr_finds_fold_detection(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news)
{
    const HlMsgDetection *body = news->report->detection;
    g_autofree char *sha256 = digest_of(body);

    finds->counts.detections++;
    hl_log_limited(HL_LOG_WARN, "detection", endpoint->record.id, "endpoint %s (%s): %s in %s (%s)",
                   endpoint->record.id, endpoint->record.host, body->signature, body->path, body->action);
    mgr_status_tell(finds->parts.status, endpoint, "detection", body->signature, body->action,
                    json_pack("{s:o, s:s, s:s, s:s, s:s}", "detection", row_of(finds, endpoint, body, sha256), "path",
                              body->path, "sha256", sha256, "how", body->how, "scan", body->scan));
}

/* ------------------------------------------------------------------------------------------------------------ scans */

static json_int_t clamped(uint64_t n)
{
    return (json_int_t)MIN(n, (uint64_t)G_MAXINT64);
}

static json_t *gaps_of(const HlMsgScanResult *body)
{
    json_t *gaps = json_object();

    for (size_t i = 0; i < body->n_gaps; i++)
        json_object_set_new(gaps, body->gaps[i]->reason, json_integer(clamped(body->gaps[i]->paths)));
    return gaps;
}

/* A word of a later version is stored as one word: else an endpoint could have a row for each that it thinks of. */
static MgrScanHow how_of(const HlMsgScanResult *body)
{
    return mgr_scan_how_from_name(body->how);
}

static char *describe(const HlMsgScanResult *body)
{
    return g_strdup_printf(body->files == 1 ? "%s: %s%s%s; %" G_GUINT64_FORMAT " file, %" G_GUINT64_FORMAT
                                              " found, %" G_GUINT64_FORMAT " not looked at"
                                            : "%s: %s%s%s; %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT
                                              " found, %" G_GUINT64_FORMAT " not looked at",
                           mgr_scan_how_name(how_of(body)), mgr_scan_end_name(mgr_scan_end_from_name(body->end)),
                           *body->detail != '\0' ? ": " : "", body->detail, body->files, body->found,
                           body->not_looked_at);
}

void mgr_finds_write_scan(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint, const MgrFindsNews *news)
{
    const HlMsgScanResult *body = news->report->scan;
    g_autofree char *patterns = hl_components_print(body->patterns, body->n_patterns);
    g_autofree char *text = describe(body);
    g_autoptr(json_t) gaps = gaps_of(body);
    g_autofree char *gaps_text = hl_json_print(gaps);
    MgrScan scan = { .how = how_of(body),
                     .end = mgr_scan_end_from_name(body->end),
                     .id = body->id,
                     .detail = body->detail,
                     .gaps = gaps_text,
                     .patterns = patterns,
                     .started_at = time_of(endpoint, body->started_ms, news->at),
                     .ended_at = time_of(endpoint, body->ended_ms, news->at),
                     .told_at = news->at,
                     .files = body->files,
                     .bytes = body->bytes,
                     .found = body->found,
                     .not_looked_at = body->not_looked_at };

    mgr_write_scan(set, endpoint->record.number, &scan);
    write_history(finds, set, endpoint, "scan", text, news);
}

void mgr_finds_fold_scan(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news)
{
    const HlMsgScanResult *body = news->report->scan;
    MgrScanEnd end = mgr_scan_end_from_name(body->end);

    finds->counts.scans++;
    if (end == MGR_SCAN_FAILED) {
        finds->counts.scans_failed++;
        hl_log_limited(HL_LOG_WARN, "scan", endpoint->record.id, "endpoint %s (%s): a scan failed: %s",
                       endpoint->record.id, endpoint->record.host, body->detail);
    }
    mgr_status_tell(finds->parts.status, endpoint, "scan", mgr_scan_end_name(end), mgr_scan_how_name(how_of(body)),
                    json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "scan", body->id, "detail", body->detail, "files",
                              clamped(body->files), "bytes", clamped(body->bytes), "found", clamped(body->found),
                              "not_looked_at", clamped(body->not_looked_at), "gaps", gaps_of(body)));
}

/* ------------------------------------------------------------------------------------------------------- quarantine */

void mgr_finds_write_quarantine(MgrFinds *finds G_GNUC_UNUSED, HlWriteSet *set, const MgrEndpoint *endpoint,
                                const MgrFindsNews *news)
{
    const HlMsgQuarantine *body = news->report->quarantine;
    int64_t number = endpoint->record.number;

    mgr_write_quarantine(set, number, body->total, body->bytes, news->at);
    for (size_t i = 0; i < body->n_files; i++) {
        const HlMsgQuarantinedFile *file = body->files[i];
        g_autofree char *sha256 = hl_hex(file->sha256.data, file->sha256.len);

        mgr_write_quarantined(set, number,
                              &(MgrQuarantined){ .id = file->id,
                                                 .path = file->path,
                                                 .sha256 = sha256,
                                                 .signature = file->signature,
                                                 .size = file->size,
                                                 .taken_at = time_of(endpoint, file->taken_ms, news->at) });
    }
}

void mgr_finds_fold_quarantine(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news)
{
    const HlMsgQuarantine *body = news->report->quarantine;

    mgr_status_tell(finds->parts.status, endpoint, "quarantine", "", "",
                    json_pack("{s:I, s:I}", "files", clamped(body->total), "bytes", clamped(body->bytes)));
}
