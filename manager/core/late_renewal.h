/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an endpoint whose certificate ended while it was away gets another one, by proof of its old key
 * (docs/protocol.md, "Coming back late").  Pure; all times are wall clock of the server but for `clock`. */
#ifndef MANAGER_CORE_LATE_RENEWAL_H
#define MANAGER_CORE_LATE_RENEWAL_H

#include <stdbool.h>

#include "lib/base/clock.h"

typedef enum {
    MGR_LATE_GRANTED,
    /* refused: */
    MGR_LATE_FOREIGN,  /* the certificate is not that of an endpoint of this site */
    MGR_LATE_UNPROVEN, /* the request is not signed with its key */
    MGR_LATE_UNKNOWN,  /* there is no such endpoint any more */
    MGR_LATE_REVOKED,  /* an administrator revoked the endpoint */
    MGR_LATE_REPLACED, /* the endpoint enrolled again since, and this certificate was revoked by that */
    MGR_LATE_TOO_LATE, /* it ended longer ago than the owner allows */
    MGR_LATE_CLOCK,    /* the endpoint's clock is so far off that it would not take what is issued now */
    MGR_LATE_TOO_SOON, /* it was given one a moment ago */
    MGR_LATE_N,
} MgrLateOutcome;

typedef struct {
    bool is_ours, is_proven;
    bool is_registered, is_revoked; /* its endpoint */
    bool is_replaced;               /* it was revoked, or the registry does not know it, and it is not the newest */
    HlTime ended;                   /* its end, which may be still to come: then a broker refused it by another clock */
    HlTime now, grace;
    HlTime clock;       /* the endpoint's */
    HlTime begin, end;  /* between these a new one can be valid */
    HlTime last_issued; /* when the endpoint was given its last one; 0: not known */
    HlTime lifetime;    /* of a new one */
} MgrLateFacts;

MgrLateOutcome mgr_late_decide(const MgrLateFacts *facts);

/* "granted", "too-late", ... */
const char *mgr_late_name(MgrLateOutcome outcome);

/* false: it is none of them. */
bool mgr_late_parse(const char *name, MgrLateOutcome *outcome);

/* Whether it is noted of the endpoint.  Not what anybody can bring about that does not have its key, and not what ends
 * by itself. */
bool mgr_late_is_noted(MgrLateOutcome outcome);

/* How long it is until an endpoint that asked too soon may ask again.  An answer that is lost costs that much at most,
 * and one that asks on and on gets no more than this allows. */
HlTime mgr_late_wait(const MgrLateFacts *facts);

#endif
