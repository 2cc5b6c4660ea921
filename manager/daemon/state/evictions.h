/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the live session of a client whose certificate ended.
 *
 * A new revocation list keeps a client from connecting again but leaves it connected.  So the manager connects once
 * under the same client id, with a certificate that it issues for the purpose, and the broker drops the old session
 * (MQTT 5, session taken over).  That works with any broker.  What may connect at all is pki.h. */
#ifndef MANAGER_DAEMON_STATE_EVICTIONS_H
#define MANAGER_DAEMON_STATE_EVICTIONS_H

#include "manager/site/site.h"

typedef struct MgrEvictions MgrEvictions;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    const MgrAuthority *authority;
} MgrEvictionsOptions;

MgrEvictions *mgr_evictions_new(const MgrEvictionsOptions *options);

/* Those under way are given up. */
void mgr_evictions_free(MgrEvictions *evictions);

/* One at a time for each name; a failure is logged. */
void mgr_evictions_start(MgrEvictions *evictions, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrEvictions, mgr_evictions_free)

#endif
