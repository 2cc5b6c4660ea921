/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up before it looks at content that strangers made. */
#ifndef ENDPOINT_SCAN_CONFINE_H
#define ENDPOINT_SCAN_CONFINE_H

#include "lib/base/error.h"

typedef struct {
    const char *user;  /* to become; only root can, others stay who they are */
    guint64 memory;    /* RLIMIT_DATA, bytes; 0: as it is */
    guint64 file_size; /* RLIMIT_FSIZE, bytes; 0: as it is */
} EpConfinement;

/* Becomes that user without any group but his own, for good: no new privileges, no network but its own empty one, no
 * core dump, lowest priority, and it ends with its parent.  A kernel that does not let it have a network of its own is
 * told of on stderr, and not an error: containers may forbid it.  HL_ERROR_NOT_FOUND: there is no such user. */
bool ep_confine(const EpConfinement *confinement, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
