/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "lib/base/i18n.h"
#include "lib/base/mailbox.h"
#include "lib/store/internal.h"

#define DEFAULT_BATCH_SETS 500
#define DEFAULT_DELAY      ((HlTime)5)
#define DEFAULT_CAPACITY   100000 /* at 1 kB per set 100 MB, and a few seconds of work */

struct HlWriter {
    HlDb *db; /* used only by the writer thread while it runs */
    HlWriterJournal journal;
    guint batch_sets, capacity;
    HlTime batch_delay;
    bool is_full_sync;  /* as PRAGMA synchronous was last set; writer thread */
    HlMailbox *results; /* of GPtrArray: the sets of one transaction */
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t work, drained;
    GQueue queue;
    bool busy;  /* the thread has taken sets out that are not committed yet */
    bool hurry; /* somebody is waiting: do not wait for a batch to fill up */
    bool stop;
    HlWriterCounts counts;
};

static bool set_synchronous(HlWriter *writer, GPtrArray *batch, GError **error)
{
    bool full = false;

    for (guint i = 0; i < batch->len && !full; i++)
        full = ((HlWriteSet *)g_ptr_array_index(batch, i))->durable;
    if (full == writer->is_full_sync)
        return true;
    if (!hl_db_exec(writer->db, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error))
        return false;
    writer->is_full_sync = full;
    return true;
}

static void run_batch(HlWriter *writer, GPtrArray *batch)
{
    g_autoptr(GError) error = NULL;
    bool committed =
        set_synchronous(writer, batch, &error) && hl_write_sets_commit(batch, writer->db, &writer->journal, &error);
    guint failed = 0;

    if (!committed)
        hl_write_sets_fail(batch, error);
    for (guint i = 0; i < batch->len; i++)
        failed += ((HlWriteSet *)g_ptr_array_index(batch, i))->error != NULL;
    pthread_mutex_lock(&writer->lock);
    writer->counts.transactions++;
    writer->counts.failed_transactions += !committed;
    writer->counts.sets += batch->len - failed;
    writer->counts.failed_sets += failed;
    pthread_mutex_unlock(&writer->lock);
    /* cannot be full: it has room for every set that may be pending */
    if (hl_mailbox_post(writer->results, batch) != HL_MAILBOX_POSTED)
        g_error("writer: the mailbox refused a result");
}

/* Under the lock.  Waits until the batch is full, its first set is old enough, or somebody is waiting. */
static void wait_for_batch(HlWriter *writer)
{
    while (!writer->stop && !writer->hurry && writer->queue.length < writer->batch_sets) {
        HlWriteSet *first = g_queue_peek_head(&writer->queue);
        HlTime left = first->submitted + writer->batch_delay - hl_clock_mono();
        struct timespec until;

        if (left <= 0)
            return;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(left / HL_SECOND);
        until.tv_nsec += (long)(left % HL_SECOND) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&writer->work, &writer->lock, &until);
    }
}

/* NULL: the writer ends. */
static GPtrArray *take_batch(HlWriter *writer)
{
    GPtrArray *batch = NULL;

    pthread_mutex_lock(&writer->lock);
    writer->busy = false;
    if (g_queue_is_empty(&writer->queue))
        pthread_cond_broadcast(&writer->drained);
    while (!writer->stop && g_queue_is_empty(&writer->queue))
        pthread_cond_wait(&writer->work, &writer->lock);
    if (!g_queue_is_empty(&writer->queue)) {
        wait_for_batch(writer);
        batch = g_ptr_array_new_with_free_func((GDestroyNotify)hl_write_set_free);
        while (batch->len < writer->batch_sets && !g_queue_is_empty(&writer->queue))
            g_ptr_array_add(batch, g_queue_pop_head(&writer->queue));
        writer->busy = true;
    }
    pthread_mutex_unlock(&writer->lock);
    return batch;
}

static void *run(void *user)
{
    HlWriter *writer = user;
    GPtrArray *batch;

    while ((batch = take_batch(writer)) != NULL)
        run_batch(writer, batch);
    return NULL;
}

static void deliver(gpointer item)
{
    g_autoptr(GPtrArray) batch = item;

    for (guint i = 0; i < batch->len; i++) {
        const HlWriteSet *set = g_ptr_array_index(batch, i);

        if (set->done != NULL)
            set->done(set->error, set->user);
    }
}

static void on_result(gpointer item, gpointer user)
{
    HlWriter *writer = user;
    guint count = ((GPtrArray *)item)->len;

    pthread_mutex_lock(&writer->lock);
    writer->counts.pending -= count;
    pthread_mutex_unlock(&writer->lock);
    deliver(item);
}

HlWriter *hl_writer_new(const HlWriterOptions *options, GError **error)
{
    g_autoptr(HlDb) db = hl_db_open(options->path, HL_DB_DEFAULT, error);
    g_autofree HlWriter *writer = g_new0(HlWriter, 1);
    pthread_condattr_t monotonic;
    int failed;

    if (db == NULL)
        return NULL;
    writer->batch_sets = options->batch_sets > 0 ? options->batch_sets : DEFAULT_BATCH_SETS;
    writer->batch_delay = options->batch_delay > 0 ? options->batch_delay : DEFAULT_DELAY;
    writer->capacity = options->capacity > 0 ? options->capacity : DEFAULT_CAPACITY;
    writer->db = db;
    writer->journal = options->journal;
    writer->results = hl_mailbox_new("writer", writer->capacity, options->context, on_result, writer, deliver);
    g_queue_init(&writer->queue);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->drained, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    failed = pthread_create(&writer->thread, NULL, run, writer);
    if (failed != 0)
        g_error("writer: cannot create a thread: %s", g_strerror(failed));
    g_steal_pointer(&db);
    return g_steal_pointer(&writer);
}

bool hl_writer_submit(HlWriter *writer, HlWriteSet *set, HlWriteDone done, gpointer user, GError **error)
{
    bool taken;

    set->done = done;
    set->user = user;
    set->submitted = hl_clock_mono();
    pthread_mutex_lock(&writer->lock);
    taken = !writer->stop && writer->counts.pending < writer->capacity;
    if (taken) {
        writer->counts.pending++;
        writer->counts.peak_pending = MAX(writer->counts.peak_pending, writer->counts.pending);
        g_queue_push_tail(&writer->queue, set);
        if (writer->queue.length == 1 || writer->queue.length == writer->batch_sets)
            pthread_cond_signal(&writer->work);
    } else {
        writer->counts.refused_sets++;
    }
    pthread_mutex_unlock(&writer->lock);
    if (taken)
        return true;
    hl_write_set_free(set);
    return hl_fail(error, HL_ERROR_LIMIT,
                   _("database %s: %u changes are already waiting to be written; the disk is too slow"),
                   hl_db_path(writer->db), writer->capacity);
}

void hl_writer_flush(HlWriter *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->hurry = true;
    pthread_cond_signal(&writer->work);
    while (writer->busy || !g_queue_is_empty(&writer->queue))
        pthread_cond_wait(&writer->drained, &writer->lock);
    writer->hurry = false;
    pthread_mutex_unlock(&writer->lock);
}

void hl_writer_free(HlWriter *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL); /* it empties the queue first */
    hl_mailbox_free(writer->results);
    hl_db_close(writer->db);
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->drained);
    pthread_mutex_destroy(&writer->lock);
    g_free(writer);
}

HlWriterCounts hl_writer_count(HlWriter *writer)
{
    HlWriterCounts counts;

    pthread_mutex_lock(&writer->lock);
    counts = writer->counts;
    pthread_mutex_unlock(&writer->lock);
    return counts;
}
