/* SPDX-License-Identifier: Apache-2.0 */
/* Whose status document is to be written: endpoints of which anything may have changed, in the order of their changes,
 * and two seconds later those of which nothing but the number of open commands did.  Most commands have ended by then,
 * and nothing is to be said of them.
 *
 * Endpoints are borrowed; members of theirs that begin with status_ belong to this part. */
#ifndef MANAGER_DAEMON_STATE_DUE_H
#define MANAGER_DAEMON_STATE_DUE_H

#include "manager/daemon/ground/fleet.h"

typedef struct {
    GQueue whole, counted; /* MgrEndpoint * */
} MgrDue;

void mgr_due_init(MgrDue *due);
void mgr_due_clear(MgrDue *due);

void mgr_due_whole(MgrDue *due, MgrEndpoint *endpoint);
void mgr_due_count(MgrDue *due, MgrEndpoint *endpoint, HlTime mono);

/* It is about to be removed from the fleet. */
void mgr_due_forget(MgrDue *due, MgrEndpoint *endpoint);

/* The one whose turn it is, again and again until mgr_due_told; NULL: nobody's. */
MgrEndpoint *mgr_due_next(MgrDue *due, HlTime mono);

/* Its document, as it is now, was written. */
void mgr_due_told(MgrDue *due, MgrEndpoint *endpoint);

#endif
