/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's revoked certificates: who is shut out by them, and would be let in by a broker that reads no revocation
 * list. */
#ifndef MANAGER_DAEMON_GROUND_REVOKED_H
#define MANAGER_DAEMON_GROUND_REVOKED_H

#include "manager/daemon/ground/fleet.h"

/* The certificates of this name but for one serial (or NULL) are revoked, since at (wall). */
void mgr_revoked_mark(MgrFleet *fleet, const char *name, const char *but_serial, HlTime at);

/* Whether the name has no certificate in force, and a revoked one that has not ended. */
bool mgr_revoked_is(const MgrFleet *fleet, const char *name);

/* Each such name; more than once, where it has more than one such certificate.  Goes through all certificates. */
typedef void (*MgrRevokedEach)(const char *name, bool is_endpoint, gpointer user);
void mgr_revoked_each(const MgrFleet *fleet, MgrRevokedEach each, gpointer user);

/* The same of accounts that are disabled: their certificates stay in force, and a broker that reads no access list lets
 * them listen. */
bool mgr_disabled_is(const MgrFleet *fleet, const char *name);
void mgr_disabled_each(const MgrFleet *fleet, MgrRevokedEach each, gpointer user);

#endif
