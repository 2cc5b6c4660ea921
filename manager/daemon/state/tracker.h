/* SPDX-License-Identifier: Apache-2.0 */
/* The actual status: feeds each endpoint's presence (manager/core/presence.h) and performs what follows.
 *
 * Not the link, which knows what a message is; not the displayed status (console_state.h).  Presence runs ahead of the
 * registry and is written once a second, with what the console shows. */
#ifndef MANAGER_DAEMON_STATE_TRACKER_H
#define MANAGER_DAEMON_STATE_TRACKER_H

#include "manager/daemon/state/delivery.h"

typedef struct MgrTracker MgrTracker;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery; /* fences, probes */
} MgrTrackerOptions;

MgrTracker *mgr_tracker_new(const MgrTrackerOptions *options);
void mgr_tracker_free(MgrTracker *tracker);

/* Feeds one event and performs the effects; returns them for what only the caller can do. */
MgrPresenceEffects mgr_tracker_feed(MgrTracker *tracker, MgrEndpoint *endpoint, const MgrPresenceEvent *event);

/* It has settings with this interval, from now on; nothing is done where it is known. */
void mgr_tracker_interval(MgrTracker *tracker, MgrEndpoint *endpoint, HlTime heartbeat);

/* What time brings to those whose silence lasts by now; call it once a second.  A bit for each broker:
 * heard  its silence says something; the endpoints of the others are looked at later
 * clear  the time to come back to it is over, see mgr_tracker_sight */
void mgr_tracker_tick(MgrTracker *tracker, guint heard, guint clear);

/* The broker of this number goes on working: what it reported of lines while it was in doubt was true. */
void mgr_tracker_prove(MgrTracker *tracker, guint broker);

/* The broker is not heard: what is known of its endpoints stays, unconfirmed. */
void mgr_tracker_blind(MgrTracker *tracker, guint broker);

/* It was heard again, and the time of its endpoints to come back is over: those that did not are judged, and asked for
 * a sign of life.  MGR_TRACKER_SLICE of them now, as many more with each tick in which it is clear: a million that are
 * away would keep everybody waiting for two seconds. */
#define MGR_TRACKER_SLICE 10000
void mgr_tracker_sight(MgrTracker *tracker, guint broker);

/* Revoked: no birth counts until it enrols again. */
void mgr_tracker_retire(MgrTracker *tracker, MgrEndpoint *endpoint, MgrReason reason);

/* What an event will make of its presence, for the set of the change that brings it: a manager that is killed within
 * the second in which presence is written knows of it after its restart.  Feed it when that is committed. */
void mgr_tracker_write_step(HlWriteSet *set, const MgrEndpointRecord *record, const MgrPresenceEvent *event);

/* The same for the set that revokes it: that the endpoint was seen, and that it is retired. */
void mgr_tracker_write_retired(HlWriteSet *set, const MgrEndpoint *endpoint, MgrReason reason);

/* An echo that answers the probe under way; false, and nothing done, for any other. */
bool mgr_tracker_echo(MgrTracker *tracker, MgrEndpoint *endpoint, uint64_t nonce, uint64_t session);

/* Adds what changed of presence and display to the record's background set. */
void mgr_tracker_flush(MgrTracker *tracker);

typedef struct {
    uint64_t stale_messages, lost_heartbeats;
    uint64_t steps; /* of presences: what happened, however many endpoints there are */
} MgrTrackerCounts;

MgrTrackerCounts mgr_tracker_count(const MgrTracker *tracker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrTracker, mgr_tracker_free)

#endif
