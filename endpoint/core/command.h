/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a command on the endpoint: whether it is accepted, and which state follows which.  See docs/protocol.md,
 * "A command's life".  The signature has been checked before.  Pure; times are wall. */
#ifndef ENDPOINT_CORE_COMMAND_H
#define ENDPOINT_CORE_COMMAND_H

#include "lib/base/clock.h"

/* More commands under way than one endpoint ever has.  Ended ones do not count: the journal keeps the last
 * EP_JOURNAL_KEEP of them. */
#define EP_COMMAND_MAX_ENTRIES 1000
/* A command must not occupy the journal forever; the manager's default is 4 days. */
#define EP_COMMAND_MAX_LIFETIME (400 * HL_DAY)

typedef enum {
    EP_COMMAND_RECEIVED, /* in the journal, not begun */
    EP_COMMAND_STARTED,
    EP_COMMAND_SUCCEEDED, /* this and all below are final */
    EP_COMMAND_FAILED,
    EP_COMMAND_REJECTED,
    EP_COMMAND_TIMED_OUT,
    EP_COMMAND_EXPIRED,
    EP_COMMAND_CANCELLED,
    EP_COMMAND_N_STATES,
} EpCommandState;

typedef enum {
    EP_COMMAND_START,
    EP_COMMAND_SUCCEED,
    EP_COMMAND_FAIL,
    EP_COMMAND_REJECT,
    EP_COMMAND_TIME_OUT,
    EP_COMMAND_EXPIRE,
    EP_COMMAND_CANCEL,
    EP_COMMAND_N_EVENTS,
} EpCommandEvent;

bool ep_command_is_final(EpCommandState state);

/* false: the event has no effect in this state (a final state never changes). */
bool ep_command_step(EpCommandState *state, EpCommandEvent event);

typedef struct {
    const char *endpoint; /* addressee */
    const char *id;
    bool kind_known;
    bool exempt;            /* from the limit: a new certificate, a cancellation */
    HlTime issued, expires; /* the issuer's clock, signed */
} EpCommandOffer;

typedef struct {
    const char *endpoint;
    bool known;                               /* the id is in the journal */
    guint under_way;                          /* how many have not ended */
    HlTime forgotten_issued, forgotten_until; /* the latest issue, and the latest expiry, of an id that was forgotten */
    bool independent;
    HlTime now; /* the issuer's clock, as well as it is known */
} EpCommandView;

typedef enum {
    EP_COMMAND_TAKE,
    EP_COMMAND_REPEAT,             /* second delivery: repeat the last report */
    EP_COMMAND_REJECT_UNKNOWN,     /* journalled and reported as rejected: a newer manager's kind */
    EP_COMMAND_REJECT_INDEPENDENT, /* the same: independent mode */
    EP_COMMAND_REFUSE_WRONG_ENDPOINT,
    EP_COMMAND_REFUSE_EXPIRED,
    EP_COMMAND_REFUSE_REPLAYED, /* its id may already have been forgotten */
    EP_COMMAND_REFUSE_INVALID,
    EP_COMMAND_REFUSE_LIMIT,
} EpCommandVerdict;

EpCommandVerdict ep_command_judge(const EpCommandOffer *offer, const EpCommandView *view);

#endif
