/* SPDX-License-Identifier: Apache-2.0 */
/* manager/site/restore: what belongs to the machine stays, also when a restore was interrupted. */
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/site/registry.h"
#include "manager/site/restore.h"
#include "manager/site/site.h"
#include "tests/support/site_keys.h"

typedef struct {
    char *top, *site, *backup, *journal;
} World;

bool __wrap_mgr_site_check_keys(const char *dir, GError **error);

/* The site has an authority and no certificate: none is asked for here. */
bool __wrap_mgr_site_check_keys(const char *dir G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return true;
}

/* A site of which there is a backup, with its second broker drained, and its journal as of another disk. */
static void set_up(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pki = NULL;
    g_autofree char *registry = NULL;
    g_autofree char *own = NULL;
    g_autofree char *mark = NULL;
    g_autofree char *digest = NULL;
    HlJournal *journal = NULL;
    MgrBackupInfo info;
    HlDb *db;

    world->top = g_dir_make_tmp("hl-restore-XXXXXX", NULL);
    world->site = g_build_filename(world->top, "site", NULL);
    world->backup = g_build_filename(world->top, "backup", NULL);
    world->journal = g_build_filename(world->top, "journal", NULL);
    pki = mgr_site_path(world->site, "pki");
    registry = mgr_site_path(world->site, MGR_SITE_REGISTRY);
    own = mgr_site_path(world->site, MGR_SITE_JOURNAL);
    g_assert_true(hl_dir_make(pki, 0700, NULL));
    hl_signing_key_free(site_keys_make(world->site));
    hl_db_close(mgr_registry_open(registry, NULL));
    db = mgr_site_open_registry(world->site, &journal, &error);
    g_assert_no_error(error);
    hl_journal_free(journal);
    hl_db_close(db);
    g_assert_true(mgr_backup_make(world->site, world->backup, &info, &error));
    digest = hl_file_copy(own, world->journal, 0600, NULL);
    g_assert_nonnull(digest);
    mark = mgr_site_broker_path(world->site, 1, NULL);
    g_assert_true(hl_dir_make(mark, 0700, NULL));
}

static void tear_down(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->site);
    g_free(world->backup);
    g_free(world->journal);
}

static void restore(const World *world, const char *journal)
{
    g_auto(MgrRestoreReport) report = { 0 };
    g_autoptr(GError) error = NULL;
    MgrRestoreOrder order = {
        .dir = world->backup, .site = world->site, .journal = journal, .how = MGR_RESTORE_REPLACE
    };

    g_assert_true(mgr_site_restore(&order, &report, &error));
    g_assert_cmpuint(report.drained, ==, 1U << 1);
}

/* Killed before it came to the marks; the registry is put last. */
static void interrupt(const World *world)
{
    g_autofree char *registry = mgr_site_path(world->site, MGR_SITE_REGISTRY);
    g_autofree char *mark = mgr_site_broker_path(world->site, 1, MGR_SITE_DRAINED);

    g_assert_cmpint(unlink(registry), ==, 0);
    g_assert_cmpint(unlink(mark), ==, 0);
}

static void check_interrupted(const World *world, const char *journal)
{
    g_autofree char *mark = mgr_site_broker_path(world->site, 1, MGR_SITE_DRAINED);

    g_assert_true(hl_file_write_text(mark, "", 0600, NULL));
    restore(world, journal);
    interrupt(world);
    restore(world, journal);
    g_assert_true(g_file_test(mark, G_FILE_TEST_EXISTS));
}

static void test_own_journal(World *world, gconstpointer user G_GNUC_UNUSED)
{
    check_interrupted(world, NULL);
}

static void test_given_journal(World *world, gconstpointer user G_GNUC_UNUSED)
{
    check_interrupted(world, world->journal);
}

static void use_bundle(const World *world, guint times)
{
    g_autofree char *path = mgr_site_path(world->site, MGR_SITE_JOURNAL);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    HlJournalState state;
    g_autoptr(HlJournal) journal = hl_journal_open(path, NULL, NULL, &state, NULL);

    for (guint i = 0; i < times; i++)
        g_ptr_array_add(lines, mgr_journal_use("b"));
    g_assert_true(hl_journal_append(journal, lines, NULL));
}

static void count_use(const char *line, gpointer user)
{
    g_autofree char *bundle = mgr_journal_peek_use(line);

    *(guint *)user += bundle != NULL;
}

/* Each use of a bundle is the same line: those of before the backup are not taken for the later ones. */
static void test_same_lines(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = mgr_site_path(world->site, MGR_SITE_JOURNAL);
    g_autoptr(GError) error = NULL;
    MgrBackupInfo info;
    HlJournalState state;
    guint uses = 0;

    use_bundle(world, 2);
    g_assert_true(hl_tree_remove(world->backup, NULL));
    g_assert_true(mgr_backup_make(world->site, world->backup, &info, &error));
    g_assert_no_error(error);
    use_bundle(world, 3);
    check_interrupted(world, NULL);
    g_assert_true(hl_journal_read(path, count_use, &uses, &state, NULL));
    g_assert_cmpuint(uses, ==, 5);
}

/* A manager that stops during a backup says so of a log that the copy's head may be older than. */
static void test_closed(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *closed = mgr_site_path(world->site, MGR_SITE_AUDIT_CLOSED);
    g_autofree char *copy = mgr_site_path(world->backup, MGR_SITE_AUDIT_CLOSED);
    MgrBackupInfo info;

    g_assert_true(hl_file_write_text(closed, "", 0600, NULL) && hl_tree_remove(world->backup, NULL));
    g_assert_true(mgr_backup_make(world->site, world->backup, &info, NULL));
    g_assert_false(g_file_test(copy, G_FILE_TEST_EXISTS));
    check_interrupted(world, NULL);
    g_assert_false(g_file_test(closed, G_FILE_TEST_EXISTS));
}

static void run(HlDb *db, const char *sql)
{
    g_assert_true(hl_db_exec(db, sql, NULL));
}

/* Of the site, as the next manager finds it. */
static void expect_passes(const World *world, int64_t expected)
{
    g_autoptr(HlJournal) journal = NULL;
    g_autoptr(HlDb) db = mgr_site_open_registry(world->site, &journal, NULL);
    int64_t n = -1;

    g_assert_nonnull(db);
    g_assert_true(hl_db_query_int(db, 0, &n, NULL, "SELECT count(*) FROM pass", ""));
    g_assert_cmpint(n, ==, expected);
}

/* A session, and a token that is deleted after the backup, do not come back; a start that follows no restore ends
 * nothing. */
static void test_passes(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = mgr_site_path(world->site, MGR_SITE_REGISTRY);
    g_autofree char *own = mgr_site_path(world->site, MGR_SITE_JOURNAL);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, NULL);
    HlJournalState state;
    MgrBackupInfo info;
    HlJournal *journal;

    run(db, "INSERT INTO account (name, role, groups, created_at, created_by) VALUES ('leo', 'owner', '', 1, 'admin')");
    run(db, "INSERT INTO pass (hash, kind, id, account, name, role, groups, created_at, used_at, ends_at, address)"
            " VALUES ('a', 'session', 's-1', 'leo', '', 'owner', '', 1, 1, 9, ''),"
            " ('b', 'token', 't-1', 'leo', '', 'owner', '', 1, 1, 9, ''),"
            " ('c', 'token', 't-2', 'leo', '', 'owner', '', 1, 1, 9, '')");
    g_clear_pointer(&db, hl_db_close);
    expect_passes(world, 3);
    g_assert_true(hl_tree_remove(world->backup, NULL));
    g_assert_true(mgr_backup_make(world->site, world->backup, &info, &error));
    g_assert_no_error(error);
    journal = hl_journal_open(own, NULL, NULL, &state, NULL);
    g_ptr_array_add(lines, mgr_journal_token_end("b"));
    g_assert_true(hl_journal_append(journal, lines, NULL));
    hl_journal_free(journal);
    check_interrupted(world, NULL);
    expect_passes(world, 1);
    expect_passes(world, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/restore/interrupted/own-journal", World, NULL, set_up, test_own_journal, tear_down);
    g_test_add("/restore/interrupted/given-journal", World, NULL, set_up, test_given_journal, tear_down);
    g_test_add("/restore/same-lines", World, NULL, set_up, test_same_lines, tear_down);
    g_test_add("/restore/closed", World, NULL, set_up, test_closed, tear_down);
    g_test_add("/restore/passes", World, NULL, set_up, test_passes, tear_down);
    return g_test_run();
}
