/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint, one roll-out of the same update at a time. */
#include <string.h>

#include "tests/support/rollout_world.h"

static const char *id_of(guint i)
{
    static char id[16];

    g_snprintf(id, sizeof id, "e-%02u", i);
    return id;
}

static json_t *start(Parts *parts, const char *selector, const char *component, const char *code)
{
    parts_call(parts, "rollout start", "selector", selector, component != NULL ? "component" : NULL, component, NULL);
    parts_commit(parts);
    return parts_expect_reply(parts, code);
}

/* The same update of the same endpoints is one roll-out's, which is named; another update, or other endpoints, are not
 * in its way. */
static void test_alone(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) first = NULL;
    g_autoptr(HlMsgCallReply) refused = NULL;
    g_autofree char *id = NULL;

    g_free(parts->fleet.latest);
    parts->fleet.latest = g_strdup("virus=7 rules=3");
    for (guint i = 0; i < 4; i++)
        parts_add_endpoint(parts, id_of(i));
    first = start(parts, "e-01", "virus", "");
    id = g_strdup(json_string_value(json_object_get(first, "id")));
    parts_call(parts, "rollout start", "selector", "all", "component", "virus", NULL);
    refused = parts_reply(parts);
    g_assert_cmpstr(refused->code, ==, "conflict");
    g_assert_nonnull(strstr(refused->message, "endpoint 'e-01' is"));
    g_assert_nonnull(strstr(refused->message, "holdline rollout abort r-"));
    json_decref(start(parts, "all", NULL, "conflict"));
    json_decref(start(parts, "all", "rules", ""));
    json_decref(start(parts, "e-02", "virus", ""));
    json_decref(start(parts, "e-01", "virus", "conflict"));
    parts_call(parts, "rollout abort", "rollout", id, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    json_decref(start(parts, "e-01", "virus", ""));
}

/* A component that the group leaves to roll-outs of its own is not what one of all patterns brings. */
static void test_alone_by_rollout(void)
{
    g_autoptr(Parts) parts = parts_new();

    g_free(parts->fleet.latest);
    parts->fleet.latest = g_strdup("virus=7 rules=3");
    parts_set(parts, "office", "update.by-rollout=virus");
    parts_add_endpoint(parts, "e-one");
    json_decref(start(parts, "e-one", NULL, ""));
    json_decref(start(parts, "e-one", "virus", ""));
    json_decref(start(parts, "e-one", "rules", "conflict"));
}

/* The second of two that come at a time waits for no commit of the first. */
static void test_alone_at_once(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "rollout start", "selector", "all", NULL);
    parts_call(parts, "rollout start", "selector", "all", NULL);
    json_decref(parts_expect_reply(parts, "conflict"));
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    g_assert_cmpuint(mgr_rollouts_count(parts->rollouts), ==, 1);
}

/* One that is over does not come back beside another one that has its members now. */
static void test_retry_alone(void)
{
    g_autoptr(World) world = g_new0(World, 1);
    g_autoptr(json_t) first = NULL;
    g_autofree char *failed = NULL;

    world->parts = parts_new();
    for (guint i = 0; i < 2; i++) {
        parts_add_endpoint(world->parts, id_of(i));
        parts_birth(world->parts, id_of(i), 1);
    }
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "100%", "min-success", "50", NULL);
    parts_commit(world->parts);
    first = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(first, "id")));
    world_pass(world, 1);
    failed = g_strdup(world_live(world)->endpoints->pdata[0]);
    for (guint i = 0; i < 2; i++) {
        const MgrLiveRollout *live = world_live(world);

        parts_report_command(world->parts, live->endpoints->pdata[i], 1, live->commands->pdata[i],
                             i == 0 ? HL_STATE_REJECTED : HL_STATE_SUCCEEDED);
        parts_commit(world->parts);
    }
    world_pass(world, 3);
    g_assert_null(world_live(world));
    json_decref(start(world->parts, failed, NULL, ""));
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    json_decref(parts_expect_reply(world->parts, "conflict"));
}

/* One that could not be stored is in nobody's way. */
static void test_start_not_stored(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    json_decref(start(parts, "all", NULL, "full"));
    g_assert_cmpuint(mgr_rollouts_count(parts->rollouts), ==, 0);
    json_decref(start(parts, "all", NULL, ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alone/alone", test_alone);
    g_test_add_func("/alone/by-rollout", test_alone_by_rollout);
    g_test_add_func("/alone/at-once", test_alone_at_once);
    g_test_add_func("/alone/retry", test_retry_alone);
    g_test_add_func("/alone/not-stored", test_start_not_stored);
    return g_test_run();
}
