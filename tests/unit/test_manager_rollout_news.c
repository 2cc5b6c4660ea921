/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told of roll-outs when nobody looks: that one has halted, while it has; that one is through. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "tests/support/rollout_world.h"

#define MEMBERS 20

G_STATIC_ASSERT(MEMBERS <= WORLD_MEMBERS);

/* All are on line and in the group "office"; rings of 5 and 20. */
static World *world_new(void)
{
    World *world = g_new0(World, 1);
    g_autoptr(json_t) document = NULL;

    world_fill(world, MEMBERS, MEMBERS);
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "25%", "soak", "1m", NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    return world;
}

static bool on_text(HlStmt *row, gpointer user)
{
    *(char **)user = g_strdup(hl_stmt_text(row, 0));
    return true;
}

/* Of which rules of notification tell; "" if there is none. */
static void expect_news(const World *world, const char *news)
{
    g_autofree char *found = NULL;
    g_autoptr(GError) error = NULL;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    g_assert_true(hl_db_query(mgr_record_reader(world->parts->record), on_text, &found, &error,
                              "SELECT coalesce(group_concat(what || ': ' || detail, '|'), '') FROM history"
                              " WHERE endpoint = ?",
                              "t", world->id));
    g_assert_no_error(error);
    g_assert_true(g_pattern_match_simple(news, found));
}

static void expect_halted(const World *world, const MgrCaller *caller, bool is_seen)
{
    g_autoptr(json_t) summary = mgr_status_summary(world->parts->status, caller);
    const json_t *ids = json_object_get(summary, "rollouts_halted");

    g_assert_cmpuint(json_array_size(ids), ==, is_seen);
    if (is_seen)
        g_assert_cmpstr(json_string_value(json_array_get(ids, 0)), ==, world->id);
}

static void expect_count(const World *world, MgrRolloutState state)
{
    guint counts[MGR_ROLLOUT_N_STATES];

    mgr_rollouts_count_states(world->parts->rollouts, counts);
    for (int i = 0; i < MGR_ROLLOUT_N_STATES; i++)
        g_assert_cmpuint(counts[i], ==, i == (int)state);
}

static void test_halted(void)
{
    char *office[] = { hl_unconst("office"), NULL }, *spare[] = { hl_unconst("spare"), NULL };
    const MgrCaller one = { .role = MGR_ROLE_AUDITOR, .groups = office },
                    other = { .role = MGR_ROLE_AUDITOR, .groups = spare };
    g_autoptr(World) world = world_new();

    world_pass(world, 1);
    expect_halted(world, NULL, false);
    expect_count(world, MGR_ROLLOUT_RUNNING);
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 300);
    expect_count(world, MGR_ROLLOUT_HALTED);
    expect_halted(world, NULL, true);
    expect_halted(world, &one, true);
    expect_halted(world, &other, false);
    expect_news(world, "rollout-halted: too many failed; ring 1 of 2: *failed=5*; 'holdline rollout show r-*");
    json_decref(world_ask(world, "rollout resume", ""));
    world_pass(world, 1);
    expect_halted(world, NULL, false);
}

/* Somebody moves a member meanwhile: it is not there any longer for who does not see that one. */
static void test_moved(void)
{
    char *office[] = { hl_unconst("office"), NULL };
    const MgrCaller one = { .role = MGR_ROLE_AUDITOR, .groups = office };
    g_autoptr(World) world = world_new();

    parts_add_group(world->parts, "spare", NULL);
    world_pass(world, 1);
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 300);
    expect_halted(world, &one, true);
    parts_call(world->parts, "endpoint move", "selector", "e-07", "group", "spare", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 61);
    expect_halted(world, &one, false);
    expect_halted(world, NULL, true);
}

static void test_through(void)
{
    g_autoptr(World) world = world_new();

    world_pass(world, 1);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    world_answer(world, HL_STATE_SUCCEEDED);
    expect_news(world, "");
    world_pass(world, 2);
    g_assert_null(world_live(world));
    expect_count(world, MGR_ROLLOUT_N_STATES);
    expect_news(world, "rollout-done: ring 2 of 2: *succeeded=20*; 'holdline rollout show r-*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollout-news/halted", test_halted);
    g_test_add_func("/rollout-news/moved", test_moved);
    g_test_add_func("/rollout-news/through", test_through);
    return g_test_run();
}
