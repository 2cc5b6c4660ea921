/* SPDX-License-Identifier: Apache-2.0 */
/* Daily counts of endpoints, of each group and of all.  As registry.h: reading blocks, changes are
 * statements added to an HlWriteSet.  In backups, not in the journal. */
#ifndef MANAGER_STORE_TREND_H
#define MANAGER_STORE_TREND_H

#include "lib/base/json.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

#define MGR_TREND_DAYS 92 /* that are kept */

typedef struct {
    const char *day; /* "2026-12-01"; borrowed */
    int64_t endpoints, online, outdated, settings_behind, infected, open_detections;
} MgrTrendRecord;

/* A row for mgr_write_trend: of a group, or of all together, which is "".  New reference. */
json_t *mgr_trend_row(const char *group, const MgrTrendRecord *record);

/* What is the case now, on that day: an array of such rows as text.  Of online the day keeps the most; a group without
 * a row has no endpoints.  first: days before it are deleted; NULL: none are. */
void mgr_write_trend(HlWriteSet *set, const char *day, const char *first, const char *rows);

typedef void (*MgrTrendFn)(const MgrTrendRecord *record, gpointer user);

/* From the day first to the day last, the oldest first; one on which the manager did not run is left out.  groups: the
 * sums of these, which of online may be more than were there at once; NULL: of all. */
bool mgr_registry_list_trend(HlDb *db, char *const *groups, const char *first, const char *last, MgrTrendFn fn,
                             gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
