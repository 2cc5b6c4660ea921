/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/delivery: what concerns many endpoints goes in slices, after the answer, and exactly once,
 * whatever happens between two slices. */
#include <string.h>

#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

#define COUNT    250
#define SLICE    100 /* delivery.c */
#define COMMANDS "holdline/v1/endpoint/+/command"
#define SETTINGS "holdline/v1/endpoint/+/settings"

static char *id_of(guint number)
{
    return g_strdup_printf("e-%03u", number);
}

static Parts *start(void)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);

        parts_add_endpoint(parts, id);
        parts_birth(parts, id, 1);
    }
    bus_fake_forget(parts->bus);
    return parts;
}

static guint commands_for(const Parts *parts, guint number)
{
    g_autofree char *id = id_of(number);
    g_autofree char *topic = hl_topic_name(HL_TOPIC_COMMAND, id);

    return bus_fake_published(parts->bus, topic);
}

/* Lets the loop turn until nothing more goes out. */
static void drain(Parts *parts)
{
    guint before;

    do {
        before = bus_fake_published(parts->bus, NULL);
        timer_fake_advance(5);
    } while (bus_fake_published(parts->bus, NULL) != before);
}

static void expect_once_each(const Parts *parts)
{
    for (guint i = 0; i < COUNT; i++)
        g_assert_cmpuint(commands_for(parts, i), ==, 1);
}

/* The answer is there when a slice has gone; the rest goes turn by turn. */
static void test_slices(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = parts_issue(parts, "all"); /* takes the answer */

    g_assert_cmpuint(bus_fake_published(parts->bus, COMMANDS), ==, SLICE);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_SENT], ==, COUNT);
    timer_fake_advance(1);
    g_assert_cmpuint(bus_fake_published(parts->bus, COMMANDS), >, SLICE);
    drain(parts);
    expect_once_each(parts);
    parts_check_registry(parts);
}

static void test_settings(void)
{
    g_autoptr(Parts) parts = start();
    g_autoptr(GBytes) before = NULL;
    const GBytes *shared;

    parts_set(parts, "office", "line.heartbeat=90s");
    g_assert_cmpuint(bus_fake_published(parts->bus, SETTINGS), ==, SLICE);
    shared = mgr_fleet_group(&parts->fleet, "office")->shared;
    g_assert_nonnull(shared);
    before = g_bytes_ref(mgr_fleet_group(&parts->fleet, "office")->shared);
    drain(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, SETTINGS), ==, COUNT);
    g_assert_true(mgr_fleet_group(&parts->fleet, "office")->shared == shared); /* encoded once for all of them */
    parts_set(parts, "office", "line.heartbeat=80s");
    g_assert_false(g_bytes_equal(mgr_fleet_group(&parts->fleet, "office")->shared, before));
    drain(parts);
}

/* A birth between two slices gets the command at once, and not a second time. */
static void test_birth(void)
{
    g_autoptr(Parts) parts = start();
    guint late = 0;

    g_free(parts_issue(parts, "all"));
    while (commands_for(parts, late) > 0)
        late++;
    {
        g_autofree char *name = id_of(late);

        parts_birth(parts, name, 2);
    }
    g_assert_cmpuint(commands_for(parts, late), ==, 1);
    drain(parts);
    expect_once_each(parts);
}

static guint documents(const Parts *parts)
{
    return bus_fake_published(parts->bus, "holdline/v1/status/endpoint/+");
}

/* What monitors read waits for what endpoints wait for: a second, no longer. */
static void test_documents_last(void)
{
    g_autoptr(Parts) parts = start();
    guint before;

    while (mgr_status_flush(parts->status), documents(parts) < COUNT)
        continue;
    g_free(parts_issue(parts, "all"));
    g_assert_true(mgr_delivery_is_busy(parts->delivery));
    mgr_status_touch_all(parts->status);
    before = documents(parts);
    mgr_status_yield(parts->status);
    g_assert_cmpuint(documents(parts), ==, before);
    clock_fake_advance(HL_SECOND);
    mgr_status_yield(parts->status);
    g_assert_cmpuint(documents(parts), >, before);
    drain(parts);
    g_assert_false(mgr_delivery_is_busy(parts->delivery));
    expect_once_each(parts);
}

/* What has not left is cancelled without leaving. */
static void test_cancelled(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = parts_issue(parts, "all");
    guint n = 0;

    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_CANCELLED], ==, COUNT - SLICE);
    drain(parts);
    for (guint i = 0; i < COUNT; i++)
        n += commands_for(parts, i) > 0;
    g_assert_cmpuint(n, ==, SLICE); /* and to those the cancellation */
    parts_check_registry(parts);
}

/* One whose line goes, or that is removed, between two slices. */
static void test_gone(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = parts_issue(parts, "all");
    g_autofree char *lost = NULL;
    g_autofree char *removed = NULL;
    guint late = 0;

    for (; lost == NULL || removed == NULL; late++)
        if (commands_for(parts, late) == 0)
            *(lost == NULL ? &lost : &removed) = id_of(late);
    parts_will(parts, lost, 1);
    parts_call(parts, "endpoint remove", "endpoint", removed, NULL);
    parts_commit(parts);
    drain(parts);
    parts_commit(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, COMMANDS), ==, COUNT - 2);
    g_assert_cmpuint(mgr_fleet_command(&parts->fleet, id)->counts[HL_STATE_QUEUED], ==, 1);
    parts_check_registry(parts);
    parts_birth(parts, lost, 2);
    parts_commit(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, COMMANDS), ==, COUNT - 1);
}

/* A manager that is killed between two slices: the registry says sent, and one that it had not gone to gets it at its
 * next birth, like one that was lost on the way. */
static void test_killed(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = parts_issue(parts, "all");
    MgrFleet restarted = { 0 };

    parts_load(parts, &restarted);
    g_assert_cmpuint(mgr_fleet_command(&restarted, id)->counts[HL_STATE_SENT], ==, COUNT);
    mgr_fleet_clear(&restarted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/pipeline/slices", test_slices);
    g_test_add_func("/manager/pipeline/settings", test_settings);
    g_test_add_func("/manager/pipeline/documents-last", test_documents_last);
    g_test_add_func("/manager/pipeline/birth", test_birth);
    g_test_add_func("/manager/pipeline/cancelled", test_cancelled);
    g_test_add_func("/manager/pipeline/gone", test_gone);
    g_test_add_func("/manager/pipeline/killed", test_killed);
    return g_test_run();
}
