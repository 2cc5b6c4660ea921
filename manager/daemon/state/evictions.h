/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the live session of a client whose certificate ended.
 *
 * A new revocation list keeps a client from connecting again but leaves it connected.  So the manager connects under
 * the same client id, with a certificate that it issues for the purpose, and the broker drops the old session (MQTT 5,
 * session taken over).  That works with any broker, and whether or not the client ever said anything.  What may connect
 * at all is pki.h.
 *
 * That happens at each of the broker's addresses, because they may lead to brokers that do not know each other;
 * addresses of one broker are noticed, and looked at once more when the same name is asked for again.  Where nobody
 * answers it is tried for a minute, once another address has let the manager in, or for ten seconds if others need the
 * place.  At most 32 names are under way for which nobody waits, and 48 in all; those that somebody waits for come
 * first.
 *
 * The manager keeps the name for some seconds afterwards: a broker that has not read the revocation list, or has none,
 * lets the old client in again, which ends the manager's own session.  Then it takes the name once more, until the name
 * is left to it.  A name that has a certificate in force (enrolled again, renewed) is given back at once. */
#ifndef MANAGER_DAEMON_STATE_EVICTIONS_H
#define MANAGER_DAEMON_STATE_EVICTIONS_H

#include "manager/daemon/ground/fleet.h"
#include "manager/site/site.h"

typedef struct MgrEvictions MgrEvictions;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    const MgrAuthority *authority;
    const MgrFleet *fleet; /* which names have a certificate in force */
} MgrEvictionsOptions;

MgrEvictions *mgr_evictions_new(const MgrEvictionsOptions *options);

/* Those under way are given up; nobody is told. */
void mgr_evictions_free(MgrEvictions *evictions);

/* Somebody who waits for the end of a session.  done is called once, or never when the evictions are freed first;
 * problem NULL: nobody else is connected under this name.  Else it says why that is not so yet, and it is tried on.
 * destroy (may be NULL) is called last, always. */
typedef struct {
    void (*done)(const GError *problem, gpointer user);
    gpointer user;
    GDestroyNotify destroy;
} MgrEvictionWaiter;

/* One at a time for each name; waiter (copied; NULL: none) joins the one under way, and may be told before this
 * returns. */
void mgr_evictions_start(MgrEvictions *evictions, const char *name, const MgrEvictionWaiter *waiter);

/* The broker's log tells of a connection under this name: whether it was one of these. */
bool mgr_evictions_was_own(MgrEvictions *evictions, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrEvictions, mgr_evictions_free)

#endif
