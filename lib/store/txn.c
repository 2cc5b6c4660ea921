/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/txn.h"

#include "lib/store/internal.h"

bool hl_txn_begin(HlTxn *txn, HlDb *db, GError **error)
{
    bool nested = sqlite3_get_autocommit(db->handle) == 0;

    g_assert(txn->db == NULL);
    /* IMMEDIATE: taking the write lock later, in mid-transaction, can fail in a way that no retry helps */
    if (!hl_db_exec(db, nested ? "SAVEPOINT hl_txn" : "BEGIN IMMEDIATE", error))
        return false;
    *txn = (HlTxn){ db, nested };
    return true;
}

bool hl_txn_commit(HlTxn *txn, GError **error)
{
    g_assert(txn->db != NULL);
    if (!hl_db_exec(txn->db, txn->nested ? "RELEASE hl_txn" : "COMMIT", error)) {
        hl_txn_clear(txn);
        return false;
    }
    *txn = HL_TXN_INIT;
    return true;
}

/* After some failures (disk full, I/O) SQLite has already rolled back and there is nothing left to undo. */
void hl_txn_clear(HlTxn *txn)
{
    if (txn->db != NULL && sqlite3_get_autocommit(txn->db->handle) == 0) {
        /* nothing to be done if this fails: SQLite rolls back what is open when the connection is closed */
        HL_IGNORE(hl_db_exec(txn->db, txn->nested ? "ROLLBACK TO hl_txn; RELEASE hl_txn" : "ROLLBACK", NULL));
    }
    *txn = HL_TXN_INIT;
}
