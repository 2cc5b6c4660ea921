/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/reports: what endpoints report in one turn of the loop is one set for each of them, and costs no
 * more statements than its end says something new. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

#define COUNT_AFTER (2 * HL_SECOND) /* until the number of open commands is told */

static const HlCommandState steps[] = { HL_STATE_RECEIVED, HL_STATE_STARTED, HL_STATE_SUCCEEDED };

/* Two endpoints, with a command for both of them unless id is NULL. */
static Parts *start(char **id)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_birth(parts, "e-one", 1);
    parts_birth(parts, "e-two", 1);
    parts_commit(parts);
    if (id != NULL)
        *id = parts_issue(parts, "all");
    mgr_delivery_flush_acks(parts->delivery);
    bus_fake_forget(parts->bus);
    parts->gathers = true;
    return parts;
}

static void report_steps(Parts *parts, const char *endpoint, const char *id)
{
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        parts_report_command(parts, endpoint, i + 1, id, steps[i]);
}

static guint acks(const Parts *parts)
{
    return bus_fake_published(parts->bus, "holdline/v1/endpoint/+/ack");
}

/* Received, started and done: one set for each endpoint, and one acknowledgement. */
static void test_one_set(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    report_steps(parts, "e-one", id);
    report_steps(parts, "e-two", id);
    g_assert_cmpuint(parts_commit(parts), ==, 2);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(acks(parts), ==, 2);
    g_assert_cmpuint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.report_seq, ==, G_N_ELEMENTS(steps));
    g_assert_null(mgr_fleet_command(&parts->fleet, id)); /* ended everywhere */
    parts_check_registry(parts);
}

/* The turn's end is a timer's: nobody has to ask. */
static void test_turn(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    report_steps(parts, "e-one", id);
    g_assert_cmpuint(writer_fake_commit(parts->writer, 0), ==, 0);
    timer_fake_advance(1);
    g_assert_cmpuint(writer_fake_commit(parts->writer, 0), ==, 1);
    parts_check_registry(parts);
}

/* Nothing of a set that is not stored is acknowledged, and the same reports do it afterwards. */
static void test_not_stored(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    report_steps(parts, "e-one", id);
    parts_commit(parts);
    g_assert_true(writer_fake_failed(parts->writer));
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(acks(parts), ==, 0);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_SENT], ==, 2);
    parts_check_registry(parts);
    report_steps(parts, "e-one", id);
    parts_commit(parts);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_SUCCEEDED], ==, 1);
    parts_check_registry(parts);
}

/* A report that comes twice in a turn counts once; one that is out of order ends nothing that has ended. */
static void test_repeated(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    parts_report_command(parts, "e-one", 1, id, HL_STATE_FAILED);
    parts_report_command(parts, "e-one", 1, id, HL_STATE_FAILED);
    parts_report_command(parts, "e-one", 2, id, HL_STATE_STARTED);
    g_assert_cmpuint(parts_commit(parts), ==, 1);
    g_assert_cmpuint(mgr_reports_count(parts->reports).repeated, ==, 1);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_FAILED], ==, 1);
    parts_check_registry(parts);
}

/* In the end. */
static guint documents(Parts *parts)
{
    guint before;

    clock_fake_advance(COUNT_AFTER);
    do {
        before = bus_fake_published(parts->bus, "holdline/v1/status/endpoint/+");
        mgr_status_flush(parts->status);
    } while (bus_fake_published(parts->bus, "holdline/v1/status/endpoint/+") != before);
    return before;
}

/* A command that comes and ends within two seconds is nothing that a document shows; one that is seen open is. */
static void test_documents(void)
{
    for (guint seen = 0; seen < 2; seen++) {
        g_autofree char *id = NULL;
        g_autoptr(Parts) parts = start(NULL);

        documents(parts);
        bus_fake_forget(parts->bus);
        id = parts_issue(parts, "all");
        if (seen == 1)
            g_assert_cmpuint(documents(parts), ==, 2);
        report_steps(parts, "e-one", id);
        report_steps(parts, "e-two", id);
        parts_commit(parts);
        g_assert_cmpuint(documents(parts), ==, seen == 1 ? 4 : 0);
    }
}

/* It is removed, and its name given to another, before the turn is over. */
static void test_removed(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    report_steps(parts, "e-one", id);
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
    while (writer_fake_commit(parts->writer, 0) > 0)
        continue;
    g_assert_null(mgr_fleet_endpoint(&parts->fleet, "e-one"));
    parts_add_endpoint(parts, "e-one"); /* commits: the turn is over */
    g_assert_cmpuint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.report_seq, ==, 0);
    parts_check_registry(parts);
}

/* Left open at the end: they were not acknowledged, and come again. */
static void test_stop(void)
{
    g_autofree char *id = NULL;
    g_autoptr(Parts) parts = start(&id);

    report_steps(parts, "e-one", id);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(acks(parts), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/gathering/one-set", test_one_set);
    g_test_add_func("/manager/gathering/turn", test_turn);
    g_test_add_func("/manager/gathering/not-stored", test_not_stored);
    g_test_add_func("/manager/gathering/repeated", test_repeated);
    g_test_add_func("/manager/gathering/documents", test_documents);
    g_test_add_func("/manager/gathering/removed", test_removed);
    g_test_add_func("/manager/gathering/stop", test_stop);
    return g_test_run();
}
