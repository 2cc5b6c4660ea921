/* Commands from the server: checked, journalled, run, reported (docs/protocol.md, "A command's life"). */
#ifndef ENDPOINT_DAEMON_WORK_COMMANDS_H
#define ENDPOINT_DAEMON_WORK_COMMANDS_H

#include "endpoint/daemon/daemon.h"

/* Takes up what the journal says has not ended. */
EpCommands *ep_commands_new(EpDaemon *daemon);
void ep_commands_free(EpCommands *commands);

/* An encoded SignedEnvelope that came down. */
void ep_commands_offer(EpDaemon *daemon, GBytes *envelope);

#endif
