/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of an enrolment must agree on (docs/protocol.md, "Enrolment"). */
#ifndef PROTO_ENROLMENT_H
#define PROTO_ENROLMENT_H

#include "lib/base/clock.h"

/* Context of EnrolRequest.proof: hl_key_sign with the key that is given up, over the new signing request. */
#define HL_ENROL_PROOF "enrol"

/* The same of RenewRequest.proof. */
#define HL_RENEW_PROOF "renew"

/* How a copied machine becomes another one; the D-Bus id would be taken over otherwise. */
#define HL_ENROL_OWN_MACHINE_ID "rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup"

/* How far the endpoint's clock may be from the server's: the endpoint takes no certificate beyond it, so the manager
 * issues none (the token would be used up for nothing), and backdates what it issues by as much.  The manager's limit
 * is closer by what a request and its answer may take on their way. */
#define HL_ENROL_MAX_SKEW (6 * HL_HOUR)
#define HL_ENROL_TRANSIT  (5 * HL_MINUTE)

#endif
