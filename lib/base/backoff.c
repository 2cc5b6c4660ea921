/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/backoff.h"

HlTime hl_backoff_next(HlBackoff *backoff, uint64_t random)
{
    HlTime bound = backoff->base;

    for (unsigned i = 0; i < backoff->failures && bound < backoff->cap; i++)
        bound *= 2;
    if (bound > backoff->cap)
        bound = backoff->cap;
    backoff->failures++;
    return (HlTime)(random % (uint64_t)(bound + 1));
}

void hl_backoff_reset(HlBackoff *backoff)
{
    backoff->failures = 0;
}

void hl_backoff_ended(HlBackoff *backoff, bool proved, HlTime held)
{
    if (proved || held > backoff->cap)
        hl_backoff_reset(backoff);
}
