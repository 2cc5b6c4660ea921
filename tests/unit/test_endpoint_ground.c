/* SPDX-License-Identifier: Apache-2.0 */
/* The ground of the endpoint's daemon: trouble and its retry, refusals, the journal. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/unconst.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

/* ---------------------------------------------------------------------------------------------------------- trouble */

static void fail_store(EpTrouble *trouble, const char *what)
{
    g_autoptr(GError) error = g_error_new(HL_ERROR, HL_ERROR_FULL, "no space");

    ep_trouble_store_failed(trouble, what, error);
}

static void test_trouble(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpTrouble *trouble = parts->trouble;

    g_assert_null(ep_trouble_view(trouble).text);
    g_assert_cmpint(ep_trouble_view(trouble).at, ==, 0);
    fail_store(trouble, "a command");
    g_assert_cmpstr(ep_trouble_view(trouble).text, ==, "cannot store a command: no space");
    g_assert_cmpint(ep_trouble_view(trouble).at, ==, hl_clock_wall());
    ep_trouble_set_identity(trouble, "no certificate"); /* the worse one is shown */
    g_assert_cmpstr(ep_trouble_view(trouble).text, ==, "no certificate");
    ep_trouble_store_worked(trouble); /* says nothing about the identity */
    g_assert_cmpstr(ep_trouble_view(trouble).text, ==, "no certificate");
    ep_trouble_set_identity(trouble, NULL);
    g_assert_null(ep_trouble_view(trouble).text);
}

/* A minute after the first failure, once for all that fail meanwhile. */
static void test_retry(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    fail_store(parts->trouble, "a command");
    timer_fake_advance(EP_TROUBLE_RETRY / 2);
    fail_store(parts->trouble, "settings");
    timer_fake_advance(EP_TROUBLE_RETRY / 2 - 1);
    g_assert_cmpuint(parts->retries, ==, 0);
    timer_fake_advance(1);
    g_assert_cmpuint(parts->retries, ==, 1);
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(parts->retries, ==, 1);
    fail_store(parts->trouble, "settings");
    timer_fake_advance(EP_TROUBLE_RETRY);
    g_assert_cmpuint(parts->retries, ==, 2);
}

/* --------------------------------------------------------------------------------------------------------- refusals */

static guint count_refusals(const EndpointParts *parts)
{
    guint n = 0;

    for (guint i = 0; i < parts->reports->len; i++)
        n += ((const HlMsgReport *)parts->reports->pdata[i])->body_case == HOLDLINE__V1__REPORT__BODY_REFUSAL;
    return n;
}

static const HlMsgRefusal *last_refusal(const EndpointParts *parts)
{
    return parts_last(parts, HOLDLINE__V1__REPORT__BODY_REFUSAL)->refusal;
}

static void test_refusals(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    for (int i = 1; i <= 1000; i++)
        ep_refuse(parts->refuser, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, "forged %d", i);
    g_assert_cmpuint(count_refusals(parts), ==, 1);
    g_assert_cmpuint(last_refusal(parts)->count, ==, 1);
    ep_refuse(parts->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_EXPIRED, "old");
    g_assert_cmpuint(count_refusals(parts), ==, 2);
    g_assert_cmpstr(last_refusal(parts)->what, ==, "settings");
    g_assert_cmpstr(last_refusal(parts)->code, ==, "expired");
    timer_fake_advance(EP_REFUSAL_INTERVAL);
    g_assert_cmpuint(count_refusals(parts), ==, 3);
    g_assert_cmpuint(last_refusal(parts)->count, ==, 1000);
    g_assert_cmpstr(last_refusal(parts)->detail, ==, "forged 1000");
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(count_refusals(parts), ==, 3);
    g_assert_cmpuint(parts->refused.total, ==, 1001);
}

/* What was counted and not told yet is told by the next identity's refuser. */
static void test_refusals_outlive(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    ep_refuse(parts->refuser, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, "one");
    ep_refuse(parts->refuser, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, "two");
    parts_leave(parts);
    timer_fake_advance(EP_REFUSAL_INTERVAL);
    parts_enrol(parts);
    parts_line_up(parts);
    timer_fake_advance(EP_REFUSAL_INTERVAL);
    g_assert_cmpuint(last_refusal(parts)->count, ==, 2);
}

static void test_refusal_not_stored(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    db_faults_from(DB_FAULTS_WRITES, 1);
    ep_refuse(parts->refuser, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, "one");
    db_faults_at(DB_FAULTS_WRITES, 0);
    g_assert_cmpuint(count_refusals(parts), ==, 0);
    g_assert_nonnull(strstr(ep_trouble_view(parts->trouble).text, "a refusal"));
    ep_refuse(parts->refuser, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, "two");
    timer_fake_advance(EP_REFUSAL_INTERVAL);
    g_assert_cmpuint(last_refusal(parts)->count, ==, 2);
}

/* ---------------------------------------------------------------------------------------------------------- journal */

static EpEntry entry_of(const char *id)
{
    return (EpEntry){ .id = hl_unconst(id),
                      .kind = HL_KIND_UPDATE_NOW,
                      .state = EP_COMMAND_RECEIVED,
                      .received = hl_clock_wall(),
                      .start = hl_clock_wall() + 1,
                      .issued = hl_clock_wall() - HL_MINUTE,
                      .expires = hl_clock_wall() + HL_HOUR,
                      .timeout = HL_MINUTE,
                      .subject = (char *)"c-subject",
                      .scope = (char *)"/home",
                      .code = (char *)"",
                      .detail = (char *)"" };
}

static void test_journal_find(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) certificate = g_bytes_new_static("pem", 3);
    EpEntry entry = entry_of("c-1");
    g_autoptr(EpEntry) found = NULL;
    g_autoptr(EpEntry) none = NULL;
    g_autoptr(GError) error = NULL;

    entry.certificate = certificate;
    g_assert_true(ep_journal_add(parts->journal, &entry, &error));
    g_assert_cmpint(ep_journal_find(parts->journal, "c-1", &found, &error), ==, EP_JOURNAL_FOUND);
    g_assert_cmpstr(found->id, ==, "c-1");
    g_assert_cmpint(found->kind, ==, entry.kind);
    g_assert_cmpint(found->state, ==, entry.state);
    g_assert_cmpint(found->received, ==, entry.received);
    g_assert_cmpint(found->start, ==, entry.start);
    g_assert_cmpint(found->issued, ==, entry.issued);
    g_assert_cmpint(found->expires, ==, entry.expires);
    g_assert_cmpint(found->timeout, ==, entry.timeout);
    g_assert_cmpstr(found->subject, ==, entry.subject);
    g_assert_true(g_bytes_equal(found->certificate, certificate));
    g_assert_cmpint(ep_journal_find(parts->journal, "c-2", &none, &error), ==, EP_JOURNAL_ABSENT);
    g_assert_null(none);
    g_assert_no_error(error);
    db_faults_at(DB_FAULTS_STATEMENTS, 1);
    g_assert_cmpint(ep_journal_find(parts->journal, "c-1", &none, &error), ==, EP_JOURNAL_UNREADABLE);
    g_assert_null(none);
    g_assert_error(error, HL_ERROR, HL_ERROR_FULL);
    g_clear_error(&error);
    db_faults_at(DB_FAULTS_STATEMENTS, 1);
    g_assert_false(ep_journal_add(parts->journal, &(EpEntry){ 0 }, &error));
    g_clear_error(&error);
    g_assert_false(ep_journal_add(parts->journal, &entry, &error)); /* twice */
    g_assert_error(error, HL_ERROR, HL_ERROR_EXISTS);
}

/* A row and its report: both or none, at each place that writes. */
static void test_journal_whole(void)
{
    bool stored = false;
    guint n;

    for (n = 1; !stored; n++) {
        g_autoptr(EndpointParts) parts = parts_new();
        EpEntry entry = entry_of("c-1");
        EpJournalCounts rows;

        db_faults_at(DB_FAULTS_WRITES, n);
        stored = ep_journal_add(parts->journal, &entry, NULL);
        db_faults_at(DB_FAULTS_WRITES, 0);
        g_assert_true(ep_journal_count(parts->journal, &rows, NULL));
        ep_spool_pump(parts->spool);
        g_assert_cmpint(rows.under_way, ==, stored ? 1 : 0);
        g_assert_cmpuint(ep_spool_waiting(parts->spool), ==, stored ? 1 : 0);
    }
    g_assert_cmpuint(n, >, 5);
}

static void test_journal_prune(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpEntry open = entry_of("c-open"), ended = entry_of("c-ended"), young = entry_of("c-young");
    g_autoptr(GPtrArray) left = NULL;
    HlTime now = hl_clock_wall() + HL_HOUR;
    EpJournalCounts rows;
    bool pruned = false;

    ended.state = EP_COMMAND_SUCCEEDED;
    young.state = EP_COMMAND_FAILED;
    young.expires = now + 1;
    g_assert_true(ep_journal_add(parts->journal, &open, NULL));
    g_assert_true(ep_journal_add(parts->journal, &ended, NULL));
    g_assert_true(ep_journal_add(parts->journal, &young, NULL));
    for (guint n = 1; !pruned; n++) { /* the row never goes without the mark that keeps it out */
        db_faults_at(DB_FAULTS_WRITES, n);
        pruned = ep_journal_prune(parts->journal, now, NULL);
        db_faults_at(DB_FAULTS_WRITES, 0);
        g_assert_true(ep_journal_count(parts->journal, &rows, NULL));
        g_assert_cmpint(rows.ended, ==, pruned ? 1 : 2);
        g_assert_cmpint(ep_journal_forgotten(parts->journal).until, ==, pruned ? ended.expires : 0);
        g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, ==, pruned ? ended.issued : 0);
    }
    g_assert_true(ep_journal_prune(parts->journal, now - 1, NULL)); /* nothing to forget: the marks stay */
    g_assert_cmpint(ep_journal_forgotten(parts->journal).until, ==, ended.expires);
    g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, ==, ended.issued);
    left = ep_journal_open(parts->journal, NULL);
    g_assert_cmpuint(left->len, ==, 1);
    g_assert_cmpstr(((const EpEntry *)left->pdata[0])->id, ==, "c-open");
}

/* The last ones stay, however young or old they are; the marks say what may not come back. */
static void test_journal_bounded(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlTime now = hl_clock_wall();
    g_autoptr(EpEntry) oldest = NULL;
    g_autoptr(EpEntry) newest = NULL;
    EpJournalCounts rows;

    for (guint i = 0; i < EP_JOURNAL_KEEP + 10; i++) {
        g_autofree char *id = g_strdup_printf("c-%u", i);
        EpEntry entry = entry_of(id);

        entry.state = EP_COMMAND_SUCCEEDED;
        entry.issued = now - HL_HOUR + (HlTime)i;
        entry.expires = now + HL_DAY + (HlTime)i;
        g_assert_true(ep_journal_add(parts->journal, &entry, NULL));
    }
    g_assert_true(ep_journal_prune(parts->journal, now, NULL));
    g_assert_true(ep_journal_count(parts->journal, &rows, NULL));
    g_assert_cmpint(rows.ended, ==, EP_JOURNAL_KEEP);
    g_assert_cmpint(ep_journal_find(parts->journal, "c-9", &oldest, NULL), ==, EP_JOURNAL_ABSENT);
    g_assert_cmpint(ep_journal_find(parts->journal, "c-10", &newest, NULL), ==, EP_JOURNAL_FOUND);
    g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, ==, now - HL_HOUR + 9);
    g_assert_cmpint(ep_journal_forgotten(parts->journal).until, ==, now + HL_DAY + 9);
    g_assert_cmpint(ep_journal_last_issued(parts->journal), ==, now - HL_HOUR + EP_JOURNAL_KEEP + 9);
    g_assert_true(ep_journal_prune(parts->journal, now - HL_DAY, NULL)); /* the issuer's clock had been ahead */
    g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, ==, now - HL_DAY);
}

/* Rows of 0.1.0 have no time of issue; their end is an upper bound of it. */
static void test_journal_old_rows(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpEntry entry = entry_of("c-1");

    entry.state = EP_COMMAND_SUCCEEDED;
    entry.issued = 0;
    g_assert_true(ep_journal_add(parts->journal, &entry, NULL));
    g_assert_cmpint(ep_journal_last_issued(parts->journal), ==, 0);
    g_assert_true(ep_journal_prune(parts->journal, entry.expires, NULL));
    g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, ==, entry.expires);
}

/* What another version or a damaged row holds is read as something that exists. */
static void test_journal_strange(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpEntry entry = entry_of("c-1");
    g_autoptr(EpEntry) found = NULL;

    g_assert_true(ep_journal_add(parts->journal, &entry, NULL));
    g_assert_true(hl_db_exec(parts->db, "UPDATE command SET kind = 4711, state = 4711", NULL));
    g_assert_cmpint(ep_journal_find(parts->journal, "c-1", &found, NULL), ==, EP_JOURNAL_FOUND);
    g_assert_cmpint(found->kind, ==, HL_KIND_UNKNOWN);
    g_assert_cmpint(found->state, <, EP_COMMAND_N_STATES);
    g_assert_cmpint(ep_journal_shown_state(EP_COMMAND_TIMED_OUT), ==, HL_STATE_TIMED_OUT);
    g_assert_cmpint(ep_journal_shown_state(EP_COMMAND_RECEIVED), ==, HL_STATE_RECEIVED);
}

/* ------------------------------------------------------------------------------------------------------- the store */

/* What a later version left: with its word that this one may use it, or without. */
static HlDb *open_later(const EndpointParts *parts, const char *sql, GError **error)
{
    HlDb *db = ep_store_open(parts->dir, NULL);

    g_assert_nonnull(db);
    g_assert_true(hl_db_exec(db, sql, NULL));
    hl_db_close(db);
    return ep_store_open(parts->dir, error);
}

/* A failed upgrade goes back to this version, with the database that the later one has migrated. */
static void test_later_store(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GError) error = NULL;
    HlDb *db;

    parts_stop(parts);
    db = open_later(parts,
                    "CREATE TABLE later (x INTEGER); UPDATE fact SET value = '6' WHERE name = 'usable-from';"
                    " PRAGMA user_version = 90;",
                    &error);
    g_assert_no_error(error);
    g_assert_cmpint(hl_db_version(db, NULL), ==, 90); /* the later one finds it as it left it */
    g_assert_true(ep_store_set(db, "note", "kept", NULL));
    hl_db_close(db);
    db = open_later(parts, "UPDATE fact SET value = '90' WHERE name = 'usable-from';", &error);
    g_assert_null(db);
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    g_clear_error(&error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-ground/trouble", test_trouble);
    g_test_add_func("/endpoint-ground/later-store", test_later_store);
    g_test_add_func("/endpoint-ground/retry", test_retry);
    g_test_add_func("/endpoint-ground/refusals", test_refusals);
    g_test_add_func("/endpoint-ground/refusals-outlive", test_refusals_outlive);
    g_test_add_func("/endpoint-ground/refusal-not-stored", test_refusal_not_stored);
    g_test_add_func("/endpoint-ground/journal-find", test_journal_find);
    g_test_add_func("/endpoint-ground/journal-whole", test_journal_whole);
    g_test_add_func("/endpoint-ground/journal-prune", test_journal_prune);
    g_test_add_func("/endpoint-ground/journal-bounded", test_journal_bounded);
    g_test_add_func("/endpoint-ground/journal-old-rows", test_journal_old_rows);
    g_test_add_func("/endpoint-ground/journal-strange", test_journal_strange);
    return g_test_run();
}
