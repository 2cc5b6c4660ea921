/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that wait until the broker has read again what was published, its access list or its certificate: only then
 * is what the answer says in force.  Of an external broker that cannot be told, nobody knows when that is. */
#ifndef MANAGER_DAEMON_CALLS_LISTINGS_H
#define MANAGER_DAEMON_CALLS_LISTINGS_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrListings MgrListings;

MgrListings *mgr_listings_new(const MgrPki *pki);

/* Those that still wait are dropped: nothing answers their calls. */
void mgr_listings_free(MgrListings *listings);

/* Takes the document.  What it is about was published before. */
void mgr_listings_answer(MgrListings *listings, MgrCall *call, json_t *document);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrListings, mgr_listings_free)

#endif
