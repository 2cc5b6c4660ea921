/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection.  Not a pool and not thread-safe: a connection belongs to the thread that uses it.
 *
 * Every connection runs in WAL mode with foreign keys on and a busy timeout of 5 s, so that a reader on the loop thread
 * and the one writer (writer.h) do not disturb each other.  Ownership of the file is not decided here: the daemon holds
 * hl_file_lock on it.
 *
 * Errors of this library: FULL (no space), IO (the disk, a damaged file), EXISTS (a unique key), INVALID (another
 * constraint, a wrong statement), DENIED (read-only), UNAVAILABLE (locked by another process), LIMIT (too big). */
#ifndef LIB_STORE_DB_H
#define LIB_STORE_DB_H

#include <stdint.h>

#include "lib/base/error.h"

typedef struct HlDb HlDb;

typedef enum {
    HL_DB_DEFAULT = 0,        /* read and write, created if missing (0600), synchronous=NORMAL */
    HL_DB_READ_ONLY = 1 << 0, /* the file must exist */
    HL_DB_DURABLE = 1 << 1,   /* synchronous=FULL: a commit survives a power cut */
    /* The file alone, as it is: no log beside it is read, no lock taken, no file created.  For a file that nobody
     * writes; what is in a log beside it is not seen. */
    HL_DB_FROZEN = 1 << 2,
    HL_DB_MEMORY = 1 << 3, /* no file: it begins empty and ends with the connection; path is its name in messages */
} HlDbFlags;

/* NULL on failure. */
HlDb *hl_db_open(const char *path, HlDbFlags flags, GError **error);
void hl_db_close(HlDb *db);

/* As given to hl_db_open. */
const char *hl_db_path(const HlDb *db);

/* One or more statements without parameters or results. */
bool hl_db_exec(HlDb *db, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* PRAGMA user_version; -1 on failure. */
int hl_db_version(HlDb *db, GError **error);

/* Whether the file is sound: SQLite's own check of every page and index, and every reference between rows. */
bool hl_db_check(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A consistent copy at path, which must not exist; other connections keep working meanwhile. */
bool hl_db_copy(HlDb *db, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlDb, hl_db_close)

#endif
