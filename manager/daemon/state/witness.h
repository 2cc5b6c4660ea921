/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what the audit log was, and says so when it is another one: in the log, as an event, and in the summary.
 *
 * - Where it ended at the last look, and over a stop or a kill in a file of the site, which is written once a minute
 * where there is something new: rows that were cut off there, or changed, are told as lost until the manager is started
 * again, and a row of the audit log keeps the head for ever.
 * - The whole chain, a part of it each second and again an hour after its end: a row that is not what was written is
 * told until a whole turn finds none. It takes nothing back and stops nothing: a call that cannot be recorded fails by
 * itself.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_WITNESS_H
#define MANAGER_DAEMON_STATE_WITNESS_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"

#define MGR_WITNESS_ROWS  500     /* followed in a second */
#define MGR_WITNESS_PAUSE HL_HOUR /* from the end of one turn to the next */

typedef struct MgrWitness MgrWitness;

typedef struct {
    const char *dir; /* of the site */
    const MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
} MgrWitnessOptions;

/* Looks. */
MgrWitness *mgr_witness_new(const MgrWitnessOptions *options);

/* The record has stopped: where the log ends now is the end, and what is behind it at the next start was added by
 * somebody else. */
void mgr_witness_close(MgrWitness *witness);

/* Writes what it knows into its file.  Not before the record is gone: of what is written there no power cut may take
 * anything back, and what it has written meanwhile is a durable change. */
void mgr_witness_free(MgrWitness *witness);

/* Where the log ends now: compared with where it ended, and told in the summary. */
void mgr_witness_look(MgrWitness *witness);

/* Once a second. */
void mgr_witness_tick(MgrWitness *witness);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrWitness, mgr_witness_free)

#endif
