/* SPDX-License-Identifier: Apache-2.0 */
/* The open commands of a roll-out that is aborted, in the two halves of a change. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUT_CANCELS_H
#define MANAGER_DAEMON_WORK_ROLLOUT_CANCELS_H

#include "manager/daemon/work/commands.h"
#include "manager/daemon/work/live_rollout.h"

/* Cancels them with what is in the set: their ids (char *, owned), for the fold.  Free with g_ptr_array_unref. */
GPtrArray *mgr_rollout_cancels_write(const MgrLiveRollout *live, const MgrFleet *fleet, HlWriteSet *set, HlTime at);
void mgr_rollout_cancels_fold(MgrCommands *commands, const GPtrArray *ids, HlTime at);

#endif
