/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's parts, and how each is made of those below it.  What parts may not know of each other they call through
 * the functions in parts.c: the arrows that go up.  Decides nothing; the loop thread owns all of it. */
#ifndef MANAGER_DAEMON_PARTS_H
#define MANAGER_DAEMON_PARTS_H

#include "manager/daemon/calls/access_calls.h"
#include "manager/daemon/calls/broker_calls.h"
#include "manager/daemon/calls/command_calls.h"
#include "manager/daemon/calls/detection_calls.h"
#include "manager/daemon/calls/endpoint_calls.h"
#include "manager/daemon/calls/group_calls.h"
#include "manager/daemon/calls/notification_calls.h"
#include "manager/daemon/calls/pattern_calls.h"
#include "manager/daemon/calls/rollout_calls.h"
#include "manager/daemon/calls/server_calls.h"
#include "manager/daemon/front/front.h"
#include "manager/daemon/ground/loading.h"
#include "manager/daemon/ground/pacing.h"
#include "manager/daemon/ground/upkeep.h"
#include "manager/daemon/state/clock.h"
#include "manager/daemon/state/ends.h"
#include "manager/daemon/state/fence.h"
#include "manager/daemon/state/floods.h"
#include "manager/daemon/state/observed.h"
#include "manager/daemon/state/own.h"
#include "manager/daemon/state/rounds.h"
#include "manager/daemon/state/trend.h"
#include "manager/daemon/state/witness.h"
#include "manager/daemon/work/issued.h"

/* From the ground up.  dir, conf_path, conf and fence are given by the manager, which owns them. */
typedef struct {
    char *dir, *conf_path;
    MgrConf conf; /* parts read it where it is: a reload puts another one here */
    HlTime started_wall;
    MgrUpkeep upkeep;
    MgrTrend trend;
    MgrClock clock;
    MgrPacing pacing;

    MgrFence *fence; /* the first of all that is asked */
    MgrFleet fleet;
    MgrRecord *record;
    MgrSealer *sealer;
    MgrDown *down;
    MgrGate *gate;
    MgrBrokers *brokers; /* NULL: external */
    MgrProber *prober;

    MgrStatus *status;
    MgrPki *pki;
    MgrOwn *own;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrFloods *floods;
    MgrRounds *rounds;
    MgrWitness *witness;
    MgrObserved *observed; /* NULL: the broker's log is not ours */
    MgrPatterns *patterns;
    MgrTimestamp *timestamp;
    MgrEnds *ends;
    MgrLocation *location;
    MgrNotifications *notifications;

    MgrCommands *commands;
    MgrRollouts *rollouts;
    MgrRenewals *renewals;
    MgrIntroductions *introductions;
    MgrIssued *issued;
    MgrFinds *finds;
    MgrReports *reports;
    MgrArrivals *arrivals;
    MgrBrokerCalls *broker_calls;

    MgrCalls *calls;
    MgrDispatch *dispatch;
    MgrGroupCalls *group_calls;
    MgrEndpointCalls *endpoint_calls;
    MgrCommandCalls *command_calls;
    MgrRolloutCalls *rollout_calls;
    MgrAccessCalls *access_calls;
    MgrPatternCalls *pattern_calls;
    MgrDetectionCalls *detection_calls;
    MgrServerCalls *server_calls;
    MgrNotificationCalls *notification_calls;

    MgrFront *front;
} MgrParts;

/* Makes all of them, on a site whose fence was entered.  Neither the link nor the front hears anything before the loop
 * runs.  On failure some are made: mgr_parts_clear takes them down.  stopped is asked before the broker is looked for
 * or started: what was to be ended meanwhile need not begin it. */
bool mgr_parts_make(MgrParts *parts, bool (*stopped)(gpointer user), gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was noted last is written, and what is committed now is still acknowledged, sent and answered: before the link
 * and the front go. */
void mgr_parts_settle(MgrParts *parts);

/* From the top down, after mgr_parts_settle.  Also parts of which only some were made. */
void mgr_parts_clear(MgrParts *parts, MgrBrokerEnd end);

#endif
