/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were written, until somebody has looked at them; and the numbers of that.
 *
 * A file that is written many times within a short span is looked at once, when it has been left alone for a moment;
 * one that never is, after a while all the same.  Bounded: what is beyond it is missed, and counted.  Pure: descriptors
 * are passed through and never touched; times are mono. */
#ifndef ENDPOINT_SCAN_BACKLOG_H
#define ENDPOINT_SCAN_BACKLOG_H

#include <sys/types.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"

#define EP_BACKLOG_MAX   1000             /* files; each is an open descriptor */
#define EP_BACKLOG_QUIET HL_SECOND        /* since it was written last */
#define EP_BACKLOG_LATE  (10 * HL_SECOND) /* since it was written first */

typedef struct {
    guint64 written;   /* files that were told of, each time */
    guint64 looked_at; /* each time */
    guint64 full;      /* missed: there was no room here */
    guint64 overflows; /* missed by the kernel's queue: so many times, and it does not say how many files each */
    guint64 unopened;  /* missed: they could not be opened */
    guint64 rate;      /* looked at within the last whole minute */
    guint64 waiting;
} EpBacklogNumbers;

typedef struct EpBacklog EpBacklog;

EpBacklog *ep_backlog_new(void);

/* Descriptors that wait are the caller's to take out first, or lost. */
void ep_backlog_free(EpBacklog *backlog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpBacklog, ep_backlog_free)

/* A file was written.  true: fd waits here until it is taken; else it is still the caller's, because the file waits
 * already, or there is no room (counted). */
bool ep_backlog_add(EpBacklog *backlog, dev_t device, ino_t inode, int fd, HlTime now) G_GNUC_WARN_UNUSED_RESULT;

/* The descriptor of the file that is due the longest, the caller's from now on, and counted as looked at.  -1: none is
 * due. */
int ep_backlog_take(EpBacklog *backlog, HlTime now);

/* Whether there is room for one that may turn out to be none that is looked at: half of it is kept for the others. */
bool ep_backlog_has_spare(const EpBacklog *backlog);

/* What was taken last was not looked at after all, and counts no longer. */
void ep_backlog_passed_over(EpBacklog *backlog);

/* Until the next is due; most, if that is sooner or nothing waits. */
HlTime ep_backlog_pause(const EpBacklog *backlog, HlTime now, HlTime most);

void ep_backlog_overflowed(EpBacklog *backlog);
void ep_backlog_unopened(EpBacklog *backlog);

EpBacklogNumbers ep_backlog_numbers(const EpBacklog *backlog, HlTime now);

guint64 ep_backlog_missed(const EpBacklogNumbers *numbers);

/* An object with a member for each; "missed" beside them.  What is missing or no number counts as 0. */
json_t *ep_backlog_json(const EpBacklogNumbers *numbers);
void ep_backlog_parse(EpBacklogNumbers *numbers, const json_t *json);

#endif
