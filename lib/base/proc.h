/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are not this one's children, as /proc tells of them.  What another user owns, or a sandbox hides, is
 * not seen.  Blocking; for the loop thread, at a start and after a failure. */
#ifndef LIB_BASE_PROC_H
#define LIB_BASE_PROC_H

#include <sys/types.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"

/* A process across reuse of its number and across a reboot. */
typedef struct {
    pid_t pid;
    guint64 started; /* clock ticks since the boot, from /proc/PID/stat */
    char boot[40];   /* boot_id of the kernel; "" if it has none */
} HlProcId;

/* false: there is no such process, or it is a zombie. */
bool hl_proc_identify(pid_t pid, HlProcId *id);

/* It runs, and it is the same one. */
bool hl_proc_lives(const HlProcId *id);

/* Since its fork, in milliseconds; of one that lives. */
HlTime hl_proc_age(const HlProcId *id);

/* Since it began, in microseconds, of its first thread: how long it ran, and how long it could have run and waited for
 * a processor.  Zeros if it is not seen; on a kernel that keeps no such statistics the waits are zero, and the rest is
 * as coarse as its ticks. */
typedef struct {
    uint64_t ran_us, waited_us;
} HlProcTime;

HlProcTime hl_proc_time(pid_t pid);
/* Both together, or 0 on a kernel that keeps no such statistics. */
uint64_t hl_proc_occupied(pid_t pid);

/* Whether its first thread waits for a processor, or runs, or waits for a disk, at this moment; false too if it is not
 * seen. */
bool hl_proc_waits_for_machine(pid_t pid);

/* Its effective user; (uid_t)-1 if it is not seen. */
uid_t hl_proc_owner(pid_t pid);

/* NULL if it is not seen; caller frees with g_strfreev.  At most 64 KiB of it. */
GStrv hl_proc_argv(pid_t pid);

/* A descriptor of this very process (pidfd), readable when it has ended; -1 if it does not live.  Caller closes. */
int hl_proc_open(const HlProcId *id, GError **error);

/* false: it has ended, or may not be signalled. */
bool hl_proc_signal(int fd, int signal);

/* Blocks until it has ended; false: it still runs after patience. */
bool hl_proc_wait(int fd, HlTime patience);

typedef struct {
    pid_t pid; /* 0: it is not seen, and name is empty */
    uid_t owner;
    char name[64];
} HlListener;

/* Who listens at a TCP port in this network namespace, at whatever address; caller frees with g_array_unref. */
GArray *hl_proc_listeners(uint16_t port);

#endif
