/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/accounts: what is written is what is loaded; a registry of before there were accounts gets them, and
 * a registry that is restored the ones that its journal tells of; an owner is always left. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/store/accounts.h"
#include "manager/store/ledger.h"
#include "tests/support/registry_fixture.h"

/* A registry with the groups that accounts are limited to. */
static void set_up(Fixture *fixture, gconstpointer user)
{
    static const char *const names[] = { "lab", "office" };

    fixture_set_up(fixture, user);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        hl_write_set_add(fixture->set,
                         "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES (?, 1, 1, "
                         "'', 1, 'root')",
                         "t", names[i]);
    fixture_commit(fixture);
}

static MgrAccountRecord account(const char *name, MgrRole role)
{
    return (MgrAccountRecord){ .name = hl_unconst(name),
                               .created_by = hl_unconst("root"),
                               .note = hl_unconst("a note"),
                               .role = role,
                               .groups = hl_unconst("lab,office"),
                               .created_at = 7001 };
}

static MgrCertificateRecord certificate(const char *name, const char *serial)
{
    return (MgrCertificateRecord){ .serial = hl_unconst(serial),
                                   .name = hl_unconst(name),
                                   .kind = hl_unconst("admin"),
                                   .issued_at = 7002,
                                   .expires_at = 7003 };
}

static void on_account(MgrAccountRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(name);
    ADD_TEXT(created_by);
    ADD_TEXT(note);
    ADD_TEXT(groups);
    ADD_NUMBER(role);
    ADD_NUMBER(created_at);
    ADD_NUMBER(disabled_at);
}

static void expect(Fixture *fixture, const char *expected)
{
    g_string_truncate(fixture->loaded, 0);
    g_assert_true(mgr_registry_load_accounts(fixture->db, on_account, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected);
}

static void add_with_certificate(Fixture *fixture, const char *name, MgrRole role, const char *serial)
{
    MgrAccountRecord record = account(name, role);
    MgrCertificateRecord cert = certificate(name, serial);

    mgr_write_account(fixture->set, &record);
    mgr_write_account_certificate(fixture->set, &cert);
    fixture_commit(fixture);
}

static void test_stored(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrAccountRecord first = account("ann", MGR_ROLE_OPERATOR);
    MgrAccountRecord changed = first;
    MgrAccountRecord second = account("ben", MGR_ROLE_OWNER);
    g_autoptr(GString) expected = g_string_new(NULL);

    mgr_write_account(fixture->set, &second);
    mgr_write_account(fixture->set, &first);
    changed.role = MGR_ROLE_ADMINISTRATOR;
    changed.disabled_at = 7004;
    changed.note = hl_unconst("another");
    changed.groups = hl_unconst("");
    mgr_write_account_change(fixture->set, &first, &changed);
    fixture_commit(fixture);
    on_account(&changed, expected);
    on_account(&second, expected);
    expect(fixture, expected->str);
    mgr_write_account_change(fixture->set, &first, &changed); /* it is no longer what that was */
    fixture_commit_fails(fixture);
    expect(fixture, expected->str);
    mgr_write_account_removal(fixture->set, "ann");
    mgr_write_account_removal(fixture->set, "ann");
    fixture_commit(fixture);
    g_string_truncate(expected, 0);
    on_account(&second, expected);
    expect(fixture, expected->str);
}

/* A name is one thing: an account, or the certificate of something else. */
static void test_names(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrAccountRecord ann = account("ann", MGR_ROLE_OWNER);
    MgrAccountRecord eye = account("eye", MGR_ROLE_OWNER);
    MgrCertificateRecord monitor = certificate("eye", "01");
    MgrCertificateRecord second = certificate("ann", "02");

    monitor.kind = hl_unconst("monitor");
    mgr_write_named_certificate(fixture->set, &monitor);
    mgr_write_account(fixture->set, &ann);
    fixture_commit(fixture);
    mgr_write_account(fixture->set, &ann);
    fixture_commit_fails(fixture);
    mgr_write_account(fixture->set, &eye);
    fixture_commit_fails(fixture);
    mgr_write_named_certificate(fixture->set, &second); /* the account has none yet, and its name all the same */
    fixture_commit_fails(fixture);
    second.name = hl_unconst("nobody");
    mgr_write_account_certificate(fixture->set, &second);
    fixture_commit_fails(fixture);
}

/* A certificate that was ended a moment ago gets nobody another one; nor does an account that was. */
static void test_renewal(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrAccountRecord ann = account("ann", MGR_ROLE_OWNER);
    MgrAccountRecord disabled = ann;
    MgrCertificateRecord second = certificate("ann", "02");
    MgrCertificateRecord third = certificate("ann", "03");

    disabled.disabled_at = 7005;
    add_with_certificate(fixture, "ann", MGR_ROLE_OWNER, "01");
    mgr_write_account_renewal(fixture->set, &second, "09");
    fixture_commit_fails(fixture);
    mgr_write_account_certificate(fixture->set, &second);
    mgr_write_revocations(fixture->set, "ann", "02", 7004); /* that one replaces the first */
    fixture_commit(fixture);
    mgr_write_account_renewal(fixture->set, &third, "01");
    fixture_commit_fails(fixture);
    mgr_write_account_change(fixture->set, &ann, &disabled);
    fixture_commit(fixture);
    mgr_write_account_renewal(fixture->set, &third, "02");
    fixture_commit_fails(fixture);
    mgr_write_account_change(fixture->set, &disabled, &ann);
    mgr_write_account_renewal(fixture->set, &third, "02");
    fixture_commit(fixture);
}

/* Of two that would end the last two owners, the second fails, whatever it is. */
static void test_owner_left(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrAccountRecord ann = account("ann", MGR_ROLE_OWNER);
    MgrAccountRecord ben = account("ben", MGR_ROLE_OWNER);
    MgrAccountRecord demoted = ben;
    MgrAccountRecord disabled = ben;

    demoted.role = MGR_ROLE_ADMINISTRATOR;
    disabled.disabled_at = 7005;
    add_with_certificate(fixture, "ann", MGR_ROLE_OWNER, "01");
    add_with_certificate(fixture, "ben", MGR_ROLE_OWNER, "02");
    add_with_certificate(fixture, "kim", MGR_ROLE_ADMINISTRATOR, "03");
    mgr_write_account(fixture->set, &(MgrAccountRecord){ .name = hl_unconst("new"),
                                                         .created_by = hl_unconst("ann"),
                                                         .note = hl_unconst(""),
                                                         .role = MGR_ROLE_OWNER, /* and cannot come in yet */
                                                         .groups = hl_unconst("") });
    fixture_commit(fixture);
    mgr_write_account_removal(fixture->set, ann.name); /* ben's certificate has ended by then */
    mgr_write_revocations(fixture->set, ann.name, NULL, 7003);
    mgr_write_owner_left(fixture->set, 7003);
    fixture_commit_fails(fixture);
    mgr_write_account_removal(fixture->set, ann.name);
    mgr_write_revocations(fixture->set, ann.name, NULL, 7006);
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit(fixture);
    mgr_write_account_change(fixture->set, &ben, &demoted);
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit_fails(fixture);
    mgr_write_account_change(fixture->set, &ben, &disabled);
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit_fails(fixture);
    mgr_write_account_removal(fixture->set, ben.name);
    mgr_write_revocations(fixture->set, ben.name, NULL, 7006);
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit_fails(fixture);
}

/* Of two authorities the first has ended by now: a certificate of it opens nothing, and its owner cannot be the last.
 */
static void test_owner_of_ended_authority(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrAccountRecord ann = account("ann", MGR_ROLE_OWNER);
    MgrAccountRecord ben = account("ben", MGR_ROLE_OWNER);
    MgrCertificateRecord of_first = certificate("ann", "01");
    MgrCertificateRecord of_second = certificate("ben", "02");
    bool has = true;

    of_first.authority = hl_unconst("aaaa");
    of_second.authority = hl_unconst("bbbb");
    mgr_write_account(fixture->set, &ann);
    mgr_write_account_certificate(fixture->set, &of_first);
    mgr_write_account(fixture->set, &ben);
    mgr_write_account_certificate(fixture->set, &of_second);
    hl_write_set_add(fixture->set,
                     "INSERT INTO place (one, counter, brokers, servers, changed_at, changed_by, authorities)"
                     " VALUES (1, 1, '', '', 1, 'admin', 'bbbb,aaaa')",
                     "");
    mgr_write_account_removal(fixture->set, "ben"); /* while both are in force */
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit(fixture);
    hl_write_set_add(fixture->set, "UPDATE place SET authorities = 'bbbb'", "");
    fixture_commit(fixture);
    g_assert_true(mgr_registry_has_owner(fixture->db, 7002, &has, NULL));
    g_assert_false(has);
    mgr_write_account_change(fixture->set, &ann,
                             &(MgrAccountRecord){ .name = ann.name,
                                                  .created_by = ann.created_by,
                                                  .note = ann.note,
                                                  .role = MGR_ROLE_AUDITOR,
                                                  .groups = ann.groups,
                                                  .created_at = ann.created_at });
    mgr_write_owner_left(fixture->set, 7002);
    fixture_commit_fails(fixture);
    hl_write_set_add(fixture->set, "UPDATE place SET authorities = ''", "");
    fixture_commit(fixture);
    g_assert_true(mgr_registry_has_owner(fixture->db, 7002, &has, NULL));
    g_assert_true(has);
}

/* ------------------------------------------------------------------------------------------------ upgrade, restore */

static int64_t count(HlDb *db, const char *sql)
{
    int64_t n = -1;

    g_assert_true(hl_db_query_int(db, -1, &n, NULL, sql, ""));
    return n;
}

/* Administrators with a certificate in force become owners, once each; nobody else becomes anything. */
static void test_upgrade(void)
{
    for (int version = 1; version < MGR_ACCOUNTS_SINCE; version++) {
        g_autofree char *directory = g_dir_make_tmp("hl-accounts-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(directory, "registry.db", NULL);
        g_autoptr(HlDb) old = mgr_registry_make_model(version, NULL);
        g_autoptr(HlDb) db = NULL;

        g_assert_true(hl_db_exec(old,
                                 "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, revoked_at) "
                                 "VALUES ('01', 'ann', 'admin', 5, 6, 0),"
                                 " ('02', 'ann', 'admin', 4, 6, 0), ('03', 'gone', 'admin', 5, 6, 7),"
                                 " ('04', 'eye', 'monitor', 5, 6, 0), ('05', 'e-1', 'endpoint', 5, 6, 0)",
                                 NULL));
        g_assert_true(hl_db_run(old, NULL, NULL, "VACUUM INTO ?", "t", path));
        db = mgr_registry_open(path, NULL);
        g_assert_cmpint(count(db, "SELECT count(*) FROM account"), ==, 1);
        g_assert_cmpint(count(db, "SELECT created_at FROM account WHERE name = 'ann' AND role = 'owner'"
                                  " AND disabled_at = 0 AND groups = ''"),
                        ==, 4);
        hl_db_close(g_steal_pointer(&db));
        g_assert_true(hl_tree_remove(directory, NULL));
    }
}

/* A journal of these changes, applied to a registry that has none of them. */
static void test_restored(void)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();
    g_autoptr(HlDb) db = mgr_registry_make_model(mgr_registry_version(), NULL);
    MgrAccountRecord ann = account("ann", MGR_ROLE_OWNER);
    MgrAccountRecord ben = account("ben", MGR_ROLE_OPERATOR);
    MgrAccountRecord gone = account("gone", MGR_ROLE_OWNER);
    g_auto(MgrGaps) gaps = { 0 };
    g_auto(MgrGaps) after = { 0 };
    g_autofree char *first = mgr_journal_account(&ann);
    g_autofree char *second = NULL;
    g_autofree char *third = mgr_journal_account(&ben);
    g_autofree char *fourth = mgr_journal_account_removal("gone");
    g_autofree char *what = NULL;
    g_autofree char *rest = NULL;

    ann.disabled_at = 9001;
    second = mgr_journal_account(&ann);
    for (const char *const *line = (const char *const[]){ first, second, third, fourth, NULL }; *line != NULL; line++)
        mgr_ledger_line(*line, ledger);
    g_assert_cmpuint(mgr_ledger_malformed(ledger), ==, 0);
    ann.disabled_at = 0;
    g_assert_true(mgr_registry_put_account(db, &ann, NULL) && mgr_registry_put_account(db, &gone, NULL));
    g_assert_true(mgr_ledger_compare(ledger, db, 1, &gaps, NULL));
    what = mgr_gaps_describe(&gaps);
    g_assert_cmpstr(what, ==, "3 changes of accounts");
    g_assert_true(mgr_ledger_apply(ledger, db, &gaps, NULL));
    g_assert_true(mgr_ledger_compare(ledger, db, 1, &after, NULL));
    rest = mgr_gaps_describe(&after);
    g_assert_null(rest);
    g_assert_cmpint(count(db, "SELECT count(*) FROM account"), ==, 2);
    g_assert_cmpint(count(db, "SELECT disabled_at FROM account WHERE name = 'ann'"), ==, 9001);
    mgr_ledger_line("{\"what\":\"account\",\"name\":\"x\",\"role\":\"king\"}", ledger);
    g_assert_cmpuint(mgr_ledger_malformed(ledger), ==, 1);
}

/* Somebody else has the name since the backup: nothing of the first one's lets anybody in, however alike they are. */
static void test_name_again(void)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();
    g_autoptr(HlDb) db = mgr_registry_make_model(mgr_registry_version(), NULL);
    MgrAccountRecord leo = account("leo", MGR_ROLE_OWNER);
    g_auto(MgrGaps) gaps = { 0 };
    g_autofree char *line = NULL;

    g_assert_true(mgr_registry_put_account(db, &leo, NULL));
    g_assert_true(hl_db_exec(db,
                             "INSERT INTO secret (account, password, changed_at) VALUES ('leo', 'x', 1);"
                             "INSERT INTO pass (hash, id, kind, account, name, role, groups, created_at, used_at, "
                             "ends_at, address) VALUES ('h', 't-1', 'token', 'leo', 'n', 'owner', '', 1, 1, 9, '')",
                             NULL));
    g_assert_true(mgr_registry_put_account(db, &leo, NULL)); /* the same one keeps them */
    g_assert_cmpint(count(db, "SELECT count(*) FROM pass"), ==, 1);
    leo.created_at += HL_DAY;
    line = mgr_journal_account(&leo);
    mgr_ledger_line(line, ledger);
    g_assert_true(mgr_ledger_compare(ledger, db, 1, &gaps, NULL));
    g_assert_true(mgr_ledger_apply(ledger, db, &gaps, NULL));
    g_assert_cmpint(count(db, "SELECT created_at FROM account WHERE name = 'leo'"), ==, leo.created_at);
    g_assert_cmpint(count(db, "SELECT (SELECT count(*) FROM pass) + (SELECT count(*) FROM secret)"), ==, 0);
}

/* A journal of before there were accounts says who administrators are by their certificates. */
static void test_older_journal(void)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();
    g_autoptr(HlDb) db = mgr_registry_make_model(mgr_registry_version(), NULL);
    g_auto(MgrGaps) gaps = { 0 };

    mgr_ledger_line("{\"what\":\"certificate\",\"serial\":\"0a\",\"name\":\"ann\",\"role\":\"admin\",\"issued\":1,"
                    "\"expires\":9000,\"at\":0}",
                    ledger);
    g_assert_false(mgr_ledger_has_accounts(ledger));
    g_assert_true(mgr_ledger_compare(ledger, db, 2, &gaps, NULL));
    g_assert_true(mgr_ledger_apply(ledger, db, &gaps, NULL));
    g_assert_cmpint(count(db, "SELECT count(*) FROM account WHERE name = 'ann' AND role = 'owner'"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/accounts/stored", Fixture, NULL, set_up, test_stored, fixture_tear_down);
    g_test_add("/accounts/names", Fixture, NULL, set_up, test_names, fixture_tear_down);
    g_test_add_func("/accounts/name-again", test_name_again);
    g_test_add("/accounts/renewal", Fixture, NULL, set_up, test_renewal, fixture_tear_down);
    g_test_add("/accounts/owner-of-ended-authority", Fixture, NULL, set_up, test_owner_of_ended_authority,
               fixture_tear_down);
    g_test_add("/accounts/owner-left", Fixture, NULL, set_up, test_owner_left, fixture_tear_down);
    g_test_add_func("/accounts/upgrade", test_upgrade);
    g_test_add_func("/accounts/restored", test_restored);
    g_test_add_func("/accounts/older-journal", test_older_journal);
    return g_test_run();
}
