/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/held.h"

#include "manager/daemon/ground/windows.h"

#define LOOK_EVERY (5 * HL_SECOND) /* a walk over the members whose command has not reached them */
#define AT_A_LOOK  50              /* of all whose roll-out has ended, and its rate with it */

static bool is_due(HlTime *looked, HlTime now)
{
    if (*looked != 0 && now - *looked < LOOK_EVERY)
        return false;
    *looked = now;
    return true;
}

static GPtrArray *commands_of(const MgrLiveRollout *live, const MgrFleet *fleet)
{
    GPtrArray *found = g_ptr_array_new();
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, live->batches);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        MgrCommand *command = mgr_fleet_command(fleet, id);

        if (command != NULL)
            g_ptr_array_add(found, command);
    }
    return found;
}

void mgr_held_look(MgrLiveRollout *live, const MgrFleet *fleet, MgrCommands *commands)
{
    HlTime now = hl_clock_mono();
    g_autoptr(GPtrArray) own = NULL;
    guint ready = 0, left;

    if (!is_due(&live->held_mono, now))
        return;
    own = commands_of(live, fleet);
    for (guint i = 0; i < own->len; i++) {
        MgrHeld held = mgr_commands_hold(own->pdata[i]);

        ready += held.ready;
        if (held.windowed > 0) /* that it was sent since it was let go is not told */
            mgr_live_rollout_look_at(live, own->pdata[i]);
    }
    left = mgr_rollout_let_go(&live->core, ready, now);
    for (guint i = 0; i < own->len && left > 0; i++) {
        guint n = MIN(left, mgr_commands_hold(own->pdata[i]).ready);

        mgr_commands_let_go(commands, own->pdata[i], n);
        left -= n;
        if (n > 0)
            mgr_live_rollout_look_at(live, own->pdata[i]);
    }
}

void mgr_held_look_at_ended(GHashTable *live, const MgrFleet *fleet, MgrCommands *commands, HlTime *looked)
{
    GHashTableIter iter;
    gpointer value;
    guint left = AT_A_LOOK;

    if (!is_due(looked, hl_clock_mono()))
        return;
    g_hash_table_iter_init(&iter, fleet->commands);
    while (g_hash_table_iter_next(&iter, NULL, &value)) { /* to the end: it also finds out who is held */
        const MgrCommand *command = value;
        guint n;

        if (!command->record.in_window || g_hash_table_contains(live, command->record.selector))
            continue;
        n = MIN(left, mgr_commands_hold(command).ready);
        mgr_commands_let_go(commands, command, n);
        left -= n;
    }
}

HlTime mgr_held_longest(const GPtrArray *endpoints)
{
    for (guint i = 0; i < endpoints->len; i++)
        if (mgr_window_exists(((const MgrEndpoint *)endpoints->pdata[i])->group))
            return 7 * HL_DAY;
    return 0;
}
