/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint of the fleet as a row that selectors judge: the same values as in its status document, without making
 * one. */
#ifndef MANAGER_DAEMON_GROUND_COLUMNS_H
#define MANAGER_DAEMON_GROUND_COLUMNS_H

#include "manager/daemon/ground/fleet.h"
#include "manager/filter/filter.h"

/* For mgr_filter_takes with rows of const MgrEndpoint *; the fleet outlives it. */
MgrFilterRows mgr_column_rows(const MgrFleet *fleet);

#endif
