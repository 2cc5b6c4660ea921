/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/issued: what the server's own command line left is in registry and audit log, once, and nothing
 * of it is left behind; one whose account is gone ends. */
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

static void leave(Fixture *fixture, const char *name)
{
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GBytes) csr = parts_make_csr();
    g_autoptr(HlCert) cert = mgr_pki_issue(fixture->parts->pki, csr, HL_CERT_ADMIN, name, 730 * HL_DAY, &record, NULL);

    fixture->serial = g_strdup(record.serial);
    fixture->path = g_strdup_printf("%s/%s.pem", fixture->folder, record.serial);
    g_assert_true(hl_dir_make(fixture->folder, 0700, NULL));
    g_assert_true(hl_cert_save(cert, fixture->path, NULL));
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
    return g_hash_table_lookup(fixture->parts->fleet.certificates, fixture->serial);
}

static void test_taken_in(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    leave(fixture, "admin");
    tick(fixture);
    g_assert_nonnull(find(fixture));
    g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
    g_assert_false(g_file_test(fixture->folder, G_FILE_TEST_EXISTS));
    tick(fixture);
    expect_row(fixture, "admin", "");
    parts_check_registry(fixture->parts);
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
    g_test_add("/manager/issued/gone", Fixture, NULL, set_up, test_gone, tear_down);
    g_test_add("/manager/issued/again", Fixture, NULL, set_up, test_again, tear_down);
    return g_test_run();
}
