/* SPDX-License-Identifier: Apache-2.0 */
/* Whose status document is to be written: endpoints of which anything may have changed, in the order of their changes;
 * two seconds later those of which nothing but the number of open commands did, most of which have ended by then, so
 * that nothing is to be said; and, when those have had their turn, the rest of a round through the whole fleet.
 *
 * Endpoints are borrowed; members of theirs that begin with status_ belong to this part. */
#ifndef MANAGER_DAEMON_STATE_DUE_H
#define MANAGER_DAEMON_STATE_DUE_H

#include "manager/daemon/ground/fleet.h"

typedef struct {
    GQueue whole, counted; /* MgrEndpoint * */
    GPtrArray *round;      /* MgrEndpoint *, from the last one on; NULL: it went meanwhile */
    guint looks;           /* of the last mgr_due_next, at those of which nothing but the number changed */
} MgrDue;

void mgr_due_init(MgrDue *due);
void mgr_due_clear(MgrDue *due);

void mgr_due_whole(MgrDue *due, MgrEndpoint *endpoint);
void mgr_due_count(MgrDue *due, MgrEndpoint *endpoint, HlTime mono);

/* A round through all of a fleet of that size, each of which is then added: each once, if it is not written of before.
 * A round that is under way ends. */
void mgr_due_begin_round(MgrDue *due, guint size);
void mgr_due_add_to_round(MgrDue *due, MgrEndpoint *endpoint);

/* It is about to be removed from the fleet. */
void mgr_due_forget(MgrDue *due, MgrEndpoint *endpoint);

/* The one whose turn it is, again and again until mgr_due_told.  NULL: nobody's, or nobody's of as many as are looked
 * at in one call: a million changed at once are gone through a piece at a time. */
MgrEndpoint *mgr_due_next(MgrDue *due, HlTime mono);

/* Its document, as it is now, was written. */
void mgr_due_told(MgrDue *due, MgrEndpoint *endpoint);

#endif
