/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/rollout_world.h"

#include <stdlib.h>

#include "lib/base/common.h"

const char *world_member(guint i)
{
    static char id[16];

    g_snprintf(id, sizeof id, "e-%02u", i);
    return id;
}

void world_fill(World *world, guint members, guint up)
{
    g_assert_cmpuint(members, <=, WORLD_MEMBERS);
    world->parts = parts_new();
    for (guint i = 0; i < members; i++) {
        parts_add_endpoint(world->parts, world_member(i));
        if (i < up)
            parts_birth(world->parts, world_member(i), 1);
    }
}

World *world_ringed(guint members, guint up, const char *rate)
{
    World *world = g_new0(World, 1);
    g_autoptr(json_t) document = NULL;

    world_fill(world, members, up);
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "10%,25%", "soak", "1m",
               rate != NULL ? "silence" : NULL, "3m", "rate", rate, NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpint(json_integer_value(json_object_get(document, "members")), ==, members);
    return world;
}

void world_free(World *world)
{
    parts_free(world->parts);
    g_free(world->id);
    g_free(world);
}

MgrLiveRollout *world_live(const World *world)
{
    return mgr_rollouts_find(world->parts->rollouts, world->id);
}

void world_pass(World *world, guint seconds)
{
    for (guint i = 0; i < seconds; i++) {
        timer_fake_advance(HL_SECOND);
        mgr_rollouts_tick(world->parts->rollouts);
        parts_commit(world->parts);
    }
}

void world_expect_why(World *world, const char *outcome, const char *why)
{
    g_autoptr(json_t) document = world_ask(world, "rollout show", "");
    const json_t *rows = json_object_get(document, "unsuccessful"), *row;
    size_t i;

    g_assert_cmpuint(json_array_size(rows), >, 0);
    json_array_foreach(rows, i, row)
    {
        g_assert_cmpstr(json_string_value(json_object_get(row, "outcome")), ==, outcome);
        g_assert_cmpstr(json_string_value(json_object_get(row, "why")), ==, why);
    }
}

json_t *world_ask(World *world, const char *name, const char *code)
{
    parts_call(world->parts, name, "rollout", world->id, NULL);
    parts_commit(world->parts);
    return parts_expect_reply(world->parts, code);
}

void world_answer(World *world, HlCommandState state)
{
    const MgrLiveRollout *rollout = world_live(world);

    for (guint i = 0; i < rollout->core.issued; i++) {
        const char *endpoint = rollout->endpoints->pdata[i];

        if (rollout->core.members[i] != MGR_MEMBER_OPEN)
            continue;
        parts_report_command(world->parts, endpoint, ++world->seqs[atoi(endpoint + 2)], rollout->commands->pdata[i],
                             state);
        parts_commit(world->parts);
    }
}

void world_set_patterns(const World *world, guint position, const char *patterns)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&world->parts->fleet, world_live(world)->endpoints->pdata[position]);

    hl_common_free(endpoint->record.patterns);
    endpoint->record.patterns = g_strdup(patterns);
}

MgrRollouts *world_read_again(World *world)
{
    g_autoptr(GError) error = NULL;
    MgrRollouts *again;

    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    again =
        mgr_rollouts_new(&(MgrRolloutsOptions){ &world->parts->fleet, world->parts->record, world->parts->commands,
                                                world->parts->status, world->parts->delivery, world->parts->console },
                         &error);
    g_assert_no_error(error);
    return again;
}
