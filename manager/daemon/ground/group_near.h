/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a group that is not there. */
#ifndef MANAGER_DAEMON_GROUND_GROUP_NEAR_H
#define MANAGER_DAEMON_GROUND_GROUP_NEAR_H

#include "manager/daemon/ground/fleet.h"

/* Fails with what says that there is no group of this name, or none for the caller, and which one was meant. */
bool mgr_group_unknown_fail(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error);

#endif
