/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/retry.h"

#include <glib.h>

#include "lib/base/error.h"

bool ep_retry_passes(const char *code)
{
    switch (hl_error_from_name(code)) {
    case HL_ERROR_UNAVAILABLE:
    case HL_ERROR_TIMEOUT:
    case HL_ERROR_CONFLICT: /* somebody is running the updater by hand */
    case HL_ERROR_FULL:
        return true;
    default:
        return false;
    }
}

void ep_retry_failed(EpRetry *retry, HlTime now, uint64_t random)
{
    HlTime step = retry->step == 0 ? EP_RETRY_FIRST : retry->step;

    retry->armed = true;
    retry->at = now + step + (HlTime)(random % (uint64_t)step);
    retry->step = MIN(2 * step, EP_RETRY_MAX);
}

void ep_retry_settled(EpRetry *retry)
{
    *retry = (EpRetry){ .line_up = retry->line_up };
}

bool ep_retry_step(EpRetry *retry, bool line_up, HlTime now)
{
    bool came = line_up && !retry->line_up;

    retry->line_up = line_up;
    if (!retry->armed || (now < retry->at && !came))
        return false;
    retry->armed = false;
    return true;
}
