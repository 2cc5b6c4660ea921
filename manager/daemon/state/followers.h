/* SPDX-License-Identifier: Apache-2.0 */
/* How far an account, a monitor or a console is while one authority follows another: which of its certificates are of
 * the old one and still in use, and what the next one has given it.  By the registry's certificates alone.
 *
 * A certificate that was renewed says which one it replaces.  One that was taken in after a restore (state/strangers.h)
 * does not, and the pair that it replaced may be overwritten: it would be waited for, for ever.  So those that were
 * taken in replace those of their name that were issued before and not used since, if there are as many of them: of
 * fewer it cannot be told which machine is through. */
#ifndef MANAGER_DAEMON_STATE_FOLLOWERS_H
#define MANAGER_DAEMON_STATE_FOLLOWERS_H

#include "manager/core/succession.h"
#include "manager/daemon/ground/fleet.h"

/* Whether calls came with this certificate in force, which is not of the next authority, of this id, and no used one
 * replaces it. */
bool mgr_followers_is_left(const MgrFleet *fleet, const char *next, const MgrCertificateRecord *record);

/* What the next one has issued for the name, and how many are left. */
MgrGiven mgr_followers_given(const MgrFleet *fleet, const char *next, const char *name);

#endif
