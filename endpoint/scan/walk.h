/* SPDX-License-Identifier: Apache-2.0 */
/* Opens every regular file below a path.  Never follows a link, never waits for a file (FIFO, lease, device), does not
 * enter other file systems, nor those that are not on a disk (/proc, /sys).  Blocking: a disk or a network file system
 * may hang; who runs it sees to that. */
#ifndef ENDPOINT_SCAN_WALK_H
#define ENDPOINT_SCAN_WALK_H

#include <sys/stat.h>

#include "endpoint/scan/look.h"
#include "lib/base/error.h"

#define EP_WALK_DEPTH 256 /* directories in each other; one descriptor each */

/* Borrowed. */
typedef struct {
    int directory;    /* that it was opened in; -1: it was named itself */
    const char *name; /* in it */
    const char *path; /* bytes */
    int fd;           /* for reading */
    struct stat st;
} EpWalkFile;

typedef struct {
    bool (*file)(const EpWalkFile *file, gpointer user);                      /* false ends the walk */
    bool (*gap)(const char *path, EpGap gap, const char *why, gpointer user); /* the same; why: of the system, or "" */
    bool (*excluded)(const char *path, gpointer user);                        /* not even opened; may be NULL */
} EpWalkHooks;

/* A file, or a directory and all below it.  The path itself may be a link: who named it means what it leads to. false:
 * a hook ended it. */
bool ep_walk(const char *path, const EpWalkHooks *hooks, gpointer user) G_GNUC_WARN_UNUSED_RESULT;

#endif
