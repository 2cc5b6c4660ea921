/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/store/internal.h"

#define BUSY_TIMEOUT_MS 5000

/* How much of a statement is quoted in a message. */
#define SHOWN_SQL 80

typedef struct {
    int result; /* SQLite's primary code */
    HlErrorCode code;
    const char *remedy;
} FailureRow;

static const FailureRow failures[] = {
    { SQLITE_FULL, HL_ERROR_FULL, "free some space" },
    { SQLITE_IOERR, HL_ERROR_IO, "check the disk and its file system" },
    { SQLITE_CANTOPEN, HL_ERROR_IO, "check the path and its permissions" },
    { SQLITE_CORRUPT, HL_ERROR_IO, "the file is damaged: restore a backup" },
    { SQLITE_NOTADB, HL_ERROR_IO, "the file is not a database: restore a backup" },
    { SQLITE_READONLY, HL_ERROR_DENIED, "it is read-only" },
    { SQLITE_PERM, HL_ERROR_DENIED, "look at its permissions" },
    { SQLITE_AUTH, HL_ERROR_DENIED, "look at its permissions" },
    { SQLITE_BUSY, HL_ERROR_UNAVAILABLE, "another process has locked it" },
    { SQLITE_LOCKED, HL_ERROR_UNAVAILABLE, "another statement has locked it" },
    { SQLITE_TOOBIG, HL_ERROR_LIMIT, "the value is too big" },
};

/* SQLite says "disk I/O error" of a file system that has become read-only, and keeps no number of the system's; nor
 * does the mount tell of one that the kernel has stopped writing to after an error.  So one tries. */
static bool is_read_only(const HlDb *db, int result)
{
    g_autofree char *folder = g_path_get_dirname(db->path);
    hl_autofd int fd = -1;

    if (result != SQLITE_IOERR && result != SQLITE_CANTOPEN && result != SQLITE_READONLY)
        return false;
    fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    return fd < 0 && errno == EROFS;
}

bool hl_db_fail(HlDb *db, GError **error, const char *sql)
{
    int extended = sqlite3_extended_errcode(db->handle);
    const char *text = sqlite3_errmsg(db->handle);

    if (is_read_only(db, extended & 0xff))
        return hl_fail_errno(error, EROFS, "database %s", db->path);
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].result == (extended & 0xff))
            return hl_fail(error, failures[i].code, "database %s: %s (%s)", db->path, text, failures[i].remedy);
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return hl_fail(error, HL_ERROR_EXISTS, "database %s: %s", db->path, text);
    return hl_fail(error, HL_ERROR_INVALID, "database %s: %s, in: %.*s", db->path, text, SHOWN_SQL, sql);
}

/* A new file is private from the start.  An existing one is never opened here: closing any descriptor of a file drops
 * all POSIX locks that this process holds on it, including those of its other connections to the database, and then
 * another process that opens it removes the log from under them (sqlite.org/howtocorrupt, 2.2). */
static bool create_private(const char *path, GError **error)
{
    hl_autofd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return hl_fail_errno(error, errno, _("cannot open database %s"), path);
    return true;
}

/* SQLite would wait for the other end of a FIFO. */
static bool is_no_other_thing(const char *path, GError **error)
{
    struct stat st;

    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return true;
    return hl_fail(error, HL_ERROR_INVALID, _("cannot open database %s: not a regular file"), path);
}

static bool make_sure_it_exists(const char *path, GError **error)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return create_private(path, error);
    if (access(path, R_OK | W_OK) != 0)
        return hl_fail_errno(error, errno, _("cannot open database %s"), path);
    return true;
}

/* WAL needs shared memory; on a network file system without it SQLite silently stays in another mode. */
static bool use_wal(HlDb *db, GError **error)
{
    g_autoptr(HlStmt) stmt = hl_db_select(db, error, "PRAGMA journal_mode = WAL", "");

    if (stmt == NULL || hl_stmt_step(stmt, error) != HL_STEP_ROW)
        return false;
    if (g_strcmp0(hl_stmt_text(stmt, 0), "wal") != 0)
        return hl_fail(error, HL_ERROR_IO,
                       _("database %s: its file system does not support a write-ahead log; use a local disk"),
                       db->path);
    return true;
}

static char *frozen_name(const char *path)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *uri = g_filename_to_uri(absolute, NULL, NULL);

    return g_strconcat(uri, "?immutable=1", NULL);
}

static bool prepare_file(const char *path, HlDbFlags flags, GError **error)
{
    if ((flags & HL_DB_MEMORY) != 0)
        return true;
    if (!is_no_other_thing(path, error))
        return false;
    if ((flags & (HL_DB_READ_ONLY | HL_DB_FROZEN)) == 0)
        return make_sure_it_exists(path, error);
    return access(path, R_OK) == 0 || hl_fail_errno(error, errno, _("cannot open database %s"), path);
}

static char *sqlite_name(const char *path, HlDbFlags flags)
{
    if ((flags & HL_DB_MEMORY) != 0)
        return g_strdup(":memory:");
    return (flags & HL_DB_FROZEN) != 0 ? frozen_name(path) : g_strdup(path);
}

/* Nobody asks how much memory SQLite has taken; to know it it would lock for each allocation of any thread.  Before the
 * first connection of the process; where another library was first it stays as it was. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

HlDb *hl_db_open(const char *path, HlDbFlags flags, GError **error)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    bool read_only = (flags & (HL_DB_READ_ONLY | HL_DB_FROZEN)) != 0;
    g_autoptr(HlDb) db = g_new0(HlDb, 1);
    g_autofree char *name = sqlite_name(path, flags);
    int mode = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    pthread_once(&configured, configure);
    db->path = g_strdup(path);
    db->idle = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, hl_stmt_destroy);
    if (!prepare_file(path, flags, error))
        return NULL;
    if ((flags & HL_DB_FROZEN) != 0)
        mode |= SQLITE_OPEN_URI;
    if (sqlite3_open_v2(name, &db->handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
        hl_db_fail(db, error, "");
        return NULL;
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (!hl_chain_register(db)) {
        hl_db_fail(db, error, "hl_chain");
        return NULL;
    }
    /* trusted_schema off: a damaged or planted schema must not call functions */
    if (!hl_db_exec(db, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", error))
        return NULL;
    if (read_only)
        return hl_db_version(db, error) < 0
                   ? NULL
                   : g_steal_pointer(&db); /* reads the file, and so shows whether it is a database */
    if ((flags & HL_DB_MEMORY) != 0)
        return g_steal_pointer(&db);
    if (!use_wal(db, error) || !hl_db_exec(db, "PRAGMA journal_size_limit = 67108864", error) ||
        !hl_db_exec(db, (flags & HL_DB_DURABLE) != 0 ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                    error))
        return NULL;
    return g_steal_pointer(&db);
}

void hl_db_close(HlDb *db)
{
    if (db == NULL)
        return;
    g_hash_table_destroy(db->idle);
    if (sqlite3_close(db->handle) != SQLITE_OK)
        g_error("database %s: closed with statements in use", db->path);
    g_free(db->path);
    g_free(db);
}

const char *hl_db_path(const HlDb *db)
{
    return db->path;
}

bool hl_db_exec(HlDb *db, const char *sql, GError **error)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || hl_db_fail(db, error, sql);
}

int hl_db_version(HlDb *db, GError **error)
{
    int64_t version = 0;

    return hl_db_query_int(db, 0, &version, error, "PRAGMA user_version", "") ? (int)version : -1;
}

bool hl_db_copy(HlDb *db, const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    hl_autofd int fd = -1;

    if (!create_private(path, error)) /* SQLite fills an empty file */
        return false;
    if (!hl_db_run(db, NULL, error, "VACUUM INTO ?", "t", path)) {
        unlink(path);
        if (error != NULL && hl_error_code(*error) == HL_ERROR_FULL) { /* SQLite names the database that is copied */
            g_clear_error(error);
            return hl_fail(error, HL_ERROR_FULL, _("cannot copy to %s: the disk of the copy is full"), path);
        }
        return hl_error_prefix(error, _("cannot copy to %s"), path);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return hl_fail_errno(error, errno, _("cannot sync the copy %s"), path);
    return hl_dir_sync(directory, error);
}

bool hl_db_check(HlDb *db, GError **error)
{
    g_autoptr(HlStmt) stmt = hl_db_select(db, error, "PRAGMA integrity_check(1)", "");

    if (stmt == NULL || hl_stmt_step(stmt, error) != HL_STEP_ROW)
        return hl_error_prefix(error, _("the check of %s"), db->path);
    if (g_strcmp0(hl_stmt_text(stmt, 0), "ok") != 0)
        return hl_fail(error, HL_ERROR_IO, _("database %s is damaged: %s (restore a backup)"), db->path,
                       hl_stmt_text(stmt, 0));
    return hl_db_check_references(db, error) || hl_error_prefix(error, "database %s", db->path);
}

bool hl_db_check_references(HlDb *db, GError **error)
{
    g_autoptr(HlStmt) stmt = hl_db_select(db, error, "PRAGMA foreign_key_check", "");
    HlStep step = stmt == NULL ? HL_STEP_FAILED : hl_stmt_step(stmt, error);

    if (step == HL_STEP_ROW)
        return hl_fail(error, HL_ERROR_INVALID, _("a row of %s refers to a missing row of %s"), hl_stmt_text(stmt, 0),
                       hl_stmt_text(stmt, 2));
    return step == HL_STEP_DONE;
}
