/* SPDX-License-Identifier: Apache-2.0 */
/* When something scheduled runs next (B18).
 *
 * The schedule divides time into slots ("daily 12:30" begins one at every 12:30); each slot has one run, at a random
 * moment within the period after its start.  A slot that was slept through is made up for, spread over the period as
 * well, because a whole office wakes at nine.  Only the last slot is made up for.  Pure; times are wall, and the local
 * time's offset from UTC is an argument. */
#ifndef ENDPOINT_CORE_SCHEDULE_H
#define ENDPOINT_CORE_SCHEDULE_H

#include "proto/schedule.h"

typedef struct {
    HlTime done;    /* start of the last slot that had its run; 0: never asked before */
    HlTime planned; /* start of the slot that at is drawn for; 0: none */
    HlTime at;      /* of the run */
} EpPlan;

/* Start of the slot that now lies in; 0 for HL_SCHEDULE_OFF.  For tests: the plan says only when the next one comes,
 * and what daylight saving does to a slot is easiest seen at its start. */
HlTime ep_schedule_slot(const HlSchedule *schedule, HlTime now, HlTime utc_offset);

/* A new schedule begins with its next slot: nothing is made up for. */
void ep_plan_reset(EpPlan *plan, const HlSchedule *schedule, HlTime now, HlTime utc_offset);

/* Whether to run now; then the slot counts as done.  random is used when a new slot is planned. */
bool ep_plan_step(EpPlan *plan, const HlSchedule *schedule, HlTime period, HlTime now, HlTime utc_offset,
                  uint64_t random);

/* The time of the next run, as far as known: drawn, or the start of the next slot.  0: never. */
HlTime ep_plan_next(const EpPlan *plan, const HlSchedule *schedule, HlTime now, HlTime utc_offset);

#endif
