/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction that rolls back unless it is committed.  Inside another one it is a savepoint.
 *
 *     g_auto(HlTxn) txn = HL_TXN_INIT;
 *     if (!hl_txn_begin(&txn, db, error) || !change(db, error))
 *         return false;
 *     return hl_txn_commit(&txn, error);
 */
#ifndef LIB_STORE_TXN_H
#define LIB_STORE_TXN_H

#include "lib/store/db.h"

typedef struct {
    HlDb *db; /* NULL: not open */
    bool nested;
} HlTxn;

#define HL_TXN_INIT ((HlTxn){ NULL, false })

bool hl_txn_begin(HlTxn *txn, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* On failure everything since hl_txn_begin is rolled back. */
bool hl_txn_commit(HlTxn *txn, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rolls back; does nothing if the transaction is not open. */
void hl_txn_clear(HlTxn *txn);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlTxn, hl_txn_clear)

#endif
