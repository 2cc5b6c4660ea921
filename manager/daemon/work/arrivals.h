/* SPDX-License-Identifier: Apache-2.0 */
/* What comes up the manager's lines (work/line.h): links, heartbeats, reports, echoes.  Decoded, checked against the
 * registry, handed to the parts that know what it means.
 *
 * A site has one broker, or several; at which an endpoint is follows from where its present session was heard.
 *
 * Requests of administrators and monitors go to a function given at creation.  Which topics are subscribed to is a
 * column of the topic table (proto/topics.h); a topic without a handler here is an error of the program, found at its
 * start. */
#ifndef MANAGER_DAEMON_WORK_ARRIVALS_H
#define MANAGER_DAEMON_WORK_ARRIVALS_H

#include "manager/daemon/ground/gate.h"
#include "manager/daemon/state/fence.h"
#include "manager/daemon/state/tracker.h"
#include "manager/daemon/work/lines.h"
#include "manager/daemon/work/reports.h"

typedef struct MgrArrivals MgrArrivals;

typedef struct {
    const char *dir; /* the site: certificate and key of the manager; borrowed */
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrDown *down;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrPki *pki;
    MgrLocation *location;
    MgrReports *reports;
    MgrBrokers *brokers; /* the managed ones; NULL: none, or for tests */
    MgrGate *gate;       /* what arrives passes it first */
    MgrFence *fence;     /* asked before the manager connects as itself; NULL: nobody is, for tests */
    void (*request)(HlTopic topic, const char *name, const HlBusMessage *message, gpointer user);
    gpointer user;
} MgrArrivalsOptions;

/* Begins to connect. */
MgrArrivals *mgr_arrivals_new(const MgrArrivalsOptions *options, GError **error);

/* Says that the manager goes, and disconnects. */
void mgr_arrivals_free(MgrArrivals *arrivals);

typedef struct {
    uint64_t births, heartbeats, bad_messages, unknown_senders;
    bool blind; /* at every broker */
    bool split; /* brokers that do not know each other */
} MgrArrivalsCounts;

MgrArrivalsCounts mgr_arrivals_count(const MgrArrivals *arrivals);

/* Its lines; borrowed. */
MgrLines *mgr_arrivals_lines(const MgrArrivals *arrivals);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrArrivals, mgr_arrivals_free)

#endif
