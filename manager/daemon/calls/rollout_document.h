/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out as a document. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOUT_DOCUMENT_H
#define MANAGER_DAEMON_CALLS_ROLLOUT_DOCUMENT_H

#include "lib/base/json.h"
#include "manager/core/role.h"
#include "manager/daemon/work/live_rollout.h"

/* By which command, of whom and when; null: it was not. */
json_t *mgr_rollout_back_document(const MgrRolloutRecord *record);
/* How many members are what, by the words of the core. */
json_t *mgr_rollout_counts(const guint counts[MGR_MEMBER_N]);

/* "ring" counts from 1; "rings": up to how many members each goes; "counts" of members by what has become of them. */
json_t *mgr_rollout_document(const MgrLiveRollout *live);

/* Adds some of those that did not succeed, and how many others there are: as this caller may see them. */
void mgr_rollout_add_unsuccessful(json_t *document, const MgrFleet *fleet, const MgrCaller *caller,
                                  const MgrLiveRollout *live);

#endif
