/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store: statements, transactions, migrations, and the writer: atomic sets, conflicts, full disk, kill -9. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/store/migrate.h"
#include "lib/store/stmt.h"
#include "lib/store/txn.h"
#include "lib/store/writer.h"
#include "tests/support/tally.h"

static const HlMigration migrations[] = {
    { 1, "first",
      "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL DEFAULT 1) "
      "STRICT;"
      "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id), data BLOB) "
      "STRICT;" },
    { 2, "rebuild parent",
      "CREATE TABLE parent2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL DEFAULT 1, "
      "note TEXT) STRICT; INSERT INTO parent2 (id, name, version) SELECT id, name, version FROM parent;"
      "DROP TABLE parent; ALTER TABLE parent2 RENAME TO parent;" },
    { 3, "does not work", "CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);" },
    { 3, "orphans", "DELETE FROM parent;" },
};

typedef struct {
    char *directory, *path;
    HlDb *db;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    fixture->directory = g_dir_make_tmp("hl-store-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "test.db", NULL);
    fixture->db = hl_db_open(fixture->path, HL_DB_DEFAULT, &error);
    g_assert_no_error(error);
    g_assert_true(hl_migrate(fixture->db, migrations, 2, &error));
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

/* What SQLite itself says of the file, and of what refers to what. */
static void check_sound(HlDb *db)
{
    g_autoptr(HlStmt) stmt = hl_db_select(db, NULL, "PRAGMA integrity_check(1)", "");
    g_autoptr(HlStmt) lost = hl_db_select(db, NULL, "PRAGMA foreign_key_check", "");

    g_assert_cmpint(hl_stmt_step(stmt, NULL), ==, HL_STEP_ROW);
    g_assert_cmpstr(hl_stmt_text(stmt, 0), ==, "ok");
    g_assert_cmpint(hl_stmt_step(lost, NULL), ==, HL_STEP_DONE);
}

static void add_parent(HlDb *db, int64_t id, const char *name)
{
    g_assert_true(hl_db_run(db, NULL, NULL, "INSERT INTO parent (id, name) VALUES (?, ?)", "it", id, name));
}

static bool count_to_two(HlStmt *row G_GNUC_UNUSED, gpointer user)
{
    return ++*(int *)user < 2;
}

static void test_values(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) blob = g_bytes_new_static("a\0b", 3);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GBytes) read = NULL;
    g_autoptr(GError) error = NULL;
    int64_t changed = 0;
    int rows = 0;
    HlDb *db = fixture->db;

    add_parent(db, 7, "パターン");
    g_assert_true(hl_db_run(db, &changed, &error, "INSERT INTO child VALUES (1, ?, ?), (2, 7, ?), (3, 7, ?)", "ibbn",
                            (int64_t)7, blob, empty));
    g_assert_cmpint(changed, ==, 3);
    {
        g_autoptr(HlStmt) stmt =
            hl_db_select(db, &error, "SELECT data, id FROM child WHERE parent = ? ORDER BY id", "i", (int64_t)7);
        /* the same text again, while the first is in use */
        g_autoptr(HlStmt) second =
            hl_db_select(db, &error, "SELECT data, id FROM child WHERE parent = ? ORDER BY id", "i", (int64_t)8);

        g_assert_cmpint(hl_stmt_step(stmt, &error), ==, HL_STEP_ROW);
        g_assert_cmpint(hl_stmt_step(second, &error), ==, HL_STEP_DONE);
        read = hl_stmt_blob(stmt, 0);
        g_assert_true(g_bytes_equal(read, blob));
        g_clear_pointer(&read, g_bytes_unref);
        g_assert_cmpint(hl_stmt_step(stmt, &error), ==, HL_STEP_ROW);
        read = hl_stmt_blob(stmt, 0);
        g_assert_nonnull(read);
        g_assert_cmpuint(g_bytes_get_size(read), ==, 0);
        g_assert_cmpint(hl_stmt_step(stmt, &error), ==, HL_STEP_ROW);
        g_assert_true(hl_stmt_is_null(stmt, 0));
        g_assert_null(hl_stmt_blob(stmt, 0));
        g_assert_cmpint(hl_stmt_int(stmt, 1), ==, 3);
    }
    g_assert_true(hl_db_query(db, count_to_two, &rows, &error, "SELECT * FROM child", ""));
    g_assert_cmpint(rows, ==, 2);
    g_assert_cmpint(query_int(db, "SELECT id FROM child WHERE id = 99"), ==, -1);
}

static void test_failures(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *sql;
        HlErrorCode code;
    } rows[] = {
        { "INSERT INTO parent (id, name) VALUES (2, 'x')", HL_ERROR_EXISTS },
        { "INSERT INTO parent (id, name) VALUES (1, 'y')", HL_ERROR_EXISTS },
        { "INSERT INTO child VALUES (1, 99, NULL)", HL_ERROR_INVALID },
        { "INSERT INTO parent (id, name) VALUES ('text', 'y')", HL_ERROR_INVALID },
        { "SELEC", HL_ERROR_INVALID },
    };

    add_parent(fixture->db, 1, "x");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(hl_db_run(fixture->db, NULL, &error, rows[i].sql, ""));
        g_assert_error(error, HL_ERROR, (int)rows[i].code);
        g_assert_nonnull(strstr(error->message, "test.db"));
    }
}

static void test_open(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *missing = g_build_filename(fixture->directory, "missing.db", NULL);
    g_autofree char *rubbish = g_build_filename(fixture->directory, "rubbish.db", NULL);
    g_autofree char *text = g_strnfill(4096, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) reader = NULL;
    struct stat st;

    g_assert_null(hl_db_open(missing, HL_DB_READ_ONLY, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(g_file_test(missing, G_FILE_TEST_EXISTS));
    g_assert_true(hl_file_write_text(rubbish, text, 0600, NULL));
    g_assert_null(hl_db_open(rubbish, HL_DB_DEFAULT, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
    g_clear_error(&error);
    g_assert_null(hl_db_open(rubbish, HL_DB_READ_ONLY, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
    g_clear_error(&error);

    reader = hl_db_open(fixture->path, HL_DB_READ_ONLY, &error);
    g_assert_no_error(error);
    add_parent(fixture->db, 1, "x");
    g_assert_cmpint(query_int(reader, "SELECT count(*) FROM parent"), ==, 1);
    g_assert_false(hl_db_exec(reader, "DELETE FROM parent", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_DENIED);
    g_assert_cmpint(stat(fixture->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    check_sound(fixture->db);
}

/* Somebody looks into the database with a tool while we have it open twice: when the tool closes it, it must see our
 * locks and leave the write-ahead log where it is. */
static void test_looked_into(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) second = hl_db_open(fixture->path, HL_DB_DEFAULT, &error);
    const char *argv[] = { "sqlite3", fixture->path, "SELECT count(*) FROM parent", NULL };
    int expected[] = { 1, 2 };

    g_assert_no_error(error);
    g_assert_nonnull(second);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *output = NULL;
        int status;

        add_parent(fixture->db, expected[i], i == 0 ? "one" : "two");
        g_spawn_sync(NULL, hl_unconst(argv), NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status, &error);
        g_assert_no_error(error);
        g_assert_cmpint(status, ==, 0);
        g_assert_cmpint(atoi(output), ==, expected[i]);
    }
}

static void test_transactions(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlDb *db = fixture->db;

    {
        g_auto(HlTxn) lost = HL_TXN_INIT;

        g_assert_true(hl_txn_begin(&lost, db, NULL));
        add_parent(db, 1, "lost");
    }
    g_assert_cmpint(query_int(db, "SELECT count(*) FROM parent"), ==, 0);
    {
        g_auto(HlTxn) outer = HL_TXN_INIT;

        g_assert_true(hl_txn_begin(&outer, db, NULL));
        add_parent(db, 1, "outer");
        {
            g_auto(HlTxn) inner = HL_TXN_INIT;

            g_assert_true(hl_txn_begin(&inner, db, NULL));
            add_parent(db, 2, "inner, undone");
        }
        {
            g_auto(HlTxn) inner = HL_TXN_INIT;

            g_assert_true(hl_txn_begin(&inner, db, NULL));
            add_parent(db, 3, "inner, kept");
            g_assert_true(hl_txn_commit(&inner, NULL));
        }
        g_assert_true(hl_txn_commit(&outer, NULL));
    }
    g_assert_cmpint(query_int(db, "SELECT sum(id) FROM parent"), ==, 4);
}

static void test_migrate(void)
{
    g_autofree char *directory = g_dir_make_tmp("hl-store-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "m.db", NULL);
    g_autofree char *copy_path = g_strconcat(path, ".before-v2", NULL);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, NULL);
    g_autoptr(HlDb) copy = NULL;
    g_autoptr(GError) error = NULL;
    struct stat st;

    g_assert_true(hl_migrate(db, migrations, 1, &error));
    g_assert_false(g_file_test(copy_path, G_FILE_TEST_EXISTS)); /* there was nothing to lose */
    add_parent(db, 1, "x");
    g_assert_true(hl_db_exec(db, "INSERT INTO child VALUES (1, 1, NULL)", NULL));
    g_assert_true(hl_migrate(db, migrations, 2, &error));
    g_assert_true(hl_migrate(db, migrations, 2, &error)); /* again: nothing to do */
    g_assert_cmpint(hl_db_version(db, NULL), ==, 2);
    g_assert_cmpint(query_int(db, "SELECT count(*) FROM parent WHERE note IS NULL"), ==, 1);
    copy = hl_db_open(copy_path, HL_DB_READ_ONLY, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hl_db_version(copy, NULL), ==, 1);
    g_assert_cmpint(query_int(copy, "SELECT count(*) FROM child"), ==, 1);
    g_assert_cmpint(stat(copy_path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_assert_false(hl_db_exec(db, "INSERT INTO child VALUES (2, 99, NULL)", NULL)); /* foreign keys are on again */
    hl_db_close(g_steal_pointer(&db));
    hl_db_close(g_steal_pointer(&copy));
    g_assert_true(hl_tree_remove(directory, NULL));
}

static void check_migration_fails(HlDb *db, const HlMigration *rows, gsize count, HlErrorCode code, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(hl_migrate(db, rows, count, &error));
    g_assert_error(error, HL_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_migrate_failures(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    const HlMigration broken[] = { migrations[0], migrations[1], migrations[2] };
    const HlMigration orphaning[] = { migrations[0], migrations[1], migrations[3] };
    g_autofree char *foreign_path = g_build_filename(fixture->directory, "foreign.db", NULL);
    g_autoptr(HlDb) foreign = hl_db_open(foreign_path, HL_DB_DEFAULT, NULL);
    HlDb *db = fixture->db;

    add_parent(db, 1, "x");
    g_assert_true(hl_db_exec(db, "INSERT INTO child VALUES (1, 1, NULL)", NULL));
    for (int i = 0; i < 2; i++) /* a daemon that is restarted tries again */
        check_migration_fails(db, broken, 3, HL_ERROR_INVALID, "stays at version 2: migration 3 (does not work)");
    check_migration_fails(db, orphaning, 3, HL_ERROR_INVALID, "a row of child refers to a missing row of parent");
    g_assert_cmpint(hl_db_version(db, NULL), ==, 2);
    g_assert_cmpint(query_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), ==, 0);
    g_assert_cmpint(query_int(db, "SELECT count(*) FROM parent"), ==, 1);
    check_migration_fails(db, migrations, 1, HL_ERROR_CONFLICT, "has version 2, this program knows up to 1");
    g_assert_true(hl_db_exec(foreign, "CREATE TABLE theirs (a)", NULL));
    check_migration_fails(foreign, migrations, 2, HL_ERROR_INVALID, "another program");
}

/* -- the writer -- */

/* A set that leaves its letter where those before it left theirs; '!' if it failed. */
typedef struct {
    Tally *tally;
    GString *order;
    char letter;
} Mark;

static void on_marked(const GError *error, gpointer user)
{
    Mark *mark = user;

    g_string_append_c(mark->order, error == NULL ? mark->letter : '!');
    tally_count(error, mark->tally);
}

static HlWriter *open_writer(const Fixture *fixture, guint batch, guint capacity)
{
    HlWriterOptions options = { .path = fixture->path, .batch_sets = batch, .capacity = capacity, .batch_delay = 1 };
    g_autoptr(GError) error = NULL;
    HlWriter *writer = hl_writer_new(&options, &error);

    g_assert_no_error(error);
    return writer;
}

static HlWriteSet *pair_set(int64_t id, const char *name)
{
    HlWriteSet *set = hl_write_set_new();

    hl_write_set_add(set, "INSERT INTO parent (id, name) VALUES (?, ?)", "it", id, name);
    hl_write_set_add(set, "INSERT INTO child (parent, data) VALUES (?, ?)", "in", id);
    return set;
}

static void submit_pair(HlWriter *writer, int64_t id, Tally *tally)
{
    g_autofree char *name = g_strdup_printf("name %" G_GINT64_FORMAT, id);

    g_assert_true(hl_writer_submit(writer, pair_set(id, name), tally_count, tally, NULL));
}

/* A set that fails is undone alone; order is kept; those around it are committed. */
static void test_writer_isolation(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlWriter) writer = open_writer(fixture, 100, 0);
    Tally tally = { 0 };
    g_autoptr(GString) order = g_string_new(NULL);
    Mark marks[4] = { { &tally, order, 'a' }, { &tally, order, 'b' }, { &tally, order, 'c' }, { &tally, order, 'd' } };
    HlWriteSet *bad = hl_write_set_new();

    hl_write_set_add(bad, "INSERT INTO parent (id, name) VALUES (?, ?)", "it", (int64_t)50, "must vanish");
    hl_write_set_add(bad, "INSERT INTO child (parent) VALUES (?)", "i", (int64_t)99);
    g_assert_true(hl_writer_submit(writer, pair_set(1, "one"), on_marked, &marks[0], NULL));
    g_assert_true(hl_writer_submit(writer, bad, on_marked, &marks[1], NULL));
    g_assert_true(hl_writer_submit(writer, pair_set(2, "two"), on_marked, &marks[2], NULL));
    g_assert_true(hl_writer_submit(writer, hl_write_set_new(), on_marked, &marks[3], NULL));
    tally_wait(&tally, 4);
    g_assert_cmpstr(order->str, ==, "a!cd");
    g_assert_cmpint(tally.last_code, ==, HL_ERROR_INVALID);
    g_assert_cmpint(query_int(fixture->db, "SELECT sum(id) FROM parent"), ==, 3);
    g_assert_cmpuint(hl_writer_count(writer).failed_sets, ==, 1);
    g_assert_cmpuint(hl_writer_count(writer).pending, ==, 0);
}

static void test_writer_conflict(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char update[] = "UPDATE parent SET version = ? WHERE id = 1 AND version = ?";
    g_autoptr(HlWriter) writer = open_writer(fixture, 100, 0);
    Tally tally = { 0 };

    add_parent(fixture->db, 1, "x");
    for (int i = 0; i < 2; i++) { /* two admins who both saw version 1 */
        HlWriteSet *set = hl_write_set_new();

        hl_write_set_add(set, "INSERT INTO child (parent) VALUES (1)", "");
        hl_write_set_add(set, update, "ii", (int64_t)2, (int64_t)1);
        hl_write_set_require(set);
        hl_write_set_durable(set);
        g_assert_true(hl_writer_submit(writer, set, tally_count, &tally, NULL));
    }
    tally_wait(&tally, 2);
    g_assert_cmpuint(tally.committed, ==, 1);
    g_assert_cmpint(tally.last_code, ==, HL_ERROR_CONFLICT);
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM child"), ==, 1);
}

static void test_writer_groups(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlWriter) writer = open_writer(fixture, 500, 0);
    Tally tally = { 0 };
    HlWriterCounts counts;

    for (int64_t i = 1; i <= 5000; i++)
        submit_pair(writer, i, &tally);
    hl_writer_flush(writer);
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM parent"), ==, 5000);
    tally_wait(&tally, 5000);
    counts = hl_writer_count(writer);
    g_assert_cmpuint(tally.committed, ==, 5000);
    g_assert_cmpuint(counts.transactions, >=, 10);
    g_assert_cmpuint(counts.transactions, <, 1000); /* it did group */
    hl_writer_flush(writer);                        /* with nothing to do it returns */
}

/* More statements in a transaction than are kept at hand, each again and again: what is bound is that write's own. */
static void test_writer_many_statements(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
#define UPDATE(n) "UPDATE parent SET version = version * 2 + " #n " WHERE id = ?"
    static const char *const texts[] = {
        UPDATE(0),  UPDATE(1),  UPDATE(2),  UPDATE(3),  UPDATE(4),  UPDATE(5),  UPDATE(6),  UPDATE(7),  UPDATE(8),
        UPDATE(9),  UPDATE(10), UPDATE(11), UPDATE(12), UPDATE(13), UPDATE(14), UPDATE(15), UPDATE(16), UPDATE(17),
        UPDATE(18), UPDATE(19), UPDATE(20), UPDATE(21), UPDATE(22), UPDATE(23), UPDATE(24), UPDATE(25), UPDATE(26),
    };
#undef UPDATE
    g_autoptr(HlWriter) writer = open_writer(fixture, 100, 0);
    Tally tally = { 0 };
    int64_t versions[3] = { 0, 1, 1 };

    submit_pair(writer, 1, &tally);
    submit_pair(writer, 2, &tally);
    for (gsize i = 0; i < 40; i++) {
        HlWriteSet *set = hl_write_set_new();
        int64_t id = i % 3 == 0 ? 1 : 2;
        gsize n = i < 30 ? i * 5 % G_N_ELEMENTS(texts) : i % 4;

        versions[id] = versions[id] * 2 + (int64_t)n;
        hl_write_set_add(set, texts[n], "i", id);
        g_assert_true(hl_writer_submit(writer, set, tally_count, &tally, NULL));
    }
    tally_wait(&tally, 42);
    g_assert_cmpuint(tally.committed, ==, 42);
    g_assert_cmpint(query_int(fixture->db, "SELECT version FROM parent WHERE id = 1"), ==, versions[1]);
    g_assert_cmpint(query_int(fixture->db, "SELECT version FROM parent WHERE id = 2"), ==, versions[2]);
}

/* Freeing delivers every result; a full queue refuses and says so. */
static void test_writer_bounds(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlWriter *writer = open_writer(fixture, 100, 10);
    g_autoptr(GError) error = NULL;
    Tally tally = { 0 };

    for (int64_t i = 1; i <= 10; i++)
        submit_pair(writer, i, &tally);
    /* even when all are committed: their results wait for the loop */
    g_assert_false(hl_writer_submit(writer, pair_set(11, "x"), tally_count, &tally, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_cmpuint(hl_writer_count(writer).refused_sets, ==, 1);
    g_assert_cmpuint(tally.done, ==, 0);
    hl_writer_free(writer);
    g_assert_cmpuint(tally.committed, ==, 10);
}

/* The page limit stands for the disk: SQLite answers it with the same SQLITE_FULL. */
static void test_writer_full(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlWriter) writer = open_writer(fixture, 100, 0);
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(1024 * 1024), 1024 * 1024);
    HlWriteSet *limit = hl_write_set_new();
    HlWriteSet *unlimited = hl_write_set_new();
    Tally before = { 0 };
    Tally full = { 0 };
    Tally after = { 0 };

    hl_write_set_add(limit, "PRAGMA max_page_count = 40", "");
    g_assert_true(hl_writer_submit(writer, limit, tally_count, &before, NULL));
    submit_pair(writer, 1, &before);
    tally_wait(&before, 2);
    g_assert_cmpuint(before.committed, ==, 2);
    for (int64_t i = 2; i < 5; i++) {
        HlWriteSet *set = pair_set(i, "large");

        hl_write_set_add(set, "UPDATE child SET data = ? WHERE parent = ?", "bi", large, i);
        g_assert_true(hl_writer_submit(writer, set, tally_count, &full, NULL));
    }
    tally_wait(&full, 3);
    g_assert_cmpuint(full.committed, ==, 0);
    g_assert_cmpint(full.last_code, ==, HL_ERROR_FULL);
    hl_write_set_add(unlimited, "PRAGMA max_page_count = 1000000", "");
    g_assert_true(hl_writer_submit(writer, unlimited, tally_count, &after, NULL));
    submit_pair(writer, 5, &after);
    tally_wait(&after, 2);
    g_assert_cmpuint(after.committed, ==, 2);
    g_assert_cmpint(query_int(fixture->db, "SELECT sum(id) FROM parent"), ==, 6);
    check_sound(fixture->db);
}

/* A file-size limit makes the log's write itself fail, in mid-transaction or at COMMIT. */
static void test_writer_io_error(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlWriter) writer = open_writer(fixture, 1000, 0);
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(100000), 100000);
    struct rlimit old;
    struct rlimit tight;
    Tally failed = { 0 };
    Tally after = { 0 };

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    tight = (struct rlimit){ 256 * 1024, old.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &tight), ==, 0);
    for (int64_t i = 1; i <= 8; i++) {
        g_autofree char *name = g_strdup_printf("n%" G_GINT64_FORMAT, i);
        HlWriteSet *set = pair_set(i, name);

        hl_write_set_add(set, "UPDATE child SET data = ? WHERE parent = ?", "bi", large, i);
        g_assert_true(hl_writer_submit(writer, set, tally_count, &failed, NULL));
    }
    tally_wait(&failed, 8);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    signal(SIGXFSZ, SIG_DFL);
    g_assert_cmpuint(failed.committed, <, 8);
    g_assert_true(failed.last_code == HL_ERROR_IO || failed.last_code == HL_ERROR_FULL);
    /* what was reported as committed is there, nothing else */
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM parent"), ==, failed.committed);
    submit_pair(writer, 100, &after);
    tally_wait(&after, 1);
    g_assert_cmpuint(after.committed, ==, 1);
    check_sound(fixture->db);
}

/* The child: writes pairs for ever, and says one byte a commit. */
static void write_until_killed(const Fixture *fixture, int out)
{
    HlWriter *writer = open_writer(fixture, 20, 0);
    Tally tally = { 0 };
    guint told = 0;

    for (int64_t i = 1;; i++) {
        submit_pair(writer, i, &tally);
        g_main_context_iteration(NULL, i % 50 == 0);
        for (; told < tally.committed; told++)
            if (write(out, "x", 1) != 1)
                _exit(1);
    }
}

/* kill -9 in mid-write: every set is there whole or not at all, and none that was reported is missing. */
static void test_writer_killed(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    char buffer[256];
    gssize told = 0;
    gssize n;
    int ends[2];
    int status;
    pid_t child;

    hl_db_close(g_steal_pointer(&fixture->db)); /* SQLite connections do not cross a fork */
    g_assert_cmpint(pipe(ends), ==, 0);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        write_until_killed(fixture, ends[1]);
    close(ends[1]);
    while (told < 300 && (n = read(ends[0], buffer, sizeof buffer)) > 0)
        told += n;
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    while ((n = read(ends[0], buffer, sizeof buffer)) > 0)
        told += n;
    close(ends[0]);
    g_assert_cmpint(told, >=, 300);
    fixture->db = hl_db_open(fixture->path, HL_DB_DEFAULT, NULL);
    check_sound(fixture->db);
    g_assert_cmpint(query_int(fixture->db, "SELECT count(*) FROM parent"), >=, told);
    g_assert_cmpint(query_int(fixture->db, "SELECT (SELECT count(*) FROM parent) - (SELECT count(*) FROM child)"), ==,
                    0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FIXTURE_TEST(name, function) g_test_add("/store/" name, Fixture, NULL, set_up, function, tear_down)
    FIXTURE_TEST("values", test_values);
    FIXTURE_TEST("failures", test_failures);
    FIXTURE_TEST("open", test_open);
    FIXTURE_TEST("looked-into", test_looked_into);
    FIXTURE_TEST("transactions", test_transactions);
    g_test_add_func("/store/migrate", test_migrate);
    FIXTURE_TEST("migrate-failures", test_migrate_failures);
    FIXTURE_TEST("writer/isolation", test_writer_isolation);
    FIXTURE_TEST("writer/conflict", test_writer_conflict);
    FIXTURE_TEST("writer/groups", test_writer_groups);
    FIXTURE_TEST("writer/many-statements", test_writer_many_statements);
    FIXTURE_TEST("writer/bounds", test_writer_bounds);
    FIXTURE_TEST("writer/full", test_writer_full);
    FIXTURE_TEST("writer/io-error", test_writer_io_error);
    FIXTURE_TEST("writer/killed", test_writer_killed);
    return g_test_run();
}
