/* SPDX-License-Identifier: Apache-2.0 */
/* Has files looked at when they were written, wherever on the file systems of some paths, by the kernel's word
 * (fanotify, which needs CAP_SYS_ADMIN).
 *
 * It opens and passes on; content is parsed by the engine, as in every scan.  A file that was removed meanwhile is not
 * looked at.  Beside the lines of the session (session.h), the numbers, once a second while they change and every half
 * minute:
 *     {"watch": {"written": ..., as of backlog.h}}
 * Blocking; one thread. */
#ifndef ENDPOINT_SCAN_WATCH_H
#define ENDPOINT_SCAN_WATCH_H

#include "endpoint/scan/session.h"

typedef struct EpWatch EpWatch;

/* Borrowed. */
typedef struct {
    const char *const *paths; /* end with NULL */
    const char *own;          /* the daemon's directory: what is written there is passed over; NULL: none */
    const HlExcludes *excludes;
} EpWatchOptions;

/* From now on the kernel remembers, within its own bound.  HL_ERROR_UNAVAILABLE: this kernel cannot, or does not let
 * us; HL_ERROR_NOT_FOUND: none of the paths is there.  NULL on failure. */
EpWatch *ep_watch_new(const EpWatchOptions *options, GError **error);
void ep_watch_free(EpWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpWatch, ep_watch_free)

/* Until the engine fails. */
void ep_watch_run(EpWatch *watch, EpSession *session);

#endif
