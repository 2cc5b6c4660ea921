/* SPDX-License-Identifier: Apache-2.0 */
/* The writer and the clock of the tests do what their headers say, and the writer what writer.h says (test_store.c asks
 * the same of the real one). */
#include <string.h>

#include "lib/base/file.h"
#include "lib/store/migrate.h"
#include "lib/store/stmt.h"
#include "tests/support/clock_fake.h"
#include "tests/support/writer_fake.h"

static const HlMigration migrations[] = {
    { 1, "first", "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB) STRICT;" },
};

typedef struct {
    char *directory, *path;
    HlDb *db; /* a reader */
    HlWriter *writer;
    GString *log; /* a letter for each done(): the set's, or ! and the set's where it failed */
    HlErrorCode code;
    bool again;       /* done() submits another set, z */
    bool refused;     /* and was refused */
    int64_t at_first; /* rows in the database at the first done() */
} Fixture;

typedef struct {
    Fixture *fixture;
    char mark;
} Submitted;

static int64_t count_rows(Fixture *fixture)
{
    int64_t value = -1;

    g_assert_true(hl_db_query_int(fixture->db, -1, &value, NULL, "SELECT count(*) FROM item", ""));
    return value;
}

static bool submit(Fixture *fixture, char mark);

static void on_done(const GError *error, gpointer user)
{
    Submitted *submitted = user;
    Fixture *fixture = submitted->fixture;

    if (fixture->log->len == 0)
        fixture->at_first = count_rows(fixture);
    if (error != NULL) {
        fixture->code = hl_error_code(error);
        g_string_append_c(fixture->log, '!');
    }
    g_string_append_c(fixture->log, submitted->mark);
    g_free(submitted);
    if (fixture->again) {
        fixture->again = false;
        fixture->refused = !submit(fixture, 'z');
    }
}

/* A row of the mark's number, and before it one that must go with it if that fails. */
static HlWriteSet *make_set(char mark)
{
    g_autofree char *name = g_strdup_printf("%c", mark);
    g_autofree char *other = g_strdup_printf("%c%c", mark, mark);
    HlWriteSet *set = hl_write_set_new();

    hl_write_set_add(set, "INSERT INTO item (id, name) VALUES (?, ?)", "it", (int64_t)mark + 1000, other);
    hl_write_set_add(set, "INSERT INTO item (id, name) VALUES (?, ?)", "it", (int64_t)mark, name);
    return set;
}

static bool submit(Fixture *fixture, char mark)
{
    Submitted *submitted = g_new(Submitted, 1);
    g_autoptr(GError) error = NULL;

    *submitted = (Submitted){ fixture, mark };
    if (hl_writer_submit(fixture->writer, make_set(mark), on_done, submitted, &error))
        return true;
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_free(submitted);
    return false;
}

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    fixture->directory = g_dir_make_tmp("hl-writer-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "test.db", NULL);
    fixture->db = hl_db_open(fixture->path, HL_DB_DEFAULT, &error);
    g_assert_no_error(error);
    g_assert_true(hl_migrate(fixture->db, migrations, G_N_ELEMENTS(migrations), &error));
    fixture->writer = hl_writer_new(&(HlWriterOptions){ .path = fixture->path, .capacity = 5 }, &error);
    g_assert_no_error(error);
    fixture->log = g_string_new(NULL);
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_writer_free(fixture->writer);
    g_assert_null(writer_fake_last());
    hl_db_close(fixture->db);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_string_free(fixture->log, TRUE);
    g_free(fixture->path);
    g_free(fixture->directory);
}

static void test_commit(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(writer_fake_last() == fixture->writer);
    for (char mark = 'a'; mark <= 'd'; mark++)
        g_assert_true(submit(fixture, mark));
    g_assert_cmpint(count_rows(fixture), ==, 0);
    g_assert_cmpuint(writer_fake_pending(fixture->writer), ==, 4);
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 1), ==, 1);
    g_assert_cmpint(count_rows(fixture), ==, 2);
    g_assert_cmpstr(fixture->log->str, ==, "a");
    g_string_truncate(fixture->log, 0);
    fixture->again = true;
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 3);
    g_assert_cmpstr(fixture->log->str, ==, "bcd");
    g_assert_cmpint(fixture->at_first, ==, 8); /* all were there before the first was told */
    g_assert_cmpuint(writer_fake_pending(fixture->writer), ==, 1);
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 9), ==, 1);
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 0);
    g_assert_cmpstr(fixture->log->str, ==, "bcdz");
    g_assert_cmpuint(hl_writer_count(fixture->writer).sets, ==, 5);
    g_assert_cmpuint(hl_writer_count(fixture->writer).pending, ==, 0);
    g_assert_cmpuint(hl_writer_count(fixture->writer).transactions, ==, 3);
}

static void test_fault(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    for (char mark = 'a'; mark <= 'c'; mark++)
        g_assert_true(submit(fixture, mark));
    writer_fake_fail_at(fixture->writer, 2, HL_ERROR_FULL);
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 1), ==, 1);
    g_assert_false(writer_fake_failed(fixture->writer));
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 2);
    g_assert_true(writer_fake_failed(fixture->writer));
    g_assert_cmpstr(fixture->log->str, ==, "a!bc");
    g_assert_cmpint(fixture->code, ==, HL_ERROR_FULL);
    g_assert_cmpint(count_rows(fixture), ==, 4);
    g_assert_cmpuint(hl_writer_count(fixture->writer).failed_sets, ==, 1);
    writer_fake_fail_at(fixture->writer, 1, HL_ERROR_IO);
    writer_fake_fail_at(fixture->writer, 0, HL_ERROR_IO); /* taken back */
    g_assert_true(submit(fixture, 'b'));
    writer_fake_commit(fixture->writer, 0);
    g_assert_cmpstr(fixture->log->str, ==, "a!bcb");
}

/* The failures that the database has of itself. */
static void test_real_failures(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(1024 * 1024), 1024 * 1024);
    HlWriteSet *limit = hl_write_set_new();
    HlWriteSet *set = make_set('b');
    Submitted *submitted = g_new(Submitted, 1);

    *submitted = (Submitted){ fixture, 'b' };
    hl_write_set_add(limit, "PRAGMA max_page_count = 40", "");
    hl_write_set_add(set, "UPDATE item SET data = ?", "b", large);
    g_assert_true(submit(fixture, 'a'));
    g_assert_true(submit(fixture, 'a')); /* its name is taken */
    g_assert_true(hl_writer_submit(fixture->writer, limit, NULL, NULL, NULL));
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 3);
    g_assert_cmpstr(fixture->log->str, ==, "a!a");
    g_assert_cmpint(fixture->code, ==, HL_ERROR_EXISTS);
    g_assert_cmpint(count_rows(fixture), ==, 2);
    g_assert_true(hl_writer_submit(fixture->writer, set, on_done, submitted, NULL));
    writer_fake_commit(fixture->writer, 0);
    g_assert_cmpstr(fixture->log->str, ==, "a!a!b");
    g_assert_cmpint(fixture->code, ==, HL_ERROR_FULL);
    g_assert_true(submit(fixture, 'c'));
    writer_fake_commit(fixture->writer, 0);
    g_assert_cmpint(count_rows(fixture), ==, 4);
}

/* A transaction that cannot be made fails all its sets; the next one goes on. */
static void test_locked(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlWriteSet *patience = hl_write_set_new();

    hl_write_set_add(patience, "PRAGMA busy_timeout = 1", "");
    g_assert_true(hl_writer_submit(fixture->writer, patience, NULL, NULL, NULL));
    writer_fake_commit(fixture->writer, 0);
    g_assert_true(hl_db_exec(fixture->db, "BEGIN IMMEDIATE", NULL));
    g_assert_true(submit(fixture, 'a'));
    g_assert_true(submit(fixture, 'b'));
    writer_fake_commit(fixture->writer, 0);
    g_assert_true(hl_db_exec(fixture->db, "ROLLBACK", NULL));
    g_assert_cmpstr(fixture->log->str, ==, "!a!b");
    g_assert_cmpint(fixture->code, ==, HL_ERROR_UNAVAILABLE);
    g_assert_cmpuint(hl_writer_count(fixture->writer).failed_transactions, ==, 1);
    g_assert_true(submit(fixture, 'c'));
    writer_fake_commit(fixture->writer, 0);
    g_assert_cmpint(count_rows(fixture), ==, 2);
}

static void test_flush(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(submit(fixture, 'a'));
    g_assert_true(submit(fixture, 'b'));
    hl_writer_flush(fixture->writer);
    g_assert_cmpint(count_rows(fixture), ==, 4);
    g_assert_cmpstr(fixture->log->str, ==, "");
    g_assert_cmpuint(writer_fake_pending(fixture->writer), ==, 0);
    g_assert_cmpuint(hl_writer_count(fixture->writer).pending, ==, 2);
    g_assert_true(submit(fixture, 'c'));
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 1); /* in order: those before it first */
    g_assert_cmpstr(fixture->log->str, ==, "abc");
    g_assert_true(submit(fixture, 'd'));
    hl_writer_flush(fixture->writer);
    g_assert_cmpuint(writer_fake_deliver(fixture->writer), ==, 1);
    g_assert_cmpuint(writer_fake_deliver(fixture->writer), ==, 0);
    g_assert_cmpstr(fixture->log->str, ==, "abcd");
}

static void test_refuse(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    writer_fake_refuse(fixture->writer, true);
    g_assert_false(submit(fixture, 'a'));
    writer_fake_refuse(fixture->writer, false);
    for (char mark = 'a'; mark <= 'e'; mark++)
        g_assert_true(submit(fixture, mark));
    g_assert_false(submit(fixture, 'f'));
    hl_writer_flush(fixture->writer);
    g_assert_false(submit(fixture, 'f')); /* even when all are committed: they were not told yet */
    g_assert_cmpuint(hl_writer_count(fixture->writer).refused_sets, ==, 3);
    g_assert_cmpuint(hl_writer_count(fixture->writer).peak_pending, ==, 5);
}

static void test_free(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(submit(fixture, 'a'));
    hl_writer_flush(fixture->writer);
    g_assert_true(submit(fixture, 'b'));
    fixture->again = true;
    hl_writer_free(fixture->writer);
    fixture->writer = NULL;
    g_assert_cmpstr(fixture->log->str, ==, "ab");
    g_assert_true(fixture->refused); /* the writer ends */
    g_assert_cmpint(count_rows(fixture), ==, 4);
    hl_writer_free(NULL);
}

static void test_clock(void)
{
    g_autofree char *start = hl_time_format(hl_clock_wall());

    g_assert_cmpstr(start, ==, "2026-11-22T21:45:00Z");
    g_assert_cmpint(hl_clock_mono(), ==, CLOCK_FAKE_MONO);
    clock_fake_advance(90 * HL_SECOND);
    g_assert_cmpint(hl_clock_wall(), ==, CLOCK_FAKE_WALL + 90 * HL_SECOND);
    g_assert_cmpint(hl_clock_mono(), ==, CLOCK_FAKE_MONO + 90 * HL_SECOND);
    clock_fake_jump_wall(-HL_DAY);
    g_assert_cmpint(hl_clock_wall(), ==, CLOCK_FAKE_WALL + 90 * HL_SECOND - HL_DAY);
    g_assert_cmpint(hl_clock_mono(), ==, CLOCK_FAKE_MONO + 90 * HL_SECOND);
    clock_fake_set(5, 7);
    g_assert_cmpint(hl_clock_wall(), ==, 5);
    g_assert_cmpint(hl_clock_mono(), ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/writer-fake/commit", Fixture, NULL, set_up, test_commit, tear_down);
    g_test_add("/writer-fake/fault", Fixture, NULL, set_up, test_fault, tear_down);
    g_test_add("/writer-fake/real-failures", Fixture, NULL, set_up, test_real_failures, tear_down);
    g_test_add("/writer-fake/locked", Fixture, NULL, set_up, test_locked, tear_down);
    g_test_add("/writer-fake/flush", Fixture, NULL, set_up, test_flush, tear_down);
    g_test_add("/writer-fake/refuse", Fixture, NULL, set_up, test_refuse, tear_down);
    g_test_add("/writer-fake/free", Fixture, NULL, set_up, test_free, tear_down);
    g_test_add_func("/clock-fake/clock", test_clock);
    return g_test_run();
}
