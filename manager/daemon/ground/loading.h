/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet as the registry has it, at a start. */
#ifndef MANAGER_DAEMON_GROUND_LOADING_H
#define MANAGER_DAEMON_GROUND_LOADING_H

#include "manager/daemon/ground/fleet.h"

/* Of a fleet that is zeroed; clear it whatever comes. */
bool mgr_fleet_load(MgrFleet *fleet, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
