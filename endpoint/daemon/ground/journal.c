/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/journal.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"

#define PRUNED_FACT "pruned-until"  /* in the store: the latest expiry of what was forgotten */
#define ISSUED_FACT "pruned-issued" /* the latest issue of it */

#define DONE_WELL "ok" /* the code of a command that is started, and whose work is over, where it succeeded */

struct EpJournal {
    HlDb *db;
    EpSpool *spool;
};

/* The columns of a whole row, in the order of COLUMNS. */
#define COLUMNS                                                                                                       \
    "id, kind, state, received_ms, start_ms, expires_ms, timeout_ms, subject, certificate, code, detail, issued_ms, " \
    "scope"
enum { ID, KIND, STATE, RECEIVED, START, EXPIRES, TIMEOUT, SUBJECT, CERTIFICATE, CODE, DETAIL, ISSUED, SCOPE };

/* The journal has numbers of its own for states: they are older than the enum of proto/command.h. */
static const HlCommandState states[EP_COMMAND_N_STATES] = {
    [EP_COMMAND_RECEIVED] = HL_STATE_RECEIVED,   [EP_COMMAND_STARTED] = HL_STATE_STARTED,
    [EP_COMMAND_SUCCEEDED] = HL_STATE_SUCCEEDED, [EP_COMMAND_FAILED] = HL_STATE_FAILED,
    [EP_COMMAND_REJECTED] = HL_STATE_REJECTED,   [EP_COMMAND_TIMED_OUT] = HL_STATE_TIMED_OUT,
    [EP_COMMAND_EXPIRED] = HL_STATE_EXPIRED,     [EP_COMMAND_CANCELLED] = HL_STATE_CANCELLED,
};

static EpCommandState state_of(int64_t stored)
{
    return (EpCommandState)CLAMP(stored, 0, EP_COMMAND_N_STATES - 1);
}

HlCommandState ep_journal_shown_state(int64_t stored)
{
    return states[state_of(stored)];
}

void ep_entry_free(EpEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->id);
    g_free(entry->subject);
    g_clear_pointer(&entry->certificate, g_bytes_unref);
    g_free(entry->code);
    g_free(entry->detail);
    g_free(entry->scope);
    g_free(entry);
}

EpJournal *ep_journal_new(HlDb *db, EpSpool *spool)
{
    EpJournal *journal = g_new(EpJournal, 1);

    *journal = (EpJournal){ db, spool };
    return journal;
}

void ep_journal_free(EpJournal *journal)
{
    g_free(journal);
}

static bool spool_report(EpJournal *journal, HlMsgCommandReport *command, EpSpoolFate fate, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = command;
    return ep_spool_add(journal->spool, &report, fate, command->command, error);
}

static bool report(EpJournal *journal, const EpEntry *entry, EpSpoolFate fate, GError **error)
{
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;

    command.command = entry->id;
    command.state = hl_command_state_to_wire(states[entry->state]);
    command.code = entry->is_done ? hl_unconst("") : entry->code; /* not ended yet */
    command.detail = entry->detail;
    return spool_report(journal, &command, fate, error);
}

bool ep_journal_repeat(EpJournal *journal, const EpEntry *entry, GError **error)
{
    return report(journal, entry, EP_SPOOL_LATEST, error);
}

bool ep_journal_progress(EpJournal *journal, const char *id, guint percent, const char *what, GError **error)
{
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;

    command.command = hl_unconst(id);
    command.state = hl_command_state_to_wire(HL_STATE_STARTED);
    command.percent = percent;
    command.detail = hl_unconst(what);
    return spool_report(journal, &command, EP_SPOOL_LATEST, error);
}

bool ep_journal_add(EpJournal *journal, const EpEntry *entry, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, journal->db, error) &&
           hl_db_run(journal->db, NULL, error,
                     "INSERT INTO command (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "tiiiiiitbttit", entry->id, (int64_t)entry->kind, (int64_t)entry->state, entry->received,
                     entry->start, entry->expires, entry->timeout, entry->subject, entry->certificate, entry->code,
                     entry->detail, entry->issued, entry->scope) &&
           report(journal, entry, EP_SPOOL_KEEP_ALWAYS, error) && hl_txn_commit(&txn, error);
}

bool ep_journal_move(EpJournal *journal, const EpEntry *entry, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    HlTime ended = ep_command_is_final(entry->state) ? hl_clock_wall() : 0;

    return hl_txn_begin(&txn, journal->db, error) &&
           hl_db_run(journal->db, NULL, error,
                     "UPDATE command SET state = ?, code = ?, detail = ?, ended_ms = ? WHERE id = ?", "ittit",
                     (int64_t)entry->state, entry->code, entry->detail, ended, entry->id) &&
           report(journal, entry, EP_SPOOL_KEEP_ALWAYS, error) && hl_txn_commit(&txn, error);
}

bool ep_journal_done(EpJournal *journal, const char *id, const char *code, const char *detail, GError **error)
{
    g_autofree char *clean = g_utf8_make_valid(detail, -1);

    return hl_db_run(journal->db, NULL, error, "UPDATE command SET code = ?, detail = ? WHERE id = ? AND state = ?",
                     "ttti", *code != '\0' ? code : DONE_WELL, clean, id, (int64_t)EP_COMMAND_STARTED);
}

/* Of a command that is started only ep_journal_done leaves a code. */
static void read_end(EpEntry *entry)
{
    entry->is_done = entry->state == EP_COMMAND_STARTED && *entry->code != '\0';
    if (entry->is_done && strcmp(entry->code, DONE_WELL) == 0)
        *entry->code = '\0';
}

static EpEntry *read_entry(HlStmt *row)
{
    EpEntry *entry = g_new0(EpEntry, 1);

    entry->id = g_strdup(hl_stmt_text(row, ID));
    entry->kind = hl_command_kind_from_wire((int)hl_stmt_int(row, KIND));
    entry->state = state_of(hl_stmt_int(row, STATE));
    entry->received = hl_stmt_int(row, RECEIVED);
    entry->start = hl_stmt_int(row, START);
    entry->expires = hl_stmt_int(row, EXPIRES);
    entry->timeout = hl_stmt_int(row, TIMEOUT);
    entry->subject = g_strdup(hl_stmt_text(row, SUBJECT));
    entry->certificate = hl_stmt_blob(row, CERTIFICATE);
    entry->code = g_strdup(hl_stmt_text(row, CODE));
    entry->detail = g_strdup(hl_stmt_text(row, DETAIL));
    entry->issued = hl_stmt_int(row, ISSUED);
    entry->scope = g_strdup(hl_stmt_text(row, SCOPE));
    read_end(entry);
    return entry;
}

EpJournalFind ep_journal_find(EpJournal *journal, const char *id, EpEntry **entry, GError **error)
{
    g_autoptr(HlStmt) row = hl_db_select(journal->db, error, "SELECT " COLUMNS " FROM command WHERE id = ?", "t", id);

    *entry = NULL;
    switch (row == NULL ? HL_STEP_FAILED : hl_stmt_step(row, error)) {
    case HL_STEP_ROW:
        *entry = read_entry(row);
        return EP_JOURNAL_FOUND;
    case HL_STEP_DONE:
        return EP_JOURNAL_ABSENT;
    case HL_STEP_FAILED:
        break;
    }
    return EP_JOURNAL_UNREADABLE;
}

GPtrArray *ep_journal_open(EpJournal *journal, GError **error)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func((GDestroyNotify)ep_entry_free);
    g_autoptr(HlStmt) row =
        hl_db_select(journal->db, error, "SELECT " COLUMNS " FROM command WHERE state <= ? ORDER BY issued_ms, id", "i",
                     (int64_t)EP_COMMAND_STARTED);
    HlStep step = HL_STEP_FAILED;

    while (row != NULL && (step = hl_stmt_step(row, error)) == HL_STEP_ROW)
        g_ptr_array_add(open, read_entry(row));
    return step == HL_STEP_DONE ? g_steal_pointer(&open) : NULL;
}

bool ep_journal_count(EpJournal *journal, EpJournalCounts *counts, GError **error)
{
    return hl_db_query_int(journal->db, 0, &counts->under_way, error,
                           "SELECT count(*) FROM command WHERE state <= ? AND kind NOT IN (?, ?)", "iii",
                           (int64_t)EP_COMMAND_STARTED, (int64_t)HL_KIND_CERTIFICATE, (int64_t)HL_KIND_CANCEL) &&
           hl_db_query_int(journal->db, 0, &counts->ended, error, "SELECT count(*) FROM command WHERE state > ?", "i",
                           (int64_t)EP_COMMAND_STARTED);
}

HlTime ep_journal_last_issued(EpJournal *journal)
{
    g_autoptr(GError) error = NULL;
    int64_t latest = 0;

    if (!hl_db_query_int(journal->db, 0, &latest, &error, "SELECT coalesce(max(issued_ms), 0) FROM command", ""))
        hl_log_limited(HL_LOG_ERROR, "store", "issued", "cannot read the journal: %s", error->message);
    return MAX(latest, ep_journal_forgotten(journal).issued);
}

EpJournalForgotten ep_journal_forgotten(const EpJournal *journal)
{
    return (EpJournalForgotten){ ep_store_get_int(journal->db, ISSUED_FACT, 0),
                                 ep_store_get_int(journal->db, PRUNED_FACT, 0) };
}

/* What may go.  Of a row of 0.1.0 the issue is not known; its expiry is an upper bound. */
#define FORGETTABLE                                                                                      \
    "state > ? AND (expires_ms <= ? OR (issued_ms BETWEEN 1 AND ? AND id NOT IN (SELECT id FROM command" \
    " WHERE state > ? ORDER BY issued_ms DESC, id LIMIT ?)))"
#define FORGETTABLE_TYPES "iiiii"
#define FORGETTABLE_VALUES(now) \
    (int64_t) EP_COMMAND_STARTED, (now), (now), (int64_t)EP_COMMAND_STARTED, (int64_t)EP_JOURNAL_KEEP

static bool remember(const EpJournal *journal, HlTime now, EpJournalForgotten before, GError **error)
{
    EpJournalForgotten going = { 0 };

    if (!hl_db_query_int(journal->db, 0, &going.issued, error,
                         "SELECT coalesce(max(CASE issued_ms WHEN 0 THEN expires_ms ELSE issued_ms END), 0) FROM "
                         "command WHERE " FORGETTABLE,
                         FORGETTABLE_TYPES, FORGETTABLE_VALUES(now)) ||
        !hl_db_query_int(journal->db, 0, &going.until, error,
                         "SELECT coalesce(max(expires_ms), 0) FROM command WHERE " FORGETTABLE, FORGETTABLE_TYPES,
                         FORGETTABLE_VALUES(now)))
        return false;
    /* all that was ever forgotten was issued before now; a later mark is a clock's that was wrong */
    return ep_store_set_int(journal->db, ISSUED_FACT, MAX(MIN(before.issued, now), going.issued), error) &&
           ep_store_set_int(journal->db, PRUNED_FACT, MAX(before.until, going.until), error);
}

bool ep_journal_prune(EpJournal *journal, HlTime now, GError **error)
{
    EpJournalForgotten before = ep_journal_forgotten(journal);
    g_auto(HlTxn) txn = HL_TXN_INIT;
    int64_t going = 0;

    if (!hl_db_query_int(journal->db, 0, &going, error, "SELECT count(*) FROM command WHERE " FORGETTABLE,
                         FORGETTABLE_TYPES, FORGETTABLE_VALUES(now)))
        return false;
    if (going == 0 && before.issued <= now)
        return true;
    /* in one transaction: a row that is gone without the mark would let an old command in once more */
    return hl_txn_begin(&txn, journal->db, error) && remember(journal, now, before, error) &&
           hl_db_run(journal->db, NULL, error, "DELETE FROM command WHERE " FORGETTABLE, FORGETTABLE_TYPES,
                     FORGETTABLE_VALUES(now)) &&
           hl_txn_commit(&txn, error);
}
