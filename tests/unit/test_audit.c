/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/audit and lib/store/chain: rows are chained where they are written, whatever fails round them, and a
 * chain that was broken on purpose names its first broken row. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/store/audit.h"
#include "manager/store/registry.h"
#include "tests/support/registry_fixture.h"

static void add(HlWriteSet *set, const char *call, HlTime at)
{
    MgrAuditRecord record = { .at = at,
                              .account = hl_unconst("ann"),
                              .certificate = hl_unconst("0a 0b"),
                              .call = hl_unconst(call),
                              .arguments = hl_unconst("name=\xe3\x81\x82"),
                              .code = hl_unconst(""),
                              .text = hl_unconst("") };

    mgr_write_audit(set, &record);
}

typedef struct {
    MgrAuditHead head;
    GError *error;
    GString *calls;
} Walk;

static void on_row(MgrAuditRecord *record, gpointer user)
{
    Walk *walk = user;

    g_string_append_printf(walk->calls, "%s ", record->call);
    if (walk->error == NULL)
        HL_IGNORE(mgr_audit_follow(&walk->head, record, &walk->error));
}

/* What the chain says ("": it is whole) and its last row. */
static char *walk(HlDb *db, int64_t *last, char **calls)
{
    Walk walk = { .calls = g_string_new(NULL) };
    char *said;

    g_assert_true(mgr_registry_list_audit(db, &(MgrAuditFilter){ 0 }, on_row, &walk, NULL));
    said = g_strdup(walk.error != NULL ? walk.error->message : "");
    *last = walk.head.number;
    *calls = g_string_free(walk.calls, FALSE);
    g_clear_error(&walk.error);
    mgr_audit_head_clear(&walk.head);
    return said;
}

static void expect(HlDb *db, const char *expected, int64_t rows)
{
    g_autofree char *calls = NULL;
    int64_t last = 0;
    g_autofree char *said = walk(db, &last, &calls);

    g_assert_true(g_str_has_prefix(said, expected));
    g_assert_cmpint(*expected == '\0' ? (int)strlen(said) : 0, ==, 0);
    g_assert_cmpint(last, ==, rows);
}

static void fill(Fixture *fixture, guint n)
{
    for (guint i = 0; i < n; i++) {
        add(fixture->set, "group set", 1000 + i);
        fixture_commit(fixture);
    }
}

/* A set that fails takes its row with it, in whatever company, and the chain goes on. */
static void test_failures(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuditHead) head = { 0 };

    expect(fixture->db, "", 0);
    fill(fixture, 2);
    add(fixture->set, "fails", 1);
    mgr_write_group_removal(fixture->set, "none");
    fixture_commit_fails(fixture);
    fill(fixture, 1);
    mgr_write_group_removal(fixture->set, "none");
    add(fixture->set, "fails", 1);
    fixture_commit_fails(fixture);
    add(fixture->set, "one", 1);
    add(fixture->set, "two", 1);
    fixture_commit(fixture);
    expect(fixture->db, "", 5);
    g_assert_true(mgr_registry_read_audit_head(fixture->db, &head, NULL));
    g_assert_cmpint(head.number, ==, 5);
    g_assert_cmpuint(g_bytes_get_size(head.hash), ==, 32);
}

/* Each is one breach, to a log of six rows. */
static void test_broken(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *breach, *said;
        int64_t last; /* that is sound */
    } cases[] = {
        { "UPDATE audit SET code = 'denied' WHERE number = 3", "row 3 is not what was written", 2 },
        { "UPDATE audit SET at = at + 1 WHERE number = 1", "row 1 is not what was written", 0 },
        { "UPDATE audit SET call = call || account, account = '' WHERE number = 2", "row 2 is not", 1 },
        { "UPDATE audit SET hash = zeroblob(32) WHERE number = 6", "row 6 is not what was written", 5 },
        { "DELETE FROM audit WHERE number = 4", "row 4 is missing: after row 3 comes row 5", 3 },
        { "DELETE FROM audit WHERE number = 1", "row 1 is missing", 0 },
        { "DELETE FROM audit WHERE number = 4; UPDATE audit SET number = number - 1 WHERE number > 4",
          "row 4 is not what was written", 3 },
        { "UPDATE audit SET number = number + 100 WHERE number > 2;"
          "UPDATE audit SET number = number - 99 WHERE number > 100;"
          "INSERT INTO audit SELECT 3, 5, 'eve', '', 'group set', '', '', '', zeroblob(32)",
          "row 3 is not what was written", 2 },
        { "UPDATE audit SET number = 99 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3;"
          "UPDATE audit SET number = 3 WHERE number = 99",
          "row 2 is not what was written", 1 },
    };

    fill(fixture, 6);
    expect(fixture->db, "", 6);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %s", cases[i].breach);
        g_assert_true(hl_db_exec(fixture->db, "BEGIN", NULL));
        g_assert_true(hl_db_exec(fixture->db, cases[i].breach, NULL));
        expect(fixture->db, cases[i].said, cases[i].last);
        g_assert_true(hl_db_exec(fixture->db, "ROLLBACK", NULL));
    }
    expect(fixture->db, "", 6);
}

/* A tail that is cut off leaves a whole chain: only a head that is known from elsewhere shows it.  And what is written
 * after it is another row under the same number. */
static void test_truncated(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuditHead) before = { 0 };
    g_auto(MgrAuditHead) after = { 0 };

    fill(fixture, 4);
    g_assert_true(mgr_registry_read_audit_head(fixture->db, &before, NULL));
    g_assert_true(hl_db_exec(fixture->db, "DELETE FROM audit WHERE number > 2", NULL));
    expect(fixture->db, "", 2);
    add(fixture->set, "again", 1);
    add(fixture->set, "again", 2);
    fixture_commit(fixture);
    expect(fixture->db, "", 4);
    g_assert_true(mgr_registry_read_audit_head(fixture->db, &after, NULL));
    g_assert_cmpint(after.number, ==, before.number);
    g_assert_false(g_bytes_equal(after.hash, before.hash));
}

static void expect_listed(HlDb *db, const MgrAuditFilter *filter, const char *expected)
{
    Walk walk = { .calls = g_string_new(NULL) };

    g_assert_true(mgr_registry_list_audit(db, filter, on_row, &walk, NULL));
    g_assert_cmpstr(walk.calls->str, ==, expected);
    g_string_free(walk.calls, TRUE);
    g_clear_error(&walk.error);
    mgr_audit_head_clear(&walk.head);
}

static void test_filters(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    add(fixture->set, "a", 10);
    add(fixture->set, "b", 20);
    add(fixture->set, "a", 30);
    fixture_commit(fixture);
    expect_listed(fixture->db, &(MgrAuditFilter){ .after = -1 }, "a b a ");
    expect_listed(fixture->db, &(MgrAuditFilter){ .after = -1, .limit = 2 }, "a b ");
    expect_listed(fixture->db, &(MgrAuditFilter){ .after = 1, .limit = 1 }, "b ");
    expect_listed(fixture->db, &(MgrAuditFilter){ .call = "b" }, "b ");
    expect_listed(fixture->db, &(MgrAuditFilter){ .since = 20 }, "b a ");
    expect_listed(fixture->db, &(MgrAuditFilter){ .account = "ben" }, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/audit/failures", Fixture, NULL, fixture_set_up, test_failures, fixture_tear_down);
    g_test_add("/audit/broken", Fixture, NULL, fixture_set_up, test_broken, fixture_tear_down);
    g_test_add("/audit/truncated", Fixture, NULL, fixture_set_up, test_truncated, fixture_tear_down);
    g_test_add("/audit/filters", Fixture, NULL, fixture_set_up, test_filters, fixture_tear_down);
    return g_test_run();
}
