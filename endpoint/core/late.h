/* SPDX-License-Identifier: Apache-2.0 */
/* When an endpoint whose certificate has ended asks for another one over HTTPS (docs/protocol.md, "Coming back late"),
 * and how often.  Pure; wall time of the server as far as it is known, else of this machine.
 *
 * Nobody asks while the line is up, or before an attempt has failed: a certificate that a broker still takes needs
 * nothing.  This machine's own clock may be wrong in both directions, so a line that keeps failing is reason enough to
 * look at the server's when the certificate is in its last third, or not valid yet, or an authority has ended; that
 * clock then decides. */
#ifndef ENDPOINT_CORE_LATE_H
#define ENDPOINT_CORE_LATE_H

#include <stdbool.h>

#include "endpoint/core/renewal.h"
#include "lib/base/backoff.h"

/* What came of it. */
typedef enum {
    EP_LATE_GRANTED,
    EP_LATE_UNREACHED, /* nobody answered, or nobody of ours */
    EP_LATE_VALID,     /* by the server's clock it has not ended: nothing was asked for */
    EP_LATE_LATER,     /* the server cannot now, or not so often */
    EP_LATE_CLOCK,     /* this machine's clock is so far off that it could not use another one */
    EP_LATE_LETTER,    /* what this machine trusts has ended: a signed word of what it is to trust came instead */
    EP_LATE_REFUSED,   /* not again before somebody does something */
} EpLateOutcome;

typedef struct {
    EpRenewalDates dates;
    HlTime now, mono;
    bool is_line_up;
    bool is_authority_over; /* one that it trusts: the server may be unable to show anything else */
    uint64_t failed;        /* attempts of the line since it was last up */
} EpLateFacts;

typedef struct {
    HlBackoff backoff; /* while nobody answers: that of the line */
    HlTime due;        /* mono: not before; 0: at once */
    bool is_asking;
} EpLate;

/* Whether to ask now; then ep_late_answered must follow. */
bool ep_late_step(EpLate *late, const EpLateFacts *facts);

/* wait: as the server asked for, or until the certificate's end (EP_LATE_VALID); 0: not said. */
void ep_late_answered(EpLate *late, EpLateOutcome outcome, HlTime wait, HlTime mono, uint64_t random);

/* Whether the certificate that ends then is to be asked for, by the server's clock. */
bool ep_late_is_ended(HlTime ends, HlTime server);

/* Of an answer with this code (EnrolReply.code). */
EpLateOutcome ep_late_outcome(const char *code);

#endif
