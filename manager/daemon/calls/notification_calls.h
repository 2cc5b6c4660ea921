/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about who is notified of what.  A secret of a webhook is told once, when it is made, and never again. */
#ifndef MANAGER_DAEMON_CALLS_NOTIFICATION_CALLS_H
#define MANAGER_DAEMON_CALLS_NOTIFICATION_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/notifications/notifications.h"

typedef struct MgrNotificationCalls MgrNotificationCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrNotifications *notifications;
} MgrNotificationCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrNotificationCalls *mgr_notification_calls_new(const MgrNotificationCallsOptions *options, MgrDispatch *dispatch);
void mgr_notification_calls_free(MgrNotificationCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrNotificationCalls, mgr_notification_calls_free)

#endif
