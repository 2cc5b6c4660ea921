/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/totals.h"

/* by: 1, or the same of an unsigned number's wrap-around to take it out again. */
static void apply(MgrTotals *totals, const MgrTally *tally, guint by)
{
    if (tally->removed) {
        totals->removed += by;
        return;
    }
    totals->all += by;
    totals->by_actual[tally->actual] += by;
    totals->undialled += by * tally->undialled;
    totals->by_displayed[tally->displayed] += by * !tally->undialled;
    totals->by_verdict[tally->verdict] += by * !tally->undialled;
    totals->outdated += by * tally->outdated;
    totals->program_outdated += by * tally->program_outdated;
    totals->settings_behind += by * tally->behind;
    totals->flooding += by * tally->flooding;
    totals->infected += by * (tally->open > 0);
    totals->scans_failed += by * tally->scan_failed;
    totals->never_scanned += by * tally->never_scanned;
    totals->open_detections += by == 1 ? (uint64_t)tally->open : -(uint64_t)tally->open;
}

void mgr_totals_put(MgrTotals *totals, const MgrTally *tally)
{
    apply(totals, tally, 1);
}

void mgr_totals_take(MgrTotals *totals, const MgrTally *tally)
{
    apply(totals, tally, (guint)-1);
}

static void join(guint *numbers, const guint *more, gsize n)
{
    for (gsize i = 0; i < n; i++)
        numbers[i] += more[i];
}

void mgr_totals_join(MgrTotals *totals, const MgrTotals *more)
{
    join(totals->by_actual, more->by_actual, MGR_ACTUAL_N);
    join(totals->by_displayed, more->by_displayed, MGR_DISPLAYED_N);
    join(totals->by_verdict, more->by_verdict, MGR_VERDICT_N);
    totals->all += more->all;
    totals->removed += more->removed;
    totals->undialled += more->undialled;
    totals->outdated += more->outdated;
    totals->program_outdated += more->program_outdated;
    totals->settings_behind += more->settings_behind;
    totals->flooding += more->flooding;
    totals->infected += more->infected;
    totals->scans_failed += more->scans_failed;
    totals->never_scanned += more->never_scanned;
    totals->open_detections += more->open_detections;
}
