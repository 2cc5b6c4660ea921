/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/record.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "manager/core/quota.h"
#include "manager/core/refusal.h"
#include "manager/store/registry.h"

struct MgrRecord {
    char *path;
    HlJournal *journal; /* NULL: none; the writer's thread appends */
    HlDb *reader;
    HlWriter *writer; /* NULL: stopped */
    HlWriteSet *background;
    guint minded; /* rows in it that somebody has to know of if they are lost */
    MgrRecordLostFn lost;
    gpointer user;
    GHashTable *rows; /* endpoint -> Rows *: those that wrote history lately */
    uint64_t folded;
    HlWriterCounts last; /* as counted at the stop */
    char *unwritten;     /* why the last change could not be stored; NULL: it was */
};

/* What an endpoint has used of its history.  One block for each that wrote within the hour: all, after a restart. */
typedef struct {
    MgrBucket bucket;
    HlTime since;    /* mono */
    guint folded;    /* rows that were not written, since */
    char endpoint[]; /* the key */
} Rows;

/* A background set on its way through the writer. */
typedef struct {
    MgrRecord *record;
    guint minded;
    bool writes; /* it is not empty */
} Gathered;

/* A change on its way through the writer. */
typedef struct {
    MgrRecord *record;
    const MgrChangeKind *kind;
    gpointer change;
} Pending;

static bool append(const GPtrArray *notes, gpointer user, GError **error)
{
    return hl_journal_append(user, notes, error);
}

static void take_back(gpointer user)
{
    if (!hl_journal_take_back(user))
        hl_warn("registry",
                "the journal has lines of a change that was not committed: it comes true at the next start");
}

MgrRecord *mgr_record_new(const char *path, HlJournal *journal, GError **error)
{
    g_autoptr(MgrRecord) record = g_new0(MgrRecord, 1);
    HlWriterOptions options = { .path = path };

    record->journal = journal;
    if (journal != NULL)
        options.journal = (HlWriterJournal){ append, take_back, journal };

    record->path = g_strdup(path);
    record->background = hl_write_set_new();
    record->rows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    record->reader = hl_db_open(path, HL_DB_READ_ONLY, error);
    record->writer = record->reader != NULL ? hl_writer_new(&options, error) : NULL;
    return record->writer != NULL ? g_steal_pointer(&record) : NULL;
}

void mgr_record_stop(MgrRecord *record)
{
    HlWriter *writer = record->writer;

    if (writer == NULL)
        return;
    mgr_record_flush(record);
    hl_writer_flush(writer);
    record->last = hl_writer_count(writer);
    /* a fold that runs in here may want to write once more: it finds a record that has stopped */
    record->writer = NULL;
    hl_writer_free(writer);
}

/* Anyone who copies registry.db after a stop has all of it: the last connection that may write folds the log into it.
 */
static void fold_log(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DURABLE, &error);

    if (db == NULL || !hl_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", &error))
        hl_warn("registry", "its log stays beside it and belongs to it: %s", error->message);
}

void mgr_record_free(MgrRecord *record)
{
    if (record == NULL)
        return;
    mgr_record_stop(record);
    if (record->reader != NULL) {
        g_clear_pointer(&record->reader, hl_db_close);
        fold_log(record->path);
    }
    g_clear_pointer(&record->journal, hl_journal_free);
    g_free(record->path);
    g_free(record->unwritten);
    hl_write_set_free(record->background);
    g_hash_table_unref(record->rows);
    g_free(record);
}

/* A change that is refused for what it says tells nothing about the disk. */
static void heed(MgrRecord *record, const GError *error)
{
    HlErrorCode code = error != NULL ? hl_error_code(error) : HL_ERROR_N_CODES;

    if (error != NULL && code != HL_ERROR_IO && code != HL_ERROR_FULL && code != HL_ERROR_DENIED)
        return;
    g_free(record->unwritten);
    record->unwritten = error != NULL ? g_strdup(error->message) : NULL;
}

static void on_done(const GError *error, gpointer user)
{
    g_autofree Pending *pending = user;

    heed(pending->record, error);
    if (error == NULL)
        pending->kind->fold(pending->change);
    else
        pending->kind->fail(pending->change, error);
    if (pending->kind->free != NULL)
        pending->kind->free(pending->change);
}

static bool submit(MgrRecord *record, HlWriteSet *set, HlWriteDone done, gpointer user, GError **error)
{
    if (record->writer != NULL)
        return hl_writer_submit(record->writer, set, done, user, error);
    hl_write_set_free(set);
    return mgr_refuse(error, MGR_REFUSE_MANAGER_STOPPING, NULL);
}

void mgr_record_commit(MgrRecord *record, HlWriteSet *set, const MgrChangeKind *kind, gpointer change)
{
    g_autoptr(GError) error = NULL;
    Pending *pending = g_new(Pending, 1);

    *pending = (Pending){ record, kind, change };
    hl_write_set_durable(set);
    if (!submit(record, set, on_done, pending, &error))
        on_done(error, pending);
}

static void on_written(const GError *error, gpointer user)
{
    heed(user, error);
    if (error != NULL)
        hl_log_limited(HL_LOG_ERROR, "registry", "write", "%s", error->message);
}

void mgr_record_write(MgrRecord *record, HlWriteSet *set)
{
    g_autoptr(GError) error = NULL;

    if (!submit(record, set, on_written, record, &error))
        on_written(error, record);
}

static void on_gathered(const GError *error, gpointer user)
{
    g_autofree Gathered *gathered = user;
    MgrRecord *record = gathered->record;

    if (gathered->writes)
        on_written(error, record);
    if (error != NULL && gathered->minded > 0 && record->lost != NULL)
        record->lost(gathered->minded, error, record->user);
}

void mgr_record_watch(MgrRecord *record, MgrRecordLostFn lost, gpointer user)
{
    record->lost = lost;
    record->user = user;
}

void mgr_record_mind(MgrRecord *record, guint rows)
{
    record->minded += rows;
}

HlWriteSet *mgr_record_background(MgrRecord *record)
{
    return record->background;
}

bool mgr_record_has_room(MgrRecord *record, const char *endpoint, gsize size)
{
    HlTime now = hl_clock_mono();
    Rows *rows = g_hash_table_lookup(record->rows, endpoint);

    if (rows == NULL) {
        rows = g_malloc0(sizeof *rows + strlen(endpoint) + 1);
        strcpy(rows->endpoint, endpoint);
        g_hash_table_insert(record->rows, rows->endpoint, rows);
    }
    if (mgr_bucket_take(&rows->bucket, MGR_QUOTA_ROW, size, now) == MGR_QUOTA_ALLOWED)
        return true;
    if (rows->folded == 0)
        rows->since = now;
    rows->folded++;
    record->folded++;
    return false;
}

/* One row for what was folded in an hour; and nothing is kept of those who have used nothing. */
static void tell_folded(MgrRecord *record)
{
    HlTime now = hl_clock_mono();
    GHashTableIter iter;
    gpointer endpoint, value;

    g_hash_table_iter_init(&iter, record->rows);
    while (g_hash_table_iter_next(&iter, &endpoint, &value)) {
        Rows *rows = value;

        if (rows->folded > 0 && now - rows->since >= mgr_quota_row(MGR_QUOTA_ROW)->over) {
            g_autofree char *detail =
                g_strdup_printf("%u %s of an hour %s not kept: there were too many", rows->folded,
                                rows->folded == 1 ? "entry" : "entries", rows->folded == 1 ? "was" : "were");

            mgr_write_history(record->background, hl_clock_wall(), endpoint, "folded", detail);
            rows->folded = 0;
        }
        if (rows->folded == 0 && mgr_bucket_is_full(&rows->bucket, now))
            g_hash_table_iter_remove(&iter);
    }
}

const char *mgr_record_unwritten(const MgrRecord *record)
{
    return record->unwritten;
}

uint64_t mgr_record_folded(const MgrRecord *record)
{
    return record->folded;
}

void mgr_record_note(MgrRecord *record, const char *endpoint, const char *what, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (mgr_record_has_room(record, endpoint, strlen(detail)))
        mgr_write_history(record->background, hl_clock_wall(), endpoint, what, detail);
}

void mgr_record_decision(MgrRecord *record, const char *endpoint, const char *what, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    mgr_write_history(record->background, hl_clock_wall(), endpoint, what, detail);
}

void mgr_record_flush(MgrRecord *record)
{
    g_autoptr(GError) error = NULL;
    Gathered *gathered = g_new(Gathered, 1);
    HlWriteSet *full;

    tell_folded(record);
    full = record->background;
    *gathered = (Gathered){ record, record->minded, !hl_write_set_is_empty(full) };
    record->background = hl_write_set_new();
    record->minded = 0;
    if (!submit(record, full, on_gathered, gathered, &error))
        on_gathered(error, gathered);
}

HlDb *mgr_record_reader(MgrRecord *record)
{
    if (record->writer != NULL) {
        mgr_record_flush(record);
        hl_writer_flush(record->writer);
    }
    return record->reader;
}

HlDb *mgr_record_committed(const MgrRecord *record)
{
    return record->reader;
}

HlWriterCounts mgr_record_count(const MgrRecord *record)
{
    return record->writer != NULL ? hl_writer_count(record->writer) : record->last;
}
