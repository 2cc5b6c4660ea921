/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to tell: rows that came to the history, the detections and the audit log, read on from the last ones
 * that were seen; and the states of server and endpoints as they are now.
 *
 * Not who is told of it (notifications.h).  Because rows are read, and not events, a manager that was killed between a
 * change and its note finds the row at its next start. */
#ifndef MANAGER_DAEMON_STATE_HAPPENINGS_H
#define MANAGER_DAEMON_STATE_HAPPENINGS_H

#include "manager/core/note.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"
#include "manager/daemon/state/timestamp.h"
#include "manager/store/notifications.h"

typedef struct MgrHappenings MgrHappenings;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    const MgrFleet *fleet;
    MgrRecord *record;
    const MgrStatus *status;
    const MgrTimestamp *timestamp; /* NULL: states of the repository are not told */
} MgrHappeningsOptions;

MgrHappenings *mgr_happenings_new(const MgrHappeningsOptions *options);
void mgr_happenings_free(MgrHappenings *happenings);

/* group: of the endpoint; NULL: of the server, or of an endpoint that is gone. */
typedef void (*MgrNoteFn)(const MgrNote *note, const char *group, gpointer user);

/* From where the registry says that it was left; a site that never told anybody begins with now. */
bool mgr_happenings_load(MgrHappenings *happenings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What came since; a few hundred rows at a time.  A failure is logged, and tried again by the next one. */
void mgr_happenings_poll(MgrHappenings *happenings, MgrNoteFn fn, gpointer user);
MgrSeen mgr_happenings_seen(const MgrHappenings *happenings);

/* The server's states that hold.  is_young: not for long enough to be told where it is not known.  Returns the kinds
 * (MGR_NOTE_BIT) whose source was read: for a minute after the start most were not, and of the broker for a minute of
 * link; what is not named may hold all the same. */
typedef void (*MgrStateFn)(const char *key, const MgrNote *note, bool is_young, gpointer user);
guint mgr_happenings_server(MgrHappenings *happenings, MgrStateFn fn, gpointer user);

/* Whether the server hears its endpoints, and has for long enough that those it does not hear are away. */
bool mgr_happenings_hears(MgrHappenings *happenings);

/* Whether an endpoint is off line, or behind, and has been for that long.  is_told: that it is was told, and holds
 * until it is over: the clock may be set back, and since when patterns are behind is not known after a restart. */
bool mgr_happenings_is_offline(const MgrEndpoint *endpoint, HlTime after, bool is_told, HlTime now);
bool mgr_happenings_is_outdated(MgrHappenings *happenings, const MgrEndpoint *endpoint, HlTime after, bool is_told);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrHappenings, mgr_happenings_free)

#endif
