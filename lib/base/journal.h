/* SPDX-License-Identifier: Apache-2.0 */
/* An append-only file of numbered lines, each with a check of itself:
 *
 *     NUMBER CHECK text\n        CHECK: the first 16 digits of SHA-256 ("NUMBER text")
 *
 * A line is there once append returned, whatever happens then.  A last line that was not finished is noticed and cut
 * off by the next open.  A line in the middle that was changed is left out, one that was taken out leaves a gap; both
 * are counted, and all others still count.  That shows damage, not forgery.
 *
 * One process at a time appends: its owner holds a lock of its own.  One thread at a time. */
#ifndef LIB_BASE_JOURNAL_H
#define LIB_BASE_JOURNAL_H

#include <stdint.h>

#include "lib/base/error.h"

typedef struct HlJournal HlJournal;

/* A line: the bytes before it, and its number.  Number 0: the beginning. */
typedef struct {
    uint64_t at, number;
} HlJournalPlace;

typedef struct {
    uint64_t left; /* bytes before the first line that was read; 0: it was read from the beginning */
    guint lines;   /* that are sound */
    guint damaged; /* that are not */
    guint gaps;    /* places where numbers are missing */
    gsize torn;    /* bytes of an unfinished last line */
} HlJournalState;

typedef void (*HlJournalLine)(const char *text, gpointer user);

/* Calls line (or NULL) for each sound line in order; changes nothing.  A file that is not there has none. */
bool hl_journal_read(const char *path, HlJournalLine line, gpointer user, HlJournalState *state,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For appending; made if need be (0600); reads it first, as hl_journal_read, and cuts an unfinished last line off. NULL
 * on failure. */
HlJournal *hl_journal_open(const char *path, HlJournalLine line, gpointer user, HlJournalState *state, GError **error);
/* The same, but reads from a place on, if a sound line of that number is there, and else from the beginning. */
HlJournal *hl_journal_open_from(const char *path, HlJournalPlace from, HlJournalLine line, gpointer user,
                                HlJournalState *state, GError **error);
void hl_journal_free(HlJournal *journal);

/* The place of the line that is appended next. */
HlJournalPlace hl_journal_end(const HlJournal *journal);

/* All of the lines (char *, without line feeds), durably, or none. */
bool hl_journal_append(HlJournal *journal, const GPtrArray *lines, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the last append added is taken out again: what it was to tell of did not happen.  false: it stays. */
bool hl_journal_take_back(HlJournal *journal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlJournal, hl_journal_free)

#endif
