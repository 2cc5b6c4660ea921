/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs of a group's settings in the manager: who is to have which, what counts as success, silence and failure,
 * what the end and an abort make of it, and that a restart finds the same. */
#include "tests/support/trial_world.h"

static guint with_version(const World *world, uint64_t version)
{
    guint n = 0;

    for (guint i = 0; i < TRIAL_MEMBERS; i++)
        n += mgr_endpoint_terms(mgr_fleet_endpoint(&world->parts->fleet, trial_id(i)))->record.version == version;
    return n;
}

static void expect_same_number(World *world, const char *id)
{
    MgrFleet fleet = { 0 };

    parts_load(world->parts, &fleet);
    g_assert_cmpuint(mgr_endpoint_desired_counter(mgr_fleet_endpoint(&fleet, id)), ==,
                     mgr_endpoint_desired_counter(mgr_fleet_endpoint(&world->parts->fleet, id)));
    mgr_fleet_clear(&fleet);
}

static void test_through(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    uint64_t base = trial_office(world)->record.version;

    world_pass(world, 3);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(with_version(world, base + 1), ==, 5);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_OPEN), ==, 5);
    trial_expect_same(world);
    trial_expect_same_counts(world);
    trial_apply_all(world);
    world_pass(world, 2);
    trial_expect(world, MGR_ROLLOUT_SOAKING, 5);
    trial_expect_same_counts(world);
    world_pass(world, 62);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 10);
    trial_apply_all(world);
    world_pass(world, 64);
    trial_expect(world, MGR_ROLLOUT_RUNNING, TRIAL_MEMBERS);
    g_assert_cmpuint(trial_office(world)->record.version, ==, base);
    trial_apply_all(world);
    trial_expect_same(world);
    world_pass(world, 3);
    g_assert_null(world_live(world));
    g_assert_cmpuint(trial_office(world)->record.version, ==, base + 1);
    g_assert_null(trial_office(world)->trial);
    for (guint i = 0; i < TRIAL_MEMBERS; i++) /* nobody is sent them a second time */
        g_assert_true(mgr_endpoint_has_desired(mgr_fleet_endpoint(&world->parts->fleet, trial_id(i))));
    trial_expect_same(world);
    json_decref(trial_ask(world, "rollout rollback", "conflict"));
    json_decref(trial_ask(world, "rollout retry", "conflict"));
}

/* Also one that goes away with them, before anybody looks. */
static void test_silence_halts(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");

    world_pass(world, 1);
    trial_apply(world, trial_member(world, 0));
    trial_apply(world, trial_member(world, 1));
    trial_apply(world, trial_member(world, 2));
    trial_apply(world, trial_member(world, 3));
    parts_will(world->parts, trial_member(world, 4), 1);
    parts_commit(world->parts);
    world_pass(world, 330);
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_SILENT), ==, 1);
    trial_expect_same_counts(world);
    g_assert_cmpuint(with_version(world, trial_office(world)->record.version + 1), ==, 5);
    /* in spite of it */
    json_decref(trial_ask(world, "rollout resume", ""));
    world_pass(world, 65);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 10);
}

/* A manager that is killed before it has looked finds that they were on line, too. */
static void test_all_vanish(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");

    world_pass(world, 1);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 5);
    for (guint i = 0; i < 5; i++)
        parts_will(world->parts, trial_member(world, i), 1);
    parts_commit(world->parts);
    for (guint i = 0; i < 5; i++)
        trial_expect_read_again(world, i, MGR_MEMBER_OPEN);
    world_pass(world, 330);
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_SILENT), ==, 5);
    /* the same of a retry */
    for (guint i = 0; i < 5; i++)
        parts_birth(world->parts, trial_member(world, i), 2);
    json_decref(trial_ask(world, "rollout retry", ""));
    for (guint i = 0; i < 5; i++)
        parts_will(world->parts, trial_member(world, i), 2);
    parts_commit(world->parts);
    for (guint i = 0; i < 5; i++)
        trial_expect_read_again(world, i, MGR_MEMBER_OPEN);
    world_pass(world, 330);
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
}

/* One that was away, and dies from them as soon as it is back. */
static void test_comes_and_goes(void)
{
    g_autoptr(World) world = trial_world_new(4, "line.heartbeat=6m");

    world_pass(world, 3);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_AWAY), ==, 1);
    trial_apply_all_up(world);
    parts_birth(world->parts, trial_member(world, 4), 1);
    parts_will(world->parts, trial_member(world, 4), 1);
    parts_commit(world->parts);
    world_pass(world, 3);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_OPEN), ==, 1);
    trial_expect_same_counts(world);
    world_pass(world, 330);
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
}

/* With its first refusal alone; what it has applied is not taken back by one. */
static void test_refusal_once(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    HlWriteSet *set;

    world_pass(world, 3);
    trial_refuse(world, trial_member(world, 1), "invalid", 0);
    set = hl_write_set_new();
    hl_write_set_add(set, "UPDATE rollout_member SET outcome = 'open' WHERE position = 1", "");
    mgr_record_write(world->parts->record, set);
    trial_refuse(world, trial_member(world, 1), "invalid", 0);
    trial_expect_read_again(world, 1, MGR_MEMBER_OPEN);
    set = hl_write_set_new();
    hl_write_set_add(set, "UPDATE rollout_member SET outcome = 'succeeded' WHERE position = 2", "");
    mgr_record_write(world->parts->record, set);
    trial_refuse(world, trial_member(world, 2), "invalid", 0);
    trial_expect_read_again(world, 2, MGR_MEMBER_SUCCEEDED);
    trial_expect_read_again(world, 3, MGR_MEMBER_OPEN); /* its place, and nobody else's */
}

/* What comes late is about earlier settings, and says so; nobody is judged by it. */
static void test_refusal_of_others(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    const MgrEndpoint *endpoint;

    world_pass(world, 3);
    endpoint = mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, 1));
    trial_refuse(world, trial_member(world, 1), "invalid", mgr_endpoint_desired_counter(endpoint) - 1);
    trial_expect_read_again(world, 1, MGR_MEMBER_OPEN);
    trial_expect_same(world);
    trial_refuse(world, trial_member(world, 1), "invalid", mgr_endpoint_desired_counter(endpoint));
    trial_expect_read_again(world, 1, MGR_MEMBER_FAILED);
    trial_expect_same(world);
}

static void test_refusal_fails(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    uint64_t before;

    world_pass(world, 3);
    trial_refuse(world, trial_member(world, 0), "replayed", 0); /* an old one came again: nothing */
    trial_refuse(world, trial_member(world, 1), "invalid", 0);
    trial_expect_read_again(world, 0, MGR_MEMBER_OPEN); /* stored with the report, which is not told again */
    trial_expect_read_again(world, 1, MGR_MEMBER_FAILED);
    trial_expect_same(world);
    for (guint i = 2; i < 5; i++)
        trial_apply(world, trial_member(world, i));
    world_pass(world, 2);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_FAILED), ==, 1);
    world_expect_why(world, "failed", "refusal");
    trial_expect_same_counts(world);
    trial_apply(world, trial_member(world, 0));
    world_pass(world, 2);
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
    /* again: under a number of its own */
    before = mgr_endpoint_desired_counter(mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, 1)));
    json_decref(trial_ask(world, "rollout retry", ""));
    g_assert_cmpuint(mgr_endpoint_desired_counter(mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, 1))), >,
                     before);
    trial_expect_same(world);
    trial_apply(world, trial_member(world, 1));
    world_pass(world, 2);
    trial_expect(world, MGR_ROLLOUT_SOAKING, 5);
}

/* One that is away is not judged, and has them when it comes back. */
static void test_away(void)
{
    g_autoptr(World) world = trial_world_new(7, "line.heartbeat=6m");

    world_pass(world, 3);
    trial_apply_all(world);
    world_pass(world, 65);
    trial_expect(world, MGR_ROLLOUT_RUNNING, 10);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_AWAY), ==, 3);
    trial_expect_same_counts(world);
    trial_apply(world, trial_member(world, 5));
    trial_apply(world, trial_member(world, 6));
    world_pass(world, 130);
    trial_expect(world, MGR_ROLLOUT_RUNNING, TRIAL_MEMBERS);
}

static void test_abort_takes_back(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    uint64_t base = trial_office(world)->record.version;
    g_autoptr(json_t) document = NULL;

    world_pass(world, 3);
    trial_apply_all(world);
    world_pass(world, 2);
    document = trial_ask(world, "rollout rollback", "");
    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, 5);
    g_assert_null(world_live(world));
    g_assert_cmpuint(with_version(world, base), ==, TRIAL_MEMBERS);
    g_assert_cmpuint(trial_office(world)->record.version, ==, base);
    trial_expect_same(world);
    for (guint i = 0; i < TRIAL_MEMBERS; i++)
        if (!mgr_endpoint_has_desired(mgr_fleet_endpoint(&world->parts->fleet, trial_id(i))))
            trial_apply(world, trial_id(i));
    /* its version is not used again */
    parts_set(world->parts, "office", "line.heartbeat=9m");
    g_assert_cmpuint(trial_office(world)->record.version, ==, base + 2);
    json_decref(trial_ask(world, "rollout rollback", "conflict"));
    json_decref(trial_ask(world, "rollout retry", "conflict"));
}

static int64_t count_in(const json_t *row, MgrMember member)
{
    return json_integer_value(json_object_get(json_object_get(row, "counts"), mgr_member_name(member)));
}

/* So many have succeeded and left; nobody is waited for. */
static void expect_taken_back(World *world, int64_t succeeded, int64_t left)
{
    g_autoptr(json_t) shown = trial_ask(world, "rollout show", ""), listed = NULL;
    const json_t *rows[] = { shown, NULL };

    parts_call(world->parts, "rollout list", NULL);
    listed = parts_expect_reply(world->parts, "");
    rows[1] = json_array_get(json_object_get(listed, "rollouts"), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpstr(json_string_value(json_object_get(rows[i], "state")), ==, "aborted");
        g_assert_cmpint(count_in(rows[i], MGR_MEMBER_SUCCEEDED), ==, succeeded);
        g_assert_cmpint(count_in(rows[i], MGR_MEMBER_LEFT), ==, left);
        g_assert_cmpint(count_in(rows[i], MGR_MEMBER_OPEN) + count_in(rows[i], MGR_MEMBER_AWAY), ==, 0);
    }
}

/* Who was sent it and has not answered is not open for ever, nor one that was away then. */
static void test_abort_of_open(void)
{
    static const char *const words[] = { "rollout abort", "rollout rollback" };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(World) world = trial_world_new(4, "line.heartbeat=6m");
        g_autoptr(json_t) answer = NULL;
        g_autoptr(HlWriteSet) set = NULL;

        world_pass(world, 3);
        g_assert_cmpuint(trial_count(world, MGR_MEMBER_OPEN), ==, 4);
        g_assert_cmpuint(trial_count(world, MGR_MEMBER_AWAY), ==, 1);
        trial_apply(world, trial_member(world, 0));
        world_pass(world, 3);
        json_decref(trial_ask(world, "rollout pause", ""));
        answer = trial_ask(world, words[i], "");
        if (i == 0)
            g_assert_cmpint(count_in(answer, MGR_MEMBER_LEFT), ==, 4);
        else
            g_assert_cmpint(json_integer_value(json_object_get(answer, "endpoints")), ==, 4);
        expect_taken_back(world, 1, 4);
        /* a manager that did not say so has left one like this */
        set = hl_write_set_new();
        mgr_write_rollout_counts(
            set, world->id,
            (const guint[MGR_MEMBER_N]){ [MGR_MEMBER_SUCCEEDED] = 1, [MGR_MEMBER_OPEN] = 3, [MGR_MEMBER_AWAY] = 1 });
        mgr_record_write(world->parts->record, g_steal_pointer(&set));
        parts_commit(world->parts);
        expect_taken_back(world, 1, 4);
    }
}

static void refused(World *world, const char *call, const char *name, const char *value)
{
    parts_call(world->parts, call, "name", "office", name, value, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, "conflict"));
}

/* Nothing else changes the group meanwhile; its display name is no setting. */
static void test_group_is_kept(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");

    world_pass(world, 1);
    refused(world, "group set", "setting", "line.heartbeat=8m");
    refused(world, "group unset", "setting", "line.heartbeat");
    refused(world, "group restore", "to", "2");
    trial_start(world, "line.heartbeat=7m", "conflict");
    parts_call(world->parts, "group delete", "name", "office", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, "conflict"));
    parts_call(world->parts, "group rename", "name", "office", "display_name", "Office", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    trial_expect_same(world);
}

/* A save and a start that are written at the same time take the same version: one of them is told. */
static void test_start_and_save(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");

    json_decref(trial_ask(world, "rollout abort", ""));
    g_clear_pointer(&world->id, g_free);
    parts_call(world->parts, "group rollout", "name", "office", "setting", "line.heartbeat=7m", NULL);
    parts_call(world->parts, "group set", "name", "office", "setting", "line.heartbeat=8m", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    json_decref(parts_expect_reply(world->parts, "conflict"));
    g_assert_nonnull(trial_office(world)->trial);
    trial_expect_same(world);
}

/* Members are fixed at the start: one that comes has the group's, one that goes those of where it is. */
static void test_members_move(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    uint64_t base = trial_office(world)->record.version;
    const MgrEndpoint *one, *other;
    uint64_t before;

    world_pass(world, 3);
    one = mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, 0));
    parts_add_group(world->parts, "other", NULL);
    trial_move(world, one->record.id, "other");
    g_assert_cmpstr(mgr_endpoint_terms(one)->record.name, ==, "other");
    world_pass(world, 2);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_LEFT), ==, 1);
    trial_expect_same(world);
    trial_move(world, one->record.id, "office");
    g_assert_cmpuint(mgr_endpoint_terms(one)->record.version, ==, base + 1);
    other =
        parts_add_endpoint(world->parts, "e-30"); /* no member, and its document has a later number than the trial */
    trial_move(world, "e-30", "other");
    trial_move(world, "e-30", "office");
    before = mgr_endpoint_desired_counter(other);
    world_pass(world, 2);
    g_assert_cmpuint(mgr_endpoint_terms(other)->record.version, ==, base);
    trial_apply_all(world);
    world_pass(world, 65);
    trial_apply_all(world);
    world_pass(world, 65);
    trial_apply_all(world);
    world_pass(world, 5);
    g_assert_null(world_live(world));
    g_assert_cmpuint(mgr_endpoint_terms(other)->record.version, ==, base + 1);
    g_assert_cmpuint(mgr_endpoint_desired_counter(other), >, before);
    trial_expect_same(world);
    expect_same_number(world, "e-30");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/trials/through", test_through);
    g_test_add_func("/manager/trials/silence", test_silence_halts);
    g_test_add_func("/manager/trials/all-vanish", test_all_vanish);
    g_test_add_func("/manager/trials/comes-and-goes", test_comes_and_goes);
    g_test_add_func("/manager/trials/refusal", test_refusal_fails);
    g_test_add_func("/manager/trials/refusal-once", test_refusal_once);
    g_test_add_func("/manager/trials/refusal-of-others", test_refusal_of_others);
    g_test_add_func("/manager/trials/away", test_away);
    g_test_add_func("/manager/trials/abort", test_abort_takes_back);
    g_test_add_func("/manager/trials/abort-of-open", test_abort_of_open);
    g_test_add_func("/manager/trials/group-is-kept", test_group_is_kept);
    g_test_add_func("/manager/trials/start-and-save", test_start_and_save);
    g_test_add_func("/manager/trials/members-move", test_members_move);
    return g_test_run();
}
