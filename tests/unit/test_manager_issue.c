/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/issue: a command for many is made and given a piece at a time, and comes to the same end whatever
 * happens between two turns. */
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

#define COUNT 4500
#define SLICE 500 /* issue.c */

static char *id_of(guint number)
{
    return g_strdup_printf("e-%04u", number);
}

static Parts *start(void)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);

        parts_add_endpoint(parts, id);
    }
    bus_fake_forget(parts->bus);
    return parts;
}

/* The answer, after those of removals: not all of these are there, they wait for the broker. */
static char *expect_issued(Parts *parts, guint endpoints)
{
    json_t *document = parts_expect_reply(parts, "");
    char *id;

    while (json_object_get(document, "removed") != NULL) {
        json_decref(document);
        document = parts_expect_reply(parts, "");
    }
    id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, endpoints);
    json_decref(document);
    return id;
}

/* As many turns as that takes. */
static void pass_turns(void)
{
    for (guint looked = SLICE; looked < COUNT; looked += SLICE)
        timer_fake_advance(1);
}

static void make_all(Parts *parts)
{
    parts_call(parts, "update-now", "selector", "all", NULL);
    pass_turns();
}

static const MgrCommand *command_of(const Parts *parts, const char *id)
{
    return mgr_fleet_command(&parts->fleet, id);
}

/* No turn looks at more than a slice, making or giving; the answer comes with the commit, and counts all. */
static void test_turns(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;

    parts_call(parts, "update-now", "selector", "all", NULL);
    g_assert_cmpuint(mgr_commands_issued(parts->commands).looks, ==, SLICE);
    parts_commit(parts);
    g_assert_null(parts_reply(parts)); /* half of a command is not stored */
    pass_turns();
    g_assert_cmpuint(mgr_commands_issued(parts->commands).looks, ==, COUNT);
    parts_commit(parts);
    id = expect_issued(parts, COUNT);
    g_assert_cmpuint(command_of(parts, id)->counts[HL_STATE_QUEUED], ==, COUNT);
    g_assert_cmpuint(command_of(parts, id)->attached, ==, SLICE);
    pass_turns();
    g_assert_cmpuint(command_of(parts, id)->attached, ==, COUNT);
    g_assert_cmpuint(mgr_commands_issued(parts->commands).looks, ==, 2 * COUNT);
    g_assert_cmpuint(mgr_commands_issued(parts->commands).most, ==, SLICE);
    g_assert_cmpuint(parts->fleet.unattached->len, ==, 0);
    parts_check_registry(parts);
}

/* Who is removed before it is looked at is not in it; who is removed after that, or revoked, ends as cancelled; who
 * comes up gets it once. */
static void test_between(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;
    guint n;

    parts_call(parts, "update-now", "selector", "all", NULL);
    parts_call(parts, "endpoint remove", "endpoint", "e-4499", NULL);
    parts_call(parts, "endpoint remove", "endpoint", "e-0001", NULL);
    parts_commit(parts);
    pass_turns();
    parts_commit(parts);
    id = expect_issued(parts, COUNT - 1);
    parts_birth(parts, "e-4000", 1);
    parts_commit(parts);
    parts_call(parts, "endpoint remove", "endpoint", "e-4001", NULL);
    parts_commit(parts);
    pass_turns();
    parts_commit(parts);
    n = bus_fake_published(parts->bus, "holdline/v1/endpoint/e-4000/command");
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpuint(command_of(parts, id)->counts[HL_STATE_CANCELLED], ==, 2);
    g_assert_cmpuint(command_of(parts, id)->counts[HL_STATE_SENT], ==, 1);
    g_assert_cmpuint(command_of(parts, id)->open, ==, COUNT - 3);
    parts_check_registry(parts);
}

/* A cancellation between two turns reaches those whose turn is still to come; with the last the command is gone. */
static void test_cancelled(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;

    make_all(parts);
    parts_commit(parts);
    id = expect_issued(parts, COUNT);
    parts_call(parts, "command cancel", "command", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    g_assert_cmpuint(command_of(parts, id)->counts[HL_STATE_CANCELLED], ==, SLICE);
    pass_turns();
    g_assert_null(command_of(parts, id));
    g_assert_cmpuint(parts->fleet.unattached->len, ==, 0);
    parts_check_registry(parts);
}

/* What is not stored leaves nothing; and a manager that ends while it makes one has told nobody of it. */
static void test_not_stored(void)
{
    g_autoptr(Parts) parts = start();

    make_all(parts);
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_UNAVAILABLE);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "unavailable"));
    g_assert_cmpuint(parts->fleet.unattached->len, ==, 0);
    parts_check_registry(parts);
    parts_call(parts, "update-now", "selector", "all", NULL);
    parts_check_registry(parts);
}

/* Killed after the commit, with most of it not given yet: the next one has all. */
static void test_killed(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *id = NULL;
    MgrFleet restarted = { 0 };

    make_all(parts);
    parts_commit(parts);
    id = expect_issued(parts, COUNT);
    parts_load(parts, &restarted);
    g_assert_cmpuint(mgr_fleet_command(&restarted, id)->open, ==, COUNT);
    g_assert_cmpuint(mgr_fleet_command(&restarted, id)->attached, ==, COUNT);
    mgr_fleet_clear(&restarted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/issue/turns", test_turns);
    g_test_add_func("/manager/issue/between", test_between);
    g_test_add_func("/manager/issue/cancelled", test_cancelled);
    g_test_add_func("/manager/issue/not-stored", test_not_stored);
    g_test_add_func("/manager/issue/killed", test_killed);
    return g_test_run();
}
