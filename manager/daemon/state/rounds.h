/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of who was revoked or disabled, at an external broker, which may let them in until their certificates end,
 * and whose log is not read: one that only listens is never heard.  So the session of each such name is ended
 * (evictions.h) about once a minute, accounts, monitors and consoles first, at most two names a second: with more than
 * a hundred and twenty it takes longer.
 *
 * A managed broker reads the revocation list, and its log tells who connects.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_ROUNDS_H
#define MANAGER_DAEMON_STATE_ROUNDS_H

#include "manager/daemon/ground/down.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrRounds MgrRounds;

/* All borrowed.  While no broker is connected nobody is visited: a manager that does not serve ends no session. */
MgrRounds *mgr_rounds_new(const MgrFleet *fleet, MgrPki *pki, const MgrDown *down);
void mgr_rounds_free(MgrRounds *rounds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRounds, mgr_rounds_free)

#endif
