/* SPDX-License-Identifier: Apache-2.0 */
/* An automatic update (schedule, start-up) that failed for a transient reason is tried again: a machine that wakes up
 * away from its network must not wait for the next slot, which may be a week away.
 *
 * After 1, 2, 4, ... minutes up to 15, plus a random part of that; at once when the line comes up; until an update
 * succeeds, one fails for another reason, or the next slot has its run.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_RETRY_H
#define ENDPOINT_CORE_RETRY_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define EP_RETRY_FIRST HL_MINUTE
#define EP_RETRY_MAX   (15 * HL_MINUTE)

typedef struct {
    bool armed;
    bool line_up; /* when it was last checked */
    HlTime step;  /* the next wait; 0: the first */
    HlTime at;
} EpRetry;

/* Whether a failure with this code (lib/base/error.h) is transient. */
bool ep_retry_passes(const char *code);

/* The update failed for such a reason. */
void ep_retry_failed(EpRetry *retry, HlTime now, uint64_t random);

/* There is nothing left to make up for. */
void ep_retry_settled(EpRetry *retry);

/* Whether to try now; then ep_retry_failed or ep_retry_settled must follow.  Call every few seconds. */
bool ep_retry_step(EpRetry *retry, bool line_up, HlTime now);

#endif
