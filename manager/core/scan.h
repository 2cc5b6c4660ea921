/* SPDX-License-Identifier: Apache-2.0 */
/* What endpoints tell of their scans, in the words that the registry and the topics use, and how far the times in it
 * are believed. */
#ifndef MANAGER_CORE_SCAN_H
#define MANAGER_CORE_SCAN_H

#include "lib/base/clock.h"

/* Who had it begun. */
typedef enum {
    MGR_SCAN_MANUAL,
    MGR_SCAN_SCHEDULE,
    MGR_SCAN_COMMAND,
    MGR_SCAN_OTHER, /* a word of a later version */
    MGR_SCAN_N
} MgrScanHow;

typedef enum {
    MGR_SCAN_NEVER, /* nothing was told of any */
    MGR_SCAN_COMPLETED,
    MGR_SCAN_FAILED, /* the engine could not work: its numbers say nothing */
    MGR_SCAN_STOPPED,
    MGR_SCAN_ENDED, /* a word of a later version */
    MGR_SCAN_END_N
} MgrScanEnd;

const char *mgr_scan_how_name(MgrScanHow how);
MgrScanHow mgr_scan_how_from_name(const char *name);

const char *mgr_scan_end_name(MgrScanEnd end);
MgrScanEnd mgr_scan_end_from_name(const char *name); /* never MGR_SCAN_NEVER */

/* When something happened on an endpoint, by the server's clock (wall): as told, less what the endpoint's clock is
 * ahead of it (skew), but neither before the endpoint enrolled nor after now.  told 0: now. */
HlTime mgr_scan_time(HlTime told, HlTime skew, HlTime enrolled, HlTime now);

#endif
