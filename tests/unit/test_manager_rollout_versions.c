/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs and the versions that their members report: who says that it succeeded is not believed in the last ring
 * either, and those go back whom it brought something, once.  Lists say the same of one that is over as it says itself.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/common.h"
#include "tests/support/rollout_world.h"

#define MEMBERS 10

G_STATIC_ASSERT(MEMBERS <= WORLD_MEMBERS);

static void publish(World *world, const char *versions)
{
    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup(versions);
}

static void set_patterns(World *world, guint member, const char *patterns)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, world_live(world)->endpoints->pdata[member]);

    hl_common_free(endpoint->record.patterns);
    endpoint->record.patterns = g_strdup(patterns);
}

/* The patterns of some members, by position. */
static void have(World *world, guint from, guint to, const char *patterns)
{
    for (guint i = from; i < to; i++)
        set_patterns(world, i, patterns);
}

/* All are on line; version 7 is published, and all have 6; rings of 5 and 10. */
static World *world_new(void)
{
    World *world = g_new0(World, 1);
    g_autoptr(json_t) document = NULL;

    world_fill(world, MEMBERS, MEMBERS);
    publish(world, "virus=7");
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "50%", "soak", "30s", "min-success", "80",
               NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    have(world, 0, MEMBERS, "virus=6");
    return world;
}

/* Up to the answers of the last ring, of which so many have the update. */
static World *world_at_end(guint updated)
{
    World *world = world_new();

    world_pass(world, 1);
    have(world, 0, 5, "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 33);
    g_assert_cmpuint(world_live(world)->core.issued, ==, MEMBERS);
    have(world, 5, updated, "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    return world;
}

static void expect_shown(World *world, const char *state, int succeeded, int failed)
{
    g_autoptr(json_t) document = NULL;
    const json_t *counts;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    document = world_ask(world, "rollout show", "");
    counts = json_object_get(document, "counts");
    g_assert_cmpstr(json_string_value(json_object_get(document, "state")), ==, state);
    g_assert_cmpint(json_integer_value(json_object_get(counts, "succeeded")), ==, succeeded);
    g_assert_cmpint(json_integer_value(json_object_get(counts, "failed")), ==, failed);
}

/* All have it: nothing is waited for. */
static void test_honest(void)
{
    g_autoptr(World) world = world_at_end(MEMBERS);

    g_assert_null(world_live(world));
    expect_shown(world, "done", 10, 0);
}

/* Versions come a little later than the success that they belong to. */
static void test_slow(void)
{
    g_autoptr(World) world = world_at_end(8);

    world_pass(world, 20);
    expect_shown(world, "running", 10, 0);
    have(world, 8, MEMBERS, "virus=7");
    world_pass(world, 1);
    expect_shown(world, "done", 10, 0);
}

/* As many as may fail, and one more. */
static void test_liars(void)
{
    g_autoptr(World) world = world_at_end(8);

    world_pass(world, 33);
    expect_shown(world, "done", 8, 2);
    world_expect_why(world, "failed", "versions");
}

static void test_too_many_liars(void)
{
    g_autoptr(World) world = world_at_end(7);

    world_pass(world, 33);
    expect_shown(world, "halted", 7, 3);
    world_expect_why(world, "failed", "versions");
}

static int count_of(World *world, const char *call, const char *outcome)
{
    g_autoptr(json_t) document = NULL;
    const json_t *row;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    parts_call(world->parts, call, strcmp(call, "rollout show") == 0 ? "rollout" : NULL, world->id, NULL);
    document = parts_expect_reply(world->parts, "");
    row = strcmp(call, "rollout show") == 0 ? document : json_array_get(json_object_get(document, "rollouts"), 0);
    return (int)json_integer_value(json_object_get(json_object_get(row, "counts"), outcome));
}

static void expect_back(World *world, int endpoints)
{
    g_autoptr(json_t) answer = world_ask(world, "rollout rollback", ""), document = NULL;
    const json_t *back;

    g_assert_cmpint(json_integer_value(json_object_get(answer, "endpoints")), ==, endpoints);
    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    document = world_ask(world, "rollout show", "");
    back = json_object_get(document, "rolled_back");
    g_assert_cmpstr(json_string_value(json_object_get(back, "by")), ==, "admin");
    g_assert_cmpstr(json_string_value(json_object_get(back, "command")), ==,
                    json_string_value(json_object_get(answer, "command")));
    json_decref(world_ask(world, "rollout rollback", "conflict"));
    json_decref(world_ask(world, "rollout retry", "conflict"));
}

/* Of the first ring two had it before, and three have it by this; of the last one nobody has answered. */
static void test_back_under_way(void)
{
    g_autoptr(World) world = world_new();

    have(world, 0, 2, "virus=7");
    world_pass(world, 1);
    have(world, 2, 5, "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    expect_back(world, 3);
}

/* Those that have their command may be brought it this moment. */
static void test_back_open(void)
{
    g_autoptr(World) world = world_new();

    have(world, 0, 2, "virus=7");
    world_pass(world, 1);
    expect_back(world, 3);
}

/* It is read from the registry, and what is published later changes nothing. */
static void test_back_of_done(void)
{
    g_autoptr(World) world = world_new();

    have(world, 0, 3, "virus=7");
    world_pass(world, 1);
    have(world, 3, 5, "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 33);
    have(world, 5, MEMBERS, "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    g_assert_null(world_live(world));
    publish(world, "virus=8");
    expect_back(world, 7);
}

/* All had it: nobody is sent back to what is older than before. */
static void test_back_of_nothing(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) document = NULL;

    have(world, 0, MEMBERS, "virus=7");
    world_pass(world, 1);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    json_decref(world_ask(world, "rollout rollback", "conflict"));
    g_assert_nonnull(world_live(world));
    document = world_ask(world, "rollout show", "");
    g_assert_true(json_is_null(json_object_get(document, "rolled_back")));
}

/* Two at once: one command. */
static void test_back_twice(void)
{
    g_autoptr(World) world = world_at_end(MEMBERS);
    guint codes[2] = { 0, 0 };

    g_assert_null(world_live(world));
    parts_call(world->parts, "rollout rollback", "rollout", world->id, NULL);
    parts_call(world->parts, "rollout rollback", "rollout", world->id, NULL);
    parts_commit(world->parts);
    for (guint i = 0; i < 2; i++) {
        HlMsgCallReply *reply = parts_reply(world->parts);

        codes[strcmp(reply->code, "conflict") == 0]++;
        hl_wire_free(reply);
    }
    g_assert_cmpuint(codes[1], ==, 1);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1);
}

/* The command of a member was under way at the end: a list has what became of it since. */
static void test_list_of_ended(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *command = NULL, *endpoint = NULL;

    world_pass(world, 1);
    command = g_strdup(world_live(world)->commands->pdata[0]);
    endpoint = g_strdup(world_live(world)->endpoints->pdata[0]);
    json_decref(world_ask(world, "rollout abort", ""));
    g_assert_cmpint(count_of(world, "rollout list", "open"), ==, count_of(world, "rollout show", "open"));
    parts_report_command(world->parts, endpoint, ++world->seqs[atoi(endpoint + 2)], command, HL_STATE_FAILED);
    parts_commit(world->parts);
    g_assert_cmpint(count_of(world, "rollout show", "failed"), ==, 1);
    world_expect_why(world, "failed", "word");
    g_assert_cmpint(count_of(world, "rollout list", "failed"), ==, 1);
    g_assert_cmpint(count_of(world, "rollout list", "open"), ==, count_of(world, "rollout show", "open"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollout-versions/honest", test_honest);
    g_test_add_func("/rollout-versions/slow", test_slow);
    g_test_add_func("/rollout-versions/liars", test_liars);
    g_test_add_func("/rollout-versions/too-many-liars", test_too_many_liars);
    g_test_add_func("/rollout-versions/back-under-way", test_back_under_way);
    g_test_add_func("/rollout-versions/back-open", test_back_open);
    g_test_add_func("/rollout-versions/back-of-done", test_back_of_done);
    g_test_add_func("/rollout-versions/back-of-nothing", test_back_of_nothing);
    g_test_add_func("/rollout-versions/back-twice", test_back_twice);
    g_test_add_func("/rollout-versions/list-of-ended", test_list_of_ended);
    return g_test_run();
}
