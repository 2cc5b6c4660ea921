/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint whose certificate ended while it was away: asks over HTTPS for another one, as no broker takes it
 * (docs/protocol.md, "Coming back late").  endpoint/core/late decides when; the question itself is
 * endpoint/identity/late_ask; what came is checked and put in place by work/renewal.
 *
 * What came of it is said in the log, in the status, and, where somebody has to do something, as what keeps the
 * endpoint from its work.  Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_COMEBACK_H
#define ENDPOINT_DAEMON_WORK_COMEBACK_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/pulse.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/daemon/work/renewal.h"
#include "endpoint/identity/identity.h"

typedef struct EpComeback EpComeback;

typedef struct {
    bool is_up;
    uint64_t failed; /* attempts since it was up */
} EpComebackLine;

typedef struct {
    const EpIdentity *identity; /* these six are borrowed, and outlive it */
    HlDb *db;
    EpTrouble *trouble;
    EpPulse *pulse; /* may be NULL */
    const EpServerTime *time;
    EpRenewal *renewal;
    const char *proxy;          /* of the line; copied */
    HlTime pace_base, pace_cap; /* while nobody answers: as the line's attempts */
    EpComebackLine (*line)(gpointer user);
    char **(*urls)(gpointer user);                   /* of the front; freed with g_strfreev */
    bool (*letter)(GBytes *envelope, gpointer user); /* a ServerDocument from anybody; whether it is now in force */
    gpointer user;
} EpComebackOptions;

/* Never NULL. */
EpComeback *ep_comeback_new(const EpComebackOptions *options);

/* Ends a question that is under way, within a second or two. */
void ep_comeback_free(EpComeback *comeback);

typedef enum {
    EP_COMEBACK_NONE,    /* nothing to tell: the usual case */
    EP_COMEBACK_WAITING, /* asked, and asks again */
    EP_COMEBACK_REFUSED, /* by the server: somebody has to do something */
    EP_COMEBACK_CLOCK,   /* this machine's clock is wrong, and has to be set */
    EP_COMEBACK_BACK,    /* the certificate in use was given to it after the one before had ended */
} EpComebackState;

typedef struct {
    EpComebackState state;
    HlTime at;          /* wall: when it was told so; 0: EP_COMEBACK_NONE */
    const char *detail; /* in words; "": none.  Borrowed until the next turn of the loop */
    HlTime next;        /* wall: of the next question; 0: none is planned */
} EpComebackView;

EpComebackView ep_comeback_view(const EpComeback *comeback);

/* For scripts: "none", "waiting", ... */
const char *ep_comeback_state_name(EpComebackState state);

#endif
