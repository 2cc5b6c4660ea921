/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a mirror that are served: what must be there, what may go.
 *
 * A file that nothing lists any more is noted with the time in mirror/unlisted.json, and removed once that is longer
 * ago than the grace.  One thread. */
#ifndef UPDATER_MIRROR_PUBLISHED_FILES_H
#define UPDATER_MIRROR_PUBLISHED_FILES_H

#include "lib/base/clock.h"

typedef struct {
    const char *dir;
    GHashTable *needed; /* a set of names below dir: "metadata/3.targets.json" */
    guint added, removed;
} UpdPublishedFiles;

/* dir is borrowed. */
void upd_published_files_init(UpdPublishedFiles *files, const char *dir);
void upd_published_files_clear(UpdPublishedFiles *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpdPublishedFiles, upd_published_files_clear)

/* A path below dir.  Caller frees. */
char *upd_published_files_path(const UpdPublishedFiles *files, const char *name);

/* The file that a target with this hash is, "targets/DIR/HASH.NAME"; NULL for a path that leads out of the directory,
 * or that a web server would not serve.  Caller frees. */
char *upd_published_files_target_name(const char *path, const char *hash, GError **error);

/* The name is needed. */
void upd_published_files_need(UpdPublishedFiles *files, const char *name);

/* Needed, and with this content from now on: atomic and durable, untouched if it is so already. */
bool upd_published_files_put(UpdPublishedFiles *files, const char *name, GBytes *bytes,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what has not been needed for longer than keep.  now: wall. */
bool upd_published_files_sweep(UpdPublishedFiles *files, HlTime keep, HlTime now,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
