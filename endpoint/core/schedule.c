/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/schedule.h"

#define WEEK         (7 * HL_DAY)
#define FIRST_SUNDAY (3 * HL_DAY) /* 1970-01-04; day 0 was a Thursday */

/* A slot begins every length, counted from anchor, in local time. */
typedef struct {
    HlTime length, anchor;
} Slots;

static Slots slots_of(const HlSchedule *schedule)
{
    switch (schedule->kind) {
    case HL_SCHEDULE_OFF:
        break;
    case HL_SCHEDULE_EVERY:
        return (Slots){ .length = schedule->every };
    case HL_SCHEDULE_DAILY:
        return (Slots){ HL_DAY, schedule->minute * HL_MINUTE };
    case HL_SCHEDULE_WEEKLY:
        return (Slots){ WEEK, FIRST_SUNDAY + schedule->weekday * HL_DAY + schedule->minute * HL_MINUTE };
    }
    return (Slots){ 0 };
}

HlTime ep_schedule_slot(const HlSchedule *schedule, HlTime now, HlTime utc_offset)
{
    Slots slots = slots_of(schedule);
    HlTime into;

    if (slots.length == 0)
        return 0;
    into = (now + utc_offset - slots.anchor) % slots.length;
    return now - (into >= 0 ? into : into + slots.length);
}

void ep_plan_reset(EpPlan *plan, const HlSchedule *schedule, HlTime now, HlTime utc_offset)
{
    *plan = (EpPlan){ .done = ep_schedule_slot(schedule, now, utc_offset) };
}

bool ep_plan_step(EpPlan *plan, const HlSchedule *schedule, HlTime period, HlTime now, HlTime utc_offset,
                  uint64_t random)
{
    HlTime slot = ep_schedule_slot(schedule, now, utc_offset);
    HlTime length = slots_of(schedule).length;

    if (slot == 0)
        return false;
    /* never asked before; or the clock was set back to before a slot that is done, which must not stop the schedule
     * until then */
    if (plan->done == 0 || plan->done > now) {
        ep_plan_reset(plan, schedule, now, utc_offset);
        return false;
    }
    /* daylight saving moves the start of a slot by at most an hour: one this close to the last is not a new slot */
    if (slot <= plan->done || (length >= HL_DAY && slot - plan->done < length / 2))
        return false;
    if (plan->planned != slot) {
        HlTime spread = MIN(period, length);
        bool late = now - slot > spread;

        plan->planned = slot;
        plan->at = (late ? now : slot) + (spread > 0 ? (HlTime)(random % (uint64_t)spread) : 0);
    }
    if (now < plan->at)
        return false;
    plan->done = slot;
    plan->planned = plan->at = 0;
    return true;
}

HlTime ep_plan_next(const EpPlan *plan, const HlSchedule *schedule, HlTime now, HlTime utc_offset)
{
    HlTime slot = ep_schedule_slot(schedule, now, utc_offset);
    HlTime length = slots_of(schedule).length;

    if (slot == 0)
        return 0;
    if (plan->planned == slot)
        return plan->at;
    return slot + length;
}
