/* SPDX-License-Identifier: Apache-2.0 */
/* Notices to an endpoint: the highest report that is committed, and what rides along (the server's time, how often to
 * poll, within how much time to come back).  Each is signed, for one session of the line.
 *
 * Answers to births and reports are gathered for the next mgr_notices_flush, where one signature is for many of them.
 * Loop thread. */
#ifndef MANAGER_DAEMON_STATE_NOTICES_H
#define MANAGER_DAEMON_STATE_NOTICES_H

#include "manager/core/conf.h"
#include "manager/daemon/state/letters.h"

typedef struct MgrNotices MgrNotices;

typedef struct {
    const MgrConf *conf; /* status.unreachable-poll, line.reconnect-window */
    MgrFleet *fleet;
    MgrDown *down;
    MgrLetters *letters; /* borrowed, as all of it */
} MgrNoticesOptions;

MgrNotices *mgr_notices_new(const MgrNoticesOptions *options);
void mgr_notices_free(MgrNotices *notices);

/* The answer to the birth that was just heard, with the next flush. */
void mgr_notices_greet(MgrNotices *notices, MgrEndpoint *endpoint);

/* That answer at once, if it is still to come: before anything else goes down, because it tells our time. */
void mgr_notices_greet_first(MgrNotices *notices, MgrEndpoint *endpoint);

/* With the next flush; many reports are one acknowledgement.  session: the one that reported last; it gets
 * the answer even if an earlier line of the endpoint, or a copy of it, is heard in between. */
void mgr_notices_ack_later(MgrNotices *notices, MgrEndpoint *endpoint, uint64_t session);
void mgr_notices_ack(MgrNotices *notices, const MgrEndpoint *endpoint);

/* Tells it the session that is known, for it to go on from there; answered is the one that it spoke in. */
void mgr_notices_fence(MgrNotices *notices, const MgrEndpoint *endpoint, uint64_t answered, uint64_t known);

/* Asks the start of the program with this boot id to stay away for a while: its identity is used twice. */
typedef struct {
    uint64_t answered;
    const char *boot_id;
    HlTime time;
} MgrHoldOff;

void mgr_notices_hold_off(MgrNotices *notices, const MgrEndpoint *endpoint, const MgrHoldOff *order);

/* Makes what was gathered; the caller has the letters gather it. */
void mgr_notices_flush(MgrNotices *notices);

/* The endpoint is about to be removed from the fleet. */
void mgr_notices_forget(MgrNotices *notices, MgrEndpoint *endpoint);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrNotices, mgr_notices_free)

#endif
