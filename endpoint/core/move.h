/* SPDX-License-Identifier: Apache-2.0 */
/* How an endpoint follows its server to another place: it tries the new one before it gives the old one up, and goes
 * back if nobody answers there (docs/protocol.md, "Where the server is").
 *
 * Until the manager has answered from the new place the old one stays known, and both are tried when the line is down:
 * neither a wrong list nor an old place that is closed too early strands anybody.  What is offered, and what is in
 * force, is kept by the caller.  Pure; times are monotonic. */
#ifndef ENDPOINT_CORE_MOVE_H
#define ENDPOINT_CORE_MOVE_H

#include "lib/base/clock.h"

#define EP_MOVE_TRIAL_TIME  (2 * HL_MINUTE)  /* eight addresses that swallow what comes take as long */
#define EP_MOVE_ANSWER_TIME (30 * HL_SECOND) /* for the manager's answer, once a new broker has let it in */
#define EP_MOVE_POSTPONE    HL_MINUTE        /* the old line is down as well: both places are tried anyway */
#define EP_MOVE_RETRY_BASE  (10 * HL_MINUTE) /* after the first trial that failed; doubled with each */
#define EP_MOVE_RETRY_CAP   (12 * HL_HOUR)

typedef enum {
    EP_MOVE_NONE,    /* nothing is offered: what is in force is all there is */
    EP_MOVE_WAITING, /* the first trial comes */
    EP_MOVE_TRIAL,   /* the line goes by the new addresses alone */
    EP_MOVE_BACK,    /* a trial has failed, another one comes */
} EpMoveState;

typedef struct {
    EpMoveState state;
    uint32_t tries;    /* trials of this offer that have failed */
    uint32_t failed;   /* attempts to connect in this trial */
    bool is_let_in;    /* TRIAL: by a broker at the new place */
    HlTime due;        /* WAITING, BACK: the next trial; TRIAL: its end */
    bool is_postponed; /* WAITING, BACK: it was due while the manager did not answer at the old place */
} EpMove;

typedef enum {
    EP_MOVE_OFFERED,  /* a newer list was accepted and stored */
    EP_MOVE_UP,       /* a broker let it in */
    EP_MOVE_ANSWERED, /* and the manager answered there */
    EP_MOVE_FAILED,   /* an attempt failed, or a link ended */
    EP_MOVE_TICK,     /* time has passed */
    EP_MOVE_SPREAD,   /* the time over which endpoints spread a reconnect is another */
} EpMoveEventKind;

typedef struct {
    EpMoveEventKind kind;
    HlTime now;
    HlTime spread;      /* random, within the time over which endpoints spread a reconnect */
    bool is_new_place;  /* the line's address, up or not, is among those offered */
    bool is_answered;   /* the manager has answered on this connection */
    uint32_t addresses; /* how many are offered */
} EpMoveEvent;

typedef enum {
    EP_MOVE_STAY,
    EP_MOVE_BEGIN,  /* connect by the new addresses alone */
    EP_MOVE_ADOPT,  /* what was offered is in force, the connection stays */
    EP_MOVE_RETURN, /* connect by the old addresses first */
} EpMoveEffect;

EpMoveEffect ep_move_step(EpMove *move, const EpMoveEvent *event);

/* The program starts with an offer that nobody has confirmed, after so many failed trials. */
void ep_move_resume(EpMove *move, uint32_t tries, HlTime now, HlTime spread);

#endif
