/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints a machine's fingerprint belongs to: the index by which an enrolment, or a birth with another
 * fingerprint than before, finds whom it concerns without a walk through all.  Of the fleet, which keeps it. */
#ifndef MANAGER_DAEMON_GROUND_MACHINES_H
#define MANAGER_DAEMON_GROUND_MACHINES_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GHashTable *table; /* a fingerprint's hash -> GSList of endpoints, borrowed */
} MgrMachines;

void mgr_machines_init(MgrMachines *machines);
void mgr_machines_clear(MgrMachines *machines);

/* Under the fingerprint that it told, and under that of its enrolment (NULL: the same).  The endpoint is forgotten
 * under the fingerprints by which it was added. */
void mgr_machines_add(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint);
void mgr_machines_drop(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint);

/* Those that may have it, nearly always one or none: to be compared, because it is the hash that is alike.  Borrowed
 * until the next change. */
const GSList *mgr_machines_of(const MgrMachines *machines, const char *fingerprint);

#endif
