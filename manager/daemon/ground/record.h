/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as the loop thread uses it: one way to change it, one to read it.
 *
 * Not the fleet in memory (fleet.h), and no part of the manager is known here.  A change is one value.  It is written,
 * and folded into memory after the commit: so what the loop shows, a restart shows too, with the same times.  Whatever
 * was looked up before the commit may be gone after it (removed, ended, moved); fold gets the change alone, and looks
 * up again by the names in it.
 *
 * Three ways to write, all in the order in which they were given:
 *     mgr_record_commit      durable; somebody waits for it
 *     mgr_record_write       nobody waits; a crash of the program does not lose it, a power cut may
 *     mgr_record_background  gathered, and handed over by mgr_record_flush once a second: presence, history
 */
#ifndef MANAGER_DAEMON_GROUND_RECORD_H
#define MANAGER_DAEMON_GROUND_RECORD_H

#include "lib/base/journal.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

typedef struct MgrRecord MgrRecord;

/* What happens to a change; one constant per kind of change. */
typedef struct {
    void (*fold)(gpointer change);                      /* after the commit */
    void (*fail)(gpointer change, const GError *error); /* nothing was written; error is borrowed */
    GDestroyNotify free;                                /* last, always; NULL: nothing to free */
} MgrChangeKind;

/* An existing, migrated registry, and the journal that its changes go to first (taken whatever comes; NULL: none). NULL
 * on failure. */
MgrRecord *mgr_record_new(const char *path, HlJournal *journal, GError **error);

/* Ends the writer: every change under way is folded or fails before it returns.  Changes that come later fail. */
void mgr_record_stop(MgrRecord *record);
void mgr_record_free(MgrRecord *record);

/* Takes the set and the change.  fail may be called before it returns (too much waits, or the record has stopped). */
void mgr_record_commit(MgrRecord *record, HlWriteSet *set, const MgrChangeKind *kind, gpointer change);

/* Takes the set.  A failure is counted and logged: for what the endpoint tells again anyway. */
void mgr_record_write(MgrRecord *record, HlWriteSet *set);

/* The set that the next flush hands over; borrowed, and another one after each flush. */
HlWriteSet *mgr_record_background(MgrRecord *record);

/* What is in that set may not be written, on a full disk say, and nobody is told: of what has to be known of all the
 * same, the number is (mgr_record_mind adds to it), when the set has failed.  NULL: nobody listens any more. */
typedef void (*MgrRecordLostFn)(guint rows, const GError *error, gpointer user);
void mgr_record_watch(MgrRecord *record, MgrRecordLostFn lost, gpointer user);
void mgr_record_mind(MgrRecord *record, guint rows);

/* Whether the history takes another row of so many bytes that this endpoint causes (manager/core/quota.h).  Those
 * beyond are counted, and one row says how many they were. */
bool mgr_record_has_room(MgrRecord *record, const char *endpoint, gsize size);

/* A line of an endpoint's history, if there is room, in the background set, with the time of now. */
void mgr_record_note(MgrRecord *record, const char *endpoint, const char *what, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The same for what an administrator or the manager decides about it: there is always room. */
void mgr_record_decision(MgrRecord *record, const char *endpoint, const char *what, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

void mgr_record_flush(MgrRecord *record);

/* A read-only connection that sees all that was given so far; waits for the writer, so for listings only. */
HlDb *mgr_record_reader(MgrRecord *record);

/* The same connection at once: it sees what is committed, so a fold finds what it folds. */
HlDb *mgr_record_committed(const MgrRecord *record);

/* Why the last change could not be stored, until one is again; NULL: it was.  Borrowed. */
const char *mgr_record_unwritten(const MgrRecord *record);

/* Rows of history for which there was no room. */
uint64_t mgr_record_folded(const MgrRecord *record);

/* failed_sets counts what was refused or not stored. */
HlWriterCounts mgr_record_count(const MgrRecord *record);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRecord, mgr_record_free)

#endif
