/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps daily counts of endpoints, for a look back over weeks.
 *
 * A look every two minutes; where something is not as it was at the one before, that costs a row for each group that
 * has endpoints.  None while the server cannot hear them, when nobody seems to be online.  Days are those of the
 * server's calendar (TZ, else the system's zone). */
#ifndef MANAGER_DAEMON_STATE_TREND_H
#define MANAGER_DAEMON_STATE_TREND_H

#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"
#include "manager/store/trend.h"

typedef struct {
    const MgrFleet *fleet;
    const MgrStatus *status;
    MgrRecord *record;
    HlTime looked_mono; /* 0: not yet */
    char *day, *rows;   /* what was written last; NULL: nothing yet */
} MgrTrend;             /* with the first three, a valid one */

void mgr_trend_clear(MgrTrend *trend);

/* Once a second. */
void mgr_trend_tick(MgrTrend *trend);

/* What is the case at this moment, of these groups (NULL: of all); its day is left out.  false: the server cannot hear
 * its endpoints. */
bool mgr_trend_now(const MgrTrend *trend, char *const *groups, MgrTrendRecord *now);

/* The day that was so many days before this moment (wall): "2026-12-01".  Caller frees. */
char *mgr_trend_day(HlTime wall, int days_before);

#endif
