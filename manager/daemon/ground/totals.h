/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint counts as, and what endpoints come to: numbers that are kept, of the fleet and of each group
 * (state/sums.h). */
#ifndef MANAGER_DAEMON_GROUND_TOTALS_H
#define MANAGER_DAEMON_GROUND_TOTALS_H

#include "manager/core/verdict.h"

/* What is counted of an endpoint.  In bits, as the flags of MgrEndpoint are: a fleet is a million. */
typedef struct {
    guint open;             /* detections */
    unsigned actual : 4;    /* MgrActual */
    unsigned displayed : 4; /* MgrDisplayed */
    unsigned verdict : 4;   /* MgrVerdict */
    bool is_counted : 1;    /* it is in the sums, its group's too */
    bool is_touched : 1;    /* it is to be counted again */
    bool removed : 1, undialled : 1, outdated : 1, program_outdated : 1, behind : 1, flooding : 1, scan_failed : 1,
        never_scanned : 1;
} MgrTally;

typedef struct {
    guint all, removed; /* those that were removed from the list are in no other number */
    guint undialled;    /* of these, in none by displayed status or verdict: a console that dials is not asked */
    guint by_actual[MGR_ACTUAL_N], by_displayed[MGR_DISPLAYED_N], by_verdict[MGR_VERDICT_N];
    guint outdated, program_outdated, settings_behind, flooding, infected, scans_failed, never_scanned;
    uint64_t open_detections;
} MgrTotals;

void mgr_totals_put(MgrTotals *totals, const MgrTally *tally);
/* One that was put there. */
void mgr_totals_take(MgrTotals *totals, const MgrTally *tally);
void mgr_totals_join(MgrTotals *totals, const MgrTotals *more);

#endif
