/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered, forward-only migrations.  PRAGMA user_version is the number of the last one applied.
 *
 * Each migration runs in one transaction.  Before the first one changes a database that already holds data, a copy is
 * made next to it (PATH.before-vN; a second attempt replaces it); nothing else is ever replaced or deleted, whatever
 * fails.  Foreign keys are off while a migration runs, so that a table can be rebuilt, and all of them are checked
 * before it is committed.  A database from a newer program is refused with both numbers (HL_ERROR_CONFLICT), and so is
 * a file with another program's tables (HL_ERROR_INVALID). */
#ifndef LIB_STORE_MIGRATE_H
#define LIB_STORE_MIGRATE_H

#include "lib/store/db.h"

typedef struct {
    int version; /* 1, 2, 3, ... without gaps */
    const char *name;
    const char *sql; /* no BEGIN or COMMIT */
} HlMigration;

/* Brings the database to the last migration's version. */
bool hl_migrate(HlDb *db, const HlMigration *migrations, gsize count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
