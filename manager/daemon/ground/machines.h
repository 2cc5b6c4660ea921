/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints a machine's fingerprint belongs to: the index by which an enrolment, or a birth with another
 * fingerprint than before, finds whom it concerns without a walk through all.  Of the fleet, which keeps it. */
#ifndef MANAGER_DAEMON_GROUND_MACHINES_H
#define MANAGER_DAEMON_GROUND_MACHINES_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GHashTable *first; /* a fingerprint's hash -> endpoint, borrowed */
    GHashTable *more;  /* the same -> GSList of further ones */
} MgrMachines;

void mgr_machines_init(MgrMachines *machines);
void mgr_machines_clear(MgrMachines *machines);

/* Under the fingerprint that it told, and under that of its enrolment (NULL: the same).  The endpoint is forgotten
 * under the fingerprints by which it was added. */
void mgr_machines_add(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint);
void mgr_machines_drop(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint);

/* Number n of those that may have it, nearly always one or none: to be compared, because it is the hash that is alike.
 * NULL: that was the last one. */
gpointer mgr_machines_get(const MgrMachines *machines, const char *fingerprint, guint n);
/* All of them; borrowed endpoints, free with g_ptr_array_unref. */
GPtrArray *mgr_machines_list(const MgrMachines *machines, const char *fingerprint);

#endif
