/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/windows.h"

#include <time.h>

static HlTime utc_offset(HlTime wall)
{
    time_t seconds = (time_t)(wall / HL_SECOND);
    struct tm local;

    return localtime_r(&seconds, &local) == NULL ? 0 : local.tm_gmtoff * HL_SECOND;
}

static const HlMaintenance *times_of(MgrGroup *group)
{
    MgrWindow *window = &group->window;

    if (!window->is_parsed && !hl_maintenance_parse(group->settings.maintenance_window, &window->times, NULL))
        window->times.is_always = true; /* the settings of the group checked it */
    window->is_parsed = true;
    return &window->times;
}

/* Asked for each member of a group: the answer is kept until it is another one. */
static const MgrWindow *look(MgrGroup *group, HlTime wall)
{
    MgrWindow *window = &group->window;

    if (window->until != 0 && wall >= window->from && wall < window->until)
        return window;
    window->from = wall;
    window->is_open = hl_maintenance_is_open(&window->times, wall, utc_offset);
    window->until = hl_maintenance_next(&window->times, wall, utc_offset);
    return window;
}

bool mgr_window_exists(MgrGroup *group)
{
    return !times_of(group)->is_always;
}

bool mgr_window_is_open(MgrGroup *group, HlTime wall)
{
    return times_of(group)->is_always || look(group, wall)->is_open;
}

HlTime mgr_window_next(MgrGroup *group, HlTime wall)
{
    return times_of(group)->is_always ? 0 : look(group, wall)->until;
}

bool mgr_window_keeps(MgrTarget *target, HlTime wall)
{
    const MgrCommandRecord *record = &target->command->record;

    if (!record->in_window || record->cancelled_at > 0 || target->endpoint == NULL ||
        target->record.state >= HL_STATE_RECEIVED)
        return false;
    target->held |= (!target->let_go && mgr_window_exists(target->endpoint->group)) ||
                    !mgr_window_is_open(target->endpoint->group, wall);
    return target->held;
}
