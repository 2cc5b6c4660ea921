/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/stmt.h"

#include <stdarg.h>
#include <string.h>

#include "lib/store/internal.h"

/* Statements kept prepared.  A program has a few dozen; the bound is for one that writes values into its SQL. */
#define MAX_CACHE_SIZE 256

void hl_stmt_destroy(gpointer user)
{
    HlStmt *stmt = user;

    sqlite3_finalize(stmt->handle);
    g_free(stmt->sql);
    g_free(stmt);
}

/* A statement in use is not in the cache, so the same SQL twice at a time is simply prepared twice. */
HlStmt *hl_db_prepare(HlDb *db, const char *sql, GError **error)
{
    gpointer kept = NULL;
    HlStmt *stmt;

    if (g_hash_table_steal_extended(db->idle, sql, NULL, &kept))
        return kept;
    stmt = g_new0(HlStmt, 1);
    stmt->db = db;
    stmt->sql = g_strdup(sql);
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL) == SQLITE_OK &&
        stmt->handle != NULL)
        return stmt;
    hl_db_fail(db, error, sql);
    hl_stmt_destroy(stmt);
    return NULL;
}

void hl_stmt_free(HlStmt *stmt)
{
    GHashTable *idle;

    if (stmt == NULL)
        return;
    idle = stmt->db->idle;
    sqlite3_reset(stmt->handle);
    sqlite3_clear_bindings(stmt->handle);
    if (g_hash_table_size(idle) >= MAX_CACHE_SIZE)
        g_hash_table_remove_all(idle);
    g_hash_table_replace(idle, stmt->sql, stmt);
}

static int bind_one(sqlite3_stmt *stmt, int index, char type, const HlValue *value, sqlite3_destructor_type how)
{
    switch (type) {
    case 't':
        return sqlite3_bind_text(stmt, index, value->text, -1, how);
    case 'i':
        return sqlite3_bind_int64(stmt, index, value->integer);
    case 'b':
        if (value->blob == NULL)
            return sqlite3_bind_null(stmt, index);
        if (g_bytes_get_size(value->blob) == 0)
            return sqlite3_bind_zeroblob(stmt, index, 0); /* a NULL pointer would bind null */
        return sqlite3_bind_blob64(stmt, index, g_bytes_get_data(value->blob, NULL), g_bytes_get_size(value->blob),
                                   how);
    case 'n':
        return sqlite3_bind_null(stmt, index);
    default:
        g_error("statement: '%c' is not a parameter type", type);
    }
}

bool hl_stmt_bind(HlStmt *stmt, const char *types, const HlValue *values, HlBind how, GError **error)
{
    sqlite3_destructor_type keep = how == HL_BIND_BORROW ? SQLITE_STATIC : SQLITE_TRANSIENT;

    if ((int)strlen(types) != sqlite3_bind_parameter_count(stmt->handle))
        g_error("statement: \"%s\" does not match the parameters of: %s", types, stmt->sql);
    for (int i = 0; types[i] != '\0'; i++)
        if (bind_one(stmt->handle, i + 1, types[i], &values[i], keep) != SQLITE_OK)
            return hl_db_fail(stmt->db, error, stmt->sql);
    return true;
}

void hl_values_take(HlValue *values, const char *types, va_list *args)
{
    g_assert(strlen(types) <= MAX_PARAMETERS);
    /* clang-tidy 14 takes the list for uninitialised if it reads several files in one run
     * NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */
    for (int i = 0; types[i] != '\0'; i++) {
        if (types[i] == 't')
            values[i].text = va_arg(*args, char *);
        else if (types[i] == 'i')
            values[i].integer = va_arg(*args, int64_t);
        else if (types[i] == 'b')
            values[i].blob = va_arg(*args, GBytes *);
    }
    /* NOLINTEND(clang-analyzer-valist.Uninitialized) */
}

static HlStmt *select_va(HlDb *db, GError **error, const char *sql, const char *types, va_list *args)
{
    HlValue values[MAX_PARAMETERS] = { 0 };
    g_autoptr(HlStmt) stmt = hl_db_prepare(db, sql, error);

    hl_values_take(values, types, args);
    return stmt != NULL && hl_stmt_bind(stmt, types, values, HL_BIND_COPY, error) ? g_steal_pointer(&stmt) : NULL;
}

HlStmt *hl_db_select(HlDb *db, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    HlStmt *stmt;

    va_start(args, types);
    stmt = select_va(db, error, sql, types, &args);
    va_end(args);
    return stmt;
}

HlStep hl_stmt_step(HlStmt *stmt, GError **error)
{
    switch (sqlite3_step(stmt->handle)) {
    case SQLITE_ROW:
        return HL_STEP_ROW;
    case SQLITE_DONE:
        return HL_STEP_DONE;
    default:
        hl_db_fail(stmt->db, error, stmt->sql);
        return HL_STEP_FAILED;
    }
}

const char *hl_stmt_text(HlStmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt->handle, column);
}

int64_t hl_stmt_int(HlStmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

GBytes *hl_stmt_blob(HlStmt *stmt, int column)
{
    const void *data;

    if (hl_stmt_is_null(stmt, column))
        return NULL;
    data = sqlite3_column_blob(stmt->handle, column);
    return g_bytes_new(data, (gsize)sqlite3_column_bytes(stmt->handle, column));
}

bool hl_stmt_is_null(HlStmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

bool hl_db_query(HlDb *db, HlRowFn row, gpointer user, GError **error, const char *sql, const char *types, ...)
{
    g_autoptr(HlStmt) stmt = NULL;
    HlStep step = HL_STEP_FAILED;
    va_list args;

    va_start(args, types);
    stmt = select_va(db, error, sql, types, &args);
    va_end(args);
    while (stmt != NULL && (step = hl_stmt_step(stmt, error)) == HL_STEP_ROW)
        if (row != NULL && !row(stmt, user))
            return true;
    return step == HL_STEP_DONE;
}

bool hl_db_run(HlDb *db, int64_t *changed, GError **error, const char *sql, const char *types, ...)
{
    g_autoptr(HlStmt) stmt = NULL;
    HlStep step = HL_STEP_FAILED;
    va_list args;

    va_start(args, types);
    stmt = select_va(db, error, sql, types, &args);
    va_end(args);
    while (stmt != NULL && (step = hl_stmt_step(stmt, error)) == HL_STEP_ROW)
        continue;
    if (step == HL_STEP_DONE && changed != NULL)
        *changed = sqlite3_changes64(db->handle);
    return step == HL_STEP_DONE;
}

bool hl_db_query_int(HlDb *db, int64_t fallback, int64_t *value, GError **error, const char *sql, const char *types,
                     ...)
{
    g_autoptr(HlStmt) stmt = NULL;
    HlStep step = HL_STEP_FAILED;
    va_list args;

    va_start(args, types);
    stmt = select_va(db, error, sql, types, &args);
    va_end(args);
    if (stmt != NULL)
        step = hl_stmt_step(stmt, error);
    if (step != HL_STEP_FAILED)
        *value = step == HL_STEP_ROW && !hl_stmt_is_null(stmt, 0) ? hl_stmt_int(stmt, 0) : fallback;
    return step != HL_STEP_FAILED;
}
