/* SPDX-License-Identifier: Apache-2.0 */
/* Whose record a request for enrolment gets: gathers the facts for manager/core/enrolment, and says in a sentence what
 * an honest machine that is refused is to do. */
#ifndef MANAGER_DAEMON_WORK_CLAIM_H
#define MANAGER_DAEMON_WORK_CLAIM_H

#include "manager/daemon/state/pki.h"
#include "proto/messages.h"

typedef struct {
    const MgrFleet *fleet;
    const MgrPki *pki;
} MgrClaimParts;

/* The request has a registration, the token is good.  *known is the endpoint that enrols again; NULL: a new one.  false
 * when it is refused: HL_ERROR_EXISTS, _DENIED, or _UNTRUSTED and _INVALID for a wrong proof. */
bool mgr_claim_settle(const MgrClaimParts *parts, const HlMsgEnrolRequest *message, const MgrTokenRecord *token,
                      const MgrEndpoint **known, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
