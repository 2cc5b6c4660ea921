/* SPDX-License-Identifier: Apache-2.0 */
/* Retry delays with full jitter: a delay is drawn evenly from 0..min(cap, base * 2^n), the first included, so that a
 * fleet that lost its server at one moment does not come back at one moment.  After "Exponential Backoff And Jitter"
 * (AWS Architecture Blog, 2015).  Pure: the random number is an argument. */
#ifndef LIB_BASE_BACKOFF_H
#define LIB_BASE_BACKOFF_H

#include <stdbool.h>

#include "lib/base/clock.h"

typedef struct {
    HlTime base, cap;
    unsigned failures; /* since the last hl_backoff_reset */
} HlBackoff;

#define HL_BACKOFF_INIT(base_, cap_) ((HlBackoff){ .base = (base_), .cap = (cap_) })

/* The delay before the next attempt; counts one more failure. */
HlTime hl_backoff_next(HlBackoff *backoff, uint64_t random);

/* The attempt held. */
void hl_backoff_reset(HlBackoff *backoff);

/* What the attempt brought about came to an end after held.  It starts the count over if it had proved itself, or
 * lasted longer than the longest delay: to be let in is no proof, because who is let in and thrown out each time would
 * come back at the shortest delay for ever. */
void hl_backoff_ended(HlBackoff *backoff, bool proved, HlTime held);

#endif
