/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out as a document. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOUT_DOCUMENT_H
#define MANAGER_DAEMON_CALLS_ROLLOUT_DOCUMENT_H

#include "lib/base/json.h"
#include "manager/core/role.h"
#include "manager/daemon/work/live_rollout.h"

/* "ring" counts from 1; "rings": up to how many members each goes; "counts" of members by what has become of them. */
json_t *mgr_rollout_document(const MgrLiveRollout *live);

/* What a list says of one: what its members have done by now; of one that is over (NULL), what the record says. */
json_t *mgr_rollout_listed(const MgrRolloutRecord *record, const MgrLiveRollout *live);

/* Adds some of those that did not succeed, and how many others there are: as this caller may see them. */
void mgr_rollout_add_unsuccessful(json_t *document, const MgrFleet *fleet, const MgrCaller *caller,
                                  const MgrLiveRollout *live);

#endif
