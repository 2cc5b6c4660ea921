/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/issued: what the server's own command line left is in registry and audit log, once, and nothing
 * of it is left behind; one whose account is gone ends. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "manager/daemon/work/issued.h"
#include "manager/site/issued.h"
#include "manager/site/site.h"
#include "tests/support/manager_parts.h"

typedef struct {
    Parts *parts;
    MgrIssued *issued;
    char *folder, *path, *serial;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    Parts *parts = parts_new();

    fixture->parts = parts;
    fixture->folder = mgr_site_path(parts->dir, MGR_SITE_ISSUED);
    fixture->issued = mgr_issued_new(&(MgrIssuedOptions){ .dir = parts->dir,
                                                          .fleet = &parts->fleet,
                                                          .record = parts->record,
                                                          .pki = parts->pki,
                                                          .status = parts->status,
                                                          .passes = mgr_access_calls_passes(parts->access_calls),
                                                          .noted = mgr_calls_note,
                                                          .user = parts->calls });
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    mgr_issued_free(fixture->issued);
    parts_free(fixture->parts);
    g_free(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->serial);
}

static void leave_as(Fixture *fixture, const char *name, const char *ending)
{
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GBytes) csr = parts_make_csr();
    g_autoptr(HlCert) cert = mgr_pki_issue(fixture->parts->pki, csr, HL_CERT_ADMIN, name, 730 * HL_DAY, &record, NULL);

    fixture->serial = g_strdup(record.serial);
    fixture->path = g_strconcat(fixture->folder, "/", record.serial, ending, NULL);
    g_assert_true(hl_dir_make(fixture->folder, 0700, NULL));
    g_assert_true(hl_cert_save(cert, fixture->path, NULL));
    g_assert_true(mgr_site_is_issued_beside(fixture->parts->dir, record.serial));
}

static void leave(Fixture *fixture, const char *name)
{
    leave_as(fixture, name, ".pem");
}

static void tick(Fixture *fixture)
{
    mgr_issued_tick(fixture->issued);
    parts_commit(fixture->parts);
}

static void on_row(MgrAuditRecord *record, gpointer user)
{
    g_string_append_printf(user, "%s: %s %s|%s\n", record->account, record->call, record->arguments, record->code);
}

static void expect_row(Fixture *fixture, const char *name, const char *code)
{
    g_autofree char *expected =
        g_strdup_printf("@site: account certificate name=%s serial=%s|%s\n", name, fixture->serial, code);
    g_autoptr(GString) rows = g_string_new(NULL);

    g_assert_true(mgr_registry_list_audit(mgr_record_reader(fixture->parts->record),
                                          &(MgrAuditFilter){ .account = "@site" }, on_row, rows, NULL));
    g_assert_cmpstr(rows->str, ==, expected);
}

static const MgrCertificateRecord *find(Fixture *fixture)
{
    return mgr_fleet_certificate(&fixture->parts->fleet, fixture->serial);
}

/* Else a restore over a rollover would take it for one of the authority before. */
static void expect_authority(Fixture *fixture)
{
    g_autofree char *id = hl_trust_id(mgr_pki_authority(fixture->parts->pki));

    g_assert_cmpstr(mgr_certificate_authority(find(fixture)), ==, id);
}

static void test_taken_in(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    leave(fixture, "admin");
    tick(fixture);
    g_assert_nonnull(find(fixture));
    g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
    expect_authority(fixture);
    g_assert_false(g_file_test(fixture->folder, G_FILE_TEST_EXISTS));
    tick(fixture);
    expect_row(fixture, "admin", "");
    parts_check_registry(fixture->parts);
}

static void set_written(Fixture *fixture, time_t at)
{
    g_assert_cmpint(utimensat(AT_FDCWD, fixture->path, (const struct timespec[2]){ { at, 0 }, { at, 0 } }, 0), ==, 0);
}

/* The only owner's laptop was lost. */
static void test_replacing(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *lost = NULL;

    for (guint i = 0; i < 8; i++) { /* in whichever order the directory has them: the manager was not there meanwhile */
        leave(fixture, "admin");
        set_written(fixture, 1000 + i);
        g_clear_pointer(&lost, g_free);
        lost = g_steal_pointer(&fixture->serial);
        g_free(fixture->path);
        leave_as(fixture, "admin", MGR_SITE_REPLACES);
        set_written(fixture, 2000 + i);
        tick(fixture);
        g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
        g_assert_cmpint(mgr_fleet_certificate(&fixture->parts->fleet, lost)->revoked_at, >, 0);
        g_assert_false(g_file_test(fixture->folder, G_FILE_TEST_EXISTS));
        parts_check_registry(fixture->parts);
        g_clear_pointer(&fixture->serial, g_free);
        g_clear_pointer(&fixture->path, g_free);
    }
}

static void test_gone(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    leave(fixture, "zoe");
    tick(fixture);
    g_assert_nonnull(find(fixture));
    g_assert_cmpint(find(fixture)->revoked_at, >, 0);
    g_assert_false(g_file_test(fixture->folder, G_FILE_TEST_EXISTS));
    expect_row(fixture, "zoe", "not-found");
    parts_check_registry(fixture->parts);
}

static void put_account(Fixture *fixture, const char *name, MgrRole role, HlTime disabled_at)
{
    g_auto(MgrAccountRecord) record = { .name = g_strdup(name),
                                        .created_by = g_strdup("admin"),
                                        .note = g_strdup("n"),
                                        .role = role,
                                        .groups = g_strdup(role == MGR_ROLE_OWNER ? "" : "office"),
                                        .created_at = 1,
                                        .disabled_at = disabled_at };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_account_removal(set, name);
    mgr_write_account(set, &record);
    mgr_record_write(fixture->parts->record, set);
    parts_commit(fixture->parts);
    mgr_accounts_put(fixture->parts->fleet.accounts, &record);
}

/* As a restore can leave it: the only owner of the parts is disabled. */
static void lose_owner(Fixture *fixture)
{
    HlWriteSet *set = hl_write_set_new();

    mgr_write_revocations(set, "admin", NULL, 1);
    mgr_record_write(fixture->parts->record, set);
    parts_commit(fixture->parts);
    mgr_pki_fold_revocations(fixture->parts->pki, "admin", NULL, 1, NULL);
    put_account(fixture, "admin", MGR_ROLE_OWNER, 1);
}

static void expect_owner(Fixture *fixture, const char *name)
{
    const MgrAccountRecord *account = mgr_accounts_get(fixture->parts->fleet.accounts, name);
    g_autofree char *arguments =
        g_strdup_printf("@site: account certificate name=%s serial=%s role=owner, as no enabled owner was left|\n",
                        name, fixture->serial);
    g_autoptr(GString) rows = g_string_new(NULL);

    g_assert_nonnull(account);
    g_assert_cmpint(account->role, ==, MGR_ROLE_OWNER);
    g_assert_cmpint(account->disabled_at, ==, 0);
    g_assert_cmpstr(account->groups, ==, "");
    g_assert_nonnull(find(fixture));
    g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
    g_assert_true(mgr_registry_list_audit(mgr_record_reader(fixture->parts->record),
                                          &(MgrAuditFilter){ .account = "@site" }, on_row, rows, NULL));
    g_assert_cmpstr(rows->str, ==, arguments);
    parts_check_registry(fixture->parts);
}

/* Nobody of this name was there. */
static void test_owner_again(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    lose_owner(fixture);
    leave(fixture, "zoe");
    tick(fixture);
    expect_owner(fixture, "zoe");
    g_assert_cmpint(mgr_accounts_get(fixture->parts->fleet.accounts, "admin")->disabled_at, ==, 1);
}

/* An account that could do less, with a certificate that somebody has, and a token. */
static void test_owner_promoted(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    put_account(fixture, "zoe", MGR_ROLE_OPERATOR, 5);
    leave(fixture, "zoe");
    tick(fixture);
    first = g_steal_pointer(&fixture->serial);
    g_free(fixture->path);
    g_assert_cmpint(mgr_accounts_get(fixture->parts->fleet.accounts, "zoe")->disabled_at, ==,
                    5); /* an owner is there */
    lose_owner(fixture);
    leave(fixture, "zoe");
    second = g_strdup(fixture->serial);
    tick(fixture);
    g_assert_cmpint(mgr_accounts_get(fixture->parts->fleet.accounts, "zoe")->role, ==, MGR_ROLE_OWNER);
    g_assert_cmpint(mgr_accounts_get(fixture->parts->fleet.accounts, "zoe")->disabled_at, ==, 0);
    g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
    g_free(fixture->serial);
    fixture->serial = g_strdup(first);
    g_assert_cmpint(find(fixture)->revoked_at, >, 0);
    parts_check_registry(fixture->parts);
}

/* A disk that was full for a moment leaves none that could not be revoked. */
static void test_again(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    leave(fixture, "admin");
    writer_fake_fail_at(fixture->parts->writer, 1, HL_ERROR_FULL);
    tick(fixture);
    g_assert_null(find(fixture));
    g_assert_true(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
    tick(fixture);
    g_assert_nonnull(find(fixture));
    g_assert_false(g_file_test(fixture->folder, G_FILE_TEST_EXISTS));
    expect_row(fixture, "admin", "");
    parts_check_registry(fixture->parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/manager/issued/taken-in", Fixture, NULL, set_up, test_taken_in, tear_down);
    g_test_add("/manager/issued/replacing", Fixture, NULL, set_up, test_replacing, tear_down);
    g_test_add("/manager/issued/gone", Fixture, NULL, set_up, test_gone, tear_down);
    g_test_add("/manager/issued/owner-again", Fixture, NULL, set_up, test_owner_again, tear_down);
    g_test_add("/manager/issued/owner-promoted", Fixture, NULL, set_up, test_owner_promoted, tear_down);
    g_test_add("/manager/issued/again", Fixture, NULL, set_up, test_again, tear_down);
    return g_test_run();
}
