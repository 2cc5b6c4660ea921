/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/upgrade.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------ the steps */

typedef struct {
    const char *name;
    unsigned tries;                           /* 0: an end */
    EpUpgradeState spent;                     /* where once more leads after that many */
    EpUpgradeState next[EP_UPGRADE_N_EVENTS]; /* the state itself: once more */
} Row;

#define NEXT(worked, failed, cut_off)                                                             \
    {                                                                                             \
        [EP_UPGRADE_WORKED] = EP_UPGRADE_##worked, [EP_UPGRADE_FAILED] = EP_UPGRADE_##failed,     \
        [EP_UPGRADE_CUT_OFF] = EP_UPGRADE_##cut_off, [EP_UPGRADE_OVERTAKEN] = EP_UPGRADE_REFUSED, \
    }

static const Row rows[EP_UPGRADE_N_STATES] = {
    [EP_UPGRADE_ACCEPTED] = { "accepted", EP_UPGRADE_TRIES, EP_UPGRADE_REFUSED, NEXT(VERIFIED, REFUSED, ACCEPTED) },
    [EP_UPGRADE_VERIFIED] = { "verified", EP_UPGRADE_TRIES, EP_UPGRADE_REFUSED, NEXT(KEPT, REFUSED, VERIFIED) },
    [EP_UPGRADE_KEPT] = { "kept", EP_UPGRADE_TRIES, EP_UPGRADE_REFUSED, NEXT(INSTALLING, REFUSED, KEPT) },
    [EP_UPGRADE_INSTALLING] = { "installing", EP_UPGRADE_TRIES, EP_UPGRADE_GOING_BACK,
                                NEXT(WAITING, GOING_BACK, INSTALLING) },
    [EP_UPGRADE_WAITING] = { "waiting", EP_UPGRADE_TRIES, EP_UPGRADE_GOING_BACK, NEXT(DONE, GOING_BACK, WAITING) },
    [EP_UPGRADE_GOING_BACK] = { "going-back", EP_UPGRADE_TRIES_BACK, EP_UPGRADE_STUCK,
                                NEXT(BACK, GOING_BACK, GOING_BACK) },
    [EP_UPGRADE_DONE] = { .name = "done" },
    [EP_UPGRADE_REFUSED] = { .name = "refused" },
    [EP_UPGRADE_BACK] = { .name = "back" },
    [EP_UPGRADE_STUCK] = { .name = "stuck" },
};

const char *ep_upgrade_state_name(EpUpgradeState state)
{
    return rows[state].name;
}

bool ep_upgrade_state_parse(const char *name, EpUpgradeState *state)
{
    for (int i = 0; i < EP_UPGRADE_N_STATES; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *state = (EpUpgradeState)i;
            return true;
        }
    }
    return false;
}

bool ep_upgrade_is_end(EpUpgradeState state)
{
    return state >= EP_UPGRADE_DONE;
}

void ep_upgrade_step(EpUpgrade *upgrade, EpUpgradeEvent event)
{
    const Row *row = &rows[upgrade->state];

    if (ep_upgrade_is_end(upgrade->state))
        return;
    if (row->next[event] != upgrade->state)
        *upgrade = (EpUpgrade){ row->next[event], 1 };
    else if (upgrade->tries < row->tries)
        upgrade->tries++;
    else
        *upgrade = (EpUpgrade){ row->spent, 1 };
}

HlTime ep_upgrade_pause(const EpUpgrade *upgrade, HlTime first)
{
    HlTime pause = upgrade->tries > 1 ? first : 0;

    for (unsigned i = 2; i < upgrade->tries && pause > 0 && pause < EP_UPGRADE_MAX_PAUSE; i++)
        pause *= 2;
    return MIN(pause, EP_UPGRADE_MAX_PAUSE);
}

/* ----------------------------------------------------------------------------------------------------- the health */

void ep_upgrade_health_begin(EpUpgradeHealth *health, HlTime bound, HlTime now)
{
    *health = (EpUpgradeHealth){ .bound = bound, .until = now + bound, .last = now + EP_UPGRADE_AWAY_BOUNDS * bound };
}

EpHealthWord ep_upgrade_health_look(EpUpgradeHealth *health, EpUpgradeSigns signs, HlTime now)
{
    bool is_late = now >= health->until;

    if (signs.up == 0 || signs.up != health->daemon) {
        health->daemon = signs.up;
        health->since = now;
    }
    if (signs.up != 0 && health->since <= health->until)
        return now - health->since >= EP_UPGRADE_STEADY ? EP_HEALTH_GOOD : EP_HEALTH_WAIT;
    if (is_late)
        return health->away && signs.away ? EP_HEALTH_AWAY : EP_HEALTH_LATE;
    health->away = signs.away;
    if (signs.away) /* from its return on, the line has the whole bound */
        health->until = MIN(now + health->bound, health->last);
    return EP_HEALTH_WAIT;
}

/* ----------------------------------------------------------------------------------- whether an upgrade is to begin */

EpUpgradePlan ep_upgrade_plan(const EpUpgradeFacts *facts)
{
    const struct {
        bool holds;
        EpUpgradePlan plan;
    } order[] = {
        { facts->blocked, EP_PLAN_BLOCKED },
        { facts->under_way, EP_PLAN_UNDER_WAY },
        { facts->left, EP_PLAN_LEFT },
        { facts->offered == 0, EP_PLAN_NOTHING },
        { facts->offered == facts->failed, EP_PLAN_FAILED },
        { !facts->line_up, EP_PLAN_LINE_DOWN },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (order[i].holds)
            return order[i].plan;
    return EP_PLAN_BEGIN;
}

char *ep_upgrade_tell(EpUpgradePlan plan, const char *installed, const char *to, const char *why)
{
    switch (plan) {
    case EP_PLAN_NOTHING:
        return *why == '\0' ? g_strdup_printf("%s, no upgrade is offered", installed)
                            : g_strdup_printf("%s, not upgraded: %s", installed, why);
    case EP_PLAN_BLOCKED:
        return g_strdup_printf("%s, upgrades are blocked by the settings", installed);
    case EP_PLAN_LEFT:
        return g_strdup_printf("%s, upgrades are left to roll-outs", installed);
    case EP_PLAN_UNDER_WAY:
        return g_strdup_printf("%s, an upgrade is under way", installed);
    case EP_PLAN_FAILED:
        return g_strdup_printf("%s, version %s has failed here: 'holdline-endpoint upgrade --retry' tries it once more",
                               installed, to);
    case EP_PLAN_LINE_DOWN:
        return g_strdup_printf("%s, version %s waits until the line is up", installed, to);
    case EP_PLAN_BEGIN:
        return g_strdup_printf("%s, version %s is being installed", installed, to);
    }
    g_assert_not_reached();
}
