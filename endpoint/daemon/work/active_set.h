/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern set that is active on this machine: which versions it has, and whether it is so new that failures of the
 * scan engine speak against it.  Both are kept in the store over restarts.
 *
 * Not what makes another set active: that is the updater's, a program of its own (work/updates.h).  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_ACTIVE_SET_H
#define ENDPOINT_DAEMON_WORK_ACTIVE_SET_H

#include "endpoint/core/probation.h"
#include "endpoint/daemon/ground/trouble.h"
#include "lib/store/db.h"

typedef struct {
    HlDb *db;           /* borrowed */
    EpTrouble *trouble; /* borrowed; told when the time of a change cannot be stored */
    char *patterns;     /* component versions, as text of proto/components.h; "" for none */
    EpProbation probation;
} EpActiveSet;

/* As the store has it; a probation that had begun goes on. */
void ep_active_set_load(EpActiveSet *set, HlDb *db, EpTrouble *trouble);
void ep_active_set_clear(EpActiveSet *set);

/* These are active, and nobody knows since when: no probation begins.  Copied, not stored. */
void ep_active_set_adopt(EpActiveSet *set, const char *patterns);

typedef enum { EP_ACTIVE_SET_FORWARD, EP_ACTIVE_SET_BACK } EpActiveSetDirection;

/* After an update: other versions are on probation, those that were gone back to are not, not even after a restart.
 * The versions are copied, and stored by ep_active_set_store. */
void ep_active_set_become(EpActiveSet *set, const char *patterns, EpActiveSetDirection direction);
bool ep_active_set_store(const EpActiveSet *set, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
