/* SPDX-License-Identifier: Apache-2.0 */
/* The maintenance windows of groups (proto/maintenance.h), in the server's local time. */
#ifndef MANAGER_DAEMON_GROUND_WINDOWS_H
#define MANAGER_DAEMON_GROUND_WINDOWS_H

#include "manager/daemon/ground/fleet.h"

/* Whether the group has any; else it is always open. */
bool mgr_window_exists(MgrGroup *group);
bool mgr_window_is_open(MgrGroup *group, HlTime wall);
/* Wall: when it opens or, if it is open, closes.  0: never. */
HlTime mgr_window_next(MgrGroup *group, HlTime wall);

/* A target whose command keeps to windows, and that may not have it yet: its group's window is closed, or it was not
 * let go (MgrTarget.held) since it was.  Cancelled ones, and those that the endpoint has, are not kept. */
bool mgr_window_keeps(MgrTarget *target, HlTime wall);

#endif
