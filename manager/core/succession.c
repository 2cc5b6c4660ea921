/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/succession.h"

#include <string.h>

#define MAX_LATELY 3       /* certificates of one name in an hour: some machines with copies, or some lost answers */
#define LATELY     HL_HOUR /* also how often a console asks that was refused */
#define QUESTION   (2 * LATELY)
#define MONTH      (30 * HL_DAY) /* within it endpoints that are on line, and laptops that come by, follow */

MgrSuccessionStep mgr_succession_step(const MgrSuccessionView *view)
{
    if (!view->is_on)
        return MGR_SUCCESSION_NONE;
    if (!view->is_forced && !view->is_over && (view->endpoints > 0 || view->people > 0))
        return MGR_SUCCESSION_WAIT;
    if (view->is_managed)
        return MGR_SUCCESSION_END;
    if (!view->is_own_new)
        return MGR_SUCCESSION_SIGN;
    return view->is_told ? MGR_SUCCESSION_END : MGR_SUCCESSION_BROKER;
}

MgrAuthorityStage mgr_authority_stage(const MgrAuthorityAge *age)
{
    if (age->now >= age->last)
        return age->believed >= age->last || age->is_confirmed ? MGR_AUTHORITY_OVER : MGR_AUTHORITY_DOUBTFUL;
    return age->believed >= age->end - MONTH && age->now >= age->end - MONTH ? MGR_AUTHORITY_LAST_MONTH
                                                                             : MGR_AUTHORITY_GOOD;
}

MgrHolder mgr_succession_holder(bool holds, bool has_new)
{
    return !holds ? MGR_HOLDER_UNTOLD : has_new ? MGR_HOLDER_THROUGH : MGR_HOLDER_OLD;
}

void mgr_given_add(MgrGiven *given, HlTime issued, unsigned flags, HlTime now)
{
    bool is_live = (flags & MGR_GIVEN_LIVE) != 0;

    given->live += is_live ? 1 : 0;
    given->used += is_live && (flags & MGR_GIVEN_USED) != 0 ? 1 : 0;
    given->lately += ABS(now - issued) < LATELY ? 1 : 0;
    given->in_question += ABS(now - issued) < QUESTION ? 1 : 0;
}

bool mgr_given_has_room(const MgrGiven *given)
{
    return given->lately < MAX_LATELY;
}

bool mgr_given_is_through(const MgrGiven *given)
{
    return given->used > 0 && given->left == 0 && given->in_question < MAX_LATELY;
}

MgrAuthoritiesChange mgr_authorities_change(const char *const *told, const char *const *now)
{
    if (now[1] != NULL)
        return MGR_AUTHORITIES_ANNOUNCE;
    for (gsize i = 0; told != NULL && told[i] != NULL; i++)
        if (strcmp(told[i], now[0]) == 0)
            return i == 0 ? MGR_AUTHORITIES_ENDED : MGR_AUTHORITIES_CANCELLED;
    return MGR_AUTHORITIES_OTHER;
}

MgrRolloverSince mgr_rollover_since(const char *const before[2], const char *const after[2])
{
    if (strcmp(before[0], after[0]) == 0)
        return g_strcmp0(before[1], after[1]) == 0 ? MGR_ROLLOVER_SAME
               : after[1] != NULL                  ? MGR_ROLLOVER_BEGAN
                                                   : MGR_ROLLOVER_WITHDRAWN;
    return after[1] == NULL && g_strcmp0(before[1], after[0]) == 0 ? MGR_ROLLOVER_ENDED : MGR_ROLLOVER_SEVERAL;
}

const char *mgr_holder_name(MgrHolder holder)
{
    switch (holder) {
    case MGR_HOLDER_UNTOLD:
        return "untold";
    case MGR_HOLDER_OLD:
        return "old-certificate";
    case MGR_HOLDER_THROUGH:
        break;
    }
    return "through";
}

const char *mgr_succession_name(MgrSuccessionStep step)
{
    switch (step) {
    case MGR_SUCCESSION_NONE:
        return "none";
    case MGR_SUCCESSION_BROKER:
        return "broker";
    case MGR_SUCCESSION_WAIT:
    case MGR_SUCCESSION_SIGN:
    case MGR_SUCCESSION_END:
        break;
    }
    return "announced";
}
