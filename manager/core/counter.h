/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that order settings (SettingsDocument.counter): a hybrid of clock and counter.
 *
 * A plain counter gives a number a second time once its registry was restored from a backup.  So each save or move
 * takes the clock's milliseconds, or the number after the last one if that is higher: a registry that was set back is
 * past all that it ever gave as soon as its clock is.  A clock that was ahead once costs only that: the numbers go on
 * from there one by one until the clock has caught up.
 *
 * The registry's number follows its own saves and its own clock, never an endpoint's word.  An endpoint that is ahead,
 * or has other settings under the same number, gets its own document past what it has, but not past a day ahead of us:
 * nobody signs what it says.  What is beyond that is settled by the endpoint (endpoint/core/settings_gate.h).
 *
 * Pure; wall time. */
#ifndef MANAGER_CORE_COUNTER_H
#define MANAGER_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/clock.h"

#define MGR_COUNTER_LEAD HL_DAY

uint64_t mgr_counter_next(uint64_t last, HlTime now);

typedef struct {
    uint64_t last;    /* given by this registry */
    uint64_t desired; /* of the settings that this endpoint shall have */
    uint64_t told;    /* of those that it says it has */
    bool same;        /* they are the same settings */
    HlTime now;
} MgrCounterView;

typedef enum {
    MGR_COUNTER_CURRENT,  /* it has what it shall have */
    MGR_COUNTER_BEHIND,   /* a document under the desired number is newer for it */
    MGR_COUNTER_COLLIDES, /* other settings under the desired number: its document is issued past it */
    MGR_COUNTER_AHEAD,    /* it has a later number than this registry: the same */
    MGR_COUNTER_ABSURD,   /* beyond belief */
} MgrCounterVerdict;

MgrCounterVerdict mgr_counter_judge(const MgrCounterView *view);

#endif
