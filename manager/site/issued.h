/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate that is issued on the server beside the manager: the way back in when no owner can call any more.
 *
 * Access to the site's directory is access to the authority's key; the registry stays the manager's alone.  So the
 * certificate is left in pki/issued, where the manager takes it in: within a second if it runs, else at its next start.
 * The broker accepts it meanwhile, since the name is in its access list already. */
#ifndef MANAGER_SITE_ISSUED_H
#define MANAGER_SITE_ISSUED_H

#include "lib/pki/cert.h"

#define MGR_SITE_ISSUED "pki/issued" /* SERIAL.pem each; the directory is there only while one waits */

/* The end of a file's name whose certificate takes the place of all earlier ones of its account. */
#define MGR_SITE_REPLACES ".replaces.pem"

/* For an account that exists and is enabled, from a signing request.  As the site's owner.  replaces: the manager ends
 * the earlier certificates of the account when it takes this one in.  Where the registry has no
 * owner who is enabled, for any name that is not in force as something else: *makes_owner then says that the manager
 * will make it an owner, in place of what it was before.  NULL on failure. */
HlCert *mgr_site_issue_beside(const char *dir, const char *account, GBytes *csr, bool replaces, bool *makes_owner,
                              GError **error);

/* So long before it is issued one begins: as long as the manager's, which tells by it when one was issued that it does
 * not know (daemon/state/strangers.h). */
#define MGR_SITE_BACKDATE (6 * HL_HOUR)

/* Whether one of this serial waits for the manager to take it in. */
bool mgr_site_is_issued_beside(const char *dir, const char *serial);

#endif
