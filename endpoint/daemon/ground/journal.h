/* The journal: every command that this endpoint took, until it expired (docs/protocol.md, "A command's life").  Rows
 * and reports change together, in one transaction. */
#ifndef ENDPOINT_DAEMON_GROUND_JOURNAL_H
#define ENDPOINT_DAEMON_GROUND_JOURNAL_H

#include "endpoint/core/command.h"
#include "endpoint/daemon/ground/spool.h"

typedef struct {
    char *id;
    int kind; /* CommandKind */
    EpCommandState state;
    HlTime received, start, expires, timeout; /* wall, timeout a duration */
    char *subject;
    GBytes *certificate; /* NULL: none */
    char *code, *detail; /* of the end */
} EpEntry;

void ep_entry_free(EpEntry *entry);

/* A new command: the row and its report. */
bool ep_journal_add(HlDb *db, EpSpool *spool, const EpEntry *entry, GError **error);

/* The state, code and detail of entry as they are now, and the report. */
bool ep_journal_move(HlDb *db, EpSpool *spool, const EpEntry *entry, GError **error);

/* The report of the state once more, and nothing else. */
bool ep_journal_repeat(HlDb *db, EpSpool *spool, const EpEntry *entry, GError **error);

/* A report of progress; not in the journal. */
bool ep_journal_progress(EpSpool *spool, const char *id, guint percent, const char *what, GError **error);

/* *entry is NULL when the id is not there. */
bool ep_journal_find(HlDb *db, const char *id, EpEntry **entry, GError **error);

/* Those that have not ended, oldest first. */
GPtrArray *ep_journal_open(HlDb *db, GError **error);

bool ep_journal_count(HlDb *db, int64_t *count, GError **error);

/* Forgets ended commands that expired, and remembers up to when. */
bool ep_journal_prune(HlDb *db, HlTime now, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpEntry, ep_entry_free)

#endif
