/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file of our clamd.  Pure. */
#ifndef ENDPOINT_SCAN_CLAMD_CONF_H
#define ENDPOINT_SCAN_CLAMD_CONF_H

#include "lib/base/clock.h"

#define EP_CLAMD_BY_HAND 3 /* scans by hand at the same time, without root's: each one look at a time */
/* Theirs, and one for each that no user may hold up: the scheduled scan, files that were written, a scan of root's.
 * Each may have a whole file in its address space. */
#define EP_CLAMD_THREADS (EP_CLAMD_BY_HAND + 3)
#define EP_CLAMD_SOCKET  "run/socket" /* below the directory */

typedef struct {
    const char *directory; /* with db/ and run/ */
    guint64 max_size;      /* bytes of one file */
    guint max_depth;
    HlTime max_time;
} EpClamdConf;

/* Caller frees. */
char *ep_clamd_conf(const EpClamdConf *conf);

#endif
