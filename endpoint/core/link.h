/* Decisions of the line: session numbers, the manager's epochs, which broker addresses.  docs/protocol.md, "The line of
 * an endpoint", points 1, 2, 6 and 8.  Pure. */
#ifndef ENDPOINT_CORE_LINK_H
#define ENDPOINT_CORE_LINK_H

#include "lib/base/clock.h"

/* The number of the next connect: rises even when the clock went back or the database is older than the clock. */
uint64_t ep_session_next(uint64_t last, HlTime wall);

typedef enum {
    EP_FENCE_NONE, /* the fence is behind us: an answer to an older birth */
    EP_FENCE_PASS, /* *last is now the fence: connect again with ep_session_next(*last) */
} EpFence;

/* The registry knows a session that is not below ours. */
EpFence ep_session_fence(uint64_t *last, uint64_t fence);

/* What this endpoint has heard of the manager. */
typedef struct {
    bool known, online;
    uint64_t epoch;
} EpManager;

/* Whether birth and reports must go out again.  retained: the broker told it on subscribing, before our birth went out,
 * so the birth answers it already. */
bool ep_manager_seen(EpManager *manager, bool online, uint64_t epoch, bool retained);

/* Uniform in 0..bound, both included. */
HlTime ep_spread(HlTime bound, uint64_t random);

/* The addresses of the settings first, those of the enrolment after them without repeats: settings that name a broker
 * which is not there must not strand the endpoint.  Caller frees (GStrv). */
char **ep_link_brokers(const char *const *from_settings, const char *const *from_enrolment);

#endif
