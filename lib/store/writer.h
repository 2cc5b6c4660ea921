/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread that writes a database: group commit of write sets.
 *
 * A write set is a list of statements that happen together or not at all.  Sets are applied in the order of submission;
 * those that arrive within a few milliseconds share one transaction, which makes a thousand small sets as cheap as one
 * large one.  A set that fails is undone alone; the others in its transaction are committed.  If the transaction itself
 * cannot be committed (disk full, I/O error), all its sets fail with that error and the writer continues with the next.
 *
 * Threads: everything here is called on the loop thread (the thread of options.context).  Statements run on the
 * writer's own thread and connection; done is called on the loop thread, in order, after COMMIT.
 *
 * Durability: a transaction with a set marked durable is committed with synchronous=FULL (it survives a power cut, as
 * does everything committed before it); others with NORMAL (they survive a crash of the program). */
#ifndef LIB_STORE_WRITER_H
#define LIB_STORE_WRITER_H

#include "lib/base/clock.h"
#include "lib/store/db.h"

typedef struct HlWriter HlWriter;
typedef struct HlWriteSet HlWriteSet;

/* What must be on another file before a transaction is committed.  On the writer's thread. */
typedef struct {
    bool (*append)(const GPtrArray *notes, gpointer user, GError **error); /* char *; false: not committed */
    void (*take_back)(gpointer user); /* the commit failed: the notes of the last append tell of nothing */
    gpointer user;
} HlWriterJournal;

typedef struct {
    const char *path;        /* of an existing, migrated database */
    GMainContext *context;   /* where done is called; NULL: the default context */
    guint batch_sets;        /* a transaction ends after this many sets; 0: 2000 */
    HlTime batch_delay;      /* and one that is not full this long after its first set; 0: 5 ms */
    guint capacity;          /* sets submitted and not yet done; 0: 100000 */
    HlWriterJournal journal; /* append NULL: none, and notes are dropped */
} HlWriterOptions;

typedef struct {
    uint64_t sets, failed_sets, refused_sets, transactions, failed_transactions;
    guint pending, peak_pending;
} HlWriterCounts;

/* error is NULL when the set was committed; borrowed. */
typedef void (*HlWriteDone)(const GError *error, gpointer user);

HlWriteSet *hl_write_set_new(void);
void hl_write_set_free(HlWriteSet *set);
bool hl_write_set_is_empty(const HlWriteSet *set);

/* Adds a statement; types as in stmt.h ("tibn"), values are copied; sql and types must be static.  An empty set is fine
 * and succeeds.  No "OR ROLLBACK" or "OR FAIL" clauses (they break the set's atomicity) and no deferred constraints
 * (they would fail the whole transaction). */
void hl_write_set_add(HlWriteSet *set, const char *sql, const char *types, ...);

/* After its own the statements and notes of more, which is taken. */
void hl_write_set_join(HlWriteSet *set, HlWriteSet *more);

/* The statement added last must change at least one row, or the set fails with HL_ERROR_CONFLICT. */
void hl_write_set_require(HlWriteSet *set);

/* Once the set is sure to be committed, and before it is, this line goes to the journal; with those of the other sets
 * of its transaction, so that many sets are one sync.  Copied. */
void hl_write_set_note(HlWriteSet *set, const char *line);

/* The set survives a power cut once done has been called. */
void hl_write_set_durable(HlWriteSet *set);

/* NULL on failure. */
HlWriter *hl_writer_new(const HlWriterOptions *options, GError **error);

/* Takes the set, whatever the result.  done may be NULL.  HL_ERROR_LIMIT if too many sets are waiting; done is then
 * never called. */
bool hl_writer_submit(HlWriter *writer, HlWriteSet *set, HlWriteDone done, gpointer user,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Blocks until everything submitted so far is committed or has failed; done follows from the loop. */
void hl_writer_flush(HlWriter *writer);

/* Flushes, calls every outstanding done, and ends the thread. */
void hl_writer_free(HlWriter *writer);

HlWriterCounts hl_writer_count(HlWriter *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlWriteSet, hl_write_set_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlWriter, hl_writer_free)

#endif
