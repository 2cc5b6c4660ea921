/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what endpoints report may be in memory before it is committed, in all and of one.
 *
 * What there is no room for is not taken: it is not acknowledged, and comes again.  One endpoint may have an eighth of
 * what is free, so that a few that flood leave the others theirs, and MGR_REPORT_LEAST though nothing be free.
 * Loop thread. */
#ifndef MANAGER_DAEMON_WORK_REPORT_ROOM_H
#define MANAGER_DAEMON_WORK_REPORT_ROOM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes as they came; in memory they are two or three times as many. */
#define MGR_REPORT_ROOM  (16 * 1024 * 1024)
#define MGR_REPORT_LEAST (4 * 1024) /* a dozen usual reports: 60 MB of 15,000 endpoints */

typedef struct MgrReportRoom MgrReportRoom;

MgrReportRoom *mgr_report_room_new(void);
void mgr_report_room_free(MgrReportRoom *room); /* all was given back */

/* false: there is none, and nothing was taken.  One that has nothing there is never refused. */
bool mgr_report_room_take(MgrReportRoom *room, int64_t endpoint, gsize bytes);
void mgr_report_room_give(MgrReportRoom *room, int64_t endpoint, gsize bytes);

/* Less than half is free: nothing should wait that need not. */
bool mgr_report_room_is_short(const MgrReportRoom *room);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrReportRoom, mgr_report_room_free)

#endif
