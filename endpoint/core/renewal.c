/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/renewal.h"

#include <glib.h>

static HlTime life(const EpRenewalDates *dates)
{
    bool is_known = dates->issued > dates->not_before && dates->issued < dates->not_after;

    return dates->not_after - (is_known ? dates->issued : dates->not_before);
}

HlTime ep_renewal_interval(const EpRenewalDates *dates)
{
    return CLAMP(life(dates) / 100, HL_SECOND, HL_HOUR);
}

bool ep_renewal_is_due(const EpRenewalDates *dates, HlTime now)
{
    return now >= dates->not_after - life(dates) / 3;
}
