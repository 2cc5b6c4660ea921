/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about detections: list, show, acknowledge; and what is in quarantine. */
#ifndef MANAGER_DAEMON_CALLS_DETECTION_CALLS_H
#define MANAGER_DAEMON_CALLS_DETECTION_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/work/finds.h"

typedef struct MgrDetectionCalls MgrDetectionCalls;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrFinds *finds;
} MgrDetectionCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrDetectionCalls *mgr_detection_calls_new(const MgrDetectionCallsOptions *options, MgrDispatch *dispatch);
void mgr_detection_calls_free(MgrDetectionCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrDetectionCalls, mgr_detection_calls_free)

#endif
