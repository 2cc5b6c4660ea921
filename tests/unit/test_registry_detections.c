/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/detections: what a write set stores is what is read back, member by member, and the sums of an
 * endpoint's rows are right however rows come and go. */
#include "lib/base/unconst.h"
#include "manager/store/detections.h"
#include "manager/store/registry.h"
#include "tests/support/registry_fixture.h"

static MgrFind make_find(void)
{
    return (MgrFind){ .number = 1,
                      .endpoint = "e-one",
                      .host = "pc-7",
                      .path = "/tmp/x",
                      .sha256 = "ab",
                      .owner = "alice",
                      .signature = "Eicar",
                      .component = "virus",
                      .how = "schedule",
                      .action = "reported",
                      .detail = "why",
                      .scan = "s-1",
                      .size = 7001,
                      .version = 7002,
                      .found_at = 7003,
                      .told_at = 7004,
                      .mark = 7005 };
}

static void add_endpoint(Fixture *fixture)
{
    MgrGroupRecord office = {
        .name = hl_unconst("office"), .version = 1, .settings = hl_unconst(""), .changed_by = hl_unconst("root")
    };
    MgrEndpointRecord endpoint = { .number = 1,
                                   .id = hl_unconst("e-one"),
                                   .group = hl_unconst("office"),
                                   .host = hl_unconst("pc-7"),
                                   .fingerprint = hl_unconst("f"),
                                   .addresses = hl_unconst(""),
                                   .os = hl_unconst(""),
                                   .program = hl_unconst(""),
                                   .observed = hl_unconst(""),
                                   .serial = hl_unconst("01") };

    mgr_write_group(fixture->set, &office);
    mgr_write_endpoint(fixture->set, &endpoint);
}

static void expect_findings(Fixture *fixture, uint32_t open, uint32_t left_out)
{
    MgrFindings findings;

    g_assert_true(mgr_registry_read_findings(fixture->db, 1, &findings, NULL));
    g_assert_cmpuint(findings.open, ==, open);
    g_assert_cmpuint(findings.left_out, ==, left_out);
}

static void add_detection(Fixture *fixture, int64_t number)
{
    g_auto(MgrDetectionRecord) stored = { 0 };
    const MgrDetectionRecord *record = &stored;
    GString *out = fixture->loaded;

    g_assert_true(mgr_registry_read_detection(fixture->db, number, &stored, NULL));
    ADD_TEXT(endpoint);
    ADD_TEXT(host);
    ADD_TEXT(path);
    ADD_TEXT(sha256);
    ADD_TEXT(owner);
    ADD_TEXT(signature);
    ADD_TEXT(component);
    ADD_TEXT(how);
    ADD_TEXT(action);
    ADD_TEXT(detail);
    ADD_TEXT(scan);
    ADD_TEXT(acknowledged_by);
    ADD_TEXT(acknowledged_why);
    ADD_NUMBER(size);
    ADD_NUMBER(version);
    ADD_NUMBER(first_at);
    ADD_NUMBER(last_at);
    ADD_NUMBER(told_at);
    ADD_NUMBER(times);
    ADD_NUMBER(acknowledged_at);
    ADD_NUMBER(is_orphan);
}

static void test_detection(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrFind find = make_find();
    g_autofree char *key = mgr_find_key(find.path, find.sha256, find.signature);
    int64_t number = 0;

    add_endpoint(fixture);
    mgr_write_find(fixture->set, &find);
    find.found_at = 7100;
    find.told_at = 7101;
    find.mark = 7102;
    mgr_write_find(fixture->set, &find);
    fixture_commit(fixture);
    expect_findings(fixture, 1, 0);
    g_assert_true(mgr_registry_find_detection(fixture->db, "e-one", key, &number, NULL));
    mgr_write_acknowledgement(fixture->set, number, &(MgrAcknowledgement){ "admin", "wiped", 7200 });
    mgr_write_acknowledgement(fixture->set, number, &(MgrAcknowledgement){ "another", "late", 7201 });
    fixture_commit(fixture);
    expect_findings(fixture, 0, 0);
    add_detection(fixture, number);
    g_assert_cmpstr(fixture->loaded->str, ==,
                    "endpoint=e-one\nhost=pc-7\npath=/tmp/x\nsha256=ab\nowner=alice\nsignature=Eicar\ncomponent=virus\n"
                    "how=schedule\naction=reported\ndetail=why\nscan=s-1\nacknowledged_by=admin\n"
                    "acknowledged_why=wiped\nsize=7001\nversion=7002\nfirst_at=7003\nlast_at=7100\ntold_at=7101\n"
                    "times=2\nacknowledged_at=7200\nis_orphan=0\n");
}

static void add_scan(const MgrScan *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(id);
    ADD_TEXT(detail);
    ADD_TEXT(gaps);
    ADD_TEXT(patterns);
    ADD_NUMBER(how);
    ADD_NUMBER(end);
    ADD_NUMBER(started_at);
    ADD_NUMBER(ended_at);
    ADD_NUMBER(told_at);
    ADD_NUMBER(files);
    ADD_NUMBER(bytes);
    ADD_NUMBER(found);
    ADD_NUMBER(not_looked_at);
}

static void test_scan(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GString) expected = g_string_new(NULL);
    MgrScan scan = { .how = MGR_SCAN_COMMAND,
                     .end = MGR_SCAN_STOPPED,
                     .id = "s-1",
                     .detail = "by alice",
                     .gaps = "{}",
                     .patterns = "virus=1",
                     .started_at = 8001,
                     .ended_at = 8002,
                     .told_at = 8003,
                     .files = 8004,
                     .bytes = 8005,
                     .found = 8006,
                     .not_looked_at = 8007 };

    add_endpoint(fixture);
    mgr_write_scan(fixture->set, 1, &(MgrScan){ MGR_SCAN_COMMAND, MGR_SCAN_FAILED, "s-0", "", "{}", "", .files = 1 });
    mgr_write_scan(fixture->set, 1, &scan);
    fixture_commit(fixture);
    add_scan(&scan, expected);
    g_assert_true(mgr_registry_load_scans(fixture->db, 1, add_scan, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected->str);
}

static void on_miscount(const char *endpoint, const MgrFindCounts *shown, const MgrFindCounts *rows, gpointer user)
{
    g_string_append_printf(user, "%s: %u of %u, %u of %u;", endpoint, (guint)shown->open, (guint)shown->kept,
                           (guint)rows->open, (guint)rows->kept);
}

static void expect_miscount(Fixture *fixture, const char *change, const char *expected)
{
    g_autoptr(GString) said = g_string_new(NULL);

    g_assert_true(hl_db_exec(fixture->db, change, NULL));
    g_assert_true(mgr_registry_compare_findings(fixture->db, 10, on_miscount, said, NULL));
    g_assert_cmpstr(said->str, ==, expected);
}

static void test_compared(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrFind find = make_find();

    add_endpoint(fixture);
    expect_miscount(fixture, "", "");
    mgr_write_find(fixture->set, &find);
    fixture_commit(fixture);
    expect_miscount(fixture, "", "");
    expect_miscount(fixture, "UPDATE findings SET open = 0", "e-one: 0 of 1, 1 of 1;");
    expect_miscount(fixture, "DELETE FROM findings", "e-one: 0 of 0, 1 of 1;");
    g_assert_true(mgr_registry_mend_findings(fixture->db, NULL));
    expect_miscount(fixture, "", "");
    expect_miscount(fixture, "UPDATE findings SET kept = 9", "e-one: 1 of 9, 1 of 1;");
    expect_miscount(fixture, "DROP TABLE findings", ""); /* as in a registry of an earlier version */
}

/* A restore takes an endpoint from the journal that the registry has no more than finds of: its sums come back. */
static void test_mended(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrFind find = make_find();

    add_endpoint(fixture);
    mgr_write_find(fixture->set, &find);
    fixture_commit(fixture);
    g_assert_true(hl_db_exec(fixture->db, "DELETE FROM findings", NULL));
    expect_findings(fixture, 0, 0);
    g_assert_true(mgr_registry_mend_findings(fixture->db, NULL));
    expect_findings(fixture, 1, 0);
    g_assert_true(hl_db_exec(fixture->db, "UPDATE findings SET open = 7, kept = 7, left_out = 3", NULL));
    g_assert_true(mgr_registry_mend_findings(fixture->db, NULL));
    expect_findings(fixture, 1, 3);
    g_assert_true(hl_db_exec(fixture->db, "DELETE FROM detection", NULL));
    expect_findings(fixture, 0, 3);
    g_assert_true(hl_db_exec(fixture->db, "UPDATE findings SET open = 7, kept = 7", NULL));
    g_assert_true(mgr_registry_mend_findings(fixture->db, NULL));
    expect_findings(fixture, 0, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/registry/detection", Fixture, NULL, fixture_set_up, test_detection, fixture_tear_down);
    g_test_add("/registry/scan", Fixture, NULL, fixture_set_up, test_scan, fixture_tear_down);
    g_test_add("/registry/compared", Fixture, NULL, fixture_set_up, test_compared, fixture_tear_down);
    g_test_add("/registry/mended", Fixture, NULL, fixture_set_up, test_mended, fixture_tear_down);
    return g_test_run();
}
