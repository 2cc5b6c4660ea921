/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs of a group's settings in the manager: who is to have which, what counts as success, silence and failure,
 * what the end and an abort make of it, and that a restart finds the same. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/rollout_world.h"

#define MEMBERS 20

static const char *id_of(guint i)
{
    static char id[16];

    g_snprintf(id, sizeof id, "e-%02u", i);
    return id;
}

static MgrGroup *office(const World *world)
{
    return mgr_fleet_group(&world->parts->fleet, "office");
}

static json_t *ask(World *world, const char *name, const char *code)
{
    parts_call(world->parts, name, "rollout", world->id, NULL);
    parts_commit(world->parts);
    return parts_expect_reply(world->parts, code);
}

/* What it should have it applies, and says so. */
static void apply(World *world, const char *id)
{
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, id);
    const MgrGroup *terms = mgr_endpoint_terms(endpoint);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    applied.group = terms->record.name;
    applied.version = terms->record.version;
    applied.counter = mgr_endpoint_desired_counter(endpoint);
    applied.digest.data = hl_unconst(g_bytes_get_data(terms->digest, &applied.digest.len));
    applied.path = hl_unconst("channel");
    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &applied;
    parts_report(world->parts, id, ++world->seqs[atoi(id + 2)], &report);
    parts_commit(world->parts);
    g_assert_true(mgr_endpoint_has_desired(endpoint));
}

static void refuse(World *world, const char *id, const char *code)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgRefusal refusal = HOLDLINE__V1__REFUSAL__INIT;

    refusal.what = hl_unconst("settings");
    refusal.code = hl_unconst(code);
    refusal.detail = hl_unconst("why");
    refusal.count = 1;
    report.body_case = HOLDLINE__V1__REPORT__BODY_REFUSAL;
    report.refusal = &refusal;
    parts_report(world->parts, id, ++world->seqs[atoi(id + 2)], &report);
    parts_commit(world->parts);
}

static void start(World *world, const char *code)
{
    g_autoptr(json_t) document = NULL;

    parts_call(world->parts, "group rollout", "name", "office", "setting", "line.heartbeat=7m", "rings", "25%,50%",
               "soak", "1m", "silence", "5m", NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, code);
    if (*code != '\0')
        return;
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpint(json_integer_value(json_object_get(document, "members")), ==, MEMBERS);
}

/* So many members are on line, and all have the group's settings; rings of 5, 10 and 20. */
static World *world_new(guint up)
{
    World *world = g_new0(World, 1);

    world->parts = parts_new();
    parts_set(world->parts, "office", "line.heartbeat=5m"); /* a version to go back to */
    parts_set(world->parts, "office", "line.heartbeat=6m");
    for (guint i = 0; i < MEMBERS; i++) {
        parts_add_endpoint(world->parts, id_of(i));
        if (i >= up)
            continue;
        parts_birth(world->parts, id_of(i), 1);
        apply(world, id_of(i));
    }
    start(world, "");
    return world;
}

static const char *member(const World *world, guint position)
{
    return world_live(world)->endpoints->pdata[position];
}

static guint count(const World *world, MgrMember what)
{
    return world_live(world)->core.counts[what];
}

/* Those whose turn has come and who have not answered. */
static void apply_all(World *world)
{
    for (guint i = 0; i < world_live(world)->core.issued; i++)
        if (world_live(world)->core.members[i] != MGR_MEMBER_SUCCEEDED)
            apply(world, member(world, i));
}

static void expect(const World *world, MgrRolloutState state, guint issued)
{
    g_assert_nonnull(world_live(world));
    g_assert_cmpstr(mgr_rollout_state_name(world_live(world)->core.state), ==, mgr_rollout_state_name(state));
    g_assert_cmpuint(world_live(world)->core.issued, ==, issued);
}

static guint with_version(const World *world, uint64_t version)
{
    guint n = 0;

    for (guint i = 0; i < MEMBERS; i++)
        n += mgr_endpoint_terms(mgr_fleet_endpoint(&world->parts->fleet, id_of(i)))->record.version == version;
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

/* A restart finds who is to have which, and under which number. */
static void expect_same_after_restart(World *world)
{
    MgrFleet fleet = { 0 };

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    parts_check_registry(world->parts);
    parts_load(world->parts, &fleet);
    for (guint i = 0; i < MEMBERS; i++) {
        const MgrEndpoint *was = mgr_fleet_endpoint(&world->parts->fleet, id_of(i));
        const MgrEndpoint *is = mgr_fleet_endpoint(&fleet, id_of(i));

        g_assert_cmpuint(mgr_endpoint_terms(is)->record.version, ==, mgr_endpoint_terms(was)->record.version);
        g_assert_cmpuint(mgr_endpoint_desired_counter(is), ==, mgr_endpoint_desired_counter(was));
        g_assert_cmpint(mgr_endpoint_has_desired(is), ==, mgr_endpoint_has_desired(was));
    }
    g_assert_cmpuint(mgr_fleet_group(&fleet, "office")->record.tried, ==, office(world)->record.tried);
    mgr_fleet_clear(&fleet);
}

/* What the manager that starts makes of its members. */
static void expect_same_counts_after_restart(World *world)
{
    g_autoptr(MgrRollouts) again = world_read_again(world);
    const MgrLiveRollout *live = mgr_rollouts_find(again, world->id);

    for (guint i = 0; i < world_live(world)->core.issued; i++)
        g_assert_cmpstr(mgr_member_name(live->core.members[i]), ==,
                        mgr_member_name(world_live(world)->core.members[i]));
    g_assert_cmpint(live->core.state, ==, world_live(world)->core.state);
}

static void expect_read_again(World *world, guint position, MgrMember member_)
{
    g_autoptr(MgrRollouts) again = world_read_again(world);

    g_assert_cmpstr(mgr_member_name(mgr_rollouts_find(again, world->id)->core.members[position]), ==,
                    mgr_member_name(member_));
}

static void move(World *world, const char *id, const char *group)
{
    parts_call(world->parts, "endpoint move", "selector", id, "group", group, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}

static void test_through(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    uint64_t base = office(world)->record.version;

    world_pass(world, 3);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(with_version(world, base + 1), ==, 5);
    g_assert_cmpuint(count(world, MGR_MEMBER_OPEN), ==, 5);
    expect_same_after_restart(world);
    expect_same_counts_after_restart(world);
    apply_all(world);
    world_pass(world, 2);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
    expect_same_counts_after_restart(world);
    world_pass(world, 62);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
    apply_all(world);
    world_pass(world, 64);
    expect(world, MGR_ROLLOUT_RUNNING, MEMBERS);
    g_assert_cmpuint(office(world)->record.version, ==, base);
    apply_all(world);
    expect_same_after_restart(world);
    world_pass(world, 3);
    g_assert_null(world_live(world));
    g_assert_cmpuint(office(world)->record.version, ==, base + 1);
    g_assert_null(office(world)->trial);
    for (guint i = 0; i < MEMBERS; i++) /* nobody is sent them a second time */
        g_assert_true(mgr_endpoint_has_desired(mgr_fleet_endpoint(&world->parts->fleet, id_of(i))));
    expect_same_after_restart(world);
    json_decref(ask(world, "rollout rollback", "conflict"));
    json_decref(ask(world, "rollout retry", "conflict"));
}

/* Also one that goes away with them. */
static void test_silence_halts(void)
{
    g_autoptr(World) world = world_new(MEMBERS);

    world_pass(world, 3);
    apply(world, member(world, 0));
    apply(world, member(world, 1));
    apply(world, member(world, 2));
    apply(world, member(world, 3));
    parts_will(world->parts, member(world, 4), 1);
    parts_commit(world->parts);
    world_pass(world, 330);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(count(world, MGR_MEMBER_SILENT), ==, 1);
    expect_same_counts_after_restart(world);
    g_assert_cmpuint(with_version(world, office(world)->record.version + 1), ==, 5);
    /* in spite of it */
    json_decref(ask(world, "rollout resume", ""));
    world_pass(world, 65);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
}

static void test_refusal_fails(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    uint64_t before;

    world_pass(world, 3);
    refuse(world, member(world, 0), "replayed"); /* an old one came again: nothing */
    refuse(world, member(world, 1), "invalid");
    expect_read_again(world, 0, MGR_MEMBER_OPEN); /* stored with the report, which is not told again */
    expect_read_again(world, 1, MGR_MEMBER_FAILED);
    expect_same_after_restart(world);
    for (guint i = 2; i < 5; i++)
        apply(world, member(world, i));
    world_pass(world, 2);
    expect(world, MGR_ROLLOUT_RUNNING, 5);
    g_assert_cmpuint(count(world, MGR_MEMBER_FAILED), ==, 1);
    expect_same_counts_after_restart(world);
    apply(world, member(world, 0));
    world_pass(world, 2);
    expect(world, MGR_ROLLOUT_HALTED, 5);
    /* again: under a number of its own */
    before = mgr_endpoint_desired_counter(mgr_fleet_endpoint(&world->parts->fleet, member(world, 1)));
    json_decref(ask(world, "rollout retry", ""));
    g_assert_cmpuint(mgr_endpoint_desired_counter(mgr_fleet_endpoint(&world->parts->fleet, member(world, 1))), >,
                     before);
    expect_same_after_restart(world);
    apply(world, member(world, 1));
    world_pass(world, 2);
    expect(world, MGR_ROLLOUT_SOAKING, 5);
}

/* One that is away is not judged, and has them when it comes back. */
static void test_away(void)
{
    g_autoptr(World) world = world_new(7);

    world_pass(world, 3);
    apply_all(world);
    world_pass(world, 65);
    expect(world, MGR_ROLLOUT_RUNNING, 10);
    g_assert_cmpuint(count(world, MGR_MEMBER_AWAY), ==, 3);
    expect_same_counts_after_restart(world);
    apply(world, member(world, 5));
    apply(world, member(world, 6));
    world_pass(world, 130);
    expect(world, MGR_ROLLOUT_RUNNING, MEMBERS);
}

static void test_abort_takes_back(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    uint64_t base = office(world)->record.version;
    g_autoptr(json_t) document = NULL;

    world_pass(world, 3);
    apply_all(world);
    world_pass(world, 2);
    document = ask(world, "rollout rollback", "");
    g_assert_cmpint(json_integer_value(json_object_get(document, "endpoints")), ==, 5);
    g_assert_null(world_live(world));
    g_assert_cmpuint(with_version(world, base), ==, MEMBERS);
    g_assert_cmpuint(office(world)->record.version, ==, base);
    expect_same_after_restart(world);
    for (guint i = 0; i < MEMBERS; i++)
        if (!mgr_endpoint_has_desired(mgr_fleet_endpoint(&world->parts->fleet, id_of(i))))
            apply(world, id_of(i));
    /* its version is not used again */
    parts_set(world->parts, "office", "line.heartbeat=9m");
    g_assert_cmpuint(office(world)->record.version, ==, base + 2);
    json_decref(ask(world, "rollout rollback", "conflict"));
    json_decref(ask(world, "rollout retry", "conflict"));
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
    g_autoptr(World) world = world_new(MEMBERS);

    world_pass(world, 1);
    refused(world, "group set", "setting", "line.heartbeat=8m");
    refused(world, "group unset", "setting", "line.heartbeat");
    refused(world, "group restore", "to", "2");
    start(world, "conflict");
    parts_call(world->parts, "group delete", "name", "office", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, "conflict"));
    parts_call(world->parts, "group rename", "name", "office", "display_name", "Office", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    expect_same_after_restart(world);
}

/* A save and a start that are written at the same time take the same version: one of them is told. */
static void test_start_and_save(void)
{
    g_autoptr(World) world = world_new(MEMBERS);

    json_decref(ask(world, "rollout abort", ""));
    g_clear_pointer(&world->id, g_free);
    parts_call(world->parts, "group rollout", "name", "office", "setting", "line.heartbeat=7m", NULL);
    parts_call(world->parts, "group set", "name", "office", "setting", "line.heartbeat=8m", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    json_decref(parts_expect_reply(world->parts, "conflict"));
    g_assert_nonnull(office(world)->trial);
    expect_same_after_restart(world);
}

/* Members are fixed at the start: one that comes has the group's, one that goes those of where it is. */
static void test_members_move(void)
{
    g_autoptr(World) world = world_new(MEMBERS);
    uint64_t base = office(world)->record.version;
    const MgrEndpoint *one, *other;
    uint64_t before;

    world_pass(world, 3);
    one = mgr_fleet_endpoint(&world->parts->fleet, member(world, 0));
    parts_add_group(world->parts, "other", NULL);
    move(world, one->record.id, "other");
    g_assert_cmpstr(mgr_endpoint_terms(one)->record.name, ==, "other");
    world_pass(world, 2);
    g_assert_cmpuint(count(world, MGR_MEMBER_LEFT), ==, 1);
    expect_same_after_restart(world);
    move(world, one->record.id, "office");
    g_assert_cmpuint(mgr_endpoint_terms(one)->record.version, ==, base + 1);
    other =
        parts_add_endpoint(world->parts, "e-30"); /* no member, and its document has a later number than the trial */
    move(world, "e-30", "other");
    move(world, "e-30", "office");
    before = mgr_endpoint_desired_counter(other);
    world_pass(world, 2);
    g_assert_cmpuint(mgr_endpoint_terms(other)->record.version, ==, base);
    apply_all(world);
    world_pass(world, 65);
    apply_all(world);
    world_pass(world, 65);
    apply_all(world);
    world_pass(world, 5);
    g_assert_null(world_live(world));
    g_assert_cmpuint(mgr_endpoint_terms(other)->record.version, ==, base + 1);
    g_assert_cmpuint(mgr_endpoint_desired_counter(other), >, before);
    expect_same_after_restart(world);
    expect_same_number(world, "e-30");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/trials/through", test_through);
    g_test_add_func("/manager/trials/silence", test_silence_halts);
    g_test_add_func("/manager/trials/refusal", test_refusal_fails);
    g_test_add_func("/manager/trials/away", test_away);
    g_test_add_func("/manager/trials/abort", test_abort_takes_back);
    g_test_add_func("/manager/trials/group-is-kept", test_group_is_kept);
    g_test_add_func("/manager/trials/start-and-save", test_start_and_save);
    g_test_add_func("/manager/trials/members-move", test_members_move);
    return g_test_run();
}
