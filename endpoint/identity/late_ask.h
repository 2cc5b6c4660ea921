/* SPDX-License-Identifier: Apache-2.0 */
/* The question of an endpoint whose certificate has ended: looks at the server's clock, and if that says the same, asks
 * for another certificate by proof of the old key (POST /v1/renew).  At the first URL that answers.
 *
 * Where a pinned authority has ended nobody may be able to show a certificate that counts: who answers is then asked
 * for a letter, the signed ServerDocument that names others, and nothing else of that answer is believed.
 *
 * What is believed is who holds a certificate of the pinned authority.  The clock is good for this question alone: a
 * broker of somebody else's has that certificate too, so nothing that is signed is judged by it.
 *
 * In a thread of its own, which waits; the answer comes through a mailbox. */
#ifndef ENDPOINT_IDENTITY_LATE_ASK_H
#define ENDPOINT_IDENTITY_LATE_ASK_H

#include "endpoint/core/late.h"
#include "lib/base/mailbox.h"

typedef struct {
    const char *const *urls; /* of the front, in the order of attempts */
    const char *ca_path;
    const char *proxy;       /* of the line; "": none */
    bool may_ask_anybody;    /* for a letter: an authority of ca_path has ended */
    HlTime ends;             /* wall of the server: of the certificate */
    const char *certificate; /* PEM; this and the next two as in RenewRequest */
    GBytes *csr, *proof;
} EpLateSpec;

typedef struct {
    EpLateOutcome outcome;
    HlTime server;     /* its clock, wall; 0: not known */
    HlTime wait;       /* as it asked for; 0: it did not */
    char *message;     /* why not; "" for EP_LATE_GRANTED and EP_LATE_VALID */
    char *code;        /* of the answer; "" without one */
    char *certificate; /* PEM; "": none */
    GBytes *letter;    /* EP_LATE_LETTER: an encoded SignedEnvelope, unchecked; else NULL */
} EpLateAnswer;

void ep_late_answer_free(gpointer answer);

typedef struct EpLateAsk EpLateAsk;

/* Copies everything.  answers takes one EpLateAnswer and outlives the question.  NULL: the system has no thread to
 * spare. */
EpLateAsk *ep_late_ask_start(const EpLateSpec *spec, HlMailbox *answers);

/* Ends it within a second or two if it is under way.  Its answer may be in the mailbox all the same. */
void ep_late_ask_free(EpLateAsk *ask);

#endif
