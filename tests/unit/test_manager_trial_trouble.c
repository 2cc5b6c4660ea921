/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs of a group's settings under difficulties: rights, members that go, modes in which an
 * endpoint is sent nothing, a full disk, and a registry that was changed past the manager. */
#include <string.h>

#include "lib/store/stmt.h"
#include "manager/store/heal.h"
#include "tests/support/trial_world.h"

static void create_admin(World *world, const char *name, const char *group)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(world->parts, "admin create", "name", name, "csr", csr, "role", "administrator", "groups", group, NULL);
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}

/* The document with this code (""); caller's. */
static json_t *ask_as(World *world, const char *name, const char *call, const char *code)
{
    const char *arguments[] = { "rollout", world->id, NULL };
    HlMsgCallReply *reply;
    json_t *document;

    parts_request(world->parts, &(PartsRequest){ .admin = name,
                                                 .name = call,
                                                 .arguments = strcmp(call, "rollout list") == 0 ? NULL : arguments });
    parts_commit(world->parts);
    reply = parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, name, &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, code);
    document = json_loads(reply->json, 0, NULL);
    hl_wire_free(reply);
    return document;
}

static guint listed_to(World *world, const char *name)
{
    g_autoptr(json_t) document = ask_as(world, name, "rollout list", "");

    return (guint)json_array_size(json_object_get(document, "rollouts"));
}

/* It is its group's, also when a member has left the group; the host of such a member is not shown. */
static void test_rights(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    g_autoptr(json_t) shown = NULL;
    const json_t *row;

    parts_add_group(world->parts, "other", NULL);
    create_admin(world, "zoe", "office");
    create_admin(world, "olaf", "other");
    world_pass(world, 3);
    trial_move(world, trial_member(world, 0), "other");
    world_pass(world, 2);
    for (guint i = 0; i < 2; i++) { /* in memory, and of the registry */
        g_assert_cmpuint(listed_to(world, "zoe"), ==, 1);
        g_assert_cmpuint(listed_to(world, "olaf"), ==, 0);
        json_decref(ask_as(world, "olaf", "rollout show", "not-found"));
        json_decref(shown);
        shown = ask_as(world, "zoe", "rollout show", "");
        row = json_array_get(json_object_get(shown, "unsuccessful"), 0);
        g_assert_cmpstr(json_string_value(json_object_get(row, "outcome")), ==, "left");
        g_assert_cmpstr(json_string_value(json_object_get(row, "host")), ==, "-");
        if (i == 0) {
            json_decref(ask_as(world, "olaf", "rollout abort", "not-found"));
            json_decref(ask_as(world, "zoe", "rollout abort", ""));
        }
    }
    /* also when nobody of them is there any more */
    for (guint i = 0; i < TRIAL_MEMBERS; i++)
        trial_move(world, trial_id(i), "other");
    g_assert_cmpuint(listed_to(world, "zoe"), ==, 1);
    g_assert_cmpuint(listed_to(world, "olaf"), ==, 0);
}

/* Settings are steered by who may change them: no longer by the one who began it, once that is an operator. */
static void test_demoted(void)
{
    static const char *const calls[] = { "rollout pause", "rollout resume", "rollout abort", "rollout rollback" };
    static const char *const demote[] = { "name", "admin", "role", "operator", NULL };
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(world->parts, "admin create", "name", "second", "csr", csr, "role", "owner", NULL);
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    parts_request(world->parts, &(PartsRequest){ .admin = "second", .name = "account set", .arguments = demote });
    parts_let_finish(world->parts);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        json_decref(ask_as(world, "admin", calls[i], "denied"));
    json_decref(ask_as(world, "second", "rollout abort", ""));
}

/* One that has left is stored as such, also after the end. */
static void test_gone(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    g_autoptr(json_t) document = NULL;
    g_autofree char *removed = NULL, *revoked = NULL;

    world_pass(world, 1);
    removed = g_strdup(trial_member(world, 0));
    revoked = g_strdup(trial_member(world, 1));
    parts_call(world->parts, "endpoint remove", "endpoint", removed, NULL);
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    parts_call(world->parts, "endpoint revoke", "endpoint", revoked, NULL);
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    world_pass(world, 2);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_LEFT), ==, 2);
    trial_expect_same_counts(world);
    for (guint i = 2; i < 5; i++)
        trial_apply(world, trial_member(world, i));
    world_pass(world, 330); /* fewer than a sample are left */
    trial_expect(world, MGR_ROLLOUT_HALTED, 5);
    json_decref(trial_ask(world, "rollout resume", ""));
    for (guint turn = 0; turn < 6 && world_live(world) != NULL; turn++) {
        for (guint i = 2; i < world_live(world)->core.issued; i++)
            trial_apply(world, trial_member(world, i));
        world_pass(world, 65);
    }
    g_assert_null(world_live(world));
    document = trial_ask(world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "left")), ==, 2);
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "succeeded")), ==, 18);
    parts_check_registry(world->parts);
}

/* It has them with its next update notification or poll: until then it is waited for, as one that was sent them. */
static void test_documented(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "delivery.mode=documented");

    world_pass(world, 3);
    g_assert_cmpuint(trial_count(world, MGR_MEMBER_OPEN), ==, 5);
    trial_apply_all(world);
    world_pass(world, 2);
    trial_expect(world, MGR_ROLLOUT_SOAKING, 5);
    trial_expect_same(world);
}

static void set_independent(World *world, bool independent)
{
    for (guint i = 0; i < TRIAL_MEMBERS; i++)
        mgr_fleet_endpoint(&world->parts->fleet, trial_id(i))->record.display.independent = independent;
}

/* In independent mode it takes nothing but what ends that, and is not judged by what it cannot have. */
static void test_independent(void)
{
    g_autoptr(World) stays = trial_world_new(TRIAL_MEMBERS, "mode.independent=yes");
    g_autoptr(World) ends = NULL;

    set_independent(stays, true);
    world_pass(stays, 3);
    g_assert_cmpuint(trial_count(stays, MGR_MEMBER_AWAY), ==, 5);
    world_pass(stays, 330);
    trial_expect(stays, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(trial_count(stays, MGR_MEMBER_SILENT), ==, 0);
    g_assert_cmpint(world_live(stays)->core.halt, ==, MGR_HALT_TOO_FEW);
    g_clear_pointer(&stays, world_free);

    ends = trial_world_new(TRIAL_MEMBERS, "mode.independent=yes");
    json_decref(trial_ask(ends, "rollout abort", ""));
    g_clear_pointer(&ends->id, g_free);
    set_independent(ends, true);
    trial_start(ends, "mode.independent=no", "");
    world_pass(ends, 1);
    g_assert_cmpuint(trial_count(ends, MGR_MEMBER_OPEN), ==, 5);
    trial_expect_same_counts(ends);
    world_pass(ends, 330);
    trial_expect(ends, MGR_ROLLOUT_HALTED, 5);
    g_assert_cmpuint(trial_count(ends, MGR_MEMBER_SILENT), ==, 5);
}

/* A second in which what the roll-out writes last is not stored. */
static void pass_full(World *world)
{
    timer_fake_advance(HL_SECOND);
    mgr_rollouts_tick(world->parts->rollouts);
    writer_fake_fail_at(world->parts->writer, writer_fake_pending(world->parts->writer), HL_ERROR_FULL);
    parts_commit(world->parts);
}

/* The end cannot be stored: tried again, and what somebody asks for meanwhile loses nothing. */
static void test_failing_end(void)
{
    g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
    uint64_t base = trial_office(world)->record.version;

    for (guint turn = 0; turn < 2; turn++) {
        world_pass(world, 3);
        trial_apply_all(world);
        world_pass(world, 65);
    }
    trial_expect(world, MGR_ROLLOUT_RUNNING, TRIAL_MEMBERS);
    for (guint i = 10; i < TRIAL_MEMBERS; i++)
        if (i == 10)
            trial_refuse(world, trial_member(world, i), "invalid", 0); /* one of twenty may fail */
        else
            trial_apply(world, trial_member(world, i));
    for (guint i = 0; i < 5; i++)
        pass_full(world);
    trial_expect(world, MGR_ROLLOUT_DONE, TRIAL_MEMBERS);
    g_assert_nonnull(trial_office(world)->trial);
    g_assert_cmpuint(trial_office(world)->record.version, ==, base);
    parts_call(world->parts, "rollout retry", "rollout", world->id, NULL);
    writer_fake_fail_at(world->parts->writer, writer_fake_pending(world->parts->writer), HL_ERROR_FULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, "full"));
    trial_expect(world, MGR_ROLLOUT_DONE, TRIAL_MEMBERS);
    world_pass(world, 1);
    g_assert_null(world_live(world));
    g_assert_null(trial_office(world)->trial);
    g_assert_cmpuint(trial_office(world)->record.version, ==, base + 1);
    trial_expect_same(world);
}

/* After somebody changed this past the manager. */
static void heal(World *world, const char *change, MgrFleet *fleet)
{
    g_autofree char *path = g_build_filename(world->parts->dir, "registry.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = NULL;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    db = hl_db_open(path, HL_DB_DEFAULT, &error);
    g_assert_no_error(error);
    g_assert_true(hl_db_run(db, NULL, &error, "PRAGMA foreign_keys = OFF", ""));
    g_assert_true(hl_db_run(db, NULL, &error, change, ""));
    g_assert_true(mgr_heal_groups(db, hl_clock_wall(), &error));
    g_assert_true(mgr_heal_trials(db, hl_clock_wall(), &error));
    g_assert_no_error(error);
    parts_load(world->parts, fleet);
}

/* Somebody wrote past the manager: the group is gone, or another. */
static void test_healed(void)
{
    static const char *const changes[] = { "DELETE FROM grp WHERE name = 'office'",
                                           "UPDATE grp SET version = version + 7 WHERE name = 'office'" };

    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(World) world = trial_world_new(TRIAL_MEMBERS, "line.heartbeat=6m");
        const MgrEndpoint *one;
        g_autoptr(MgrRollouts) again = NULL;
        MgrFleet fleet = { 0 };
        uint64_t before;

        world_pass(world, 3);
        trial_apply_all(world);
        heal(world, "UPDATE grp SET display_name = 'Office' WHERE name = 'office'", &fleet); /* no setting */
        g_assert_nonnull(mgr_fleet_group(&fleet, "office")->trial);
        mgr_fleet_clear(&fleet);
        one = mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, 0));
        before = mgr_endpoint_desired_counter(one);
        parts_add_group(world->parts, "other", NULL);
        heal(world, changes[i], &fleet);
        again = world_read_again(world);
        g_assert_cmpuint(mgr_rollouts_count(again), ==, 0);
        one = mgr_fleet_endpoint(&fleet, one->record.id);
        g_assert_null(one->group->trial);
        g_assert_cmpuint(mgr_endpoint_desired_counter(one), >, before); /* it is sent the group's again */
        g_assert_false(mgr_endpoint_has_desired(one));
        mgr_fleet_clear(&fleet);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/trial-trouble/rights", test_rights);
    g_test_add_func("/manager/trial-trouble/demoted", test_demoted);
    g_test_add_func("/manager/trial-trouble/gone", test_gone);
    g_test_add_func("/manager/trial-trouble/documented", test_documented);
    g_test_add_func("/manager/trial-trouble/independent", test_independent);
    g_test_add_func("/manager/trial-trouble/failing-end", test_failing_end);
    g_test_add_func("/manager/trial-trouble/healed", test_healed);
    return g_test_run();
}
