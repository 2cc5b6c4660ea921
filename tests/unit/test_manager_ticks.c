/* SPDX-License-Identifier: Apache-2.0 */
/* What a second costs: counted in endpoints that were looked at, so that a walk through all cannot come back unseen. */
#include "manager/daemon/state/sums.h"
#include "tests/support/manager_parts.h"

#define COUNT 300

typedef struct {
    uint64_t looks, steps;
} Cost;

static Cost cost_so_far(const Parts *parts)
{
    return (Cost){ mgr_console_looks(parts->console), mgr_tracker_count(parts->tracker).steps };
}

static void tick(Parts *parts)
{
    mgr_console_tick(parts->console);
    mgr_tracker_tick(parts->tracker, 1, 1);
    mgr_tracker_flush(parts->tracker);
}

static Parts *start(void)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        parts_add_endpoint(parts, id);
        parts_birth(parts, id, 1);
    }
    tick(parts);
    tick(parts);
    return parts;
}

static void expect_cost(Parts *parts, uint64_t looks, uint64_t steps)
{
    Cost before = cost_so_far(parts);
    Cost after;

    tick(parts);
    after = cost_so_far(parts);
    g_assert_cmpuint(after.looks - before.looks, ==, looks);
    g_assert_cmpuint(after.steps - before.steps, ==, steps);
}

static const char *reason_of(const Parts *parts, const char *id)
{
    return mgr_reason_name(mgr_presence_reason(&mgr_fleet_endpoint(&parts->fleet, id)->record.presence));
}

/* Where nothing is due, nobody is looked at; what is broken off, one; what falls silent, those. */
static void test_tick(void)
{
    g_autoptr(Parts) parts = start();

    for (int i = 0; i < 5; i++) {
        clock_fake_advance(HL_SECOND);
        expect_cost(parts, 0, 0);
    }
    parts_will(parts, "e-007", 1);
    expect_cost(parts, 1, 0); /* it may be removed from now on, some day */
    expect_cost(parts, 0, 0);
    clock_fake_advance(50 * HL_SECOND);
    parts_birth(parts, "e-008", 2);
    clock_fake_advance(20 * HL_SECOND);
    expect_cost(parts, 0,
                COUNT); /* 75 s: probes; a turn also comes for who went, or was heard of, since it was put down */
    expect_cost(parts, 0, 0);
    g_assert_cmpstr(reason_of(parts, "e-008"), ==, "birth");
}

/* The manager's question to the broker comes back every other second on a quiet line. */
static void test_proven(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = cost_so_far(parts).steps;

    mgr_tracker_prove(parts->tracker, 0);
    g_assert_cmpuint(cost_so_far(parts).steps - before, ==, 0);
    for (uint64_t i = 0; i < 10; i++) { /* so many that the broker is in doubt */
        g_autofree char *id = g_strdup_printf("e-%03" G_GUINT64_FORMAT, i);

        parts_will(parts, id, 1);
    }
    g_assert_cmpstr(reason_of(parts, "e-009"), ==, "server-blind");
    before = cost_so_far(parts).steps;
    mgr_tracker_prove(parts->tracker, 0);
    g_assert_cmpuint(cost_so_far(parts).steps - before, <=, 10);
    g_assert_cmpstr(reason_of(parts, "e-009"), ==, "line-lost");
    mgr_tracker_prove(parts->tracker, 0);
    g_assert_cmpuint(cost_so_far(parts).steps - before, <=, 10);
}

/* A sign of life is no news: of ten, a minute apart, two are told, with the newest time. */
static void test_heartbeats(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    beat.session = 1;
    for (guint minute = 0; minute <= 10; minute++) {
        beat.seq++;
        parts_deliver(parts, HL_TOPIC_HEARTBEAT, "e-one", &beat.base);
        mgr_status_flush(parts->status);
        if (minute == 0) /* it says what it has applied, which was not known */
            bus_fake_forget(parts->bus);
        g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/status/endpoint/e-one"), ==, minute / 5);
        clock_fake_advance(HL_MINUTE);
    }
}

static guint documents(Parts *parts)
{
    guint n;

    clock_fake_advance(2 * HL_SECOND); /* until the number of open commands is told */
    mgr_status_flush(parts->status);
    n = bus_fake_published(parts->bus, "holdline/v1/status/endpoint/e-one");
    bus_fake_forget(parts->bus);
    return n;
}

/* A command is news when it is given and when it has ended, not with each step in between. */
static void test_command(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    documents(parts);
    id = parts_issue(parts, "e-one");
    g_assert_cmpuint(documents(parts), ==, 1);
    parts_report_command(parts, "e-one", 1, id, HL_STATE_RECEIVED);
    parts_commit(parts);
    g_assert_cmpuint(documents(parts), ==, 0);
    parts_report_command(parts, "e-one", 2, id, HL_STATE_STARTED);
    parts_commit(parts);
    g_assert_cmpuint(documents(parts), ==, 0);
    parts_report_command(parts, "e-one", 3, id, HL_STATE_SUCCEEDED);
    parts_commit(parts);
    g_assert_cmpuint(documents(parts), ==, 1);
}

/* One that is removed while it waits for its turn, to be written, and in doubt, is nowhere any longer. */
static void test_removed(void)
{
    g_autoptr(Parts) parts = start();

    for (uint64_t i = 0; i < 10; i++) {
        g_autofree char *id = g_strdup_printf("e-%03" G_GUINT64_FORMAT, i);

        parts_will(parts, id, 1);
    }
    parts_call(parts, "endpoint remove", "endpoint", "e-009", NULL);
    parts_commit(parts);
    mgr_tracker_prove(parts->tracker, 0);
    clock_fake_advance(HL_HOUR);
    tick(parts);
    tick(parts);
    g_assert_null(mgr_fleet_endpoint(&parts->fleet, "e-009"));
}

/* A million that are away are given settings and commands, and nothing is kept of the line that they do not have. */
static void test_away(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");

    parts_set(parts, "office", "line.heartbeat=2m");
    g_free(parts_issue(parts, "all"));
    documents(parts);
    tick(parts);
    parts_call(parts, "endpoint show", "endpoint", "e-one", NULL);
    g_assert_cmpuint(mgr_endpoint_count_targets(endpoint), ==, 1);
    g_assert_null(endpoint->contact);
    parts_birth(parts, "e-one", 1);
    g_assert_nonnull(endpoint->contact);
}

static guint count_unconfirmed(const Parts *parts)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, parts->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        n += ((const MgrEndpoint *)value)->record.presence.unconfirmed;
    return n;
}

static void expect_unconfirmed(Parts *parts, guint clear, guint n)
{
    clock_fake_advance(HL_SECOND);
    mgr_tracker_tick(parts->tracker, clear, clear);
    g_assert_cmpuint(count_unconfirmed(parts), ==, n);
}

/* More than a slice did not come back to a broker: each tick in which it is clear judges one, none is left out, and one
 * that is removed while it waits is nowhere any longer. */
static void test_not_back(void)
{
    const guint late = 30;
    const guint many = 2 * MGR_TRACKER_SLICE + late;
    g_autoptr(Parts) parts = parts_new();

    for (guint i = 0; i < many; i++) {
        g_autofree char *id = g_strdup_printf("e-%05u", i);
        MgrEndpoint *endpoint = parts_add_endpoint(parts, id);

        endpoint->broker = 0;
        endpoint->record.presence.session = 1;
        mgr_agenda_put(&parts->fleet.presence_agenda, endpoint, hl_clock_mono()); /* it was on line */
    }
    mgr_tracker_blind(parts->tracker, 0);
    g_assert_cmpuint(count_unconfirmed(parts), ==, many);
    bus_fake_forget(parts->bus);
    mgr_tracker_sight(parts->tracker, 0);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/+/probe"), ==, MGR_TRACKER_SLICE);
    g_assert_cmpuint(count_unconfirmed(parts), ==, MGR_TRACKER_SLICE + late);
    expect_unconfirmed(parts, 1, late);
    mgr_tracker_blind(parts->tracker, 0); /* it went before the rest had its turn */
    expect_unconfirmed(parts, 0, many);
    expect_unconfirmed(parts, 2, many);
    mgr_tracker_sight(parts->tracker, 0);
    expect_unconfirmed(parts, 2, MGR_TRACKER_SLICE + late);
    mgr_tracker_sight(parts->tracker, 0); /* and once more, as after a second broker: nobody is judged twice */
    g_assert_cmpuint(count_unconfirmed(parts), ==, late);
    parts_call(parts, "endpoint remove", "endpoint", "e-00000", NULL);
    parts_commit(parts);
    expect_unconfirmed(parts, 1, 0);
}

/* Many at once, as after a start: a turn looks at a part of them, and the turns that follow in the same second at the
 * rest. */
static void test_parts_of_many(void)
{
    const guint many = 5000, most = 2000;
    g_autoptr(Parts) parts = parts_new();
    uint64_t before;

    for (guint i = 0; i < many; i++) {
        g_autofree char *id = g_strdup_printf("e-%04u", i);

        parts_add_endpoint(parts, id);
        mgr_agenda_put(&parts->fleet.display_agenda, mgr_fleet_endpoint(&parts->fleet, id), 0);
    }
    before = mgr_console_looks(parts->console);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(mgr_console_looks(parts->console) - before, ==, most);
    mgr_console_go_on(parts->console);
    g_assert_cmpuint(mgr_console_looks(parts->console) - before, ==, 2 * most);
    mgr_console_go_on(parts->console);
    mgr_console_go_on(parts->console);
    g_assert_cmpuint(mgr_console_looks(parts->console) - before, ==, many);
}

/* Ends of certificates are no news of an endpoint: who has one is asked, a part of them with each summary. */
static void test_ended_of_many(void)
{
    const guint many = 12000;
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrSums) sums = mgr_sums_new(&parts->fleet);

    for (guint i = 0; i < many; i++) {
        g_autofree char *id = g_strdup_printf("e-%05u", i);

        parts_add_endpoint(parts, id);
        mgr_fleet_endpoint(&parts->fleet, id)->record.cert_expires = hl_clock_wall() + HL_MINUTE;
    }
    g_assert_cmpuint(mgr_sums_ended_lately(sums), ==, 0);
    clock_fake_advance(HL_HOUR);
    g_assert_cmpuint(mgr_sums_ended_lately(sums), ==, 0);
    g_assert_cmpuint(mgr_sums_ended_lately(sums), ==, 0);
    g_assert_cmpuint(mgr_sums_ended_lately(sums), ==, many);
    g_assert_cmpuint(mgr_sums_ended(sums, NULL), ==, many);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/ticks/tick", test_tick);
    g_test_add_func("/manager/ticks/proven", test_proven);
    g_test_add_func("/manager/ticks/heartbeats", test_heartbeats);
    g_test_add_func("/manager/ticks/command", test_command);
    g_test_add_func("/manager/ticks/removed", test_removed);
    g_test_add_func("/manager/ticks/not-back", test_not_back);
    g_test_add_func("/manager/ticks/away", test_away);
    g_test_add_func("/manager/ticks/parts-of-many", test_parts_of_many);
    g_test_add_func("/manager/ticks/ended-of-many", test_ended_of_many);
    return g_test_run();
}
