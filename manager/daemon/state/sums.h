/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints of a fleet come to: how many are online, outdated, infected, ...  Kept, not counted again each
 * time: an endpoint that was touched is taken out as it was counted and put back as it is, so that the price follows
 * what happens and not how many there are. */
#ifndef MANAGER_DAEMON_STATE_SUMS_H
#define MANAGER_DAEMON_STATE_SUMS_H

#include "manager/daemon/ground/fleet.h"

/* Adds the endpoint as it is now. */
void mgr_totals_add(MgrTotals *totals, const MgrFleet *fleet, const MgrEndpoint *endpoint);

typedef struct MgrSums MgrSums;

/* The fleet outlives it. */
MgrSums *mgr_sums_new(MgrFleet *fleet);
void mgr_sums_free(MgrSums *sums);

/* Something that is counted of the endpoint changes, now or before the next mgr_sums_get. */
void mgr_sums_touch(MgrSums *sums, MgrEndpoint *endpoint);

void mgr_sums_touch_all(MgrSums *sums);

/* It is about to be removed from the fleet. */
void mgr_sums_forget(MgrSums *sums, MgrEndpoint *endpoint);

/* Of the whole fleet; looks at the endpoints that were touched since the last time (the first time, and after endpoints
 * came without a touch, at all).  Valid until the next call. */
const MgrTotals *mgr_sums_get(MgrSums *sums);

/* Of a group's members. */
typedef struct {
    guint current;       /* have its own version */
    guint trying, tried; /* are to have what is on trial; of these, have it */
} MgrGroupSums;

/* Looks at what mgr_sums_get does, and at those who are to have what is on trial. */
MgrGroupSums mgr_sums_of_group(MgrSums *sums, const MgrGroup *group);

/* Of what the caller sees (NULL: all); looks at what mgr_sums_get does.  Of each group they are in group->totals. */
MgrTotals mgr_sums_for(MgrSums *sums, const MgrCaller *caller);

/* How many endpoints were looked at since the start. */
uint64_t mgr_sums_looks(const MgrSums *sums);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSums, mgr_sums_free)

/* Open commands with a target that is there for the caller (NULL: for the manager). */
guint mgr_sums_commands(const MgrFleet *fleet, const MgrCaller *caller);
/* Endpoints whose certificate has ended, of those that the caller sees.  No touch says so: it is the time that does. Of
 * a fleet of thousands they are counted a part at a time, as mgr_sums_ended_lately does; of a smaller one now. */
guint mgr_sums_ended(MgrSums *sums, const MgrCaller *caller);
/* The same for the manager, as of the last ten seconds; of a large fleet, a part of which is looked at in each call, as
 * of some calls before. */
guint mgr_sums_ended_lately(MgrSums *sums);

#endif
