/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's lines to all its brokers (work/line.h): a site has one broker, or several managed ones, which do not
 * know each other and can be drained one by one. */
#ifndef MANAGER_DAEMON_WORK_LINES_H
#define MANAGER_DAEMON_WORK_LINES_H

#include "manager/daemon/ground/brokers.h"
#include "manager/daemon/work/line.h"

typedef struct MgrLines MgrLines;

/* Begins to connect to each.  options: as for one line; broker, places, look and sight are filled in here.  brokers:
 * the managed ones, NULL: an external one, or for tests. */
MgrLines *mgr_lines_new(const MgrLineOptions *options, MgrBrokers *brokers, GError **error);

/* Says that the manager goes, and disconnects. */
void mgr_lines_free(MgrLines *lines);

/* The configuration may have another reconnect window now. */
void mgr_lines_reconfigured(MgrLines *lines);

/* Once a second: at which the manager can hear; whose heartbeat is late there. */
void mgr_lines_tick(MgrLines *lines);

/* Nothing is heard at any of them. */
bool mgr_lines_are_blind(const MgrLines *lines);

/* mgr_line_doubts, of that one; one that is drained is always doubted. */
bool mgr_lines_doubt(MgrLines *lines, guint broker);

/* Which of several are away while others are not, as a sentence; NULL: none.  Borrowed until the next tick. */
const char *mgr_lines_away(const MgrLines *lines);

/* Which of several are drained, in the same way. */
const char *mgr_lines_drained(const MgrLines *lines);

/* One of the brokers, as the manager sees it. */
typedef struct {
    const char *place; /* host:port that the manager connects to; borrowed until the connection changes */
    HlTime up_since;   /* wall; 0: it is not connected */
    bool is_blind;     /* nothing is heard there */
    bool is_drained;
    bool is_managed;
    guint64 restarts, hangs; /* if so: see MgrBrokerView */
} MgrLineView;

guint mgr_lines_count(const MgrLines *lines);
MgrLineView mgr_lines_view(const MgrLines *lines, guint broker);

/* How many endpoints are at each, Online or Stale, as far as they were heard since the start; goes through all of them.
 */
void mgr_lines_endpoints(const MgrLines *lines, const MgrCaller *caller, guint endpoints[MGR_MAX_BROKERS]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLines, mgr_lines_free)

#endif
