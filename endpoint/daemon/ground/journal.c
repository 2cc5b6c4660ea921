#include "endpoint/daemon/ground/journal.h"

#include "endpoint/daemon/ground/store.h"

#define COLUMNS "id, kind, state, received_ms, start_ms, expires_ms, timeout_ms, subject, certificate, code, detail"

/* The core's states as they are on the wire. */
static const HlMsgCommandReport empty_report = HOLDLINE__V1__COMMAND_REPORT__INIT;
static const Holdline__V1__CommandState wire_states[EP_COMMAND_N_STATES] = {
    [EP_COMMAND_RECEIVED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_RECEIVED,
    [EP_COMMAND_STARTED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED,
    [EP_COMMAND_SUCCEEDED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_SUCCEEDED,
    [EP_COMMAND_FAILED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_FAILED,
    [EP_COMMAND_REJECTED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_REJECTED,
    [EP_COMMAND_TIMED_OUT] = HOLDLINE__V1__COMMAND_STATE__COMMAND_TIMED_OUT,
    [EP_COMMAND_EXPIRED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_EXPIRED,
    [EP_COMMAND_CANCELLED] = HOLDLINE__V1__COMMAND_STATE__COMMAND_CANCELLED,
};

void ep_entry_free(EpEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->id);
    g_free(entry->subject);
    g_clear_pointer(&entry->certificate, g_bytes_unref);
    g_free(entry->code);
    g_free(entry->detail);
    g_free(entry);
}

static bool spool_report(EpSpool *spool, HlMsgCommandReport *command, EpSpoolFate fate, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = command;
    return ep_spool_add(spool, &report, fate, command->command, error);
}

bool ep_journal_repeat(HlDb *db G_GNUC_UNUSED, EpSpool *spool, const EpEntry *entry, GError **error)
{
    HlMsgCommandReport command = empty_report;

    command.command = entry->id;
    command.state = wire_states[entry->state];
    command.code = entry->code;
    command.detail = entry->detail;
    return spool_report(spool, &command, EP_SPOOL_KEEP_ALWAYS, error);
}

bool ep_journal_progress(EpSpool *spool, const char *id, guint percent, const char *what, GError **error)
{
    HlMsgCommandReport command = empty_report;

    command.command = (char *)id;
    command.state = HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED;
    command.percent = percent;
    command.detail = (char *)what;
    return spool_report(spool, &command, EP_SPOOL_LATEST, error);
}

bool ep_journal_add(HlDb *db, EpSpool *spool, const EpEntry *entry, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, db, error) &&
           hl_db_run(db, NULL, error, "INSERT INTO command (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "tiiiiiitbtt", entry->id, (int64_t)entry->kind, (int64_t)entry->state, entry->received,
                     entry->start, entry->expires, entry->timeout, entry->subject, entry->certificate, entry->code,
                     entry->detail) &&
           ep_journal_repeat(db, spool, entry, error) && hl_txn_commit(&txn, error);
}

bool ep_journal_move(HlDb *db, EpSpool *spool, const EpEntry *entry, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    HlTime ended = ep_command_is_final(entry->state) ? hl_clock_wall() : 0;

    return hl_txn_begin(&txn, db, error) &&
           hl_db_run(db, NULL, error, "UPDATE command SET state = ?, code = ?, detail = ?, ended_ms = ? WHERE id = ?",
                     "ittit", (int64_t)entry->state, entry->code, entry->detail, ended, entry->id) &&
           ep_journal_repeat(db, spool, entry, error) && hl_txn_commit(&txn, error);
}

static EpEntry *read_entry(HlStmt *row)
{
    EpEntry *entry = g_new0(EpEntry, 1);

    entry->id = g_strdup(hl_stmt_text(row, 0));
    entry->kind = (int)hl_stmt_int(row, 1);
    entry->state = (EpCommandState)CLAMP(hl_stmt_int(row, 2), 0, EP_COMMAND_N_STATES - 1);
    entry->received = hl_stmt_int(row, 3);
    entry->start = hl_stmt_int(row, 4);
    entry->expires = hl_stmt_int(row, 5);
    entry->timeout = hl_stmt_int(row, 6);
    entry->subject = g_strdup(hl_stmt_text(row, 7));
    entry->certificate = hl_stmt_blob(row, 8);
    entry->code = g_strdup(hl_stmt_text(row, 9));
    entry->detail = g_strdup(hl_stmt_text(row, 10));
    return entry;
}

bool ep_journal_find(HlDb *db, const char *id, EpEntry **entry, GError **error)
{
    g_autoptr(HlStmt) row = hl_db_select(db, error, "SELECT " COLUMNS " FROM command WHERE id = ?", "t", id);
    HlStep step = row == NULL ? HL_STEP_FAILED : hl_stmt_step(row, error);

    *entry = step == HL_STEP_ROW ? read_entry(row) : NULL;
    return step != HL_STEP_FAILED;
}

GPtrArray *ep_journal_open(HlDb *db, GError **error)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func((GDestroyNotify)ep_entry_free);
    g_autoptr(HlStmt) row =
        hl_db_select(db, error, "SELECT " COLUMNS " FROM command WHERE state <= ? ORDER BY received_ms, id", "i",
                     (int64_t)EP_COMMAND_STARTED);
    HlStep step = HL_STEP_FAILED;

    while (row != NULL && (step = hl_stmt_step(row, error)) == HL_STEP_ROW)
        g_ptr_array_add(open, read_entry(row));
    return step == HL_STEP_DONE ? g_steal_pointer(&open) : NULL;
}

bool ep_journal_count(HlDb *db, int64_t *count, GError **error)
{
    return hl_db_query_int(db, 0, count, error, "SELECT count(*) FROM command", "");
}

bool ep_journal_prune(HlDb *db, HlTime now, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    int64_t gone = 0;

    if (!hl_txn_begin(&txn, db, error) ||
        !hl_db_run(db, &gone, error, "DELETE FROM command WHERE state > ? AND expires_ms <= ?", "ii",
                   (int64_t)EP_COMMAND_STARTED, now))
        return false;
    if (gone > 0 && !ep_store_set_int(db, "pruned-until", MAX(now, ep_store_get_int(db, "pruned-until", 0)), error))
        return false;
    return hl_txn_commit(&txn, error);
}
