/* SPDX-License-Identifier: Apache-2.0 */
/* What ends soon, gathered from where it is known: the registry's certificates of people, the site's own files, the
 * repository's roles.  Told in the log and as an event, in the summary, to callers, and as a metric.
 *
 * Not a judge (manager/core/ends.h), and it renews nothing.  It looks when something of it changed, when the next thing
 * becomes due, and once a day. */
#ifndef MANAGER_DAEMON_STATE_ENDS_H
#define MANAGER_DAEMON_STATE_ENDS_H

#include "manager/core/ends.h"
#include "manager/core/role.h"
#include "manager/daemon/state/patterns.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/state/status.h"
#include "manager/daemon/state/timestamp.h"

typedef struct MgrEnds MgrEnds;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrFleet *fleet;
    const MgrPki *pki;
    const MgrPatterns *patterns;
    const MgrTimestamp *timestamp;
    MgrStatus *status;
} MgrEndsOptions;

MgrEnds *mgr_ends_new(const MgrEndsOptions *options);
void mgr_ends_free(MgrEnds *ends);

/* Once a second, after the patterns. */
void mgr_ends_tick(MgrEnds *ends);

/* The site's own certificates were renewed: the next tick looks. */
void mgr_ends_touch(MgrEnds *ends);

/* What a caller is told beside the answer: that an external broker was not told, the own certificate, and an owner then
 * what ends next; few lines.  NULL:
 * nothing.  Free with g_strfreev. */
GStrv mgr_ends_warnings(MgrEnds *ends, const MgrCaller *caller);

/* The site's own and the repository's, however far away, the soonest first: each as in the summary, where "quiet" is no
 * state.  Reads files.  Caller owns. */
json_t *mgr_ends_own(const MgrEnds *ends);

/* "holdline_end_seconds" in Prometheus' text format, of the soonest. */
void mgr_ends_print_metric(const MgrEnds *ends, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrEnds, mgr_ends_free)

#endif
