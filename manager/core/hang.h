/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the managed broker hangs: its process is there, and does nothing for anybody.
 *
 * It is looked at while the manager asks it (a connection every few seconds) and hears nothing.  A machine that is
 * merely busy is told apart by what the kernel counts: a process that runs, or waits for a processor or a disk, gets
 * on. One that was stopped, or waits for a lock that nobody releases, has not run for a single microsecond since; a
 * sound one that is asked runs within a second.  One that runs in a circle takes a processor, and its log, where it
 * writes each connection, does not grow.  Pure. */
#ifndef MANAGER_CORE_HANG_H
#define MANAGER_CORE_HANG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/clock.h"

#define MGR_HANG_STILL_AFTER (30 * HL_SECOND) /* without having run */
#define MGR_HANG_CIRCLE_AFTER \
    (10 * HL_MINUTE) /* without a line in its log; 100,000 endpoints that come back write some */

/* What is seen of the process now. */
typedef struct {
    int64_t pid;
    bool waits_for_machine; /* for a processor or a disk, at this moment */
    uint64_t busy;     /* us that it ran, or waited for a processor, since its start; 0: not seen, and not judged */
    uint64_t log_size; /* bytes */
} MgrHangLook;

/* Zeroed: nothing was seen yet. */
typedef struct {
    MgrHangLook last; /* pid 0: none */
    HlTime look_mono, still_mono, log_mono;
    uint64_t log_busy; /* when the log last grew */
} MgrHang;

typedef enum {
    MGR_HANG_NO,
    MGR_HANG_STILL,  /* it does not run */
    MGR_HANG_CIRCLE, /* it runs in a circle */
} MgrHangVerdict;

/* Once a second while it is asked and not heard; zero the state when that ends.  A look that comes late judges nothing,
 * and neither does the first of a process. */
MgrHangVerdict mgr_hang_look(MgrHang *hang, const MgrHangLook *look, HlTime now_mono);

/* What it does, the end of a sentence: "it has not run for 30 s"; caller frees. */
char *mgr_hang_describe(MgrHangVerdict verdict);

#endif
