/* SPDX-License-Identifier: Apache-2.0 */
/* The prober: dials endpoints at their registered address, as the classic server does, and says what it found.
 *
 * Non-blocking connects, many at once, in a thread of its own: the manager's loop only posts dials and receives results
 * (mailboxes both ways).  It never touches a status; what a result means is displayed.h's business.
 *
 * Only the certificate whose CN is *this* endpoint's id counts as reachable, and only after it has answered the ping: a
 * printer that happens to have the same private address in the server's network is wrong-host.
 *
 * Where the server itself lacks something (descriptors, ports), nothing was learnt about the endpoint: not-probed.
 *
 * Lanes keep the living from waiting behind the dead: repeats and sweeps never take the last fifth of the places. */
#ifndef MANAGER_DAEMON_GROUND_PROBER_H
#define MANAGER_DAEMON_GROUND_PROBER_H

#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/pki/tls.h"
#include "manager/core/reach.h"

typedef struct MgrProber MgrProber;

typedef enum {
    MGR_LANE_FIRST,  /* after an announcement, or the first attempt of a notification */
    MGR_LANE_REPEAT, /* repeated notifications (B16) */
    MGR_LANE_SWEEP,  /* connection verification */
    MGR_LANE_N,
} MgrLane;

/* What to say when the endpoint answers, or-ed; the values are those of MgrNotifyWhat. */
enum { MGR_DIAL_PING = 0, MGR_DIAL_SETTINGS = 1 << 0, MGR_DIAL_UPDATE_NOW = 1 << 1 };

typedef struct {
    const char *endpoint; /* its id */
    const char *address;  /* as registered; what is not dialled (manager/core/dialable.h) is no-route */
    uint16_t port;
    uint8_t tell;
    MgrLane lane;
    uint32_t generation; /* handed back: of MgrDisplayEffects or MgrDisplay */
} MgrDial;

typedef struct {
    const char *endpoint, *address; /* as in MgrDial; valid during the call */
    uint32_t generation;
    MgrReach reach;
    uint8_t asked, told; /* of MgrDial.tell; told: what the endpoint took */
    HlTime took;         /* from the start of the connect; for tests/bench */
    const char *detail;  /* for the log and for "explain": "connection refused" */
} MgrDialResult;

/* On the loop of mgr_prober_new. */
typedef void (*MgrDialDone)(const MgrDialResult *result, gpointer user);

typedef struct {
    guint at_once;   /* 1,000 */
    HlTime deadline; /* of a whole dial: 3 s */
    gsize waiting;   /* dials that may wait: 100,000 */
    bool trial;      /* also loopback and this machine's own addresses (manager/core/dialable.h) */
} MgrProberLimits;

extern const MgrProberLimits mgr_prober_limits; /* the values above */

/* context is a client's, of the manager's certificate; borrowed, must outlive the prober.  Results arrive on the
 * default main context.  NULL if the thread cannot be started. */
MgrProber *mgr_prober_new(const MgrProberLimits *limits, HlTlsContext *context, MgrDialDone done, gpointer user,
                          GError **error);

/* Dials that begin from now on use another one, of a renewed certificate (NULL: they go on with the one before, which
 * must outlive the prober all the same). */
void mgr_prober_use(MgrProber *prober, HlTlsContext *context);

/* Ends the thread; dials under way get no result. */
void mgr_prober_free(MgrProber *prober);

/* Copies the dial.  false: too many are waiting; try again after some results. */
bool mgr_prober_dial(MgrProber *prober, const MgrDial *dial);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrProber, mgr_prober_free)

#endif
