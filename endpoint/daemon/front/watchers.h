/* SPDX-License-Identifier: Apache-2.0 */
/* Those who watch: peers of the control socket that are told how things stand, at once and whenever that has changed.
 *
 * What a peer is told depends only on what kind of user it is (root, the daemon's own, any other), so a document is
 * made once for each kind, not once for each peer.  Follows the pulse while there is somebody to tell.  Loop thread. */
#ifndef ENDPOINT_DAEMON_FRONT_WATCHERS_H
#define ENDPOINT_DAEMON_FRONT_WATCHERS_H

#include <sys/types.h>

#include "endpoint/daemon/ground/pulse.h"
#include "lib/base/error.h"

#define EP_WATCHERS_MAX 64
#define EP_WATCHERS_OWN 4 /* of one user, root too: a desktop has one */

typedef struct EpWatchers EpWatchers;

typedef struct {
    EpPulse *pulse;                                 /* borrowed, outlives the watchers; theirs alone to follow */
    char *(*document)(uid_t caller, gpointer user); /* caller frees */
    /* Whether the peer has not read all that it was told; if not, ep_watchers_caught_up follows when it has. */
    bool (*is_behind)(gpointer peer, gpointer user);
    void (*tell)(gpointer peer, const char *document, gpointer user); /* may remove the peer */
    gpointer user;
} EpWatchersOptions;

/* Never NULL. */
EpWatchers *ep_watchers_new(const EpWatchersOptions *options);
void ep_watchers_free(EpWatchers *watchers);

/* Tells the peer for the first time before it returns.  HL_ERROR_LIMIT: as many watch already. */
bool ep_watchers_add(EpWatchers *watchers, gpointer peer, uid_t uid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* These do nothing for a peer that does not watch. */
void ep_watchers_remove(EpWatchers *watchers, gconstpointer peer);
void ep_watchers_caught_up(EpWatchers *watchers, gconstpointer peer);

bool ep_watchers_has(const EpWatchers *watchers, gconstpointer peer);

#endif
