/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a site's registry when its manager starts: with the log that belongs to it and no other, and with what the
 * journal beside the keys knows (manager/store/ledger.h), because the registry may have been restored from a backup.
 *
 * A log (registry.db-wal) that was left by a killed manager is part of the registry beside which it lies.  Over another
 * registry, put there since, SQLite would play it back all the same and void that one without a word.  So each start
 * writes a mark into the registry's file and into the journal; a log beside a file with another mark is set aside. */
#ifndef MANAGER_SITE_REGISTRY_H
#define MANAGER_SITE_REGISTRY_H

#include "lib/base/journal.h"
#include "lib/store/db.h"
#include "manager/store/ledger.h"

#define MGR_SITE_REGISTRY "registry.db"
#define MGR_SITE_JOURNAL  "pki/journal"

/* Migrated, and complete as far as the journal knows; says in the log what it took from there.  *journal is open for
 * appending.  NULL on failure. */
HlDb *mgr_site_open_registry(const char *dir, HlJournal **journal, GError **error);

/* The mark in the registry's file alone, without the log beside it; 0: it has none. */
bool mgr_site_read_mark(const char *dir, int64_t *mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "between TIME and TIME ... is not known", for a site that was restored; NULL: it was not.  Caller frees. */
char *mgr_site_describe_restore(const MgrLedger *ledger);

#endif
