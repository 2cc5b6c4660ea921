/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/finds.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/components.h"

#define TOLD_AGAIN     HL_DAY
#define LAST_SCAN_FACT "last-scan"  /* JSON */
#define EVER_FACT      "finds-ever" /* how many */

struct EpFinds {
    HlDb *db;
    EpTrouble *trouble;
    EpPulse *pulse;
    EpSpool *spool; /* NULL: not enrolled */
    int64_t ever;   /* as it was read last: a store that fails takes nothing back */
};

static bool is_by_hand(const char *how)
{
    return strcmp(how, "manual") == 0;
}

/* ----------------------------------------------------------------------------------------------------- the report */

static bool spool_find(EpFinds *finds, const EpDetection *find, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgDetection detection = HOLDLINE__V1__DETECTION__INIT;
    g_autoptr(GBytes) hash = hl_unhex(find->sha256);

    detection.path = hl_unconst(find->path);
    detection.size = find->size;
    if (hash != NULL && g_bytes_get_size(hash) > 0) {
        detection.sha256.data = hl_unconst(g_bytes_get_data(hash, NULL));
        detection.sha256.len = g_bytes_get_size(hash);
    }
    detection.owner = hl_unconst(find->owner);
    detection.signature = hl_unconst(find->signature);
    detection.component = hl_unconst(find->component);
    detection.version = find->version;
    detection.how = hl_unconst(find->how);
    detection.action = hl_unconst(find->action);
    detection.detail = hl_unconst(find->detail);
    detection.found_ms = find->at;
    detection.scan = hl_unconst(find->scan);
    report.body_case = HOLDLINE__V1__REPORT__BODY_DETECTION;
    report.detection = &detection;
    return ep_spool_add(finds->spool, &report, EP_SPOOL_KEEP_ALWAYS, "detection", error);
}

static bool spool_end(EpFinds *finds, const EpScanRecord *record, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgScanResult result = HOLDLINE__V1__SCAN_RESULT__INIT;
    HlMsgScanGap gaps[EP_N_GAPS];
    HlMsgScanGap *rows[EP_N_GAPS];
    bool spooled;

    result.id = hl_unconst(record->id);
    result.how = hl_unconst(record->how);
    result.started_ms = record->started;
    result.ended_ms = record->ended;
    result.end = hl_unconst(record->end);
    result.detail = hl_unconst(record->detail);
    result.files = record->tally.files;
    result.bytes = record->tally.bytes;
    result.found = record->tally.found;
    result.not_looked_at = ep_tally_gaps(&record->tally);
    result.gaps = rows;
    for (EpGap gap = 0; gap < EP_N_GAPS; gap++) {
        if (record->tally.gaps[gap] == 0)
            continue;
        gaps[result.n_gaps] = (HlMsgScanGap)HOLDLINE__V1__SCAN_GAP__INIT;
        gaps[result.n_gaps].reason = hl_unconst(ep_gap_name(gap));
        gaps[result.n_gaps].paths = record->tally.gaps[gap];
        rows[result.n_gaps] = &gaps[result.n_gaps];
        result.n_gaps++;
    }
    result.patterns = hl_components_parse(record->patterns, &result.n_patterns);
    report.body_case = HOLDLINE__V1__REPORT__BODY_SCAN;
    report.scan = &result;
    spooled = ep_spool_add(finds->spool, &report, is_by_hand(record->how) ? EP_SPOOL_MERGE : EP_SPOOL_KEEP_ALWAYS,
                           "scan", error);
    hl_components_free(result.patterns, result.n_patterns);
    return spooled;
}

/* ------------------------------------------------------------------------------------------------------- the rows */

/* Whether the server was told of this very find within the last day. */
static bool is_told(EpFinds *finds, const EpDetection *find, bool *told, GError **error)
{
    int64_t n = 0;
    bool ok = hl_db_query_int(finds->db, 0, &n, error,
                              "SELECT count(*) FROM detection WHERE path = ? AND sha256 = ? AND signature = ?"
                              " AND action = ? AND told_ms > ? AND told_ms <= ?",
                              "ttttii", find->path, find->sha256, find->signature, find->action, find->at - TOLD_AGAIN,
                              find->at);

    *told = n > 0;
    return ok;
}

static bool write_row(EpFinds *finds, const EpDetection *find, HlTime told, GError **error)
{
    return hl_db_run(finds->db, NULL, error,
                     "INSERT INTO detection (path, sha256, signature, size, owner, how, action, detail, first_ms,"
                     " last_ms, told_ms, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
                     " ON CONFLICT (path, sha256, signature) DO UPDATE SET how = excluded.how,"
                     " action = excluded.action, detail = excluded.detail, last_ms = excluded.last_ms,"
                     " told_ms = max(told_ms, excluded.told_ms), times = times + 1",
                     "tttittttiii", find->path, find->sha256, find->signature, (int64_t)find->size, find->owner,
                     find->how, find->action, find->detail, find->at, find->at, told) &&
           hl_db_run(finds->db, NULL, error,
                     "DELETE FROM detection WHERE n IN (SELECT n FROM detection WHERE (how = 'manual') = ?"
                     " ORDER BY last_ms DESC, n DESC LIMIT -1 OFFSET ?)",
                     "ii", (int64_t)is_by_hand(find->how), (int64_t)EP_FINDS_KEPT);
}

static bool store_find(EpFinds *finds, const EpDetection *find, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    bool told = false;
    bool tell;

    if (!hl_txn_begin(&txn, finds->db, error) || !is_told(finds, find, &told, error))
        return false;
    tell = finds->spool != NULL && !told &&
           ep_spool_waiting(finds->spool) < EP_FINDS_WAITING / (is_by_hand(find->how) ? 2 : 1);
    return write_row(finds, find, tell ? find->at : 0, error) && ep_store_count(finds->db, EVER_FACT, error) &&
           (!tell || spool_find(finds, find, error)) && hl_txn_commit(&txn, error);
}

static void stored(EpFinds *finds, bool ok, const char *what, const GError *error)
{
    if (!ok)
        ep_trouble_store_failed(finds->trouble, what, error);
    else if (finds->spool != NULL)
        ep_spool_pump(finds->spool);
    ep_pulse_changed(finds->pulse);
}

void ep_finds_add(EpFinds *finds, const EpDetection *find)
{
    g_autoptr(GError) error = NULL;

    hl_warn("scan", "%s: %s found, %s", find->path, find->signature, find->action);
    stored(finds, store_find(finds, find, &error), "a find", error);
}

bool ep_finds_has(EpFinds *finds, const char *path, const char *sha256, const char *signature, const char *action)
{
    int64_t n = 0;

    return !hl_db_query_int(
               finds->db, 0, &n, NULL,
               "SELECT count(*) FROM detection WHERE path = ? AND sha256 = ? AND signature = ? AND action = ?", "tttt",
               path, sha256, signature, action) ||
           n > 0;
}

/* --------------------------------------------------------------------------------------------------- a scan's end */

static json_t *record_json(const EpScanRecord *record)
{
    json_t *json = ep_tally_json(&record->tally);
    g_autofree char *started = hl_time_format(record->started);
    g_autofree char *ended = hl_time_format(record->ended);

    json_object_set_new(json, "id", json_string(record->id));
    json_object_set_new(json, "how", json_string(record->how));
    json_object_set_new(json, "started", json_string(started));
    json_object_set_new(json, "ended", json_string(ended));
    json_object_set_new(json, "end", json_string(record->end));
    json_object_set_new(json, "detail", json_string(record->detail));
    return json;
}

static char *describe(const EpScanRecord *record)
{
    g_autofree char *numbers = ep_tally_describe(&record->tally);

    if (strcmp(record->end, "completed") == 0)
        return g_strdup_printf("%s: %s%s%s", record->how, numbers, *record->detail != '\0' ? "; " : "", record->detail);
    return g_strdup_printf("%s, %s: %s (%s)", record->how, record->end, record->detail, numbers);
}

/* A scan by hand is one user's, of what they liked: it does not hide how the last one of the machine went. */
static bool is_last_scan(EpFinds *finds, const EpScanRecord *record)
{
    g_autofree char *text = ep_store_get(finds->db, LAST_SCAN_FACT, "{}");
    g_autoptr(json_t) last = hl_json_parse("the last scan", text, strlen(text), NULL);
    const char *how = json_string_value(json_object_get(last, "how"));

    return !is_by_hand(record->how) || how == NULL || is_by_hand(how);
}

static bool store_end(EpFinds *finds, const EpScanRecord *record, GError **error)
{
    g_autoptr(json_t) json = record_json(record);
    g_autofree char *text = hl_json_print(json);
    g_autofree char *words = describe(record);
    bool is_last = is_last_scan(finds, record);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    hl_log(strcmp(record->end, "failed") == 0 ? HL_LOG_WARN : HL_LOG_INFO, "scan", "%s", words);
    return hl_txn_begin(&txn, finds->db, error) && (!is_last || ep_store_set(finds->db, LAST_SCAN_FACT, text, error)) &&
           ep_store_add_event(finds->db, record->ended, "scan", words, error) &&
           (finds->spool == NULL || spool_end(finds, record, error)) && hl_txn_commit(&txn, error);
}

void ep_finds_scan_ended(EpFinds *finds, const EpScanRecord *record)
{
    g_autoptr(GError) error = NULL;

    stored(finds, store_end(finds, record, &error), "a scan's result", error);
}

/* ------------------------------------------------------------------------------------------------------ to be seen */

enum { PATH, SHA256, SIGNATURE, SIZE, OWNER, HOW, ACTION, DETAIL, FIRST, LAST, TIMES };
#define COLUMNS "path, sha256, signature, size, owner, how, action, detail, first_ms, last_ms, times"

static bool add_row(HlStmt *row, gpointer list)
{
    g_autofree char *first = hl_time_format(hl_stmt_int(row, FIRST));
    g_autofree char *last = hl_time_format(hl_stmt_int(row, LAST));

    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "path",
                                          hl_stmt_text(row, PATH), "sha256", hl_stmt_text(row, SHA256), "signature",
                                          hl_stmt_text(row, SIGNATURE), "size", (json_int_t)hl_stmt_int(row, SIZE),
                                          "owner", hl_stmt_text(row, OWNER), "how", hl_stmt_text(row, HOW), "action",
                                          hl_stmt_text(row, ACTION), "detail", hl_stmt_text(row, DETAIL), "first_found",
                                          first, "last_found", last, "times", (json_int_t)hl_stmt_int(row, TIMES)));
    return true;
}

json_t *ep_finds_json(EpFinds *finds, GError **error)
{
    g_autoptr(json_t) list = json_array();

    /* the newest: a list of all would outgrow an answer */
    if (!hl_db_query(finds->db, add_row, list, error,
                     "SELECT " COLUMNS " FROM detection ORDER BY last_ms DESC, n DESC LIMIT 100", ""))
        return NULL;
    return json_pack("{s:O, s:I, s:o}", "detections", list, "kept", (json_int_t)ep_finds_count(finds), "last_scan",
                     ep_finds_last_scan_json(finds));
}

json_t *ep_finds_last_scan_json(EpFinds *finds)
{
    g_autofree char *text = ep_store_get(finds->db, LAST_SCAN_FACT, "");
    json_t *last = *text == '\0' ? NULL : hl_json_parse("the last scan", text, strlen(text), NULL);

    return last != NULL ? last : json_null();
}

static bool add_last(HlStmt *row, gpointer user)
{
    json_t **last = user;
    g_autofree char *at = hl_time_format(hl_stmt_int(row, 0));

    *last = json_pack("{s:s, s:s, s:s, s:s}", "at", at, "signature", hl_stmt_text(row, 1), "path", hl_stmt_text(row, 2),
                      "action", hl_stmt_text(row, 3));
    return true;
}

json_t *ep_finds_last_json(EpFinds *finds)
{
    json_t *last = NULL;

    HL_IGNORE(hl_db_query(
        finds->db, add_last, &last, NULL,
        "SELECT last_ms, signature, path, action FROM detection ORDER BY last_ms DESC, n DESC LIMIT 1", ""));
    return last != NULL ? last : json_null();
}

uint64_t ep_finds_ever(EpFinds *finds)
{
    finds->ever = ep_store_get_int(finds->db, EVER_FACT, finds->ever);
    return (uint64_t)finds->ever;
}

uint64_t ep_finds_count(EpFinds *finds)
{
    int64_t n = 0;

    HL_IGNORE(hl_db_query_int(finds->db, 0, &n, NULL, "SELECT count(*) FROM detection", ""));
    return (uint64_t)n;
}

/* ------------------------------------------------------------------------------------------------------------ life */

void ep_finds_enrol(EpFinds *finds, EpSpool *spool)
{
    finds->spool = spool;
}

EpFinds *ep_finds_new(HlDb *db, EpTrouble *trouble, EpPulse *pulse)
{
    EpFinds *finds = g_new0(EpFinds, 1);

    finds->db = db;
    finds->trouble = trouble;
    finds->pulse = pulse;
    return finds;
}

void ep_finds_free(EpFinds *finds)
{
    g_free(finds);
}
