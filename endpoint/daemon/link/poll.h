/* SPDX-License-Identifier: Apache-2.0 */
/* When the endpoint asks for work: because the server dialled its direct port and said so (B6), or at its poll (B13).
 * What it asks is a SettingsPoll report; the answer comes down the line.
 *
 * Owns the direct port's listener (direct.h).  Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_LINK_POLL_H
#define ENDPOINT_DAEMON_LINK_POLL_H

#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/identity/identity.h"

typedef struct EpPoll EpPoll;

/* All borrowed, and outlive the poll. */
typedef struct {
    const EpIdentity *identity;
    EpSettings *settings;
    EpSpool *spool;
    EpTrouble *trouble;
} EpPollOptions;

/* Opens no port yet: ep_poll_refresh does.  Never NULL. */
EpPoll *ep_poll_new(const EpPollOptions *options);
void ep_poll_free(EpPoll *poll);

/* Port, independent mode or certificate may have changed: then the listener is replaced.  A port that another program
 * holds is tried again each time. */
void ep_poll_refresh(EpPoll *poll);

/* The port that is open now; 0: none (none wanted, independent mode, or taken by another program). */
int ep_poll_port(const EpPoll *poll);

/* The server wants a poll this often, never more often than once a minute (B13); 0: none. */
void ep_poll_set_interval(EpPoll *poll, HlTime interval);

#endif
