/* When the endpoint asks for work: because the server dialled its direct port and said so (B6), or at its poll (B13).
 * What it asks is a SettingsPoll report; the answer comes down the line.  Owns the direct port's listener (direct.h).
 */
#ifndef ENDPOINT_DAEMON_ASK_H
#define ENDPOINT_DAEMON_ASK_H

#include "endpoint/daemon/daemon.h"

EpAsk *ep_ask_new(EpDaemon *daemon);
void ep_ask_free(EpAsk *ask);

/* Port, independent mode or certificate may be others now: the listener is made anew where they are. */
void ep_ask_refresh(EpAsk *ask);

/* The port that is open now; 0: none (none wanted, independent mode, or taken by another program). */
int ep_ask_port(const EpAsk *ask);

/* The server wants a poll this often; 0: none. */
void ep_ask_set_poll(EpAsk *ask, HlTime interval);

#endif
