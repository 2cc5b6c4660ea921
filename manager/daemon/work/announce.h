/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager says of itself: manager/state to all, and manager/alive to other managers that look for one. */
#ifndef MANAGER_DAEMON_WORK_ANNOUNCE_H
#define MANAGER_DAEMON_WORK_ANNOUNCE_H

#include "manager/daemon/ground/down.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/state/fence.h"
#include "manager/daemon/state/pki.h"

typedef struct {
    const MgrConf *conf;
    const MgrFleet *fleet;
    MgrDown *down;
    const MgrPki *pki;
    const MgrFence *fence; /* NULL: it does not say who it is */
} MgrAnnounceParts;

/* An encoded ManagerState, also for the will.  Caller frees. */
GBytes *mgr_announce_payload(const MgrAnnounceParts *parts, bool online);

/* The will, which the broker tells when the link ends without a word.  Zeroed at first. */
typedef struct {
    char *topic;
    GBytes *payload;
    HlBusMessage message;
} MgrAnnounceWill;

void mgr_announce_will_clear(MgrAnnounceWill *will);

/* Made again, for a connect; borrowed from it. */
const HlBusMessage *mgr_announce_make_will(const MgrAnnounceParts *parts, MgrAnnounceWill *will);

void mgr_announce_state(const MgrAnnounceParts *parts, bool online);

/* At one broker alone: endpoints at the others would take the new epoch for another start, and be born again. */
void mgr_announce_state_at(const MgrAnnounceParts *parts, guint broker, bool online);

/* Nothing while the link is down. */
void mgr_announce_alive(const MgrAnnounceParts *parts);

#endif
