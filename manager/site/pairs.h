/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a site on disk, and whether each belongs to its certificate.  Blocks. */
#ifndef MANAGER_SITE_PAIRS_H
#define MANAGER_SITE_PAIRS_H

#include "manager/site/site.h"

typedef struct {
    const char *cert, *key; /* relative to the site */
    const char *name;
    HlCertKind kind; /* HL_CERT_OTHER: admin, monitor or console */
} MgrSitePair;

/* The server's own. */
extern const MgrSitePair mgr_site_pairs[];
extern const gsize mgr_site_n_pairs;

/* Readable, of this name and kind, and issued by an authority that counts; HL_ERROR_EXPIRED if only its dates are
 * wrong. */
bool mgr_site_check_pair(const char *dir, const HlTrust *trust, const MgrSitePair *pair,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_site_check_signing_key(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
