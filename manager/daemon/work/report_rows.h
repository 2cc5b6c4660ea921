/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of report: what is written of each in the set of its endpoint, and what follows in memory after the commit.
 * In which order, and when, is work/reports.h's.  Loop thread. */
#ifndef MANAGER_DAEMON_WORK_REPORT_ROWS_H
#define MANAGER_DAEMON_WORK_REPORT_ROWS_H

#include "manager/daemon/state/location.h"
#include "manager/daemon/state/tracker.h"
#include "manager/daemon/work/commands.h"
#include "manager/daemon/work/finds.h"
#include "manager/daemon/work/introductions.h"
#include "manager/daemon/work/renewals.h"

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrLocation *location;
    MgrCommands *commands;
    MgrRenewals *renewals;
    MgrIntroductions *introductions;
    MgrFinds *finds;
} MgrReportsOptions;

/* A report on its way through the writer: what is written of it and what is folded have the one time. */
typedef struct {
    const MgrReportsOptions *parts;
    HlMsgReport *message;
    HlTime at; /* wall */
} MgrReportPending;

typedef struct {
    /* adds statements; may be NULL */
    void (*write)(const MgrReportPending *pending, const MgrEndpoint *endpoint, HlWriteSet *set);
    /* after the commit; may be NULL */
    void (*fold)(const MgrReportPending *pending, MgrEndpoint *endpoint);
    bool is_find;   /* what is known of the endpoint's detections and scans has changed */
    bool is_answer; /* what comes back when something goes out to many */
    bool shows;     /* in the endpoint's status; a command's has the status written, if anything in it is new */
} MgrReportRow;

/* Borrowed.  A body of a later version is committed as seen and otherwise skipped. */
const MgrReportRow *mgr_report_row(const HlMsgReport *message);

/* Whether it tells of an upgrade of the program that has failed; not of its way back, whose end is told again. */
bool mgr_report_is_failed_upgrade(const HlMsgReport *message);

#endif
