/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/ledger_passes: tokens that were deleted, and passwords and one-time codes that were replaced after a
 * backup, stay ended in a registry that is restored from it; and no session goes on. */
#include "manager/store/ledger_passes.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/store/passes.h"
#include "tests/support/ledger_fixture.h"

static void add_account(World *world, const char *name)
{
    MgrAccountRecord record = { .name = hl_unconst(name),
                                .created_by = hl_unconst("admin"),
                                .note = hl_unconst(""),
                                .role = MGR_ROLE_OWNER,
                                .groups = hl_unconst(""),
                                .created_at = NOW };

    mgr_write_account(world->set, &record);
    g_assert_cmpint(commit(world), ==, HL_ERROR_N_CODES);
}

static void set_password(World *world, const char *account, const char *password)
{
    MgrSecretRecord secret = { .account = hl_unconst(account), .password = hl_unconst(password), .changed_at = NOW };

    mgr_write_secret(world->set, &secret);
    g_assert_cmpint(commit(world), ==, HL_ERROR_N_CODES);
}

static void set_code(World *world, const char *account, const char *code)
{
    mgr_write_code(world->set, account, code, 1);
    g_assert_cmpint(commit(world), ==, HL_ERROR_N_CODES);
}

static void add_pass(World *world, MgrPassKind kind, const char *hash, const char *account)
{
    MgrPassRecord pass = { .hash = hl_unconst(hash),
                           .id = hl_unconst(hash),
                           .kind = kind,
                           .account = hl_unconst(account),
                           .name = hl_unconst(""),
                           .role = MGR_ROLE_OWNER,
                           .groups = hl_unconst(""),
                           .created_at = NOW,
                           .used_at = NOW,
                           .ends_at = EXPIRES,
                           .address = hl_unconst("") };

    mgr_write_pass(world->set, &pass);
    g_assert_cmpint(commit(world), ==, HL_ERROR_N_CODES);
}

static HlDb *copy(const World *world)
{
    g_autofree char *path = g_build_filename(world->directory, "backup", NULL);

    g_assert_true(hl_db_copy(world->db, path, NULL));
    return hl_db_open(path, HL_DB_DEFAULT, NULL);
}

static bool add_text(HlStmt *row, gpointer out)
{
    g_string_append_printf(out, "%s ", hl_stmt_text(row, 0));
    return true;
}

/* Who has a password, and what passes there are. */
static void expect_left(HlDb *db, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_true(hl_db_query(db, add_text, out, NULL, "SELECT account FROM secret ORDER BY account", ""));
    g_assert_true(hl_db_query(db, add_text, out, NULL, "SELECT hash FROM pass ORDER BY hash", ""));
    g_assert_cmpstr(out->str, ==, expected);
}

static void set_up(World *world, gconstpointer user)
{
    static const char *const names[] = { "ann", "bob", "leo", "zoe" };

    ledger_set_up(world, user);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        add_account(world, names[i]);
        set_password(world, names[i], "first");
    }
    set_code(world, "ann", "key");
    set_code(world, "bob", "");
    add_pass(world, MGR_PASS_SESSION, "s1", "leo");
    add_pass(world, MGR_PASS_TOKEN, "t1", "leo");
    add_pass(world, MGR_PASS_TOKEN, "t2", "leo");
}

static void test_ended(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlDb) backup = copy(world);
    g_autoptr(MgrLedger) ledger = NULL;
    g_autofree char *told = NULL;

    mgr_write_token_end(world->set, "t1");
    commit(world);
    set_password(world, "leo", "second");
    set_code(world, "ann", "another");
    set_code(world, "bob", ""); /* as it was */
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    ledger = ledger_of(world);
    told = mgr_ledger_describe_passes(ledger, backup);
    g_assert_nonnull(strstr(told, " of ann, leo were replaced after the backup"));
    g_assert_null(strstr(told, "those of the backup:"));
    g_assert_true(mgr_ledger_end_passes(ledger, backup, NULL));
    expect_left(backup, "bob zoe t2 ");
}

/* Somebody of that name was another one. */
static void test_name_again(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(MgrLedger) ledger = NULL;
    g_autoptr(HlDb) backup = NULL;

    set_password(world, "zoe", "second");
    mgr_write_account_removal(world->set, "zoe");
    mgr_write_passes_removal(world->set, "zoe");
    commit(world);
    add_account(world, "zoe");
    g_assert_true(hl_db_run(world->db, NULL, NULL,
                            "INSERT INTO secret (account, password, changed_at) VALUES (?, ?, 1)", "tt", "zoe",
                            "of an earlier version, whose journal does not say it"));
    backup = copy(world);
    ledger = ledger_of(world);
    g_assert_true(mgr_ledger_end_passes(ledger, backup, NULL));
    expect_left(backup, "ann bob leo zoe t1 t2 ");
}

/* From the backup alone nobody knows what was ended since: it is said whose passwords these are. */
static void test_blind(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlDb) backup = copy(world);
    g_autoptr(MgrLedger) ledger = NULL;
    g_autofree char *told = NULL;

    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_OF_BACKUP, ""));
    ledger = ledger_of(world);
    told = mgr_ledger_describe_passes(ledger, backup);
    g_assert_nonnull(strstr(told, " of ann, bob, leo, zoe are those of the backup"));
    g_assert_null(strstr(told, "were replaced after"));
    g_assert_true(mgr_ledger_end_passes(ledger, backup, NULL));
    expect_left(backup, "ann bob leo zoe t1 t2 ");
}

/* As a start does it: the journal first. */
static void end_passes(World *world, HlDb *db)
{
    g_autoptr(MgrLedger) ledger = ledger_of(world);

    g_assert_true(mgr_ledger_note_ends(ledger, db, world->lines, NULL));
    g_assert_true(mgr_ledger_end_passes(ledger, db, NULL));
}

/* Who got another password after a restore keeps it at the next one. */
static void test_restored_twice(World *world, gconstpointer user G_GNUC_UNUSED)
{
    set_password(world, "ann", "first again");
    g_assert_true(hl_db_run(world->db, NULL, NULL, "UPDATE secret SET password = 'first' WHERE account = 'ann'", ""));
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    end_passes(world, world->db);
    expect_left(world->db, "bob leo zoe t1 t2 ");
    set_password(world, "ann", "third");
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    end_passes(world, world->db);
    expect_left(world->db, "ann bob leo zoe t1 t2 ");
}

/* An account that was made after the backup, with codes: its password of after the restore is without. */
static void test_lost_codes(World *world, gconstpointer user G_GNUC_UNUSED)
{
    add_account(world, "max");
    set_password(world, "max", "first");
    set_code(world, "max", "key");
    g_assert_true(hl_db_run(world->db, NULL, NULL, "DELETE FROM secret WHERE account = 'max'", ""));
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    end_passes(world, world->db);
    set_password(world, "max", "second");
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    end_passes(world, world->db);
    expect_left(world->db, "ann bob leo max zoe t1 t2 ");
}

/* An older journal beside a newer registry ends no password of which it does not know, and is told of it. */
static void test_older_journal(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) told = NULL;
    g_autoptr(HlDb) backup = NULL;

    g_assert_true(hl_db_run(world->db, NULL, NULL, "UPDATE secret SET password = 'second' WHERE account = 'zoe'", ""));
    end_passes(world, world->db);
    expect_left(world->db, "ann bob leo zoe t1 t2 ");
    told = mgr_ledger_snapshot(world->db, NOW, NULL);
    g_assert_nonnull(told);
    g_ptr_array_extend_and_steal(world->lines, g_steal_pointer(&told));
    backup = copy(world);
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    end_passes(world, backup);
    expect_left(backup, "ann bob leo zoe t1 t2 ");
}

/* A backup of before there were such lines: of that time nothing is known, whatever was written since. */
static void test_earlier_version(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlDb) backup = copy(world);
    g_autoptr(MgrLedger) ledger = NULL;
    g_autofree char *told = NULL;
    g_autofree char *told_of_this = NULL;

    set_password(world, "leo", "second");
    g_ptr_array_add(world->lines, mgr_journal_restore(NOW, NOW, MGR_JOURNAL_NEWER, ""));
    ledger = ledger_of(world);
    told_of_this = mgr_ledger_describe_passes(ledger, backup);
    g_assert_null(strstr(told_of_this, "are those of the backup"));
    g_assert_true(hl_db_exec(backup, "PRAGMA user_version = 28", NULL));
    told = mgr_ledger_describe_passes(ledger, backup);
    g_assert_nonnull(strstr(told, "of leo were replaced after the backup"));
    g_assert_nonnull(strstr(told, "of ann, bob, leo, zoe are those of the backup"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/ledger/passes/ended", World, NULL, set_up, test_ended, ledger_tear_down);
    g_test_add("/ledger/passes/name-again", World, NULL, set_up, test_name_again, ledger_tear_down);
    g_test_add("/ledger/passes/restored-twice", World, NULL, set_up, test_restored_twice, ledger_tear_down);
    g_test_add("/ledger/passes/lost-codes", World, NULL, set_up, test_lost_codes, ledger_tear_down);
    g_test_add("/ledger/passes/older-journal", World, NULL, set_up, test_older_journal, ledger_tear_down);
    g_test_add("/ledger/passes/earlier-version", World, NULL, set_up, test_earlier_version, ledger_tear_down);
    g_test_add("/ledger/passes/blind", World, NULL, set_up, test_blind, ledger_tear_down);
    return g_test_run();
}
