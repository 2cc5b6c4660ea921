/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a call that ends a certificate: success when the broker has it and the live session is over; else what
 * is missing, which the manager goes on trying. */
#ifndef MANAGER_DAEMON_CALLS_ENDED_H
#define MANAGER_DAEMON_CALLS_ENDED_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/state/evictions.h"
#include "manager/daemon/state/pki.h"

/* Takes document, the answer of success (NULL: an empty one); name is copied. */
MgrEvictionWaiter mgr_ended_waiter(MgrCall *call, const char *name, json_t *document);

/* For that answer, what keeps the certificate out: {"broker": "enforces" | "told" | "untold"}.  Caller owns. */
json_t *mgr_ended_document(MgrList list);

#endif
