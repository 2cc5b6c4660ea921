/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store, what a backup stands on: a file read alone, a file that is checked, and a writer's journal; and what sets
 * cost. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/store/internal.h"
#include "lib/store/migrate.h"
#include "tests/support/tally.h"

#define TABLES                                                                 \
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;" \
    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id)) STRICT"

typedef struct {
    char *directory, *path;
    HlDb *db;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    fixture->directory = g_dir_make_tmp("hl-store-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "test.db", NULL);
    fixture->db = hl_db_open(fixture->path, HL_DB_DEFAULT, NULL);
    g_assert_true(hl_db_exec(fixture->db, TABLES, NULL));
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_db_close(fixture->db);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_free(fixture->path);
    g_free(fixture->directory);
}

static int64_t query_int(HlDb *db, const char *sql)
{
    int64_t value = 0;

    g_assert_true(hl_db_query_int(db, -1, &value, NULL, sql, ""));
    return value;
}

/* The journal comes first: refused by it, a transaction is not committed; not committed, its lines are taken back. */
typedef struct {
    GString *lines;
    guint taken_back;
    bool refuses;
} Notes;

static bool append_notes(const GPtrArray *lines, gpointer user, GError **error)
{
    Notes *notes = user;

    for (guint i = 0; i < lines->len && !notes->refuses; i++)
        g_string_append_printf(notes->lines, "%s ", (const char *)lines->pdata[i]);
    return !notes->refuses || hl_fail(error, HL_ERROR_FULL, "no");
}

static void take_back_notes(gpointer user)
{
    ((Notes *)user)->taken_back++;
}

static void submit_noted(HlWriter *writer, int64_t id, const char *name, Tally *tally)
{
    HlWriteSet *set = hl_write_set_new();

    hl_write_set_add(set, "INSERT INTO parent (id, name) VALUES (?, ?)", "it", id, name);
    hl_write_set_note(set, name);
    g_assert_true(hl_writer_submit(writer, set, tally_count, tally, NULL));
}

static void test_writer_journal(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    Notes notes = { .lines = g_string_new(NULL) };
    HlWriterOptions options = { .path = fixture->path,
                                .batch_delay = HL_SECOND,
                                .journal = { append_notes, take_back_notes, &notes } };
    g_autoptr(HlWriter) writer = hl_writer_new(&options, NULL);
    HlWriteSet *deferred = hl_write_set_new();
    Tally tally = { 0 };

    submit_noted(writer, 1, "one", &tally);
    submit_noted(writer, 1, "again", &tally); /* fails alone: no line */
    submit_noted(writer, 2, "two", &tally);
    hl_writer_flush(writer);
    tally_wait(&tally, 3);
    g_assert_cmpstr(notes.lines->str, ==, "one two ");
    notes.refuses = true;
    submit_noted(writer, 3, "three", &tally);
    hl_writer_flush(writer);
    tally_wait(&tally, 4);
    g_assert_cmpint(tally.last_code, ==, HL_ERROR_FULL);
    notes.refuses = false;
    /* what only COMMIT finds out */
    hl_write_set_add(deferred, "PRAGMA defer_foreign_keys = ON", "");
    hl_write_set_add(deferred, "INSERT INTO child (parent) VALUES (99)", "");
    hl_write_set_note(deferred, "lost");
    g_assert_true(hl_writer_submit(writer, deferred, tally_count, &tally, NULL));
    hl_writer_flush(writer);
    tally_wait(&tally, 5);
    g_assert_cmpuint(notes.taken_back, ==, 1);
    submit_noted(writer, 4, "four", &tally);
    hl_writer_flush(writer);
    tally_wait(&tally, 6);
    g_assert_cmpuint(tally.committed, ==, 3);
    g_assert_cmpint(query_int(fixture->db, "SELECT sum(id) FROM parent"), ==, 7);
    g_string_free(notes.lines, TRUE);
}

/* The file alone, without a log and without a trace. */
static void test_frozen(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *log = g_strconcat(fixture->path, "-wal", NULL);
    g_autofree char *copy = g_build_filename(fixture->directory, "what? 100%.db", NULL);
    g_autofree char *copy_log = g_strconcat(copy, "-wal", NULL);
    g_autoptr(GError) error = NULL;
    HlDb *frozen;

    g_assert_true(hl_db_exec(fixture->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL));
    g_assert_true(hl_db_exec(fixture->db, "INSERT INTO parent VALUES (1, 'in the log')", NULL));
    g_assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    frozen = hl_db_open(fixture->path, HL_DB_FROZEN, &error);
    g_assert_no_error(error);
    g_assert_cmpint(query_int(frozen, "SELECT count(*) FROM parent"), ==, 0);
    g_assert_false(hl_db_exec(frozen, "DELETE FROM parent", NULL));
    hl_db_close(frozen);
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM parent"), ==, 1);
    g_assert_true(hl_db_copy(fixture->db, copy, NULL));
    frozen = hl_db_open(copy, HL_DB_FROZEN, &error);
    g_assert_no_error(error);
    g_assert_cmpint(query_int(frozen, "SELECT count(*) FROM parent"), ==, 1);
    g_assert_true(hl_db_check(frozen, &error));
    hl_db_close(frozen);
    g_assert_false(g_file_test(copy_log, G_FILE_TEST_EXISTS));
}

/* A file whose middle was written over, and a row that refers to nothing. */
static void test_check(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *copy = g_build_filename(fixture->directory, "copy.db", NULL);
    g_autofree char *noise = g_strnfill(4096, 'x');
    g_autoptr(GError) error = NULL;
    hl_autofd int fd = -1;
    HlDb *db;

    g_assert_true(hl_db_exec(fixture->db, "INSERT INTO parent VALUES (1, 'one')", NULL));
    g_assert_true(hl_db_check(fixture->db, NULL));
    g_assert_true(hl_db_copy(fixture->db, copy, NULL));
    fd = open(copy, O_WRONLY);
    g_assert_cmpint(pwrite(fd, noise, 4096, 4096), ==, 4096);
    db = hl_db_open(copy, HL_DB_FROZEN, NULL);
    g_assert_false(hl_db_check(db, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
    g_clear_error(&error);
    hl_db_close(db);
    g_assert_true(hl_db_exec(fixture->db, "PRAGMA foreign_keys = OFF; INSERT INTO child (parent) VALUES (99)", NULL));
    g_assert_false(hl_db_check(fixture->db, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static int count_statement(unsigned event G_GNUC_UNUSED, void *user, void *statement G_GNUC_UNUSED,
                           void *text G_GNUC_UNUSED)
{
    ++*(guint *)user;
    return 0;
}

static GPtrArray *pairs(int64_t n)
{
    GPtrArray *sets = g_ptr_array_new_with_free_func((GDestroyNotify)hl_write_set_free);

    for (int64_t id = 1; id <= n; id++) {
        HlWriteSet *set = hl_write_set_new();

        hl_write_set_add(set, "INSERT INTO parent VALUES (?, ?)", "it", id, "one");
        hl_write_set_add(set, "INSERT INTO child (parent) VALUES (?)", "i", id);
        g_ptr_array_add(sets, set);
    }
    return sets;
}

/* Sets of which none fails cost their statements, BEGIN and COMMIT; one that does is found, and the others stay. */
static void test_statements(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const HlWriterJournal none = { NULL, NULL, NULL };
    g_autoptr(GPtrArray) good = pairs(10);
    g_autoptr(GPtrArray) mixed = pairs(12);
    guint statements = 0;

    sqlite3_trace_v2(fixture->db->handle, SQLITE_TRACE_STMT, count_statement, &statements);
    g_assert_true(hl_write_sets_commit(good, fixture->db, &none, NULL));
    g_assert_cmpuint(statements, ==, 22);
    sqlite3_trace_v2(fixture->db->handle, 0, NULL, NULL);
    g_assert_true(hl_write_sets_commit(mixed, fixture->db, &none, NULL)); /* ten of them are there already */
    for (guint i = 0; i < mixed->len; i++)
        g_assert_true((((const HlWriteSet *)mixed->pdata[i])->error == NULL) == (i >= 10));
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM child"), ==, 12);
}

/* No room for the copy of before, or no place: nothing is upgraded, and the error says that the database is as it was.
 */
static void test_uncopied(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const HlMigration migrations[] = { { 1, "first", "SELECT 1" },
                                              { 2, "second", "CREATE TABLE late (a INTEGER) STRICT" } };
    g_autofree char *partial = g_strconcat(fixture->path, ".before-v2.partial", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_db_exec(fixture->db, "PRAGMA user_version = 1", NULL));
    g_assert_cmpint(g_mkdir(partial, 0700), ==, 0);
    g_assert_false(hl_migrate(fixture->db, migrations, 2, &error));
    g_assert_nonnull(strstr(error->message, "test.db stays at version 1, because it is copied before an upgrade: "));
    g_assert_cmpint(query_int(fixture->db, "PRAGMA user_version"), ==, 1);
    g_assert_cmpint(g_rmdir(partial), ==, 0);
    g_assert_true(hl_migrate(fixture->db, migrations, 2, NULL));
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM late"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/store-copy/frozen", Fixture, NULL, set_up, test_frozen, tear_down);
    g_test_add("/store-copy/uncopied", Fixture, NULL, set_up, test_uncopied, tear_down);
    g_test_add("/store-copy/check", Fixture, NULL, set_up, test_check, tear_down);
    g_test_add("/store-copy/writer-journal", Fixture, NULL, set_up, test_writer_journal, tear_down);
    g_test_add("/store-copy/statements", Fixture, NULL, set_up, test_statements, tear_down);
    return g_test_run();
}
