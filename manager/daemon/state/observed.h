/* SPDX-License-Identifier: Apache-2.0 */
/* Source addresses as the managed broker sees them: what an endpoint has before any NAT is registered, what is seen
 * after it is observed.
 *
 * Read from the broker's own log, a few lines a second, through its rotations; an external broker's log is not ours, so
 * there the address of the enrolment (HTTPS front) stays.  It is shown, never dialled and never a key. */
#ifndef MANAGER_DAEMON_STATE_OBSERVED_H
#define MANAGER_DAEMON_STATE_OBSERVED_H

#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"

typedef struct MgrObserved MgrObserved;

typedef struct {
    const char *dir; /* the site, whose brokers' logs are read; not kept */
    guint brokers;   /* how many there are */
    HlTime since;    /* wall: what was logged more than a minute earlier, an earlier manager has handled; 0: nothing */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    /* Somebody connected under this name, no matter who that is. */
    void (*connected)(const char *name, gpointer user);
    gpointer user;
} MgrObservedOptions;

MgrObserved *mgr_observed_new(const MgrObservedOptions *options);
void mgr_observed_free(MgrObserved *observed);

/* Once a second: handles what the log says since. */
void mgr_observed_tick(MgrObserved *observed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrObserved, mgr_observed_free)

#endif
