/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/sight.h"

const MgrSightPolicy mgr_sight_policy = {
    .window = 60 * HL_SECOND,
    .settle = 5 * HL_SECOND,
    .ask_after = 2 * HL_SECOND,
    .lost_after = 8 * HL_SECOND,
    .late_tick = 5 * HL_SECOND,
    .wills = 3,
};

static MgrSightChange lose(MgrSight *sight)
{
    if (sight->state == MGR_SIGHT_BLIND)
        return MGR_SIGHT_SAME;
    sight->state = MGR_SIGHT_BLIND;
    return MGR_SIGHT_LOST;
}

static MgrSightChange regain(MgrSight *sight, HlTime window, MgrNow now)
{
    sight->state = MGR_SIGHT_RECOVERING;
    sight->clear_mono = now.mono + window;
    sight->heard_mono = now.mono;
    sight->asked = false;
    return MGR_SIGHT_REGAINED;
}

MgrSightChange mgr_sight_link(MgrSight *sight, const MgrSightPolicy *policy, bool up, MgrNow now)
{
    sight->link = up;
    if (!up)
        return lose(sight);
    return sight->state == MGR_SIGHT_BLIND ? regain(sight, policy->window, now) : MGR_SIGHT_SAME;
}

MgrSightChange mgr_sight_heard(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now)
{
    sight->heard_mono = now.mono;
    sight->asked = false;
    /* the broker hung and goes on: endpoints may have left it meanwhile */
    return sight->link && sight->state == MGR_SIGHT_BLIND ? regain(sight, policy->window, now) : MGR_SIGHT_SAME;
}

MgrSightChange mgr_sight_tick(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now)
{
    bool late = sight->tick_mono != 0 && now.mono - sight->tick_mono >= policy->late_tick;
    HlTime silence = now.mono - sight->heard_mono;

    sight->tick_mono = now.mono;
    if (!sight->link)
        return lose(sight);
    if (late && sight->state == MGR_SIGHT_CLEAR) {
        regain(sight, policy->settle, now);
        return MGR_SIGHT_LOST;
    }
    if (late && sight->state == MGR_SIGHT_RECOVERING) {
        sight->clear_mono = MAX(sight->clear_mono, now.mono + policy->settle);
        sight->heard_mono = now.mono;
        return MGR_SIGHT_SAME;
    }
    if (silence >= policy->lost_after && sight->asked && sight->state != MGR_SIGHT_BLIND)
        return lose(sight);
    if (sight->state == MGR_SIGHT_RECOVERING && now.mono >= sight->clear_mono) {
        sight->state = MGR_SIGHT_CLEAR;
        return MGR_SIGHT_CLEARED;
    }
    if (silence >= policy->ask_after) { /* asked again at each tick: the first question may have been lost */
        sight->asked = true;
        return MGR_SIGHT_ASK;
    }
    return MGR_SIGHT_SAME;
}

bool mgr_sight_doubts(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now)
{
    if (now.mono - sight->wills_mono >= HL_SECOND || sight->wills == 0) {
        sight->wills_mono = now.mono;
        sight->wills = 0;
    }
    sight->wills++;
    return sight->wills > policy->wills;
}
