/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/counter.h"

#include <glib.h>

/* SQLite stores signed numbers. */
#define MAX_COUNTER ((uint64_t)G_MAXINT64)

uint64_t mgr_counter_next(uint64_t last, HlTime now)
{
    uint64_t clock = (uint64_t)MAX(now, 0);

    return MIN(MAX(MIN(last, MAX_COUNTER) + 1, clock), MAX_COUNTER);
}

MgrCounterVerdict mgr_counter_judge(const MgrCounterView *view)
{
    uint64_t known = MAX(view->last, (uint64_t)MAX(view->now, 0));

    if (view->told < view->desired)
        return MGR_COUNTER_BEHIND;
    if (view->told == view->desired && view->same)
        return MGR_COUNTER_CURRENT;
    if (view->told >= MAX_COUNTER || view->told > MIN(known, MAX_COUNTER) + (uint64_t)MGR_COUNTER_LEAD)
        return MGR_COUNTER_ABSURD;
    return view->told == view->desired ? MGR_COUNTER_COLLIDES : MGR_COUNTER_AHEAD;
}
