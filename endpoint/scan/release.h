/* SPDX-License-Identifier: Apache-2.0 */
/* A quarantine seen from outside a scan: what is in it, and what goes out of it by an order of the server.  In a
 * process of its own, which tells on standard output, a line of JSON each:
 *
 *   {"file": {"id", "path", "size", "sha256", "signature", "taken"}}   the latest ones; path for people, taken in ms
 *   {"end": {"total", "bytes"}}                                        of all that are held
 *   {"end": {"matched", "done", "why"}}                                of an order; why: of the first that failed
 *
 * Blocking. */
#ifndef ENDPOINT_SCAN_RELEASE_H
#define ENDPOINT_SCAN_RELEASE_H

#include <stdbool.h>

#include "endpoint/scan/quarantine.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "proto/scope.h"

/* Puts one file back (the errors of ep_quarantine_restore), and has scans take its content for clean, by the file
 * `allowed` (EP_ALLOWED_FILE).  Allowed first: one that is back and not allowed would be found again, and nobody could
 * make that good.  A kill in between leaves it allowed and in the quarantine, to be put back again. */
bool ep_release_restore(EpQuarantine *quarantine, const char *id, const char *allowed,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the directory as it is, also while a scan uses it; without it nothing is held. */
bool ep_release_list(const char *quarantine, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const char *quarantine; /* directory */
    const char *allowed;    /* EP_ALLOWED_FILE; NULL: delete instead of putting back */
    const HlPick *pick;
    HlTime patience; /* for a scan that uses the quarantine */
} EpRelease;

/* Puts back, or deletes, what is meant; also what failed before.  False: nothing was tried. */
bool ep_release(const EpRelease *release, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
