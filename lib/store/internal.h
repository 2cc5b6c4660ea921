/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of lib/store: the inside of a connection, values, the translation of SQLite's errors.  For nobody
 * else, except the fake writer in tests/support, and a test that counts statements. */
#ifndef LIB_STORE_INTERNAL_H
#define LIB_STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdarg.h>

#include "lib/store/stmt.h"
#include "lib/store/writer.h"

struct HlDb {
    sqlite3 *handle;
    char *path;
    GHashTable *idle; /* SQL text -> HlStmt: prepared and not in use; the values own the keys */
};

struct HlStmt {
    sqlite3_stmt *handle;
    HlDb *db;
    char *sql;
};

/* Parameters of one statement; the widest table has about half as many columns. */
#define MAX_PARAMETERS 64

/* One bound value; a letter of the statement's types says which member it is. */
typedef union {
    char *text;
    int64_t integer;
    GBytes *blob;
} HlValue;

/* Of the arguments, borrowed, into MAX_PARAMETERS values. */
void hl_values_take(HlValue *values, const char *types, va_list *args);

typedef struct {
    const char *sql;
    const char *types;
    HlValue *values; /* one per letter, in one block with their texts */
    bool require;
} HlWrite;

struct HlWriteSet {
    GArray *writes;   /* of HlWrite */
    GPtrArray *notes; /* char *, for the journal */
    bool durable;
    HlTime submitted; /* mono */
    HlWriteDone done;
    gpointer user;
    GError *error; /* why it failed */
};

/* Sets *error from the connection's last failure, returns false. */
bool hl_db_fail(HlDb *db, GError **error, const char *sql);

/* Prepares or takes from the cache, with nothing bound.  NULL on failure. */
HlStmt *hl_db_prepare(HlDb *db, const char *sql, GError **error);

/* Whether text and blobs are copied, or outlive the statement's use. */
typedef enum { HL_BIND_COPY, HL_BIND_BORROW } HlBind;

bool hl_stmt_bind(HlStmt *stmt, const char *types, const HlValue *values, HlBind how,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* PRAGMA foreign_key_check; INVALID with the first finding. */
bool hl_db_check_references(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* hl_chain (chain.h). */
bool hl_chain_register(HlDb *db);

/* Finalises; for the cache. */
void hl_stmt_destroy(gpointer stmt);

/* Applies the sets, of HlWriteSet, in a transaction of their own.  One that fails is undone alone and keeps its error;
 * the notes of the others go to the journal before COMMIT.  false: nothing of the transaction was committed. */
bool hl_write_sets_commit(GPtrArray *sets, HlDb *db, const HlWriterJournal *journal,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the error to all that have none yet. */
void hl_write_sets_fail(GPtrArray *sets, const GError *error);

#endif
