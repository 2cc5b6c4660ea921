/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out that is rolled back: who goes back, and that nobody is sent forward any longer. */
#include "tests/support/rollout_world.h"

#define MEMBERS 40
#define RING    5 /* the first */

/* All of them go back that it reached; it is over. */
static void test_reached(void)
{
    g_autoptr(World) world = world_ringed(MEMBERS, MEMBERS, NULL);
    g_autoptr(json_t) document = NULL;

    world_pass(world, 1);
    world_answer(world, HL_STATE_SUCCEEDED);
    document = world_ask(world, "rollout rollback", "");
    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, RING);
    g_assert_null(world_live(world));
}

/* The first ring has failed, and two of it have the update in spite of that. */
static World *world_failed(const char *rate)
{
    World *world = world_ringed(MEMBERS, MEMBERS, rate);

    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup("virus=7");
    world_pass(world, 1);
    for (guint i = 0; i < RING; i++)
        world_set_patterns(world, i, i < 2 ? "virus=7" : "virus=6");
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 1);
    g_assert_cmpint(world_live(world)->core.state, ==, MGR_ROLLOUT_HALTED);
    return world;
}

static void expect_two_go_back(World *world)
{
    g_autoptr(json_t) document = world_ask(world, "rollout rollback", "");

    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, 2);
    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1); /* the roll-back alone */
}

static void test_failed(void)
{
    g_autoptr(World) world = world_failed(NULL);

    expect_two_go_back(world);
}

static void expect_first_ring(const World *world, MgrMember member)
{
    for (guint i = 0; i < RING; i++)
        g_assert_cmpint(world_live(world)->core.members[i], ==, member);
}

/* Their turn is to come again: what the one before has brought, they have. */
static void test_retry_is_to_come(void)
{
    g_autoptr(World) world = world_failed("5");

    json_decref(world_ask(world, "rollout retry", ""));
    expect_first_ring(world, MGR_MEMBER_PENDING);
    expect_two_go_back(world);
}

static void turn_off_first_ring(const World *world)
{
    for (guint i = 0; i < RING; i++)
        parts_will(world->parts, world_live(world)->endpoints->pdata[i], 1);
    parts_commit(world->parts);
    mgr_tracker_prove(world->parts->tracker, 0); /* so many at once were not believed */
}

/* It has come, and has not reached them. */
static void test_retry_is_away(void)
{
    g_autoptr(World) world = world_failed(NULL);

    turn_off_first_ring(world);
    json_decref(world_ask(world, "rollout retry", ""));
    expect_first_ring(world, MGR_MEMBER_AWAY);
    expect_two_go_back(world);
}

/* The same of one that is over: nothing of it is in memory. */
static void test_retry_is_away_of_done(void)
{
    g_autoptr(World) world = world_failed(NULL);

    turn_off_first_ring(world);
    json_decref(world_ask(world, "rollout retry", ""));
    json_decref(world_ask(world, "rollout abort", ""));
    parts_commit(world->parts);
    g_assert_null(world_live(world));
    expect_two_go_back(world);
}

/* Rolled back when it is done: who was away is not sent forward later. */
static void test_done(void)
{
    g_autoptr(World) world = world_ringed(MEMBERS, MEMBERS - 5, NULL);
    MgrEndpoint *away = mgr_fleet_endpoint(&world->parts->fleet, world_member(MEMBERS - 1));

    for (guint ring = 0; ring < 3; ring++) {
        world_pass(world, 1);
        world_answer(world, HL_STATE_SUCCEEDED);
        world_pass(world, 125);
    }
    g_assert_null(world_live(world));
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1);
    json_decref(world_ask(world, "rollout rollback", ""));
    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1); /* the roll-back alone */
    parts_birth(world->parts, world_member(MEMBERS - 1), 1);
    parts_commit(world->parts);
    g_assert_null(mgr_endpoint_first_target(away));
}

static void resume_to_the_end(World *world)
{
    json_decref(world_ask(world, "rollout resume", ""));
    world_pass(world, 2);
}

/* An update that all have had another turn after is over as well: one that went away with it would get it later. */
static void test_earlier_update(void)
{
    g_autoptr(World) world = world_ringed(RING, RING, "5");
    const MgrCommand *first;

    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup("virus=7");
    world_pass(world, 1);
    first = mgr_fleet_command(&world->parts->fleet, world_live(world)->commands->pdata[0]);
    world_pass(world, 200); /* silent */
    resume_to_the_end(world);
    g_assert_null(world_live(world));
    for (guint i = 0; i < RING; i++)
        ((MgrTarget *)first->targets->pdata[i])->record.state = HL_STATE_QUEUED;
    json_decref(world_ask(world, "rollout retry", ""));
    world_pass(world, 61);
    world_answer(world, HL_STATE_FAILED);
    for (guint i = 0; i < RING; i++)
        world_set_patterns(world, i, i < 2 ? "virus=7" : "virus=6");
    world_pass(world, 1);
    resume_to_the_end(world);
    g_assert_null(world_live(world));
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1); /* the first one */
    expect_two_go_back(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollback/reached", test_reached);
    g_test_add_func("/rollback/failed", test_failed);
    g_test_add_func("/rollback/retry-is-to-come", test_retry_is_to_come);
    g_test_add_func("/rollback/retry-is-away", test_retry_is_away);
    g_test_add_func("/rollback/retry-is-away-of-done", test_retry_is_away_of_done);
    g_test_add_func("/rollback/done", test_done);
    g_test_add_func("/rollback/earlier-update", test_earlier_update);
    return g_test_run();
}
