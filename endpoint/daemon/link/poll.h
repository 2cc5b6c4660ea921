/* When the endpoint asks for work: because the server dialled its direct port and said so (B6), or at its poll (B13).
 * What it asks is a SettingsPoll report; the answer comes down the line.  Owns the direct port's listener (direct.h).
 */
#ifndef ENDPOINT_DAEMON_LINK_POLL_H
#define ENDPOINT_DAEMON_LINK_POLL_H

#include "endpoint/daemon/daemon.h"

EpPoll *ep_poll_new(EpDaemon *daemon);
void ep_poll_free(EpPoll *poll);

/* Port, independent mode or certificate may be others now: the listener is made anew where they are. */
void ep_poll_refresh(EpPoll *poll);

/* The port that is open now; 0: none (none wanted, independent mode, or taken by another program). */
int ep_poll_port(const EpPoll *poll);

/* The server wants a poll this often; 0: none. */
void ep_poll_set_poll(EpPoll *poll, HlTime interval);

#endif
