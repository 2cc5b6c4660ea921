/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry knows of endpoints that asked for another certificate after theirs had ended.  As registry.h:
 * loading blocks, changes are statements added to an HlWriteSet.
 *
 * In backups, and not in the journal: a restore forgets what came after it. */
#ifndef MANAGER_STORE_LATE_RENEWALS_H
#define MANAGER_STORE_LATE_RENEWALS_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

/* Borrowed. */
typedef struct {
    int64_t endpoint;    /* its number */
    const char *outcome; /* manager/core/late_renewal.h */
    const char *serial;  /* of the certificate that the endpoint had from then on */
    HlTime at;           /* wall */
} MgrLateRecord;

/* In place of what was there; leaves an endpoint alone that was removed meanwhile. */
void mgr_write_late_renewal(HlWriteSet *set, const MgrLateRecord *record);

/* Those whose endpoint still has that certificate. */
typedef void (*MgrLateFn)(const char *id, const MgrLateRecord *record, gpointer user);
bool mgr_registry_load_late_renewals(HlDb *db, MgrLateFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
