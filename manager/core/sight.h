/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server can hear its endpoints at all, for one broker (a manager with several keeps one MgrSight each).
 *
 * Guards against the fleet-wide false Offline.  While it is not clear, nobody's silence is judged.  It is lost when the
 * link to the broker is down, when the broker, although asked, has sent nothing at all for a while, and when the
 * manager itself was not running (a late tick: suspend, a stalled disk).  It is clear again when nobody
 * can still be on their way back (mgr_herd_patience). Pure. */
#ifndef MANAGER_CORE_SIGHT_H
#define MANAGER_CORE_SIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/now.h"

typedef enum {
    MGR_SIGHT_BLIND,      /* no broker; also the state of a zeroed struct */
    MGR_SIGHT_RECOVERING, /* the broker is back, endpoints are still coming back to it */
    MGR_SIGHT_CLEAR,
} MgrSightState;

typedef struct {
    HlTime window;     /* from the broker's return until sight is clear: how long endpoints may be on their way back */
    HlTime settle;     /* the same after a pause of the manager alone, during which endpoints kept their lines: 5 s */
    HlTime ask_after;  /* silence of the broker as a whole after which it is asked for a sign of life: 2 s */
    HlTime lost_after; /* silence after which it is considered lost: 8 s */
    HlTime late_tick;  /* a tick this late means that the manager was not running: 5 s */
    unsigned wills;    /* more than this in one second are doubted: 3 */
} MgrSightPolicy;

extern const MgrSightPolicy mgr_sight_policy; /* the values above; window 60 s */

typedef struct {
    MgrSightState state;
    bool asked;
    HlTime clear_mono; /* RECOVERING: when it ends */
    HlTime heard_mono; /* the last message of any kind from the broker */
    HlTime tick_mono;  /* 0: no tick yet */
    HlTime wills_mono; /* start of the second that is being counted */
    unsigned wills;    /* in it */
    bool link;
} MgrSight;

typedef enum {
    MGR_SIGHT_SAME,
    MGR_SIGHT_LOST,     /* feed MGR_PRESENCE_BLIND to every endpoint of this broker */
    MGR_SIGHT_REGAINED, /* RECOVERING began: publish manager/state with the window */
    MGR_SIGHT_CLEARED,  /* feed MGR_PRESENCE_SIGHTED to every endpoint of this broker */
    MGR_SIGHT_ASK,      /* publish to a topic that the manager itself subscribes to; its arrival is mgr_sight_heard() */
} MgrSightChange;

/* The link to the broker is up (subscriptions granted) or down. */
MgrSightChange mgr_sight_link(MgrSight *sight, const MgrSightPolicy *policy, bool up, MgrNow now);

/* Any message arrived from the broker.  Cheap: call it for each, before the message is handled. */
MgrSightChange mgr_sight_heard(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now);

/* Once a second; MGR_PRESENCE_TICK is fed only if the state is then MGR_SIGHT_CLEAR or RECOVERING (an endpoint that was
 * heard since is judged, the others keep their status). */
MgrSightChange mgr_sight_tick(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now);

/* One will (line lost) arrived.  true: so many at once are more likely the farewell of a broker that is stopping (it
 * sends every will, then closes) than that many accidents: mark the DOWN event `doubted`, and publish the question of
 * MGR_SIGHT_ASK.  Its arrival proves that the broker goes on: feed MGR_PRESENCE_PROVEN to all that were doubted before
 * it was sent.  Otherwise the doubt ends by itself after a few seconds (MgrPresencePolicy.doubt). */
bool mgr_sight_doubts(MgrSight *sight, const MgrSightPolicy *policy, MgrNow now);

#endif
