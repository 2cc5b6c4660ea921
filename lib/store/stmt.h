/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements with bound parameters.
 *
 * Parameters are given as a string of types and as many values:
 *     t  const char *   text, NULL binds null      i  int64_t (cast literals: (int64_t)1)
 *     b  GBytes *       blob, NULL binds null      n  null, takes no value
 * Text and blobs are copied.  A connection caches what it has prepared, by SQL text: pass values as parameters, never
 * inside the text.
 *
 *     g_autoptr(HlStmt) stmt = hl_db_select(db, error, "SELECT id, name FROM t WHERE grp = ?", "t", group);
 *     HlStep step = HL_STEP_FAILED;
 *     while (stmt != NULL && (step = hl_stmt_step(stmt, error)) == HL_STEP_ROW)
 *         use(hl_stmt_int(stmt, 0), hl_stmt_text(stmt, 1));
 *     return step == HL_STEP_DONE; */
#ifndef LIB_STORE_STMT_H
#define LIB_STORE_STMT_H

#include "lib/store/db.h"

typedef struct HlStmt HlStmt;

typedef enum { HL_STEP_ROW, HL_STEP_DONE, HL_STEP_FAILED } HlStep;

/* Called for each row; false ends the query early (which is not a failure). */
typedef bool (*HlRowFn)(HlStmt *row, gpointer user);

/* Prepares (or takes from the connection's cache) and binds.  NULL on failure. */
HlStmt *hl_db_select(HlDb *db, GError **error, const char *sql, const char *types, ...);

/* Returns the statement to the cache. */
void hl_stmt_free(HlStmt *stmt);

HlStep hl_stmt_step(HlStmt *stmt, GError **error);

/* Columns of the current row, from 0.  Text and blob: NULL for null; the text is valid until the next step, the blob
 * belongs to the caller. */
const char *hl_stmt_text(HlStmt *stmt, int column);
int64_t hl_stmt_int(HlStmt *stmt, int column); /* 0 for null */
GBytes *hl_stmt_blob(HlStmt *stmt, int column);
bool hl_stmt_is_null(HlStmt *stmt, int column);

/* Runs a statement to its end with a callback (or NULL) for each row. */
bool hl_db_query(HlDb *db, HlRowFn row, gpointer user, GError **error, const char *sql, const char *types,
                 ...) G_GNUC_WARN_UNUSED_RESULT;

/* Runs a statement that changes rows; stores how many it changed unless changed is NULL. */
bool hl_db_run(HlDb *db, int64_t *changed, GError **error, const char *sql, const char *types,
               ...) G_GNUC_WARN_UNUSED_RESULT;

/* The first column of the first row as an integer; fallback if there is no row. */
bool hl_db_query_int(HlDb *db, int64_t fallback, int64_t *value, GError **error, const char *sql, const char *types,
                     ...) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlStmt, hl_stmt_free)

#endif
