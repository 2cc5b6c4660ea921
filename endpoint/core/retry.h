/* An update that runs by itself (schedule, start-up) and failed for a temporary reason is tried again: a machine that
 * wakes up away from its network must not wait for the next slot, which may be a week ahead.
 *
 * After 1, 2, 4 ... minutes up to 15, and a random part of that more; at once when the line comes up; until an update
 * succeeded, one failed for another reason, or the next slot has its run.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_RETRY_H
#define ENDPOINT_CORE_RETRY_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define EP_RETRY_FIRST HL_MINUTE
#define EP_RETRY_MAX   (15 * HL_MINUTE)

typedef struct {
    bool armed;
    bool line_up; /* when it was looked at last */
    HlTime step;  /* the next wait; 0: the first */
    HlTime at;
} EpRetry;

/* Whether a failure with this code (lib/base/error.h) may be gone the next time. */
bool ep_retry_passes(const char *code);

/* The update failed for such a reason. */
void ep_retry_failed(EpRetry *retry, HlTime now, uint64_t random);

/* Nothing is left to retry. */
void ep_retry_settled(EpRetry *retry);

/* Whether to try now; the caller then says ep_retry_failed or ep_retry_settled.  To be asked every few seconds. */
bool ep_retry_step(EpRetry *retry, bool line_up, HlTime now);

#endif
