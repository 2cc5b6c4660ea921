/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint has of patterns and program, against what the repository offers. */
#ifndef MANAGER_DAEMON_GROUND_VERSIONS_H
#define MANAGER_DAEMON_GROUND_VERSIONS_H

#include "manager/daemon/ground/fleet.h"

/* Whether a component that its scan method takes is older than in, or missing against, "name=version ..."; against the
 * repository. */
bool mgr_endpoint_is_behind(const MgrEndpoint *endpoint, const char *versions);
bool mgr_endpoint_is_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint);

/* Whether it runs at least this version of the program: it says so itself, or has reported that an upgrade to it was
 * done (two packages of one upstream version say the same of themselves). */
bool mgr_endpoint_has_program(const MgrEndpoint *endpoint, const char *version);

/* Whether the repository offers a later version of the program.  One that tells no version is not. */
bool mgr_endpoint_is_program_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint);

#endif
