/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: every command that this endpoint accepted, until it expired (docs/protocol.md, "A command's life").
 *
 * What is forgotten, and what is remembered of it, follows the issuer's signed times alone: this machine's clock may be
 * wrong today and right tomorrow.
 *
 * A row and its report change together, in one transaction; the caller pumps the spool afterwards.  Decides nothing:
 * that is endpoint/core/command.  Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_GROUND_JOURNAL_H
#define ENDPOINT_DAEMON_GROUND_JOURNAL_H

#include "endpoint/core/command.h"
#include "endpoint/daemon/ground/spool.h"
#include "proto/command.h"

typedef struct {
    char *id;
    HlCommandKind kind; /* HL_KIND_UNKNOWN: of a later version, or never received (cancelled before it came) */
    EpCommandState state;
    HlTime issued, expires; /* the issuer's clock; issued 0: journalled by 0.1.0 */
    HlTime received, start; /* wall, which may be wrong: only their distance means anything */
    HlTime timeout;         /* a duration */
    char *subject;
    char *scope;         /* proto/scope.h */
    GBytes *certificate; /* NULL: none */
    char *code, *detail; /* of the end */
    bool is_done;        /* EP_COMMAND_STARTED still, and not to be run again: code and detail are of its end */
} EpEntry;

void ep_entry_free(EpEntry *entry);

/* A state as the journal stores it, in the words of the wire. */
HlCommandState ep_journal_shown_state(int64_t stored);

typedef struct EpJournal EpJournal;

/* Both are borrowed and outlive the journal.  Never NULL. */
EpJournal *ep_journal_new(HlDb *db, EpSpool *spool);
void ep_journal_free(EpJournal *journal);

/* A new command: the row and its report. */
bool ep_journal_add(EpJournal *journal, const EpEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The state, code and detail of entry as they are now, and the report. */
bool ep_journal_move(EpJournal *journal, const EpEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The work of a command that is started is over, and its end is to be reported later (by ep_journal_move): a process
 * that is gone meanwhile finds is_done.  No report.  code "": it succeeded. */
bool ep_journal_done(EpJournal *journal, const char *id, const char *code, const char *detail,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The report of the state once more, and nothing else.  It may go when the spool is too long: endless requests fill no
 * disk. */
bool ep_journal_repeat(EpJournal *journal, const EpEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A report of progress; not in the journal. */
bool ep_journal_progress(EpJournal *journal, const char *id, guint percent, const char *what,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum { EP_JOURNAL_FOUND, EP_JOURNAL_ABSENT, EP_JOURNAL_UNREADABLE } EpJournalFind;

/* *entry is the caller's if it was found, else NULL; *error is set if the journal could not be read. */
EpJournalFind ep_journal_find(EpJournal *journal, const char *id, EpEntry **entry,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* EpEntry *, those that have not ended, oldest first.  NULL on failure. */
GPtrArray *ep_journal_open(EpJournal *journal, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    int64_t under_way; /* not ended, without certificates and cancellations */
    int64_t ended;
} EpJournalCounts;

bool ep_journal_count(EpJournal *journal, EpJournalCounts *counts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define EP_JOURNAL_KEEP 1000 /* ended commands that stay; a command a minute makes more of them in its 4 days */

/* Forgets ended commands that expired before now, and the oldest beyond EP_JOURNAL_KEEP; and remembers how far that
 * went.  now: the issuer's clock, or the latest issue seen (ep_journal_last_issued), never this machine's. */
bool ep_journal_prune(EpJournal *journal, HlTime now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The latest signed time of issue in the journal, or of what was forgotten: the issuer's clock was there once.  0:
 * none, or it cannot be read. */
HlTime ep_journal_last_issued(EpJournal *journal);

/* The latest issue and the latest expiry of what was forgotten; 0: nothing was. */
typedef struct {
    HlTime issued, until;
} EpJournalForgotten;

EpJournalForgotten ep_journal_forgotten(const EpJournal *journal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpEntry, ep_entry_free)

#endif
