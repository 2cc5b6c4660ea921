/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/renewal.h"

HlTime ep_renewal_interval(HlTime not_before, HlTime not_after)
{
    return CLAMP((not_after - not_before) / 100, HL_SECOND, HL_HOUR);
}

bool ep_renewal_is_due(HlTime not_before, HlTime not_after, HlTime now)
{
    return now >= not_after - (not_after - not_before) / 3;
}
