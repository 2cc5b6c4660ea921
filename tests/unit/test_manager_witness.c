/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/witness: an audit log that somebody else has changed is told of while the manager runs, and when
 * it starts again; one that nobody has touched is not. */
#include <inttypes.h>

#include "manager/daemon/state/witness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/store/stmt.h"
#include "manager/site/audit.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

#define ROWS 6

static const char *problem(const Parts *parts)
{
    return mgr_status_view(parts->status).problems[MGR_PROBLEM_AUDIT];
}

static void expect_problem(const Parts *parts, const char *text)
{
    g_assert_nonnull(problem(parts));
    g_test_message("%s", problem(parts));
    g_assert_nonnull(strstr(problem(parts), text));
    g_assert_nonnull(strstr(problem(parts), "'holdline audit verify'"));
}

/* What somebody does who may write the file. */
static void breach(const Parts *parts, const char *sql)
{
    g_autofree char *path = g_build_filename(parts->dir, "registry.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, &error);

    g_assert_no_error(error);
    g_assert_true(hl_db_exec(db, sql, &error));
    g_assert_no_error(error);
}

/* The head is told some seconds after the last row. */
static void let_finish(Parts *parts)
{
    mgr_record_flush(parts->record);
    parts_commit(parts);
    timer_fake_advance(3 * HL_SECOND);
    mgr_record_flush(parts->record);
    parts_commit(parts);
}

static Parts *parts_with_rows(void)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < ROWS; i++) {
        g_autofree char *name = g_strdup_printf("lab-%u", i);

        parts_call(parts, "group create", "name", name, NULL);
        let_finish(parts);
    }
    return parts;
}

static void tick(Parts *parts, HlTime time)
{
    for (HlTime passed = 0; passed < time; passed += HL_SECOND) {
        clock_fake_advance(HL_SECOND);
        mgr_witness_tick(parts->witness);
        mgr_record_flush(parts->record);
        parts_commit(parts);
    }
    let_finish(parts);
}

/* As if the manager had been stopped, and started after that was done. */
static void restart(Parts *parts, const char *sql)
{
    if (parts->witness != NULL)
        mgr_witness_close(parts->witness);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_AUDIT, NULL);
    breach(parts, sql);
    parts->witness = mgr_witness_new(&(MgrWitnessOptions){ parts->dir, &parts->fleet, parts->record, parts->status });
    let_finish(parts);
}

/* What is told of; "" of nothing. */
static char *next_event(Parts *parts)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, "holdline/v1/status/event");
    gsize size = 0;
    const char *text = message != NULL ? g_bytes_get_data(message->payload, &size) : NULL;
    g_autoptr(json_t) event = text != NULL ? hl_json_parse("event", text, size, NULL) : NULL;

    return event == NULL ? g_strdup("")
                         : g_strdup_printf("%s %s>%s", json_string_value(json_object_get(event, "what")),
                                           json_string_value(json_object_get(event, "from")),
                                           json_string_value(json_object_get(event, "to")));
}

static void expect_event(Parts *parts, const char *wanted)
{
    g_autofree char *told = next_event(parts);

    g_assert_cmpstr(told, ==, wanted);
}

/* "ROW:HASH" of the last row; the log must be a whole chain. */
static char *end_of(Parts *parts)
{
    HlDb *db = mgr_record_reader(parts->record);
    g_auto(MgrAuditHead) head = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_registry_follow_audit(db, &head, 0, &error));
    g_assert_no_error(error);
    return mgr_audit_head_print(&head);
}

static int64_t losses(Parts *parts)
{
    int64_t n = 0;

    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), 0, &n, NULL,
                                  "SELECT count(*) FROM audit WHERE call = 'loss'", ""));
    return n;
}

/* Of a registry that was put back: its opening has said where the log ended, or, of another one, long ago. */
static void add_gap(const Parts *parts, const char *head)
{
    g_autofree char *path = g_build_filename(parts->dir, "registry.db", NULL);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, NULL);

    g_assert_true(mgr_registry_add_audit_gap(db, 1, 2, head, NULL));
}

/* A row of a restore at the end hides nothing that was cut off behind it, and says it in place of the row of a loss. */
static void test_cut_to_a_gap(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autofree char *end = NULL;

    add_gap(parts, "");
    parts_call(parts, "group create", "name", "more", NULL);
    let_finish(parts);
    restart(parts, "DELETE FROM audit WHERE number > 7");
    expect_problem(parts, "it ended with row 8, and ends with row 7 now");
    g_assert_cmpint(losses(parts), ==, 1);
    mgr_witness_look(parts->witness);
    end = end_of(parts);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    breach(parts, "DELETE FROM audit WHERE number > 3");
    add_gap(parts, end);
    restart(parts, "SELECT 1");
    g_assert_nonnull(strstr(problem(parts), "and ends with row 4 now"));
    g_assert_nonnull(strstr(problem(parts), "An older registry.db was put in the place"));
    g_assert_cmpint(losses(parts), ==, 0);
}

/* The file that would show it. */
static void test_damaged_head(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autofree char *path = g_build_filename(parts->dir, "audit.head", NULL);

    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_true(g_file_set_contents(path, "garbage", -1, NULL));
    restart(parts, "DELETE FROM audit WHERE number > 4");
    expect_problem(parts, "audit.head beside it is damaged");
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
    tick(parts, HL_MINUTE);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_cmpint(unlink(path), ==, 0);
    restart(parts, "DELETE FROM audit WHERE number > 3");
    expect_problem(parts, "audit.head beside it is damaged or missing");
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
}

/* A registry that says that there is a file is never ahead of it: killed before the first one, nothing is missing. */
static void test_first_head(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autofree char *path = g_build_filename(parts->dir, "audit.head", NULL);

    g_assert_cmpint(mkdir(path, 0700), ==, 0); /* it cannot be written */
    tick(parts, 3 * HL_MINUTE);
    g_assert_false(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_cmpint(rmdir(path), ==, 0);
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
    tick(parts, HL_MINUTE);
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    tick(parts, HL_MINUTE); /* without a row that came meanwhile */
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_cmpint(unlink(path), ==, 0);
    restart(parts, "SELECT 1");
    expect_problem(parts, "audit.head beside it is damaged or missing");
}

static void test_whole(void)
{
    g_autoptr(Parts) parts = parts_with_rows();

    tick(parts, 3 * HL_MINUTE);
    g_assert_null(problem(parts));
    parts_call(parts, "group create", "name", "more", NULL);
    let_finish(parts);
    tick(parts, 2 * HL_HOUR);
    g_assert_null(problem(parts));
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
    tick(parts, HL_MINUTE);
    g_assert_null(problem(parts));
    expect_event(parts, "");
}

#define ADD_ROW                                                                                                 \
    "INSERT INTO audit SELECT 7, 1, 'eve', '', '', '', '', '', hl_chain(hash, 7, 1, 'eve', '', '', '', '', '')" \
    " FROM audit WHERE number = 6"

/* A row of somebody else, with its right hash, while no manager runs.  After a kill it may be the manager's own. */
static void test_added(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autoptr(GError) error = NULL;

    restart(parts, "SELECT 1");
    mgr_witness_close(parts->witness);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_true(mgr_site_check_audit(parts->dir, mgr_record_reader(parts->record), &error));
    g_assert_no_error(error);
    breach(parts, ADD_ROW);
    g_assert_false(mgr_site_check_audit(parts->dir, mgr_record_reader(parts->record), &error));
    g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_UNTRUSTED);
    restart(parts, "SELECT 1");
    expect_problem(parts, "it ended with row 6 when the manager was stopped, and ends with row 7 now: somebody else");
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
}

static void test_added_after_kill(void)
{
    g_autoptr(Parts) parts = parts_with_rows();

    tick(parts, HL_MINUTE);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    restart(parts, ADD_ROW);
    g_assert_null(problem(parts));
}

/* A manager that left the word of an earlier stop where it was, went on, and was killed: the row is its own. */
static void test_added_after_an_earlier_stop(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autofree char *path = g_build_filename(parts->dir, "audit.closed", NULL);
    g_autofree char *head = g_build_filename(parts->dir, "audit.head", NULL);
    g_autofree char *closed = NULL;
    g_autofree char *noted = NULL;

    tick(parts, HL_MINUTE);
    g_assert_true(g_file_get_contents(head, &closed, NULL, NULL)); /* as it was closed with */
    parts_call(parts, "group create", "name", "more", NULL);
    let_finish(parts);
    tick(parts, HL_MINUTE);
    g_assert_true(g_file_get_contents(head, &noted, NULL, NULL));
    g_assert_true(g_str_has_prefix(noted, "7:"));
    parts_call(parts, "group create", "name", "another", NULL);
    let_finish(parts);
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_true(g_file_set_contents(head, noted, -1, NULL)); /* as if it had been killed */
    g_assert_true(g_file_set_contents(path, closed, -1, NULL));
    restart(parts, "SELECT 1");
    g_assert_null(problem(parts));
}

/* The end, while the manager runs: noticed within a minute, without any change, and kept in the log. */
static void test_cut(void)
{
    static const struct {
        const char *sql, *said;
        const char *end; /* of the log, then */
    } cases[] = {
        { "DELETE FROM audit WHERE number > 4", "it ended with row 6, and ends with row 4 now (head 6:", "5:" },
        { "DELETE FROM audit", "it ended with row 6, and ends with row 0 now", "1:" },
        { "DELETE FROM audit WHERE number = 6; INSERT INTO audit SELECT 6, 1, 'eve', '', '', '', '', '',"
          " hl_chain(hash, 6, 1, 'eve', '', '', '', '', '') FROM audit WHERE number = 5",
          "row 6 was another one (head 6:", "7:" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_with_rows();
        g_autofree char *end = NULL;
        g_autoptr(json_t) summary = NULL;

        tick(parts, 2 * HL_MINUTE);
        breach(parts, cases[i].sql);
        tick(parts, HL_MINUTE);
        expect_problem(parts, cases[i].said);
        expect_event(parts, "audit whole>broken");
        end = end_of(parts);
        g_assert_true(g_str_has_prefix(end, cases[i].end));
        tick(parts, 3 * HL_SECOND);
        summary = mgr_status_summary(parts->status, NULL); /* the row of the loss is remembered at once */
        g_assert_cmpint(json_integer_value(json_object_get(json_object_get(summary, "audit"), "rows")), ==, atoi(end));
        tick(parts, 2 * HL_HOUR); /* it does not come to be forgotten */
        expect_problem(parts, cases[i].said);
        expect_event(parts, "");
    }
}

/* Before the next change as well: the row that is added then goes on from another one. */
static void test_cut_and_added(void)
{
    g_autoptr(Parts) parts = parts_with_rows();

    breach(parts, "DELETE FROM audit WHERE number = 6");
    parts_call(parts, "group create", "name", "more", NULL);
    let_finish(parts);
    expect_problem(parts, "row 6 was another one");
}

/* In the middle: by the turn through the whole, which tells until there is one that finds nothing. */
static void test_middle(void)
{
    static const struct {
        const char *sql, *said;
    } cases[] = {
        { "UPDATE audit SET account = 'eve' WHERE number = 3", "row 3 is not what was written" },
        { "DELETE FROM audit WHERE number = 2", "row 2 is missing" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_with_rows();

        breach(parts, "CREATE TABLE kept AS SELECT * FROM audit");
        tick(parts, HL_MINUTE);
        g_assert_null(problem(parts));
        breach(parts, cases[i].sql);
        tick(parts, HL_HOUR + HL_MINUTE);
        expect_problem(parts, cases[i].said);
        expect_event(parts, "audit whole>broken");
        breach(parts, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
        tick(parts, HL_HOUR + HL_MINUTE);
        g_assert_null(problem(parts));
        expect_event(parts, "audit broken>whole");
        restart(parts, cases[i].sql);
        tick(parts, 2 * HL_SECOND); /* a start begins with it */
        expect_problem(parts, cases[i].said);
    }
}

/* While no manager ran: by the file beside the registry, of which a backup's check knows too. */
static void test_stopped(void)
{
    g_autoptr(Parts) parts = parts_with_rows();
    HlDb *db = mgr_record_reader(parts->record);
    g_autoptr(GError) error = NULL;

    restart(parts, "SELECT 1");
    g_assert_true(mgr_site_check_audit(parts->dir, db, NULL));
    restart(parts, "DELETE FROM audit WHERE number > 5");
    expect_problem(parts, "it ended with row 6, and ends with row 5 now");
    g_assert_false(mgr_site_check_audit(parts->dir, db, &error));
    g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_UNTRUSTED);
    restart(parts, "SELECT 1"); /* the row that tells of it stays */
    g_assert_null(problem(parts));
    g_assert_true(mgr_site_check_audit(parts->dir, db, NULL));
}

/* Nor does a kill hide what was cut off: what the file has is a minute old at most, and from then on it names the row
 * of the loss, also where that has the number of one that was cut off. */
static void expect_noted_again(int64_t last, const char *why, const char *head)
{
    g_autoptr(Parts) parts = parts_with_rows();
    g_autofree char *path = g_build_filename(parts->dir, "audit.head", NULL);
    g_autofree char *cut = g_strdup_printf("DELETE FROM audit WHERE number > %" PRId64, last);
    g_autofree char *noted = NULL;
    g_autofree char *again = NULL;

    tick(parts, HL_MINUTE);
    g_assert_true(g_file_get_contents(path, &noted, NULL, NULL));
    g_assert_true(g_str_has_prefix(noted, "6:"));
    g_clear_pointer(&parts->witness, mgr_witness_free);
    g_assert_true(g_file_set_contents(path, noted, -1, NULL)); /* as if it had not been stopped */
    restart(parts, cut);
    expect_problem(parts, why);
    tick(parts, HL_MINUTE);
    g_assert_true(g_file_get_contents(path, &again, NULL, NULL));
    g_assert_true(g_str_has_prefix(again, head));
    g_assert_cmpstr(again, !=, noted);
}

static void test_killed(void)
{
    expect_noted_again(4, "it ended with row 6, and ends with row 4 now", "5:");
    expect_noted_again(5, "it ended with row 6, and ends with row 5 now", "6:");
}

/* One that cannot be read is no log without rows. */
static void test_dropped(void)
{
    g_autoptr(Parts) parts = parts_with_rows();

    breach(parts, "ALTER TABLE audit RENAME TO aside");
    tick(parts, HL_MINUTE);
    expect_problem(parts, "its table is missing");
    breach(parts, "ALTER TABLE aside RENAME TO audit");
    tick(parts, HL_HOUR + HL_MINUTE);
    g_assert_null(problem(parts));
}

/* A turn of more rows than are followed in a second. */
static void test_long(void)
{
    g_autoptr(Parts) parts = parts_with_rows();

    breach(parts, "WITH RECURSIVE n (i, hash) AS (SELECT number, hash FROM audit WHERE number = 6 UNION ALL"
                  " SELECT i + 1, hl_chain(hash, i + 1, 1, 'a', '', '', '', '', '') FROM n WHERE i < 1200)"
                  " INSERT INTO audit SELECT i, 1, 'a', '', '', '', '', '', hash FROM n WHERE i > 6");
    restart(parts, "UPDATE audit SET text = 'another' WHERE number = 1100");
    tick(parts, 2 * HL_SECOND);
    g_assert_null(problem(parts));
    tick(parts, HL_SECOND);
    expect_problem(parts, "row 1100 is not what was written");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/witness/whole", test_whole);
    g_test_add_func("/manager/witness/added", test_added);
    g_test_add_func("/manager/witness/added-after-kill", test_added_after_kill);
    g_test_add_func("/manager/witness/added-after-an-earlier-stop", test_added_after_an_earlier_stop);
    g_test_add_func("/manager/witness/cut", test_cut);
    g_test_add_func("/manager/witness/cut-and-added", test_cut_and_added);
    g_test_add_func("/manager/witness/middle", test_middle);
    g_test_add_func("/manager/witness/stopped", test_stopped);
    g_test_add_func("/manager/witness/killed", test_killed);
    g_test_add_func("/manager/witness/cut-to-a-gap", test_cut_to_a_gap);
    g_test_add_func("/manager/witness/damaged-head", test_damaged_head);
    g_test_add_func("/manager/witness/first-head", test_first_head);
    g_test_add_func("/manager/witness/dropped", test_dropped);
    g_test_add_func("/manager/witness/long", test_long);
    return g_test_run();
}
