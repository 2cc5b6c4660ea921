/* Calls over the control socket: what the user of the machine asks for.  Who may what is endpoint/core/privilege.h. */
#ifndef ENDPOINT_DAEMON_FRONT_CONTROL_H
#define ENDPOINT_DAEMON_FRONT_CONTROL_H

#include "endpoint/daemon/daemon.h"

/* NULL on failure. */
EpControl *ep_control_new(EpDaemon *daemon, GError **error);
void ep_control_free(EpControl *control);

#endif
