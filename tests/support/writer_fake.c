/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/writer_fake.h"

#include "lib/store/internal.h"

#define DEFAULT_CAPACITY 100000

struct HlWriter {
    HlDb *db;
    HlWriterJournal journal;
    guint capacity;
    GQueue waiting; /* HlWriteSet * */
    GQueue written; /* HlWriteSet *: done() is outstanding */
    bool refusing, failed, fails_all;
    guint fail_in; /* 0: none */
    HlErrorCode fail_code;
    HlWriterCounts counts;
};

static GQueue writers = G_QUEUE_INIT; /* HlWriter *, the oldest first */

HlWriter *writer_fake_last(void)
{
    return g_queue_peek_tail(&writers);
}

HlWriter *hl_writer_new(const HlWriterOptions *options, GError **error)
{
    HlDb *db = hl_db_open(options->path, HL_DB_DEFAULT, error);
    HlWriter *writer;

    if (db == NULL)
        return NULL;
    writer = g_new0(HlWriter, 1);
    writer->db = db;
    writer->journal = options->journal;
    writer->capacity = options->capacity > 0 ? options->capacity : DEFAULT_CAPACITY;
    g_queue_push_tail(&writers, writer);
    return writer;
}

bool hl_writer_submit(HlWriter *writer, HlWriteSet *set, HlWriteDone done, gpointer user, GError **error)
{
    if (writer->refusing || writer->counts.pending >= writer->capacity) {
        hl_write_set_free(set);
        writer->counts.refused_sets++;
        return hl_fail(error, HL_ERROR_LIMIT, "database %s: too many changes wait to be written",
                       hl_db_path(writer->db));
    }
    set->done = done;
    set->user = user;
    writer->counts.pending++;
    writer->counts.peak_pending = MAX(writer->counts.peak_pending, writer->counts.pending);
    g_queue_push_tail(&writer->waiting, set);
    return true;
}

/* Whether the countdown has come to this set. */
static bool is_struck(HlWriter *writer)
{
    if (writer->fails_all)
        return true;
    if (writer->fail_in == 0 || --writer->fail_in > 0)
        return false;
    writer->failed = true;
    return true;
}

/* The next count sets, in one transaction. */
static void store(HlWriter *writer, guint count)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < count; i++) {
        HlWriteSet *set = g_queue_pop_head(&writer->waiting);

        g_queue_push_tail(&writer->written, set);
        if (is_struck(writer))
            hl_fail(&set->error, writer->fail_code, "database %s: a fault of the test", hl_db_path(writer->db));
        else
            g_ptr_array_add(sets, set);
    }
    if (count == 0)
        return;
    writer->counts.transactions++;
    if (!hl_write_sets_commit(sets, writer->db, &writer->journal, &error)) {
        writer->counts.failed_transactions++;
        hl_write_sets_fail(sets, error);
    }
}

guint writer_fake_deliver(HlWriter *writer)
{
    guint count = writer->written.length;

    writer->counts.pending -= count;
    for (guint i = 0; i < count; i++) {
        HlWriteSet *set = g_queue_pop_head(&writer->written);

        if (set->error == NULL)
            writer->counts.sets++;
        else
            writer->counts.failed_sets++;
        if (set->done != NULL)
            set->done(set->error, set->user);
        hl_write_set_free(set);
    }
    return count;
}

guint writer_fake_commit(HlWriter *writer, guint count)
{
    guint n = writer->waiting.length;

    if (count > 0)
        n = MIN(n, count);
    store(writer, n);
    writer_fake_deliver(writer);
    return n;
}

void hl_writer_flush(HlWriter *writer)
{
    store(writer, writer->waiting.length);
}

void hl_writer_free(HlWriter *writer)
{
    if (writer == NULL)
        return;
    writer->refusing = true; /* a done() cannot submit any more */
    hl_writer_flush(writer);
    writer_fake_deliver(writer);
    g_queue_remove(&writers, writer);
    hl_db_close(writer->db);
    g_free(writer);
}

HlWriterCounts hl_writer_count(HlWriter *writer)
{
    return writer->counts;
}

guint writer_fake_pending(const HlWriter *writer)
{
    return writer->waiting.length;
}

guint writer_fake_statements(const HlWriter *writer)
{
    guint n = 0;

    for (const GList *at = writer->waiting.head; at != NULL; at = at->next)
        n += ((const HlWriteSet *)at->data)->writes->len;
    return n;
}

void writer_fake_fail_at(HlWriter *writer, guint n, HlErrorCode code)
{
    writer->fail_in = n;
    writer->fail_code = code;
    writer->failed = false;
}

void writer_fake_fail_all(HlWriter *writer, HlErrorCode code)
{
    writer->fails_all = code != HL_ERROR_N_CODES;
    writer->fail_code = code;
}

bool writer_fake_failed(const HlWriter *writer)
{
    return writer->failed;
}

void writer_fake_refuse(HlWriter *writer, bool refuse)
{
    writer->refusing = refuse;
}
