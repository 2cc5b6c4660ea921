/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint registers with its birth (B1): host, addresses, direct port, program; into memory, and into the
 * registry with the background set.  Runs ahead of the registry like presence: the next birth tells it again. */
#ifndef MANAGER_DAEMON_STATE_REGISTRATION_H
#define MANAGER_DAEMON_STATE_REGISTRATION_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "proto/messages.h"

/* The addresses of a registration as they are stored: joined by commas, the one that is dialled first.  Caller frees.
 */
char *mgr_registration_addresses(const HlMsgRegistration *registration);

/* Whether it registered something new that the server would dial, or knows it by.  A port that was
 * only closed is no such thing: it comes with independent mode, which is told for itself.  A fingerprint that another
 * endpoint has is not taken: that is logged and noted, and the last one stays. */
bool mgr_registration_handle(MgrFleet *fleet, MgrRecord *record, MgrEndpoint *endpoint,
                             const HlMsgRegistration *registration);

/* The endpoint enrolled with its fingerprint: any other that only told it in a birth has that of its own enrolment
 * again. */
void mgr_registration_enrolled(MgrFleet *fleet, MgrRecord *record, const MgrEndpoint *endpoint);

/* mgr_endpoint_set_fingerprint and mgr_endpoint_enrol_as_told, with the fleet's index of machines. */
bool mgr_registration_set_machine(MgrFleet *fleet, MgrEndpoint *endpoint, const char *fingerprint);
bool mgr_registration_enrol_as_told(MgrFleet *fleet, MgrEndpoint *endpoint);

#endif
