/* SPDX-License-Identifier: Apache-2.0 */
/* What a site's journal says together (journal.h), and where a registry does not know it: because it was restored from
 * a backup.
 *
 * The order of the lines decides, not their times: a revocation ends what was issued before it, whatever the clock
 * said.  Nothing that the registry knows beyond the journal is taken from it.
 *
 * A journal is not read from its beginning by each start: where a start has found that the registry knows all of it,
 * the registry keeps the place that comes next, with the mark that it gets.  A registry with that mark came from that
 * one, so what it may lack comes after that place: that is called the rest here. */
#ifndef MANAGER_STORE_LEDGER_H
#define MANAGER_STORE_LEDGER_H

#include "lib/base/journal.h"
#include "lib/store/db.h"
#include "manager/store/audit.h"
#include "manager/store/journal.h"
#include "manager/store/places.h"

typedef struct MgrLedger MgrLedger;

MgrLedger *mgr_ledger_new(void);
/* For the rest that begins with this mark, behind which is said again what of the time before is needed
 * (mgr_ledger_begin_rest). */
MgrLedger *mgr_ledger_new_rest(int64_t mark);
/* Whether these lines were such a rest, and tell all that the whole would.  false: read it from the beginning. */
bool mgr_ledger_suffices(const MgrLedger *ledger);
bool mgr_ledger_is_rest(const MgrLedger *ledger);
void mgr_ledger_free(MgrLedger *ledger);

/* The next line; HlJournalLine. */
void mgr_ledger_line(const char *line, gpointer ledger);

/* A file; one that is not there says nothing. */
MgrLedger *mgr_ledger_read(const char *path, HlJournalState *state, GError **error);

/* Lines that were sound and are malformed all the same. */
guint mgr_ledger_malformed(const MgrLedger *ledger);

/* Whether a registry with this mark (0: none) is the one that a manager had last: the last mark, or the one before it
 * if that manager was killed before it had written the last one; any, if the journal has none. */
bool mgr_ledger_has_mark(const MgrLedger *ledger);
bool mgr_ledger_knows_mark(const MgrLedger *ledger, int64_t mark);

typedef struct {
    HlTime made, at; /* of the backup, of the restore; wall; at 0: none was put back */
    MgrJournalAge age;
    bool is_new;                    /* no manager has started since */
    char head[MGR_AUDIT_HEAD_TEXT]; /* of the audit log that was replaced; "": not known */
} MgrRestored;

MgrRestored mgr_ledger_restored(const MgrLedger *ledger);

/* Whether it tells of accounts: one of before there were any does not.  A rest does, before it begins. */
bool mgr_ledger_has_accounts(const MgrLedger *ledger);

/* What it says of passwords and tokens (ledger_passes.h).  Borrowed. */
const struct MgrLedgerPasses *mgr_ledger_passes(const MgrLedger *ledger);

/* The latest announcement of the server's keys; counter 0: it tells of none.  Borrowed. */
const MgrPlaceRecord *mgr_ledger_place(const MgrLedger *ledger);
/* The authority of what was issued before authorities were told apart; NULL: not known.  Borrowed. */
const char *mgr_ledger_unnamed(const MgrLedger *ledger);

/* The lines with which a rest begins, before its mark: a restore, and the bundles that may still be used.  Added to
 * lines. */
bool mgr_ledger_begin_rest(const MgrLedger *ledger, HlDb *db, HlTime now, GPtrArray *lines,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a registry lacks. */
typedef struct {
    GPtrArray *certificates; /* MgrCertificateRecord *, unexpired ones */
    GPtrArray *revocations;  /* of certificates: MgrGap * with serial and time */
    GPtrArray *endpoints;    /* enrolled: MgrGap * with id */
    GPtrArray *removals;     /* MgrGap * with id */
    GPtrArray *revoked;      /* endpoints: MgrGap * with id and time; 0: it is enrolled again */
    GPtrArray *renewals;     /* the certificate that an endpoint has: MgrGap * with id */
    GPtrArray *uses;         /* of bundles: MgrGap * with id and the uses that are left */
    GPtrArray *withdrawals;  /* of bundles: MgrGap * with id and time */
    GPtrArray *accounts;     /* MgrAccountRecord *, new or changed */
    GPtrArray *dismissals;   /* of accounts: MgrGap * with name */
    MgrPlaceRecord place;    /* a later announcement; counter 0: none */
} MgrGaps;

typedef struct {
    char *name;
    int64_t value;
} MgrGap;

/* The ledger outlives the gaps.  Clear them whatever comes. */
bool mgr_ledger_compare(const MgrLedger *ledger, HlDb *db, HlTime now, MgrGaps *gaps,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_gaps_clear(MgrGaps *gaps);

/* "3 certificates, 1 revocation, ..."; NULL: there are none.  Caller frees. */
char *mgr_gaps_describe(const MgrGaps *gaps);

/* Which keys are on disk the ledger does not know: who applies an announcement first sees to it that it names no
 * others. Writes them into the registry, all or nothing. */
bool mgr_ledger_apply(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The lines of a journal that begins now: what the registry knows.  char *; free with g_ptr_array_unref. */
GPtrArray *mgr_ledger_snapshot(HlDb *db, HlTime now, GError **error);
/* Of them the accounts, if the journal is of before there were any, and what is announced of the keys, if that is later
 * than what it says; added to lines.  Nothing where it is a rest: the time before has them. */
bool mgr_ledger_complete(const MgrLedger *ledger, HlDb *db, GPtrArray *lines, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLedger, mgr_ledger_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrGaps, mgr_gaps_clear)

#endif
