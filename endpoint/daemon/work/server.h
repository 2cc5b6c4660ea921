/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is and whom to trust there, as it tells itself (docs/protocol.md, "Where the server is").
 *
 * Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SERVER_H
#define ENDPOINT_DAEMON_WORK_SERVER_H

#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/identity/identity.h"

typedef struct EpServer EpServer;

typedef struct {
    const EpIdentity *identity; /* both borrowed, and outlive it */
    EpRefuser *refuser;
} EpServerOptions;

/* Never NULL. */
EpServer *ep_server_new(const EpServerOptions *options);
void ep_server_free(EpServer *server);

/* An encoded SignedEnvelope of a ServerDocument. */
void ep_server_offer(EpServer *server, GBytes *envelope);

#endif
