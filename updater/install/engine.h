/* SPDX-License-Identifier: Apache-2.0 */
/* The scan engine, as far as an update is concerned with it: ClamAV's clamscan loads a set before it becomes active,
 * and a running clamd is told to load it afterwards.  Blocking; runs the default main context while it waits. */
#ifndef UPDATER_INSTALL_ENGINE_H
#define UPDATER_INSTALL_ENGINE_H

#include "lib/base/clock.h"

typedef struct {
    const char *program;           /* looked up in PATH */
    const char *const *extra_args; /* ends with NULL; may be NULL */
    HlTime deadline;               /* for one run */
} UpdEngine;

/* Its version, "1.4.6"; caller frees.  NULL when it cannot be run. */
char *upd_engine_version(const UpdEngine *engine, GError **error);

/* Whether a version such as "1.0.9" is at least another. */
bool upd_engine_is_at_least(const char *version, const char *least);

/* Has a new process load the directory; *known is the number of signatures that it then reports.  empty_file is an
 * existing file that it may scan.  HL_ERROR_INVALID with the engine's own words when it refuses, HL_ERROR_TIMEOUT. */
bool upd_engine_load(const UpdEngine *engine, const char *directory, const char *empty_file, int64_t *known,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells the clamd that listens on this socket to reload its database directory; it does so by itself, later. */
bool upd_engine_reload(const char *socket_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
