/* SPDX-License-Identifier: Apache-2.0 */
/* What a journal says of passwords, one-time codes and tokens: which were replaced or deleted.  Their texts are not in
 * it, so a registry that was restored from a backup loses what was ended since, and does not get what came instead.
 * What is compared is a fingerprint, not a time: the clock may have been wrong. */
#ifndef MANAGER_STORE_LEDGER_PASSES_H
#define MANAGER_STORE_LEDGER_PASSES_H

#include "manager/store/ledger.h"

typedef struct MgrLedgerPasses MgrLedgerPasses;

MgrLedgerPasses *mgr_ledger_passes_new(void);
void mgr_ledger_passes_free(MgrLedgerPasses *passes);

/* Whatever the line says: of another kind it changes nothing. */
void mgr_ledger_passes_take(MgrLedgerPasses *passes, const MgrEntry *entry);

/* What the journal says before that is done, so that the next restore takes neither password nor codes for those that
 * it ends: added to lines (char *). */
bool mgr_ledger_note_ends(const MgrLedger *ledger, HlDb *db, GPtrArray *lines,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In a registry that was put back: ends every session, the tokens that were deleted since, and the passwords, with
 * their one-time codes, of which one or the other was replaced.  All or nothing. */
bool mgr_ledger_end_passes(const MgrLedger *ledger, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before that, and before the registry is brought to this version: whose passwords it ends, and whose passwords and
 * tokens are those of the backup, as far as the journal does not know better; with what to do.  NULL: nobody's, or the
 * registry cannot be read.  Caller frees. */
char *mgr_ledger_describe_passes(const MgrLedger *ledger, HlDb *db);

#endif
