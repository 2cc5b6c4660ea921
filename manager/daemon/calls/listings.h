/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that wait until the broker has read its access list again: only then is a name what the answer says it is. */
#ifndef MANAGER_DAEMON_CALLS_LISTINGS_H
#define MANAGER_DAEMON_CALLS_LISTINGS_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrListings MgrListings;

MgrListings *mgr_listings_new(const MgrPki *pki);

/* Those that still wait are dropped: nothing answers their calls. */
void mgr_listings_free(MgrListings *listings);

/* Takes the document.  The lists were published before. */
void mgr_listings_answer(MgrListings *listings, MgrCall *call, json_t *document);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrListings, mgr_listings_free)

#endif
