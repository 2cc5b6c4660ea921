/* SPDX-License-Identifier: Apache-2.0 */
/* The repository's signed timestamp, which clients want fresh: renewed here where its keys lie beside it without a
 * passphrase ('holdline-updater repo resign', a child process), and warned of in time wherever they lie.
 *
 * A copy of a public source is renewed by the next synchronisation; here it is only warned of. */
#ifndef MANAGER_DAEMON_STATE_TIMESTAMP_H
#define MANAGER_DAEMON_STATE_TIMESTAMP_H

#include "manager/core/signature_age.h"
#include "manager/daemon/state/patterns.h"

typedef struct MgrTimestamp MgrTimestamp;

typedef struct {
    const MgrConf *conf;
    const char *dir; /* the site; borrowed */
    const MgrPatterns *patterns;
    MgrStatus *status;
} MgrTimestampOptions;

MgrTimestamp *mgr_timestamp_new(const MgrTimestampOptions *options);

/* Ends the child. */
void mgr_timestamp_free(MgrTimestamp *timestamp);

/* Once a second, after the patterns. */
void mgr_timestamp_tick(MgrTimestamp *timestamp);

/* As the last tick saw it; expires is wall time, 0: there is none. */
typedef struct {
    MgrSignatureAge age;
    HlTime expires;
    HlTime refused_from;     /* endpoints refuse the whole repository: the first end of its roles, this one's too */
    const char *roles_ended; /* which others have, with the remedy, a line each; NULL: none; until the next tick */
} MgrTimestampView;

MgrTimestampView mgr_timestamp_view(const MgrTimestamp *timestamp);

/* Whether it is being renewed, and all that is signed with it: nobody has to be told of what a server that was off for
 * weeks mends in its first seconds. */
bool mgr_timestamp_is_renewing(const MgrTimestamp *timestamp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrTimestamp, mgr_timestamp_free)

#endif
