/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/rollout_world.h"

#include <stdlib.h>

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
