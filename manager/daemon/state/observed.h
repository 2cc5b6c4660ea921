/* Source addresses as the managed broker sees them: what stands before a NAT is registered, what stands behind it is
 * observed.
 *
 * Read from the broker's own log, a few lines a second; an external broker's log is not ours, so there the address of
 * the enrolment (HTTPS front) stays.  It is shown, never dialled and never a key. */
#ifndef MANAGER_DAEMON_OBSERVED_H
#define MANAGER_DAEMON_OBSERVED_H

#include "manager/daemon/manager.h"

/* Once a second: takes what the log says since. */
void mgr_observed_tick(Manager *manager);

#endif
