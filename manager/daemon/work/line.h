/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's connection to one broker, and whether it can hear by it.
 *
 * Not what comes up it: each message goes to a function given at creation (work/arrivals.h).  A site with several
 * managed brokers has a line to each, and a broker that is away blinds the manager for the endpoints there alone. */
#ifndef MANAGER_DAEMON_WORK_LINE_H
#define MANAGER_DAEMON_WORK_LINE_H

#include "manager/core/sight.h"
#include "manager/daemon/ground/gate.h"
#include "manager/daemon/state/fence.h"
#include "manager/daemon/state/tracker.h"
#include "manager/daemon/work/announce.h"

typedef struct MgrLine MgrLine;

typedef struct {
    const char *dir; /* the site: certificate and key of the manager; borrowed */
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrDown *down;
    MgrStatus *status;
    MgrTracker *tracker;
    MgrPki *pki;
    MgrGate *gate;
    MgrFence *fence;
    guint broker;              /* its number */
    const char *const *places; /* host:port of the broker, ends with NULL; copied */
    const char *const *topics; /* filters that are subscribed to, ends with NULL; copied */
    /* By which broker: mgr_down_heard. */
    void (*message)(HlTopic topic, const char *id, const HlBusMessage *message, gpointer user);
    /* The manager may not connect before it is known whether another one serves: the line is held; see
     * mgr_line_release. */
    void (*look)(gpointer user);
    void (*sight)(gpointer user); /* the line may hear again, or no longer */
    gpointer user;
} MgrLineOptions;

/* Begins to connect, and attaches itself to down. */
MgrLine *mgr_line_new(const MgrLineOptions *options, GError **error);

/* Says that the manager goes, and disconnects. */
void mgr_line_free(MgrLine *line);

/* No attempt begins until the release. */
void mgr_line_hold(MgrLine *line);
void mgr_line_release(MgrLine *line);

/* The configuration may have another reconnect window now. */
void mgr_line_reconfigured(MgrLine *line);

/* Once a second.  Whether the silence of endpoints there says something: the broker may owe an answer itself. */
bool mgr_line_tick(MgrLine *line);

bool mgr_line_is_blind(const MgrLine *line);

/* Heard, and the time is over in which endpoints come back. */
bool mgr_line_is_clear(const MgrLine *line);

/* Since when it is up (wall); 0: it is not. */
HlTime mgr_line_up_since(const MgrLine *line);

/* How long it has been blind (monotonic); 0: it is not. */
HlTime mgr_line_blind_for(const MgrLine *line);

/* Nothing is heard, although attempts are made. */
bool mgr_line_is_mute(const MgrLine *line);

/* host:port; valid until the connection changes. */
const char *mgr_line_place(const MgrLine *line);

/* A will came: whether it is doubted, because so many come at once that the broker itself may be going, which is then
 * asked. */
bool mgr_line_doubts(MgrLine *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLine, mgr_line_free)

#endif
