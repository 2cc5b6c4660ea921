/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of the line: session numbers, the manager's epochs, broker addresses.  See docs/protocol.md, "The line of
 * an endpoint", points 1, 2, 6 and 8.  Pure. */
#ifndef ENDPOINT_CORE_LINK_H
#define ENDPOINT_CORE_LINK_H

#include "lib/base/clock.h"

/* The number of the next connect: grows even if the clock went back or the database is older than the clock. */
uint64_t ep_session_next(uint64_t last, HlTime wall);

/* A signed fence: the number that the registry would have us go on from. */
typedef struct {
    uint64_t answered; /* the session that it was said to */
    uint64_t session;  /* 0: none */
    HlTime issued;     /* the manager's clock */
} EpFenceOrder;

typedef enum {
    EP_FENCE_NONE,
    EP_FENCE_PASS,   /* *last is now the fence, which may be lower: connect again with ep_session_next(*last) */
    EP_FENCE_ABSURD, /* more than a day ahead of both clocks: not believed, no matter who signed it */
} EpFence;

/* An order that answers a session other than *last does not count. */
EpFence ep_session_fence(uint64_t *last, const EpFenceOrder *order, HlTime wall);

/* What this endpoint has heard of the manager. */
typedef struct {
    bool known, online;
    uint64_t epoch;
} EpManager;

/* Whether birth and reports must go out again.  retained: the broker sent it on subscribing, before our birth went out,
 * so that the birth already answers it. */
bool ep_manager_seen(EpManager *manager, bool online, uint64_t epoch, bool retained);

/* How long to wait at a broker for the manager's answer before going on to the next address.  is_known: this broker has
 * its state, so that it may just be away.  fruitless: how often nobody answered since it did; each time twice as long,
 * because the manager may be down, and a fleet that goes round costs the brokers as much as a storm of connects. */
HlTime ep_link_patience(bool is_known, guint fruitless, uint64_t random);

/* Evenly distributed over 0..bound, both included. */
HlTime ep_spread(HlTime bound, uint64_t random);

/* Within what time a birth is repeated for a manager that came back, which said births, or 0 if it is of an earlier
 * version: then reconnects.  A connect costs a broker more than a birth costs the manager, so the window for connects
 * (0: not known) is long enough where it is the shorter one. */
HlTime ep_birth_window(HlTime births, HlTime reconnects, HlTime connects);

/* The addresses of the settings first, then those of the enrolment, without duplicates: settings that name a broker
 * which does not exist must not strand the endpoint.  Caller frees (GStrv). */
char **ep_link_brokers(const char *const *from_settings, const char *const *from_enrolment);

/* Which of a list of n addresses the endpoint begins with: a fleet spreads over the list, and each endpoint has its
 * own, always.  0 for an empty list. */
gsize ep_link_first(const char *id, gsize n);

/* Which of them it tries as its i-th, from 0, below n: each once, the first as above, and behind it in an order that
 * differs too: those whose address fails spread over all others. */
gsize ep_link_nth(const char *id, gsize n, gsize i);

#endif
