/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/db_faults.h"

#include <sqlite3.h>

#include "lib/store/db.h"

static DbFaultsKind counted;
static guint until;   /* how many more come to the fault; 0: none is set */
static bool lasting;  /* it does not end with the first */
static bool struck;   /* since it was set */
static bool pretends; /* SQLite is asked why at this moment */

int __wrap_sqlite3_step(sqlite3_stmt *statement);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_extended_errcode(sqlite3 *handle);
int __real_sqlite3_extended_errcode(sqlite3 *handle);
const char *__wrap_sqlite3_errmsg(sqlite3 *handle);
const char *__real_sqlite3_errmsg(sqlite3 *handle);
bool __wrap_hl_db_exec(HlDb *db, const char *sql, GError **error);
bool __real_hl_db_exec(HlDb *db, const char *sql, GError **error);

static void set(DbFaultsKind kind, guint n, bool stays)
{
    counted = kind;
    until = n;
    lasting = stays;
    struck = false;
}

void db_faults_at(DbFaultsKind kind, guint n)
{
    set(kind, n, false);
}

void db_faults_from(DbFaultsKind kind, guint n)
{
    set(kind, n, true);
}

bool db_faults_struck(void)
{
    return struck;
}

static bool strikes(void)
{
    if (until == 0 || --until > 0)
        return false;
    struck = true;
    until = lasting ? 1 : 0;
    return true;
}

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
    pretends = false;
    if ((counted == DB_FAULTS_WRITES && sqlite3_stmt_readonly(statement) != 0) || !strikes())
        return __real_sqlite3_step(statement);
    pretends = true;
    return SQLITE_FULL;
}

int __wrap_sqlite3_extended_errcode(sqlite3 *handle)
{
    return pretends ? SQLITE_FULL : __real_sqlite3_extended_errcode(handle);
}

const char *__wrap_sqlite3_errmsg(sqlite3 *handle)
{
    return pretends ? sqlite3_errstr(SQLITE_FULL) : __real_sqlite3_errmsg(handle);
}

bool __wrap_hl_db_exec(HlDb *db, const char *sql, GError **error)
{
    pretends = false;
    if (g_str_has_prefix(sql, "ROLLBACK") || !strikes())
        return __real_hl_db_exec(db, sql, error);
    return hl_fail(error, HL_ERROR_FULL, "%s: database or disk is full", hl_db_path(db));
}
