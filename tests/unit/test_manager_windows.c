/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs whose members have maintenance windows: who is held, for how long, and what a restart and an end of the
 * roll-out change of it. */
#include <stdlib.h>
#include <time.h>

#include "manager/daemon/ground/windows.h"
#include "tests/support/rollout_world.h"

#define MEMBERS 8
#define CROWD   80 /* none of them answers */

G_STATIC_ASSERT(MEMBERS <= WORLD_MEMBERS);

static const char *id_of(guint i)
{
    static char id[16];

    g_snprintf(id, sizeof id, "e-%02u", i);
    return id;
}

/* All in a group with this window; it is 21:45 (CLOCK_FAKE_WALL).  Up to so many are on line. */
static World *world_of(guint members, const char *window, const char *rings, const char *rate, guint up)
{
    World *world = g_new0(World, 1);
    g_autofree char *setting = g_strconcat("maintenance.window=", window, NULL);
    g_autoptr(json_t) document = NULL;

    world->parts = parts_new();
    parts_set(world->parts, "office", setting);
    for (guint i = 0; i < members; i++) {
        parts_add_endpoint(world->parts, id_of(i));
        if (i < up)
            parts_birth(world->parts, id_of(i), 1);
    }
    parts_call(world->parts, "rollout start", "selector", "all", "rings", rings, "soak", "2d", "min-sample", "1",
               "silence", "10m", rate != NULL ? "rate" : NULL, rate, NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    world_pass(world, 1);
    return world;
}

static World *world_new(const char *window, const char *rings, const char *rate, guint up)
{
    return world_of(MEMBERS, window, rings, rate, up);
}

static guint count(const World *world, MgrMember member)
{
    g_assert_nonnull(world_live(world));
    return world_live(world)->core.counts[member];
}

/* How many of the first so many were sent their command by now, and take it off the bus. */
static guint take_sent_of(World *world, guint members)
{
    guint n = 0;

    for (guint i = 0; i < members; i++) {
        HlMsgCommand *command = parts_take_command(world->parts, id_of(i));

        n += command != NULL;
        if (command != NULL)
            hl_wire_free(command);
    }
    return n;
}

static guint take_sent(World *world)
{
    return take_sent_of(world, MEMBERS);
}

static void answer(World *world, HlCommandState state)
{
    for (guint i = 0; i < world_live(world)->core.issued; i++) {
        const char *id = world_live(world)->endpoints->pdata[i];

        if (world_live(world)->core.members[i] != MGR_MEMBER_OPEN)
            continue;
        parts_report_command(world->parts, id, ++world->seqs[atoi(id + 2)], world_live(world)->commands->pdata[i],
                             state);
        parts_commit(world->parts);
    }
}

static json_t *show(World *world)
{
    parts_call(world->parts, "rollout show", "rollout", world->id, NULL);
    parts_commit(world->parts);
    return parts_expect_reply(world->parts, "");
}

/* Nobody has it before the window opens, and none of the waiting counts; then all have it. */
static void test_waits(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", NULL, MEMBERS);
    g_autoptr(json_t) document = NULL;
    const json_t *row;

    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS);
    document = show(world);
    row = json_array_get(json_object_get(document, "waiting"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(row, "group")), ==, "office");
    g_assert_cmpint(json_integer_value(json_object_get(row, "members")), ==, MEMBERS);
    g_assert_cmpstr(json_string_value(json_object_get(row, "until")), ==, "2026-11-22T21:55:00Z");
    world_pass(world, 595);
    g_assert_cmpuint(take_sent(world), ==, 0);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS);
    world_pass(world, 15);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, MEMBERS);
    answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 2);
    g_assert_null(world_live(world));
}

/* One that comes on line outside of the window does not have it then, also when it was away in the window before; the
 * ring does not wait for it twice. */
static void test_comes_back_outside(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "50%", NULL, 3);
    const char *late;

    world_pass(world, 615);
    g_assert_cmpuint(take_sent(world), ==, 3);
    g_assert_cmpuint(count(world, MGR_MEMBER_AWAY), ==, 1);
    answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 62);
    g_assert_cmpint(world_live(world)->core.state, ==, MGR_ROLLOUT_SOAKING);
    timer_fake_advance(5 * HL_HOUR);
    late = world_live(world)->endpoints->pdata[3];
    parts_birth(world->parts, late, 1);
    world_pass(world, 10);
    g_assert_cmpuint(count(world, MGR_MEMBER_AWAY), ==, 1);
    g_assert_null(parts_take_command(world->parts, late));
    timer_fake_advance(19 * HL_HOUR);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, 1);
}

/* So also when the roll-out has ended meanwhile. */
static void test_after_the_end(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", NULL, MEMBERS - 1);

    world_pass(world, 615);
    answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 62);
    g_assert_null(world_live(world));
    take_sent(world);
    timer_fake_advance(5 * HL_HOUR);
    parts_birth(world->parts, id_of(MEMBERS - 1), 1);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, 0);
    timer_fake_advance(19 * HL_HOUR);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, 1);
}

/* Each look lets at most fifty go then, although --rate has made a command of its own for each minute. */
static void test_crowd_after_the_end(void)
{
    g_autoptr(World) world = world_of(CROWD, "daily 21:55-02:00", "100%", "10", 0);

    world_pass(world, 1200);
    g_assert_null(world_live(world));
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, CROWD / 10);
    timer_fake_advance(5 * HL_HOUR);
    for (guint i = 0; i < CROWD; i++)
        parts_birth(world->parts, id_of(i), 1);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent_of(world, CROWD), ==, 0);
    timer_fake_advance(19 * HL_HOUR);
    world_pass(world, 3);
    g_assert_cmpuint(take_sent_of(world, CROWD), ==, 50);
    world_pass(world, 5);
    g_assert_cmpuint(take_sent_of(world, CROWD), ==, CROWD - 50);
}

/* --rate holds while the window is open and after it was removed, and a paused roll-out lets nobody go. */
static void test_rate(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", "2", MEMBERS);

    world_pass(world, 240);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS);
    world_pass(world, 365);
    g_assert_cmpuint(take_sent(world), ==, 2);
    world_pass(world, 50);
    g_assert_cmpuint(take_sent(world), ==, 0);
    world_pass(world, 15);
    g_assert_cmpuint(take_sent(world), ==, 2);
    parts_call(world->parts, "rollout pause", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 200);
    g_assert_cmpuint(take_sent(world), ==, 0);
    parts_call(world->parts, "rollout resume", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    parts_set(world->parts, "office", "maintenance.window=");
    world_pass(world, 15);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, 6);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, 2);
}

/* Who waits has nothing to give back. */
static void test_rollback(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", "2", MEMBERS);
    g_autoptr(json_t) document = NULL;

    world_pass(world, 605);
    g_assert_cmpuint(take_sent(world), ==, 2);
    answer(world, HL_STATE_SUCCEEDED);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS - 2);
    parts_call(world->parts, "rollout rollback", "rollout", world->id, NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, 2);
}

/* Nobody has anything to give back: it is refused, and goes on. */
static void test_rollback_of_nobody(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", NULL, MEMBERS);

    parts_call(world->parts, "rollout rollback", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, "conflict"));
    world_pass(world, 610);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
    g_assert_cmpint(world_live(world)->core.state, ==, MGR_ROLLOUT_RUNNING);
}

/* A retry waits like a first turn. */
static void test_retry(void)
{
    g_autoptr(World) world = world_new("daily 21:00-21:50", "100%", NULL, MEMBERS);

    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
    answer(world, HL_STATE_FAILED);
    world_pass(world, 2);
    g_assert_cmpint(world_live(world)->core.state, ==, MGR_ROLLOUT_HALTED);
    world_pass(world, 300);
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 700); /* longer than --silence */
    g_assert_cmpuint(take_sent(world), ==, 0);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS);
    timer_fake_advance(23 * HL_HOUR);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
}

/* What was sent and not received when the window closed is nobody's silence, and is not sent again before it opens. */
static void test_closes_in_between(void)
{
    g_autoptr(World) world = world_new("daily 21:00-21:50", "100%", NULL, MEMBERS);

    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, MEMBERS);
    world_pass(world, 300);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, 0);
    for (guint i = 0; i < MEMBERS; i++)
        parts_birth(world->parts, id_of(i), 2);
    world_pass(world, 700);
    g_assert_cmpuint(take_sent(world), ==, 0);
    g_assert_cmpuint(count(world, MGR_MEMBER_SILENT), ==, 0);
}

/* One that was switched off after its command was sent is silent like any other, also while the window is closed; what
 * it did not take it is sent in the next one. */
static void test_off_after_it_was_sent(void)
{
    g_autoptr(World) world = world_new("daily 21:00-21:50", "100%", NULL, MEMBERS);

    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
    parts_will(world->parts, id_of(0), 1);
    parts_commit(world->parts);
    world_pass(world, 300);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, 1);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS - 1);
    world_pass(world, 310);
    g_assert_cmpuint(count(world, MGR_MEMBER_SILENT), ==, 1);
    g_assert_cmpint(world_live(world)->core.state, ==, MGR_ROLLOUT_HALTED);
    parts_call(world->parts, "rollout resume", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    parts_birth(world->parts, id_of(0), 2);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, 0);
    timer_fake_advance(24 * HL_HOUR - 10 * HL_MINUTE);
    for (guint i = 0; i < MEMBERS; i++)
        parts_birth(world->parts, id_of(i), 3);
    world_pass(world, 10);
    g_assert_cmpuint(take_sent(world), ==, MEMBERS);
}

/* One that is on line and takes nothing is silent after so much time of its windows. */
static void test_silent_in_windows(void)
{
    g_autoptr(World) world = world_new("daily 21:00-21:50", "100%", NULL, MEMBERS);

    world_pass(world, 290); /* nearly five minutes of them */
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, MEMBERS);
    world_pass(world, 20);
    g_assert_cmpuint(count(world, MGR_MEMBER_WAITING), ==, MEMBERS);
    timer_fake_advance(24 * HL_HOUR - 10 * HL_MINUTE);
    for (guint i = 0; i < MEMBERS; i++)
        parts_birth(world->parts, id_of(i), 2);
    world_pass(world, 240);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, MEMBERS);
    world_pass(world, 120);
    g_assert_cmpuint(count(world, MGR_MEMBER_SILENT), ==, MEMBERS);
}

/* A manager that starts knows which commands keep to windows. */
static void test_restart(void)
{
    g_autoptr(World) world = world_new("daily 21:55-02:00", "100%", NULL, MEMBERS);
    MgrFleet fleet = { 0 };
    const MgrCommand *command;

    parts_load(world->parts, &fleet);
    command = mgr_fleet_command(&fleet, world_live(world)->commands->pdata[0]);
    g_assert_nonnull(command);
    g_assert_true(command->record.in_window);
    g_assert_cmpint(command->record.expires_at - command->record.issued_at, ==, 11 * HL_DAY);
    for (guint i = 0; i < command->targets->len; i++)
        g_assert_true(mgr_window_keeps(command->targets->pdata[i], hl_clock_wall()));
    mgr_fleet_clear(&fleet);
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC0", TRUE);
    tzset();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/windows/waits", test_waits);
    g_test_add_func("/windows/rollback", test_rollback);
    g_test_add_func("/windows/rollback-of-nobody", test_rollback_of_nobody);
    g_test_add_func("/windows/comes-back-outside", test_comes_back_outside);
    g_test_add_func("/windows/after-the-end", test_after_the_end);
    g_test_add_func("/windows/crowd-after-the-end", test_crowd_after_the_end);
    g_test_add_func("/windows/rate", test_rate);
    g_test_add_func("/windows/retry", test_retry);
    g_test_add_func("/windows/closes-in-between", test_closes_in_between);
    g_test_add_func("/windows/off-after-it-was-sent", test_off_after_it_was_sent);
    g_test_add_func("/windows/silent-in-windows", test_silent_in_windows);
    g_test_add_func("/windows/restart", test_restart);
    return g_test_run();
}
