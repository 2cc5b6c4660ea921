/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry knows of the quarantines of endpoints: what each told last.  As registry.h: loading blocks, changes
 * are statements added to an HlWriteSet. */
#ifndef MANAGER_STORE_QUARANTINE_H
#define MANAGER_STORE_QUARANTINE_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

/* Borrowed. */
typedef struct {
    const char *endpoint, *host;                /* not for writing */
    const char *id, *path, *sha256, *signature; /* sha256 in hexadecimal; "": not known */
    uint64_t size;
    HlTime taken_at;
} MgrQuarantined;

/* In place of what it told before: the numbers of all files, then those that it told of by name. */
void mgr_write_quarantine(HlWriteSet *set, int64_t endpoint, uint64_t files, uint64_t bytes, HlTime at);
void mgr_write_quarantined(HlWriteSet *set, int64_t endpoint, const MgrQuarantined *file);

typedef void (*MgrQuarantinedFn)(const MgrQuarantined *file, gpointer user);

/* Of one endpoint (0: of all), the latest first. */
bool mgr_registry_list_quarantined(HlDb *db, int64_t endpoint, int64_t limit, MgrQuarantinedFn fn, gpointer user,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the files of one endpoint (0: of all), also of those that it did not tell of by name. */
bool mgr_registry_count_quarantined(HlDb *db, int64_t endpoint, uint64_t *files,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
