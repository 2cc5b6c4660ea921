/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that endpoints were issued within the last hour, for those whose answer was lost.  An endpoint asks
 * again with the key of its first request, and is sent the same certificate as often as it asks; nobody else can use
 * it.  In memory alone, and of a bounded number: an endpoint that is not found is issued another one, as the quota
 * allows (manager/core/quota.h). */
#ifndef MANAGER_DAEMON_GROUND_HANDED_H
#define MANAGER_DAEMON_GROUND_HANDED_H

#include "lib/pki/cert.h"

#define MGR_MAX_HANDED 4096 /* of a kilobyte; beyond that the oldest is forgotten */

typedef struct MgrHanded MgrHanded;

MgrHanded *mgr_handed_new(void);
void mgr_handed_free(MgrHanded *handed);

/* The endpoint's latest one; whether it is in the registry yet is the caller's to know. */
void mgr_handed_keep(MgrHanded *handed, const char *id, const HlCert *cert);

/* The one of this serial (NULL: none), if it was issued for the key of the request.  NULL: there is none; caller frees.
 */
HlCert *mgr_handed_find(const MgrHanded *handed, const char *id, const char *serial, GBytes *csr);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrHanded, mgr_handed_free)

#endif
