/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that order settings (SettingsDocument.counter): a hybrid of clock and counter.
 *
 * A plain counter issues a number a second time once its registry has been restored from a backup.  So each save or
 * move takes the clock's milliseconds, or the number after the last one if that is higher: a registry that was set back
 * is past everything it ever issued as soon as its clock is.  A clock that was once ahead does no lasting harm: numbers
 * continue one by one from there until the clock has caught up.
 *
 * The registry's number follows its own saves and its own clock, never an endpoint's word.  An endpoint that is ahead,
 * or has other settings under the same number, gets its own document under the number after the one it has, but no
 * further than a day past our clock: nobody signs what it says.  What lies beyond that the endpoint settles
 * (endpoint/core/settings_gate.h).
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
    uint64_t last;    /* issued by this registry */
    uint64_t desired; /* of the settings that this endpoint should have */
    uint64_t told;    /* of those that it says it has */
    bool same;        /* they are the same settings */
    HlTime now;
} MgrCounterView;

typedef enum {
    MGR_COUNTER_CURRENT,  /* it has what it should have */
    MGR_COUNTER_BEHIND,   /* a document under the desired number is newer for it */
    MGR_COUNTER_COLLIDES, /* other settings under the desired number: its document is issued past it */
    MGR_COUNTER_AHEAD,    /* it has a later number than this registry: the same */
    MGR_COUNTER_ABSURD,   /* beyond belief */
} MgrCounterVerdict;

MgrCounterVerdict mgr_counter_judge(const MgrCounterView *view);

#endif
