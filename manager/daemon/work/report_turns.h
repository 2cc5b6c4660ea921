/* SPDX-License-Identifier: Apache-2.0 */
/* When what endpoints report is handed on to be written: in the order of their first report, as whole batches.
 *
 * What comes by itself goes at once.  What thousands report goes once in MGR_REPORT_PACE and a slice in a turn of the
 * loop: a transaction costs two flushes of the disk, and a page that many sets of it change is written once.  Answers
 * to what is just going out to many wait until all have it, for a second at most: meanwhile the broker and this process
 * have enough to do.  What an endpoint says beside them goes before, with all that it said before it.  Loop thread. */
#ifndef MANAGER_DAEMON_WORK_REPORT_TURNS_H
#define MANAGER_DAEMON_WORK_REPORT_TURNS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MGR_REPORT_PACE  20   /* ms */
#define MGR_REPORT_SLICE 200  /* endpoints in one turn: 2 ms of them */
#define MGR_REPORT_YIELD 1000 /* ms */

typedef struct MgrReportTurns MgrReportTurns;

typedef struct {
    bool (*is_busy)(gpointer user);                /* something goes out to many */
    void (*submit)(gpointer batch, gpointer user); /* takes it */
    GDestroyNotify free;                           /* of a batch that is never submitted */
    gpointer user;
} MgrReportTurnsOptions;

MgrReportTurns *mgr_report_turns_new(const MgrReportTurnsOptions *options);
void mgr_report_turns_free(MgrReportTurns *turns);

/* The last batch of this endpoint that has not been submitted; NULL: there is none.  Borrowed. */
gpointer mgr_report_turns_last(const MgrReportTurns *turns, int64_t endpoint);

/* Takes the batch. */
void mgr_report_turns_add(MgrReportTurns *turns, int64_t endpoint, gpointer batch);

/* What this endpoint has said does not wait for what goes out to others. */
void mgr_report_turns_hurry(MgrReportTurns *turns, int64_t endpoint);

/* Submits all of them. */
void mgr_report_turns_flush(MgrReportTurns *turns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrReportTurns, mgr_report_turns_free)

#endif
