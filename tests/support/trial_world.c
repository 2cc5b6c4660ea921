/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/trial_world.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/unconst.h"

const char *trial_id(guint i)
{
    static char id[16];

    g_snprintf(id, sizeof id, "e-%02u", i);
    return id;
}

MgrGroup *trial_office(const World *world)
{
    return mgr_fleet_group(&world->parts->fleet, "office");
}

json_t *trial_ask(World *world, const char *name, const char *code)
{
    parts_call(world->parts, name, "rollout", world->id, NULL);
    parts_commit(world->parts);
    return parts_expect_reply(world->parts, code);
}

void trial_apply(World *world, const char *id)
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

void trial_refuse(World *world, const char *id, const char *code, uint64_t counter)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgRefusal refusal = HOLDLINE__V1__REFUSAL__INIT;

    refusal.what = hl_unconst("settings");
    refusal.code = hl_unconst(code);
    refusal.detail = hl_unconst("why");
    refusal.count = 1;
    refusal.counter = counter;
    report.body_case = HOLDLINE__V1__REPORT__BODY_REFUSAL;
    report.refusal = &refusal;
    parts_report(world->parts, id, ++world->seqs[atoi(id + 2)], &report);
    parts_commit(world->parts);
}

void trial_start(World *world, const char *setting, const char *code)
{
    g_autoptr(json_t) document = NULL;

    parts_call(world->parts, "group rollout", "name", "office", "setting", setting, "rings", "25%,50%", "soak", "1m",
               "silence", "5m", NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, code);
    if (*code != '\0')
        return;
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpint(json_integer_value(json_object_get(document, "members")), ==, TRIAL_MEMBERS);
}

World *trial_world_new(guint up, const char *setting)
{
    World *world = g_new0(World, 1);

    world->parts = parts_new();
    parts_set(world->parts, "office", "line.heartbeat=5m"); /* a version to go back to */
    parts_set(world->parts, "office", setting);
    for (guint i = 0; i < TRIAL_MEMBERS; i++) {
        parts_add_endpoint(world->parts, trial_id(i));
        if (i >= up)
            continue;
        parts_birth(world->parts, trial_id(i), 1);
        trial_apply(world, trial_id(i));
    }
    trial_start(world, "line.heartbeat=7m", "");
    return world;
}

const char *trial_member(const World *world, guint position)
{
    return world_live(world)->endpoints->pdata[position];
}

guint trial_count(const World *world, MgrMember what)
{
    return world_live(world)->core.counts[what];
}

void trial_apply_all(World *world)
{
    for (guint i = 0; i < world_live(world)->core.issued; i++)
        if (world_live(world)->core.members[i] != MGR_MEMBER_SUCCEEDED)
            trial_apply(world, trial_member(world, i));
}

void trial_apply_all_up(World *world)
{
    for (guint i = 0; i < world_live(world)->core.issued; i++)
        if (mgr_endpoint_is_up(mgr_fleet_endpoint(&world->parts->fleet, trial_member(world, i))))
            trial_apply(world, trial_member(world, i));
}

void trial_expect(const World *world, MgrRolloutState state, guint issued)
{
    g_assert_nonnull(world_live(world));
    g_assert_cmpstr(mgr_rollout_state_name(world_live(world)->core.state), ==, mgr_rollout_state_name(state));
    g_assert_cmpuint(world_live(world)->core.issued, ==, issued);
}

void trial_expect_same(World *world)
{
    MgrFleet fleet = { 0 };

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    parts_check_registry(world->parts);
    parts_load(world->parts, &fleet);
    for (guint i = 0; i < TRIAL_MEMBERS; i++) {
        const MgrEndpoint *was = mgr_fleet_endpoint(&world->parts->fleet, trial_id(i));
        const MgrEndpoint *is = mgr_fleet_endpoint(&fleet, trial_id(i));

        g_assert_cmpuint(mgr_endpoint_terms(is)->record.version, ==, mgr_endpoint_terms(was)->record.version);
        g_assert_cmpuint(mgr_endpoint_desired_counter(is), ==, mgr_endpoint_desired_counter(was));
        g_assert_cmpint(mgr_endpoint_has_desired(is), ==, mgr_endpoint_has_desired(was));
    }
    g_assert_cmpuint(mgr_fleet_group(&fleet, "office")->record.tried, ==, trial_office(world)->record.tried);
    mgr_fleet_clear(&fleet);
}

void trial_expect_same_counts(World *world)
{
    g_autoptr(MgrRollouts) again = world_read_again(world);
    const MgrLiveRollout *live = mgr_rollouts_find(again, world->id);

    for (guint i = 0; i < world_live(world)->core.issued; i++)
        g_assert_cmpstr(mgr_member_name(live->core.members[i]), ==,
                        mgr_member_name(world_live(world)->core.members[i]));
    g_assert_cmpint(live->core.state, ==, world_live(world)->core.state);
}

void trial_expect_read_again(World *world, guint position, MgrMember member_)
{
    g_autoptr(MgrRollouts) again = world_read_again(world);

    g_assert_cmpstr(mgr_member_name(mgr_rollouts_find(again, world->id)->core.members[position]), ==,
                    mgr_member_name(member_));
}

void trial_move(World *world, const char *id, const char *group)
{
    parts_call(world->parts, "endpoint move", "selector", id, "group", group, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}
