/* Decisions of the line: session numbers, the manager's epochs, broker addresses.  See docs/protocol.md, "The line of
 * an endpoint", points 1, 2, 6 and 8.  Pure. */
#ifndef ENDPOINT_CORE_LINK_H
#define ENDPOINT_CORE_LINK_H

#include "lib/base/clock.h"

/* The number of the next connect: grows even if the clock went back or the database is older than the clock. */
uint64_t ep_session_next(uint64_t last, HlTime wall);

typedef enum {
    EP_FENCE_NONE, /* the fence is behind us: an answer to an older birth */
    EP_FENCE_PASS, /* *last is now the fence: reconnect with ep_session_next(*last) */
} EpFence;

/* The registry knows a session as high as ours or higher. */
EpFence ep_session_fence(uint64_t *last, uint64_t fence);

/* What this endpoint has heard of the manager. */
typedef struct {
    bool known, online;
    uint64_t epoch;
} EpManager;

/* Whether birth and reports must go out again.  retained: the broker sent it on subscribing, before our birth went out,
 * so that the birth already answers it. */
bool ep_manager_seen(EpManager *manager, bool online, uint64_t epoch, bool retained);

/* Evenly distributed over 0..bound, both included. */
HlTime ep_spread(HlTime bound, uint64_t random);

/* The addresses of the settings first, then those of the enrolment, without duplicates: settings that name a broker
 * which does not exist must not strand the endpoint.  Caller frees (GStrv). */
char **ep_link_brokers(const char *const *from_settings, const char *const *from_enrolment);

#endif
