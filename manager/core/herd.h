/* SPDX-License-Identifier: Apache-2.0 */
/* Over how much time a fleet spreads its return.  Long enough for a broker, which does its handshakes one after the
 * other; no longer, because until then a PC that is there is not shown so, and waits for its commands.  Pure. */
#ifndef MANAGER_CORE_HERD_H
#define MANAGER_CORE_HERD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/clock.h"

/* What is announced to all, for each endpoint, in ms.  The way to another broker: three times the 2 ms of a core that a
 * handshake with both certificates takes (docs/sizing.md), as the broker has its other work too.  A birth that is
 * repeated over the line that is up: four times the 0.25 ms that it takes the manager (docs/sizing.md). */
#define MGR_HERD_EACH  6
#define MGR_HERD_BIRTH 1
#define MGR_HERD_LEAST (2 * HL_SECOND)

/* each: of the two above; most: what is configured. */
HlTime mgr_herd_window(guint endpoints, HlTime each, HlTime most);

/* Of a broker's thread, in microseconds: how long it ran, and how long it could have run and waited for a processor. */
typedef struct {
    uint64_t ran_us, waited_us;
} MgrHerdTime;

/* So many measurements count, the oldest gives way. */
#define MGR_HERD_RECENT 8
/* So many seconds without a herd halve what it is believed to wait: others need the machine for a while, not for good.
 */
#define MGR_HERD_PASSES 300

/* Connects, after a line was lost: by what one costs this broker, measured.  The time that it runs for one is
 * a property of the broker; the time that it waits for a processor depends on the moment, so it counts at most as much
 * again. */
typedef struct {
    uint64_t cost_us;                    /* for a connect and what comes with it; 0: not measured yet */
    MgrHerdTime recent[MGR_HERD_RECENT]; /* for each connect */
    guint n, next;                       /* of recent */
    MgrHerdTime sum;                     /* the measurement under way */
    guint connects;                      /* in it */
    guint quiet;                         /* seconds since it, or since the last time that the waits were halved */
} MgrHerd;

/* What the broker is taken to need before it was measured, and the bounds of what is believed of a measurement. */
#define MGR_HERD_COST       2500
#define MGR_HERD_COST_LEAST 1000
#define MGR_HERD_COST_MOST  20000
/* A second with fewer connects says nothing: the broker has its other work. */
#define MGR_HERD_BUSY 20
/* So many make a measurement. */
#define MGR_HERD_SAMPLE 200
/* Fewer than these come back at once, whatever they cost. */
#define MGR_HERD_FEW 200

/* Over how much time the endpoints of one update-now begin, where nobody says otherwise: no more than at_a_time of them
 * are in a download (http.downloads) if each takes MGR_HERD_DOWNLOAD, 0 where they all fit in.  Those that are away are
 * among them: they may come back together.  most: what is configured. */
HlTime mgr_herd_downloads(guint endpoints, guint at_a_time, HlTime most);

/* An increment, or a set that is up to date already, over a line of an office: connection, metadata, files. */
#define MGR_HERD_DOWNLOAD (2 * HL_SECOND)

#define MGR_HERD_COUNTER "connect-us" /* of the registry: cost_us */

/* Once a second: how many connected in it, and what the brokers took.  true: the cost is another one now. */
bool mgr_herd_note(MgrHerd *herd, guint connects, MgrHerdTime took);

/* Within how much time the endpoints that lost a broker come to it, or to another one, for their first attempt: as long
 * as the broker needs, 0 for a few.  Longer, and it waits for them; at this pace some wait for it (about as many as the
 * root of all, and those that came while it was away), for far less than the 15 s that an attempt may take.
 * brokers share the endpoints; most: what is configured. */
HlTime mgr_herd_connects(const MgrHerd *herd, guint endpoints, guint brokers, HlTime most);

/* How long after a broker's return one that is not back may still be on its way: half as long again as that, for those
 * whose first attempt failed, and a minute at least. */
HlTime mgr_herd_patience(const MgrHerd *herd, guint endpoints, guint brokers, HlTime most);

#endif
