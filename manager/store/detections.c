/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/detections.h"

#include <string.h>

#include "lib/store/stmt.h"
#include "manager/store/audit.h"

#define INT(value) ((int64_t)MIN((uint64_t)(value), (uint64_t)G_MAXINT64))

/* ---------------------------------------------------------------------------------------------------------- changes */

char *mgr_find_key(const char *path, const char *sha256, const char *signature)
{
    g_autofree char *text = g_strdup_printf("%s:%" G_GSIZE_FORMAT ":%s:%s", sha256, strlen(signature), signature, path);

    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static void write_counts(HlWriteSet *set, int64_t number)
{
    hl_write_set_add(set, "INSERT INTO findings (endpoint) VALUES (?) ON CONFLICT DO NOTHING", "i", number);
}

static void make_room(HlWriteSet *set, const MgrFind *find, const char *key)
{
    hl_write_set_add(set,
                     "DELETE FROM detection WHERE number = (SELECT number FROM detection WHERE endpoint = ?1"
                     " AND acknowledged_at > 0 ORDER BY acknowledged_at LIMIT 1)"
                     " AND (SELECT kept FROM findings WHERE endpoint = ?2) >= ?3"
                     " AND NOT EXISTS (SELECT 1 FROM detection WHERE endpoint = ?1 AND find = ?4)",
                     "tiit", find->endpoint, find->number, INT(MGR_MAX_DETECTIONS), key);
}

static void write_row(HlWriteSet *set, const MgrFind *find, const char *key)
{
    hl_write_set_add(
        set,
        "INSERT INTO detection (endpoint, host, find, path, size, sha256, owner, signature, component, version, how,"
        " action, detail, scan, first_at, last_at, told_at, mark)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16, ?17"
        " WHERE (SELECT kept FROM findings WHERE endpoint = ?18) < ?19"
        " OR EXISTS (SELECT 1 FROM detection WHERE endpoint = ?1 AND find = ?3)"
        " ON CONFLICT (endpoint, find) DO UPDATE SET host = excluded.host, size = excluded.size,"
        " owner = excluded.owner, component = excluded.component, version = excluded.version, how = excluded.how,"
        " action = excluded.action, detail = excluded.detail, scan = excluded.scan,"
        " first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),"
        " told_at = excluded.told_at, mark = excluded.mark,"
        /* an endpoint that was set back to a snapshot sends its last report again */
        " times = times + (mark = 0 OR mark <> excluded.mark),"
        " acknowledged_at = iif(excluded.last_at > acknowledged_at, 0, acknowledged_at),"
        " acknowledged_by = iif(excluded.last_at > acknowledged_at, '', acknowledged_by),"
        " acknowledged_why = iif(excluded.last_at > acknowledged_at, '', acknowledged_why)",
        "tttti"
        "ttttittttiiiii",
        find->endpoint, find->host, key, find->path, INT(find->size), find->sha256, find->owner, find->signature,
        find->component, INT(find->version), find->how, find->action, find->detail, find->scan, find->found_at,
        find->told_at, (int64_t)find->mark, find->number, INT(MGR_MAX_DETECTIONS));
}

void mgr_write_find(HlWriteSet *set, const MgrFind *find)
{
    g_autofree char *key = mgr_find_key(find->path, find->sha256, find->signature);

    write_counts(set, find->number);
    make_room(set, find, key);
    write_row(set, find, key);
    hl_write_set_add(set,
                     "UPDATE findings SET left_out = left_out + 1 WHERE endpoint = ?"
                     " AND NOT EXISTS (SELECT 1 FROM detection WHERE endpoint = ? AND find = ?)",
                     "itt", find->number, find->endpoint, key);
}

void mgr_write_scan(HlWriteSet *set, int64_t number, const MgrScan *scan)
{
    write_counts(set, number);
    hl_write_set_add(
        set,
        "INSERT OR REPLACE INTO scan (endpoint, how, id, started_at, ended_at, told_at, end, detail, files,"
        " bytes, found, not_looked_at, gaps, patterns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ittiiittiiiitt", number, mgr_scan_how_name(scan->how), scan->id, scan->started_at, scan->ended_at,
        scan->told_at, mgr_scan_end_name(scan->end), scan->detail, INT(scan->files), INT(scan->bytes), INT(scan->found),
        INT(scan->not_looked_at), scan->gaps, scan->patterns);
}

void mgr_write_acknowledgement(HlWriteSet *set, int64_t detection, const MgrAcknowledgement *step)
{
    hl_write_set_add(set,
                     "UPDATE detection SET acknowledged_at = ?, acknowledged_by = ?, acknowledged_why = ?"
                     " WHERE number = ? AND acknowledged_at = 0",
                     "itti", step->at, step->by, step->why, detection);
}

void mgr_write_acknowledgement_of_all(HlWriteSet *set, int64_t number, const char *endpoint,
                                      const MgrAcknowledgement *step)
{
    hl_write_set_add(set,
                     "UPDATE detection SET acknowledged_at = ?, acknowledged_by = ?, acknowledged_why = ?"
                     " WHERE endpoint = ? AND acknowledged_at = 0",
                     "ittt", step->at, step->by, step->why, endpoint);
    hl_write_set_add(set, "UPDATE findings SET left_out = 0 WHERE endpoint = ?", "i", number);
}

void mgr_write_prune_detections(HlWriteSet *set, HlTime before)
{
    hl_write_set_add(set,
                     "DELETE FROM detection WHERE told_at < ?1 AND (acknowledged_at BETWEEN 1 AND ?1 - 1"
                     " OR NOT EXISTS (SELECT 1 FROM endpoint WHERE id = detection.endpoint))",
                     "i", before);
}

/* ----------------------------------------------------------------------------------------------------- what it comes
 * to
 */

#define FINDINGS                                                                                              \
    "SELECT findings.endpoint, open, left_out, how, end, ended_at, files, found, not_looked_at FROM findings" \
    " LEFT JOIN scan ON scan.endpoint = findings.endpoint AND how = (SELECT how FROM scan AS other"           \
    " WHERE other.endpoint = findings.endpoint ORDER BY how = 'manual', told_at DESC LIMIT 1)"

typedef struct {
    MgrFindingsFn fn;
    gpointer user;
} Receiver;

static bool on_findings(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    bool never = hl_stmt_is_null(row, 3);
    MgrFindings findings = { .open = (uint32_t)hl_stmt_int(row, 1),
                             .left_out = (uint32_t)MIN(hl_stmt_int(row, 2), G_MAXUINT32),
                             .how = never ? MGR_SCAN_OTHER : mgr_scan_how_from_name(hl_stmt_text(row, 3)),
                             .end = never ? MGR_SCAN_NEVER : mgr_scan_end_from_name(hl_stmt_text(row, 4)),
                             .ended_at = hl_stmt_int(row, 5),
                             .files = (uint64_t)hl_stmt_int(row, 6),
                             .found = (uint64_t)hl_stmt_int(row, 7),
                             .not_looked_at = (uint64_t)hl_stmt_int(row, 8) };

    to->fn(hl_stmt_int(row, 0), &findings, to->user);
    return true;
}

bool mgr_registry_load_findings(HlDb *db, MgrFindingsFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_findings, &to, error, FINDINGS, "");
}

static void take_findings(int64_t number G_GNUC_UNUSED, const MgrFindings *findings, gpointer user)
{
    *(MgrFindings *)user = *findings;
}

bool mgr_registry_read_findings(HlDb *db, int64_t number, MgrFindings *findings, GError **error)
{
    Receiver to = { take_findings, findings };

    *findings = (MgrFindings){ .how = MGR_SCAN_OTHER };
    return hl_db_query(db, on_findings, &to, error, FINDINGS " WHERE findings.endpoint = ?", "i", number);
}

bool mgr_registry_mend_findings(HlDb *db, GError **error)
{
    return hl_db_run(db, NULL, error,
                     "UPDATE findings SET open = 0, kept = 0 WHERE (open <> 0 OR kept <> 0) AND NOT EXISTS"
                     " (SELECT 1 FROM detection JOIN endpoint ON id = detection.endpoint"
                     " WHERE endpoint.number = findings.endpoint)",
                     "") &&
           hl_db_run(db, NULL, error,
                     "INSERT INTO findings (endpoint, open, kept) SELECT endpoint.number,"
                     " count(detection.number) FILTER (WHERE acknowledged_at = 0), count(detection.number)"
                     " FROM endpoint JOIN detection ON detection.endpoint = endpoint.id WHERE true"
                     " GROUP BY endpoint.number"
                     " ON CONFLICT (endpoint) DO UPDATE SET open = excluded.open, kept = excluded.kept"
                     " WHERE open <> excluded.open OR kept <> excluded.kept",
                     "");
}

typedef struct {
    MgrFindCountsFn fn;
    gpointer user;
} Comparison;

static bool on_difference(HlStmt *row, gpointer user)
{
    const Comparison *to = user;
    MgrFindCounts shown = { (uint64_t)hl_stmt_int(row, 1), (uint64_t)hl_stmt_int(row, 2) };
    MgrFindCounts rows = { (uint64_t)hl_stmt_int(row, 3), (uint64_t)hl_stmt_int(row, 4) };

    to->fn(hl_stmt_text(row, 0), &shown, &rows, to->user);
    return true;
}

static bool on_table(HlStmt *row G_GNUC_UNUSED, gpointer user)
{
    *(bool *)user = true;
    return true;
}

bool mgr_registry_compare_findings(HlDb *db, int64_t limit, MgrFindCountsFn fn, gpointer user, GError **error)
{
    Comparison to = { fn, user };
    bool has_table = false;

    if (!hl_db_query(db, on_table, &has_table, error, "SELECT 1 FROM sqlite_schema WHERE name = 'findings'", ""))
        return false;
    return !has_table ||
           hl_db_query(db, on_difference, &to, error,
                       "SELECT id, coalesce(shown.open, 0), coalesce(shown.kept, 0), coalesce(counted.open, 0),"
                       " coalesce(counted.kept, 0) FROM endpoint"
                       " LEFT JOIN findings AS shown ON shown.endpoint = endpoint.number"
                       " LEFT JOIN (SELECT endpoint, count(*) FILTER (WHERE acknowledged_at = 0) AS open,"
                       " count(*) AS kept FROM detection GROUP BY endpoint) AS counted ON counted.endpoint = id"
                       " WHERE coalesce(shown.open, 0) <> coalesce(counted.open, 0)"
                       " OR coalesce(shown.kept, 0) <> coalesce(counted.kept, 0) ORDER BY id LIMIT ?",
                       "i", limit);
}

/* --------------------------------------------------------------------------------------------------------- the rows */

/* As in load.c: a list of X(constant, expression) makes both the query and the enum that reads its rows. */
#define CONSTANT(constant_, sql_)   constant_,
#define EXPRESSION(constant_, sql_) sql_ ", "
#define SELECT(columns_)            "SELECT " columns_(EXPRESSION) "0 "

#define DETECTION_COLUMNS(X)                  \
    X(D_NUMBER, "number")                     \
    X(D_ENDPOINT, "endpoint")                 \
    X(D_HOST, "host")                         \
    X(D_PATH, "path")                         \
    X(D_SIZE, "size")                         \
    X(D_SHA256, "sha256")                     \
    X(D_OWNER, "owner")                       \
    X(D_SIGNATURE, "signature")               \
    X(D_COMPONENT, "component")               \
    X(D_VERSION, "version")                   \
    X(D_HOW, "how")                           \
    X(D_ACTION, "action")                     \
    X(D_DETAIL, "detail")                     \
    X(D_SCAN, "scan")                         \
    X(D_FIRST_AT, "first_at")                 \
    X(D_LAST_AT, "last_at")                   \
    X(D_TOLD_AT, "told_at")                   \
    X(D_TIMES, "times")                       \
    X(D_ACKNOWLEDGED_AT, "acknowledged_at")   \
    X(D_ACKNOWLEDGED_BY, "acknowledged_by")   \
    X(D_ACKNOWLEDGED_WHY, "acknowledged_why") \
    X(D_ORPHAN, "NOT EXISTS (SELECT 1 FROM endpoint WHERE id = detection.endpoint)")

enum { DETECTION_COLUMNS(CONSTANT) };

/* What is not UTF-8 got there past the wire, and must not reach a document. */
static char *text(HlStmt *row, int column)
{
    return g_utf8_make_valid(hl_stmt_text(row, column), -1);
}

void mgr_detection_record_clear(MgrDetectionRecord *record)
{
    char **texts[] = { &record->endpoint,        &record->host,      &record->path,      &record->sha256,
                       &record->owner,           &record->signature, &record->component, &record->how,
                       &record->action,          &record->detail,    &record->scan,      &record->acknowledged_by,
                       &record->acknowledged_why };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
}

static bool on_detection(HlStmt *row, gpointer user)
{
    MgrDetectionRecord *record = user;

    *record = (MgrDetectionRecord){ .number = hl_stmt_int(row, D_NUMBER),
                                    .endpoint = text(row, D_ENDPOINT),
                                    .host = text(row, D_HOST),
                                    .path = text(row, D_PATH),
                                    .size = (uint64_t)hl_stmt_int(row, D_SIZE),
                                    .sha256 = text(row, D_SHA256),
                                    .owner = text(row, D_OWNER),
                                    .signature = text(row, D_SIGNATURE),
                                    .component = text(row, D_COMPONENT),
                                    .version = (uint64_t)hl_stmt_int(row, D_VERSION),
                                    .how = text(row, D_HOW),
                                    .action = text(row, D_ACTION),
                                    .detail = text(row, D_DETAIL),
                                    .scan = text(row, D_SCAN),
                                    .first_at = hl_stmt_int(row, D_FIRST_AT),
                                    .last_at = hl_stmt_int(row, D_LAST_AT),
                                    .told_at = hl_stmt_int(row, D_TOLD_AT),
                                    .times = (uint64_t)hl_stmt_int(row, D_TIMES),
                                    .acknowledged_at = hl_stmt_int(row, D_ACKNOWLEDGED_AT),
                                    .acknowledged_by = text(row, D_ACKNOWLEDGED_BY),
                                    .acknowledged_why = text(row, D_ACKNOWLEDGED_WHY),
                                    .is_orphan = hl_stmt_int(row, D_ORPHAN) != 0 };
    return false;
}

bool mgr_registry_read_detection(HlDb *db, int64_t number, MgrDetectionRecord *record, GError **error)
{
    return hl_db_query(db, on_detection, record, error, SELECT(DETECTION_COLUMNS) "FROM detection WHERE number = ?",
                       "i", number);
}

bool mgr_registry_find_detection(HlDb *db, const char *endpoint, const char *key, int64_t *number, GError **error)
{
    return hl_db_query_int(db, 0, number, error, "SELECT number FROM detection WHERE endpoint = ? AND find = ?", "tt",
                           endpoint, key);
}

typedef struct {
    MgrDetectionFn fn;
    gpointer user;
} Lister;

static bool on_listed(HlStmt *row, gpointer user)
{
    const Lister *to = user;

    to->fn(hl_stmt_int(row, 0), hl_stmt_int(row, 1), to->user);
    return true;
}

/* An endpoint that is named is one that is there: so only the list of all asks for it. */
#define OF_ALL                                        \
    " FROM detection WHERE told_at >= ?1 AND (NOT ?2" \
    " OR (acknowledged_at = 0 AND EXISTS (SELECT 1 FROM endpoint WHERE id = detection.endpoint)))"
#define OF_ONE " FROM detection WHERE endpoint = ?1 AND told_at >= ?2 AND (NOT ?3 OR acknowledged_at = 0)"
#define NEWEST " ORDER BY told_at DESC, number DESC"

bool mgr_registry_list_detections(HlDb *db, const MgrDetectionFilter *filter, MgrDetectionFn fn, gpointer user,
                                  GError **error)
{
    Lister to = { fn, user };

    if (filter->endpoint == NULL)
        return hl_db_query(db, on_listed, &to, error, "SELECT number, told_at" OF_ALL NEWEST " LIMIT ?3", "iii",
                           filter->since, (int64_t)filter->only_open, filter->limit);
    return hl_db_query(db, on_listed, &to, error, "SELECT number, told_at" OF_ONE NEWEST " LIMIT ?4", "tiii",
                       filter->endpoint, filter->since, (int64_t)filter->only_open, filter->limit);
}

bool mgr_registry_count_detections(HlDb *db, const MgrDetectionFilter *filter, int64_t *count, GError **error)
{
    const int64_t at_most = MGR_MAX_COUNTED + 1;

    if (filter->endpoint == NULL)
        return hl_db_query_int(db, 0, count, error, "SELECT count(*) FROM (SELECT 1" OF_ALL " LIMIT ?3)", "iii",
                               filter->since, (int64_t)filter->only_open, at_most);
    return hl_db_query_int(db, 0, count, error, "SELECT count(*) FROM (SELECT 1" OF_ONE " LIMIT ?4)", "tiii",
                           filter->endpoint, filter->since, (int64_t)filter->only_open, at_most);
}

typedef struct {
    MgrScanFn fn;
    gpointer user;
} ScanReceiver;

static bool on_scan(HlStmt *row, gpointer user)
{
    const ScanReceiver *to = user;
    g_autofree char *id = text(row, 1);
    g_autofree char *detail = text(row, 3);
    g_autofree char *gaps = text(row, 4);
    g_autofree char *patterns = text(row, 5);
    MgrScan scan = { .how = mgr_scan_how_from_name(hl_stmt_text(row, 0)),
                     .id = id,
                     .end = mgr_scan_end_from_name(hl_stmt_text(row, 2)),
                     .detail = detail,
                     .gaps = gaps,
                     .patterns = patterns,
                     .started_at = hl_stmt_int(row, 6),
                     .ended_at = hl_stmt_int(row, 7),
                     .told_at = hl_stmt_int(row, 8),
                     .files = (uint64_t)hl_stmt_int(row, 9),
                     .bytes = (uint64_t)hl_stmt_int(row, 10),
                     .found = (uint64_t)hl_stmt_int(row, 11),
                     .not_looked_at = (uint64_t)hl_stmt_int(row, 12) };

    to->fn(&scan, to->user);
    return true;
}

bool mgr_registry_load_scans(HlDb *db, int64_t number, MgrScanFn fn, gpointer user, GError **error)
{
    ScanReceiver to = { fn, user };

    return hl_db_query(db, on_scan, &to, error,
                       "SELECT how, id, end, detail, gaps, patterns, started_at, ended_at, told_at, files, bytes,"
                       " found, not_looked_at FROM scan WHERE endpoint = ? ORDER BY told_at DESC, how",
                       "i", number);
}
