/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/store.h"

#include "lib/base/log.h"
#include "lib/store/migrate.h"

#define EVENTS_KEPT 500

static const HlMigration migrations[] = {
    { 1, "first tables",
      "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
      /* merge: the newest of its kind supersedes it; such a row may be dropped when the spool is too long */
      "CREATE TABLE spool (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, subject TEXT NOT NULL,"
      " merge INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
      "CREATE TABLE command (id TEXT PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
      " received_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
      " timeout_ms INTEGER NOT NULL, subject TEXT NOT NULL, certificate BLOB, code TEXT NOT NULL DEFAULT '',"
      " detail TEXT NOT NULL DEFAULT '', ended_ms INTEGER NOT NULL DEFAULT 0) STRICT;"
      "CREATE TABLE settings (one INTEGER PRIMARY KEY CHECK (one = 1), grp TEXT NOT NULL, version INTEGER NOT NULL,"
      " counter INTEGER NOT NULL, digest BLOB NOT NULL, path TEXT NOT NULL, at_ms INTEGER NOT NULL,"
      " text TEXT NOT NULL) STRICT;"
      "CREATE TABLE event (n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL,"
      " detail TEXT NOT NULL) STRICT;" },
    { 2, "the issuer's times",
      "ALTER TABLE command ADD COLUMN issued_ms INTEGER NOT NULL DEFAULT 0;"
      /* the mark was this machine's clock, which may have been wrong; what is forgotten was issued before today */
      "INSERT INTO fact (name, value) SELECT 'pruned-issued', min(CAST(value AS INTEGER), unixepoch() * 1000)"
      " FROM fact WHERE name = 'pruned-until';" },
    { 3, "the reports' marks", "ALTER TABLE spool ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;" },
    { 4, "what scans found",
      "CREATE TABLE detection (n INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, signature TEXT NOT "
      "NULL, size INTEGER NOT NULL, owner TEXT NOT NULL, how TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL,"
      " first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, told_ms INTEGER NOT NULL, times INTEGER NOT NULL,"
      " UNIQUE (path, sha256, signature)) STRICT;" },
    { 5, "what commands are about", "ALTER TABLE command ADD COLUMN scope TEXT NOT NULL DEFAULT '';" },
    { 6, "where the server says that it is",
      "CREATE TABLE server (role TEXT PRIMARY KEY, document BLOB NOT NULL, tries INTEGER NOT NULL,"
      " detail TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;" },
};

/* The oldest schema whose program still works on a database of the newest one.  An upgrade of the program that fails
 * goes back to the version before with this database, in which reports and commands came meanwhile: a copy from before
 * would lose them.  So a migration only adds what the version before ignores; what that one still uses is taken away a
 * release later, and this number stays below the last migration's. */
#define USABLE_FROM      6
#define USABLE_FROM_FACT "usable-from"

/* A database of a later version says whether this program may use it.  Before facts there is no such word. */
static bool is_usable(HlDb *db, int version)
{
    int64_t from = 0;

    return version > (int)G_N_ELEMENTS(migrations) &&
           hl_db_query_int(db, 0, &from, NULL, "SELECT CAST(value AS INTEGER) FROM fact WHERE name = ?", "t",
                           USABLE_FROM_FACT) &&
           from > 0 && from <= (int64_t)G_N_ELEMENTS(migrations);
}

static bool say_usable(HlDb *db, GError **error)
{
    return ep_store_get_int(db, USABLE_FROM_FACT, 0) == USABLE_FROM ||
           ep_store_set_int(db, USABLE_FROM_FACT, USABLE_FROM, error);
}

static bool bring_up(HlDb *db, GError **error)
{
    int version = hl_db_version(db, error);

    if (version < 0)
        return false;
    if (is_usable(db, version)) {
        hl_info("store", "%s is of a later version (%d), and usable", hl_db_path(db), version);
        return true;
    }
    /* before it is migrated, if it is not a new one: the word must be there as soon as the migration is */
    if (version > 0 && version <= (int)G_N_ELEMENTS(migrations) && !say_usable(db, error))
        return false;
    return hl_migrate(db, migrations, G_N_ELEMENTS(migrations), error) && say_usable(db, error);
}

HlDb *ep_store_open(const char *state_dir, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "endpoint.db", NULL);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DURABLE, error);

    if (db == NULL || !bring_up(db, error))
        return NULL;
    return g_steal_pointer(&db);
}

bool ep_store_set(HlDb *db, const char *name, const char *value, GError **error)
{
    return hl_db_run(db, NULL, error, "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", "tt", name, value);
}

bool ep_store_set_int(HlDb *db, const char *name, int64_t value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);

    return ep_store_set(db, name, text, error);
}

char *ep_store_get(HlDb *db, const char *name, const char *fallback)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlStmt) stmt = hl_db_select(db, &error, "SELECT value FROM fact WHERE name = ?", "t", name);

    if (stmt != NULL && hl_stmt_step(stmt, &error) == HL_STEP_ROW)
        return g_strdup(hl_stmt_text(stmt, 0));
    if (error != NULL)
        hl_error("store", "cannot read %s: %s", name, error->message);
    return g_strdup(fallback);
}

bool ep_store_count(HlDb *db, const char *name, GError **error)
{
    return hl_db_run(db, NULL, error,
                     "INSERT INTO fact (name, value) VALUES (?, '1')"
                     " ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
                     "t", name);
}

int64_t ep_store_get_int(HlDb *db, const char *name, int64_t fallback)
{
    g_autofree char *text = ep_store_get(db, name, NULL);
    gint64 value;

    return text != NULL && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL) ? value : fallback;
}

bool ep_store_add_event(HlDb *db, HlTime at, const char *what, const char *detail, GError **error)
{
    return hl_db_run(db, NULL, error, "INSERT INTO event (at_ms, what, detail) VALUES (?, ?, ?)", "itt", at, what,
                     detail) &&
           hl_db_run(db, NULL, error, "DELETE FROM event WHERE n <= (SELECT max(n) FROM event) - ?", "i",
                     (int64_t)EVENTS_KEPT);
}

/* What either side counts of the line, or believes of the other because of an earlier word: a bundle is a later one. */
bool ep_store_restart_line(HlDb *db, GError **error)
{
    return hl_db_exec(db,
                      "DELETE FROM fact WHERE name IN"
                      " ('session', 'notices', 'spool', 'spool-acked', 'spool-acked-mark', 'pruned-until', "
                      "'pruned-issued', 'quarantine-told', 'connect-window');"
                      " DELETE FROM server;",
                      error);
}

bool ep_store_forget_identity(HlDb *db, GError **error)
{
    return hl_db_exec(db,
                      "DELETE FROM spool; DELETE FROM command; DELETE FROM settings;"
                      " UPDATE detection SET told_ms = 0", /* the next server was told of none */
                      error) &&
           ep_store_restart_line(db, error);
}
