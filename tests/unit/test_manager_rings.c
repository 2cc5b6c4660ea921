/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs in the manager: against which versions a success is held, where others are published meanwhile or are left
 * to other roll-outs. */
#include <stdlib.h>

#include "tests/support/rollout_world.h"

#define MEMBERS 20

G_STATIC_ASSERT(MEMBERS <= WORLD_MEMBERS);

static void publish(World *world, const char *versions)
{
    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup(versions);
}

/* All are on line; rings of 5, 10 and 20; soak of two minutes.  One failure is not too many. */
static World *world_new(const char *versions, const char *rate)
{
    World *world = g_new0(World, 1);
    g_autoptr(json_t) document = NULL;

    world_fill(world, MEMBERS, MEMBERS);
    publish(world, versions);
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "25%,50%", "soak", "2m", "min-success", "75%",
               "rate", rate, NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    return world;
}

static void answer_one(World *world, guint position, const char *patterns, HlCommandState state)
{
    const char *id = world_live(world)->endpoints->pdata[position];
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, id);

    hl_common_free(endpoint->record.patterns);
    endpoint->record.patterns = g_strdup(patterns);
    parts_report_command(world->parts, id, ++world->seqs[atoi(id + 2)], world_live(world)->commands->pdata[position],
                         state);
    parts_commit(world->parts);
    mgr_live_rollout_look(world_live(world), &world->parts->fleet, true);
}

/* Those who have not answered say that they succeeded, and have these patterns. */
static void answer(World *world, const char *patterns)
{
    for (guint i = 0; i < world_live(world)->core.issued; i++)
        if (world_live(world)->core.members[i] == MGR_MEMBER_OPEN)
            answer_one(world, i, patterns, HL_STATE_SUCCEEDED);
}

static void expect(const World *world, MgrRolloutState state, guint issued, guint failed)
{
    g_assert_nonnull(world_live(world));
    g_assert_cmpstr(mgr_rollout_state_name(world_live(world)->core.state), ==, mgr_rollout_state_name(state));
    g_assert_cmpuint(world_live(world)->core.issued, ==, issued);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_FAILED], ==, failed);
}

/* What is published between two rings is the second one's to have. */
static void test_published_between(void)
{
    g_autoptr(World) world = world_new("virus=7", "100");

    world_pass(world, 1);
    answer(world, "virus=7");
    publish(world, "virus=8");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, 10, 0);
    answer_one(world, 5, "virus=7", HL_STATE_SUCCEEDED);
    answer(world, "virus=8");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, MEMBERS, 1);
    g_assert_cmpint(world_live(world)->core.members[5], ==, MGR_MEMBER_FAILED);
}

/* Or between two turns of one ring: the first one's versions are asked of all. */
static void test_published_within(void)
{
    g_autoptr(World) world = world_new("virus=7", "3/min");

    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 3, 0);
    answer(world, "virus=7");
    publish(world, "virus=8");
    world_pass(world, 61);
    expect(world, MGR_ROLLOUT_RUNNING, 5, 0);
    answer_one(world, 3, "virus=6", HL_STATE_SUCCEEDED);
    answer(world, "virus=8");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, 8, 1);
    g_assert_cmpint(world_live(world)->core.members[3], ==, MGR_MEMBER_FAILED);
}

/* Another turn of those that failed asks no more of the others. */
static void test_published_before_retry(void)
{
    g_autoptr(World) world = world_new("virus=7", "100");

    world_pass(world, 1);
    for (guint i = 0; i < 3; i++)
        answer_one(world, i, "virus=6", HL_STATE_FAILED);
    answer(world, "virus=7");
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_HALTED, 5, 3);
    publish(world, "virus=8");
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 61); /* a minute after the turn before, for there is a rate */
    answer(world, "virus=8");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, 10, 0);
}

/* What a manager that starts reads of roll-outs goes on in place of what was in memory. */
static void restart(World *world)
{
    MgrRollouts *again = world_read_again(world);

    mgr_rollouts_free(world->parts->rollouts);
    world->parts->rollouts = again;
}

/* One of an earlier ring that has another turn is held to it like the present ring: it lies, and the ring halts. */
static void test_retried_liar(gconstpointer is_restarted)
{
    g_autoptr(World) world = world_new("virus=7", "100");

    world_pass(world, 1);
    answer_one(world, 0, "virus=6", HL_STATE_FAILED);
    answer(world, "virus=7");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, 10, 1);
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    expect(world, MGR_ROLLOUT_RUNNING, 10, 0);
    world_pass(world, 61);
    answer_one(world, 0, "virus=6", HL_STATE_SUCCEEDED);
    answer(world, "virus=7");
    if (is_restarted != NULL)
        restart(world);
    world_pass(world, 123);
    g_assert_cmpint(world_live(world)->core.members[0], ==, MGR_MEMBER_FAILED);
    expect(world, MGR_ROLLOUT_RUNNING, MEMBERS, 1);
    world_pass(world, 1);
    g_assert_cmpint(world_live(world)->core.members[0], ==, MGR_MEMBER_FAILED);
}

/* Of a component that the group leaves to roll-outs of its own, this one brings nothing. */
static void test_left_to_others(void)
{
    g_autoptr(World) world = world_new("rules=9 virus=7", "100");
    HlSettings *settings = &mgr_fleet_group(&world->parts->fleet, "office")->settings;

    g_assert_true(hl_options_set(hl_settings_table(), settings, "update.by-rollout", "virus", NULL));
    world_pass(world, 1);
    answer_one(world, 1, "rules=8 virus=6", HL_STATE_SUCCEEDED);
    answer(world, "rules=9 virus=6");
    world_pass(world, 123);
    expect(world, MGR_ROLLOUT_RUNNING, 10, 1);
    g_assert_cmpint(world_live(world)->core.members[1], ==, MGR_MEMBER_FAILED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rings/published-between", test_published_between);
    g_test_add_func("/rings/published-within", test_published_within);
    g_test_add_func("/rings/published-before-retry", test_published_before_retry);
    g_test_add_data_func("/rings/retried-liar", NULL, test_retried_liar);
    g_test_add_data_func("/rings/retried-liar-restart", "", test_retried_liar);
    g_test_add_func("/rings/left-to-others", test_left_to_others);
    return g_test_run();
}
