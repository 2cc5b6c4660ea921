/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs in the manager: turns become commands, what becomes of those is told, words are stored before they count,
 * and a restart goes on where it was. */
#include <stdlib.h>
#include <string.h>

#include "lib/store/stmt.h"
#include "tests/support/rollout_world.h"

#define MEMBERS 40

/* Up to so many members are on line; rings of 5, 10 and 40. */
static World *world_new(guint up)
{
    return world_ringed(MEMBERS, up, NULL);
}

static void expect(const World *world, MgrRolloutState state, guint issued)
{
    g_assert_nonnull(world_live(world));
    g_assert_cmpstr(mgr_rollout_state_name(world_live(world)->core.state), ==, mgr_rollout_state_name(state));
    g_assert_cmpuint(world_live(world)->core.issued, ==, issued);
}

static bool on_text(HlStmt *row, gpointer user)
{
    *(char **)user = g_strdup(hl_stmt_text(row, 0));
    return true;
}

/* Of this outcome, as the list of roll-outs says. */
static void expect_listed(World *world, const char *outcome, int n)
{
    g_autoptr(json_t) document = NULL;
    g_autoptr(json_t) shown = NULL;
    const json_t *row;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    parts_call(world->parts, "rollout list", NULL);
    document = parts_expect_reply(world->parts, "");
    row = json_array_get(json_object_get(document, "rollouts"), 0);
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(row, "counts"), outcome)), ==, n);
    parts_call(world->parts, "rollout show", "rollout", world->id, NULL);
    shown = parts_expect_reply(world->parts, "");
    g_assert_true(json_equal(json_object_get(row, "rings"), json_object_get(shown, "rings")));
    g_assert_cmpuint(json_array_size(json_object_get(row, "rings")), ==, 3);
}

static void expect_stored(const World *world, const char *state)
{
    g_autofree char *found = NULL;
    g_autoptr(GError) error = NULL;
    bool ok;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    ok = hl_db_query(mgr_record_reader(world->parts->record), on_text, &found, &error,
                     "SELECT state FROM rollout WHERE id = ?", "t", world->id);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpstr(found, ==, state);
}

/* Ring by ring to the end; each member has one command. */
static void test_through(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autoptr(json_t) document = NULL;

    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
    expect_stored(world, "soaking");
    world_pass(world, 58);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
    world_pass(world, 3);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    expect(world, MGR_ROLLOUT_RUNNING, MEMBERS);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 2);
    g_assert_null(world_live(world));
    expect_stored(world, "done");
    expect_listed(world, "succeeded", MEMBERS);
    document = world_ask(world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "succeeded")), ==, MEMBERS);
}

/* Those that are on line come first, and the others are told of as away. */
static void test_canaries_are_up(void)
{
    g_autoptr(World) world = world_new(7);

    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_OPEN], ==, 5);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_AWAY], ==, 3);
}

static void test_failures_halt(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autoptr(json_t) document = NULL, resumed = NULL;

    world_pass(world, 1);
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 300);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    expect_stored(world, "halted");
    document = world_ask(world, "rollout show", "");
    g_assert_cmpuint(json_array_size(json_object_get(document, "unsuccessful")), ==, 5);
    g_assert_cmpstr(json_string_value(json_object_get(document, "halt")), ==, "failures");
    json_decref(world_ask(world, "rollout pause", "conflict"));
    /* in spite of them */
    resumed = world_ask(world, "rollout resume", "");
    world_pass(world, 63);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
}

static void test_words(void)
{
    g_autoptr(World) world = world_new(MEMBERS);

    json_decref(world_ask(world, "rollout resume", "conflict"));
    json_decref(world_ask(world, "rollout retry", "conflict"));
    world_pass(world, 1);
    json_decref(world_ask(world, "rollout pause", ""));
    expect_stored(world, "paused");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 300);
    expect(world, MGR_ROLLOUT_PAUSED, 5);
    json_decref(world_ask(world, "rollout resume", ""));
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
    json_decref(world_ask(world, "rollout abort", ""));
    g_assert_null(world_live(world));
    expect_stored(world, "aborted");
    json_decref(world_ask(world, "rollout abort", "conflict"));
    json_decref(world_ask(world, "rollout retry", "conflict"));
}

/* What has not begun is cancelled with it. */
static void test_abort_cancels(void)
{
    g_autoptr(World) world = world_new(0);
    g_autoptr(json_t) document = NULL;

    world_pass(world, 1);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 1);
    json_decref(world_ask(world, "rollout abort", ""));
    expect_listed(world, "pending", MEMBERS - 5);
    parts_commit(world->parts);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.commands), ==, 0);
    mgr_record_flush(world->parts->record);
    document = world_ask(world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "left")), ==, 5);
    json_decref(world_ask(world, "rollout rollback", "conflict"));
}

static void test_retry(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    char *first;

    world_pass(world, 1);
    first = world_live(world)->commands->pdata[0];
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    json_decref(world_ask(world, "rollout retry", ""));
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_OPEN], ==, 5);
    g_assert_true(world_live(world)->commands->pdata[0] != first);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
}

/* A member that is removed before its turn is left out, and the turn goes on. */
static void test_removed(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autofree char *first = g_strdup(world_live(world)->endpoints->pdata[0]);

    parts_call(world->parts, "endpoint remove", "endpoint", first, NULL);
    for (guint i = 0; i < 3; i++) {
        parts_commit(world->parts);
        timer_fake_advance(6 * HL_SECOND);
    }
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_LEFT], ==, 1);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_OPEN], ==, 4);
}

static void expect_same(const MgrLiveRollout *before, const MgrLiveRollout *after)
{
    g_assert_nonnull(after);
    g_assert_cmpuint(after->core.issued, ==, before->core.issued);
    g_assert_cmpuint(after->core.ring, ==, before->core.ring);
    g_assert_cmpint(after->core.state, ==, before->core.state);
    for (MgrMember member = MGR_MEMBER_PENDING; member < MGR_MEMBER_N; member++)
        g_assert_cmpuint(after->core.counts[member], ==, before->core.counts[member]);
    for (guint i = 0; i < MEMBERS; i++) {
        g_assert_cmpstr(after->endpoints->pdata[i], ==, before->endpoints->pdata[i]);
        g_assert_cmpstr(after->commands->pdata[i], ==, before->commands->pdata[i]);
    }
}

/* A manager that starts again has the same members, turns and outcomes, and nobody has a second turn. */
static void test_restart(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autoptr(MgrRollouts) again = NULL;

    world_pass(world, 1);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
    again = world_read_again(world);
    expect_same(world_live(world), mgr_rollouts_find(again, world->id));
}

/* What the manager judged itself is kept: silence, and a success that was none. */
static void test_restart_judged(void)
{
    g_autoptr(World) silent = world_new(MEMBERS);
    g_autoptr(MgrRollouts) again = NULL;
    g_autoptr(GArray) failed = NULL;

    world_pass(silent, 1);
    timer_fake_advance(HL_HOUR);
    world_pass(silent, 11);
    expect(silent, MGR_ROLLOUT_HALTED, 5);
    again = world_read_again(silent);
    expect_same(world_live(silent), mgr_rollouts_find(again, silent->id));
    failed = mgr_rollout_find_failed(&mgr_rollouts_find(again, silent->id)->core);
    g_assert_cmpuint(failed->len, ==, 5);
}

/* Who gave its command back is looked at before it is silent, also while others still have their turn. */
static void test_given_back_at_rate(void)
{
    g_autoptr(World) world = world_ringed(MEMBERS, MEMBERS, "1");
    const MgrCommand *command;
    MgrTarget *target;

    world_pass(world, 2);
    expect(world, MGR_ROLLOUT_RUNNING, 1);
    g_assert_cmpint(world_live(world)->core.members[0], ==, MGR_MEMBER_OPEN);
    command = mgr_fleet_command(&world->parts->fleet, world_live(world)->commands->pdata[0]);
    target = command->targets->pdata[0];
    target->record.state = HL_STATE_QUEUED; /* as when its line goes: nobody is told */
    world_pass(world, 200);
    g_assert_cmpuint(world_live(world)->core.issued, >, 1);
    g_assert_cmpint(world_live(world)->core.members[0], ==, MGR_MEMBER_AWAY);
}

static void expect_again(const MgrLiveRollout *live, guint pending, guint failed)
{
    const guint *counts = live->core.counts;

    g_assert_true(counts[MGR_MEMBER_PENDING] == MEMBERS - 5 + pending && counts[MGR_MEMBER_FAILED] == failed);
}

/* Those who try again do so at the rate as well, also after a restart; nobody else has a turn before. */
static void test_retry_at_rate(void)
{
    g_autoptr(World) world = world_ringed(MEMBERS, MEMBERS, "2");
    g_autoptr(MgrRollouts) again = NULL;

    for (int i = 0; i < 3; i++) {
        world_pass(world, i == 0 ? 31 : 60);
        world_answer(world, i < 2 ? HL_STATE_FAILED : HL_STATE_SUCCEEDED);
    }
    world_pass(world, 61);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    json_decref(world_ask(world, "rollout retry", ""));
    world_pass(world, 51);
    expect_again(world_live(world), 2, 0);
    again = world_read_again(world);
    expect_same(world_live(world), mgr_rollouts_find(again, world->id));
    world_answer(world, HL_STATE_FAILED);
    world_pass(world, 11);
    expect_again(world_live(world), 0, 2);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_HALTED, 5); /* by what the five answered in the end */
}

/* Success that the versions of a birth or report contradict. */
static void test_liar(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autoptr(MgrRollouts) again = NULL;

    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup("virus=7");
    world_pass(world, 1);
    for (guint i = 0; i < 5; i++)
        world_set_patterns(world, i, i == 2 ? "virus=6" : "virus=7");
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 30);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
    /* what is published in between is not theirs to have */
    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup("virus=8");
    world_pass(world, 33);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_FAILED], ==, 1);
    again = world_read_again(world);
    expect_same(world_live(world), mgr_rollouts_find(again, world->id));
}

/* Of one component: the command says so, who does not take it is no member, and who lies is told by it alone. */
static void test_component(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autoptr(MgrRollouts) again = NULL;
    g_autoptr(json_t) document = NULL;
    const MgrCommand *command;

    json_decref(world_ask(world, "rollout abort", ""));
    g_clear_pointer(&world->id, g_free);
    parts_call(world->parts, "rollout start", "selector", "all", "component", "virus", NULL);
    json_decref(parts_expect_reply(world->parts, "not-found")); /* the repository has none */
    g_free(world->parts->fleet.latest);
    world->parts->fleet.latest = g_strdup("agent=3 rules=9 virus=7");
    parts_call(world->parts, "rollout start", "selector", "all", "component", "agent", NULL);
    json_decref(parts_expect_reply(world->parts, "not-found")); /* nobody takes it */
    parts_call(world->parts, "rollout start", "selector", "all", "component", "virus", "program", "no", "soak", "1m",
               "rings", "10%,25%", NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpstr(json_string_value(json_object_get(document, "component")), ==, "virus");
    world_pass(world, 1);
    command = mgr_fleet_command(&world->parts->fleet, world_live(world)->commands->pdata[0]);
    g_assert_cmpstr(command->record.scope, ==, "component:virus");
    for (guint i = 0; i < 5; i++) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, world_live(world)->endpoints->pdata[i]);

        hl_common_free(endpoint->record.patterns);
        endpoint->record.patterns = g_strdup(i == 2 ? "rules=9 virus=6" : "rules=4 virus=7");
    }
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_FAILED], ==, 1);
    again = world_read_again(world);
    g_assert_cmpstr(mgr_rollouts_find(again, world->id)->record.component, ==, "virus");
}

/* One that the command never left for is not silent, however it ended. */
static void test_unreached(void)
{
    g_autoptr(World) world = world_new(0);
    g_autoptr(MgrRollouts) again = NULL;

    world_pass(world, 1);
    json_decref(world_ask(world, "rollout pause", ""));
    timer_fake_advance(5 * HL_DAY);
    mgr_commands_tick(world->parts->commands);
    g_assert_cmpuint(world_live(world)->core.counts[MGR_MEMBER_LEFT], ==, 5);
    again = world_read_again(world);
    expect_same(world_live(world), mgr_rollouts_find(again, world->id));
}

/* Two at once about one that is over: the first brings it back, the other has to wait. */
static void test_retry_twice(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    HlMsgCallReply *reply;

    world_pass(world, 1);
    world_answer(world, HL_STATE_SUCCEEDED);
    parts_call(world->parts, "endpoint remove", "endpoint", world_live(world)->endpoints->pdata[MEMBERS - 1], NULL);
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 63);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 63);
    world_answer(world, HL_STATE_SUCCEEDED);
    world_pass(world, 3);
    g_assert_null(world_live(world));
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    reply = parts_reply(world->parts);
    g_assert_cmpstr(reply->code, ==, "conflict");
    hl_wire_free(reply);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    g_assert_nonnull(world_live(world));
    world_pass(world, 3);
    expect_stored(world, "done");
}

/* The registry does not take a turn: nothing has happened, and the next second tries again. */
static void test_turn_not_stored(void)
{
    g_autoptr(World) world = world_new(MEMBERS);

    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 0);
    world_pass(world, 1);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
}

static void test_bad_plans(void)
{
    g_autoptr(Parts) parts = parts_new();
    static const char *const bad[][2] = {
        { "rings", "50%,10%" },     { "rate", "0" },
        { "min-success", "101" },   { "min-sample", "x" },
        { "rate", "5%" },           { "min-success", "95/min" },
        { "min-success", "%" },     { "min-sample", "5%" },
        { "soak", "soon" },         { "silence", "0s" },
        { "component", "program" },
    };

    for (guint i = 0; i < MGR_ROLLOUTS_MAX; i++)
        parts_add_endpoint(parts, world_member(i));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        parts_call(parts, "rollout start", "selector", "all", bad[i][0], bad[i][1], NULL);
        json_decref(parts_expect_reply(parts, "invalid"));
    }
    parts_call(parts, "rollout start", "selector", "e-none", NULL);
    json_decref(parts_expect_reply(parts, "not-found"));
    parts_call(parts, "rollout show", "rollout", "r-none", NULL);
    json_decref(parts_expect_reply(parts, "not-found"));
    for (guint i = 0; i < MGR_ROLLOUTS_MAX; i++)
        g_free(parts_start_rollout(parts, world_member(i)));
    parts_call(parts, "rollout start", "selector", "all", NULL);
    json_decref(parts_expect_reply(parts, "quota"));
}

static HlMsgCallReply *ask_limited(World *world, const char *name, const char *const *arguments)
{
    parts_request(world->parts, &(PartsRequest){ .admin = "limited", .name = name, .arguments = arguments });
    parts_commit(world->parts);
    return parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, "limited", &holdline__v1__call_reply__descriptor);
}

static void check_hidden(World *world)
{
    static const char *const calls[] = { "rollout show", "rollout pause", "rollout abort", "rollout rollback" };
    const char *arguments[] = { "rollout", world->id, NULL };
    HlMsgCallReply *reply;

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        reply = ask_limited(world, calls[i], arguments);
        g_assert_cmpstr(reply->code, ==, "not-found");
        hl_wire_free(reply);
    }
    reply = ask_limited(world, "rollout list", NULL);
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_null(strstr(reply->json, world->id));
    hl_wire_free(reply);
}

/* Of other groups: for an account that is limited to one it is not there, under way or over. */
static void test_scope(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_add_group(world->parts, "spare", NULL);
    parts_call(world->parts, "admin create", "name", "limited", "csr", csr, "role", "administrator", "groups", "spare",
               NULL);
    for (guint i = 0; i < 3; i++) {
        parts_commit(world->parts);
        timer_fake_advance(6 * HL_SECOND);
    }
    json_decref(parts_expect_reply(world->parts, ""));
    check_hidden(world);
    json_decref(world_ask(world, "rollout abort", ""));
    check_hidden(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollouts/through", test_through);
    g_test_add_func("/rollouts/canaries", test_canaries_are_up);
    g_test_add_func("/rollouts/halt", test_failures_halt);
    g_test_add_func("/rollouts/liar", test_liar);
    g_test_add_func("/rollouts/component", test_component);
    g_test_add_func("/rollouts/words", test_words);
    g_test_add_func("/rollouts/abort", test_abort_cancels);
    g_test_add_func("/rollouts/retry", test_retry);
    g_test_add_func("/rollouts/removed", test_removed);
    g_test_add_func("/rollouts/restart", test_restart);
    g_test_add_func("/rollouts/restart-judged", test_restart_judged);
    g_test_add_func("/rollouts/retry-at-rate", test_retry_at_rate);
    g_test_add_func("/rollouts/given-back-at-rate", test_given_back_at_rate);
    g_test_add_func("/rollouts/unreached", test_unreached);
    g_test_add_func("/rollouts/retry-twice", test_retry_twice);
    g_test_add_func("/rollouts/not-stored", test_turn_not_stored);
    g_test_add_func("/rollouts/plans", test_bad_plans);
    g_test_add_func("/rollouts/scope", test_scope);
    return g_test_run();
}
