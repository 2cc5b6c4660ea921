/* SPDX-License-Identifier: Apache-2.0 */
/* What may go: files that no client can ask for any more.
 *
 * Kept: every root; what the timestamp in force leads to; what any snapshot that has not expired leads to (a cache or a
 * mirror may still hand out its timestamp); in the history, contents of the releases that increments start from. */
#ifndef UPDATER_PUBLISHER_GC_H
#define UPDATER_PUBLISHER_GC_H

#include "updater/publisher/repo.h"

typedef enum { UPD_GC_REMOVE, UPD_GC_DRY_RUN } UpdGcMode;

typedef struct {
    guint files;
    guint64 bytes;
} UpdGarbage;

bool upd_gc(const UpdRepo *repo, const UpdState *state, UpdGcMode mode, UpdGarbage *garbage,
            GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
