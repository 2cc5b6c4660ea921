/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are lists as long as the fleet: their elements are made a part at a time between the loop's other work,
 * so that nobody's line waits for them, and go out as they are read, so that the broker, which keeps a bounded number
 * of bytes for a client, drops none.  The loop's thread. */
#ifndef MANAGER_DAEMON_CALLS_STREAM_H
#define MANAGER_DAEMON_CALLS_STREAM_H

#include "manager/daemon/calls/call.h"

typedef struct {
    const char *name; /* of the array; static */
    /* JSON text, freed with g_free: a tree of it would cost five times as much.  NULL: it is gone meanwhile, or no
     * longer there for the caller */
    char *(*element)(const MgrCaller *caller, const char *id, gconstpointer own, gconstpointer user);
    /* Both go with the last part, the first as it is at the beginning; NULL: nothing. */
    json_t *(*begin)(gconstpointer user);
    json_t *(*rest)(const MgrCaller *caller, const GPtrArray *ids, gconstpointer user);
    gconstpointer user; /* outlives the call */
    bool is_whole;      /* of the whole fleet: one at a time for each name, an earlier one fails; the last part has the
                           "count" of all elements, so that a caller that lost some knows */
} MgrStreamKind;

/* What one call wants of a stream. */
typedef struct {
    guint some;    /* elements of the first so many of the ids alone; the rest is of all */
    guint at_once; /* elements of a part, which are to take about five milliseconds */
    gpointer own;  /* taken; g_free; goes to each element; may be NULL */
} MgrStreamShape;

/* Answers the call.  Takes ids (of char *, freed by itself). */
void mgr_stream_start(MgrCall *call, const MgrStreamKind *kind, GPtrArray *ids);
void mgr_stream_start_some(MgrCall *call, const MgrStreamKind *kind, GPtrArray *ids, const MgrStreamShape *shape);

/* Who asked under this name, with this correlation, has read so many parts.  Of a call that is gone, or that would
 * be refused by now: nothing. */
void mgr_stream_read(const MgrCalls *calls, const char *name, GBytes *correlation, guint parts);

#endif
