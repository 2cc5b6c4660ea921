/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/rollout_world.h"

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
