/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up before it looks at content that strangers made. */
#ifndef ENDPOINT_SCAN_CONFINE_H
#define ENDPOINT_SCAN_CONFINE_H

#include <pwd.h>

#include "lib/base/error.h"

#define EP_CONFINE_USER    "holdline-scan" /* what sysusers.d makes */
#define EP_CONFINE_NO_USER "nobody"        /* who stands in for that one where it was never made */

/* Two directories are opened before the rights are given up, and keep these names: a state directory may lie below one
 * that only root passes.  The process's children have them too. */
#define EP_CONFINE_PLACE    "/proc/self/fd/3"
#define EP_CONFINE_PATTERNS "/proc/self/fd/4"

typedef struct {
    const char *user;     /* to become; only root can, others stay who they are */
    const char *place;    /* of the engine, becomes EP_CONFINE_PLACE; NULL: not needed */
    const char *patterns; /* becomes EP_CONFINE_PATTERNS; NULL: not needed */
    guint64 memory;       /* RLIMIT_DATA, bytes; 0: as it is */
    guint64 file_size;    /* RLIMIT_FSIZE, bytes; 0: as it is */
} EpConfinement;

/* The user of that name; where there is no EP_CONFINE_USER, EP_CONFINE_NO_USER.  Static, until the next look at the
 * user database.  HL_ERROR_UNAVAILABLE: nor that. */
const struct passwd *ep_confine_user(const char *name, GError **error);

/* Opens what a confinement names.  Before anything else is opened: the names have fixed numbers. */
bool ep_confine_open(const EpConfinement *confinement, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Becomes that user without any group but its own, for good: no new privileges, no network but its own
 * empty one, no core dump, lowest priority, and it ends with its parent.  A kernel that does not let it have a network
 * of its own is told of on stderr, and not an error: containers may forbid it.  HL_ERROR_UNAVAILABLE: there is no such
 * user. */
bool ep_confine(const EpConfinement *confinement, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
