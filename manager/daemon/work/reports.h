/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: accepted in order, committed, folded, acknowledged - in this order, so that an acknowledged report is on
 * disk and a report that is not on disk is sent again.  What one endpoint reports until its turn has come
 * (report_turns.h) is one set of the registry. */
#ifndef MANAGER_DAEMON_WORK_REPORTS_H
#define MANAGER_DAEMON_WORK_REPORTS_H

#include "manager/daemon/work/report_rows.h"

typedef struct MgrReports MgrReports;

MgrReports *mgr_reports_new(const MgrReportsOptions *options);
void mgr_reports_free(MgrReports *reports);

/* Gathered until its turn has come; takes it. */
void mgr_reports_handle(MgrReports *reports, MgrEndpoint *endpoint, HlMsgReport *report);

/* Has what was gathered written; a timer does it in turns. */
void mgr_reports_flush(MgrReports *reports);

typedef struct {
    uint64_t received, repeated, gaps, refusals, upgrades_failed;
    uint64_t crowded; /* there was no room for them (report_room.h) */
} MgrReportsCounts;

MgrReportsCounts mgr_reports_count(const MgrReports *reports);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrReports, mgr_reports_free)

#endif
