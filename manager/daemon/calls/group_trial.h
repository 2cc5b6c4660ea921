/* SPDX-License-Identifier: Apache-2.0 */
/* The call that changes a group's settings ring by ring. */
#ifndef MANAGER_DAEMON_CALLS_GROUP_TRIAL_H
#define MANAGER_DAEMON_CALLS_GROUP_TRIAL_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/calls/group_save.h"
#include "manager/daemon/work/rollouts.h"

typedef struct {
    MgrFleet *fleet;
    MgrRollouts *rollouts;
} MgrGroupTrialOptions;

/* Adds its row; the options outlive the dispatch. */
void mgr_group_trial_add(const MgrGroupTrialOptions *options, MgrDispatch *dispatch);

#endif
