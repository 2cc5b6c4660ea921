/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate is renewed: in the last third of its life, asked again while nobody answers.  Pure; wall time of
 * the server.
 *
 * A certificate is backdated for slow clocks, a short-lived one by more than its life.  So its life begins when it was
 * issued, where that is known; counted from not_before, the last third of a short one would begin at once. */
#ifndef ENDPOINT_CORE_RENEWAL_H
#define ENDPOINT_CORE_RENEWAL_H

#include "lib/base/clock.h"

typedef struct {
    HlTime not_before, not_after;
    HlTime issued; /* 0: not known; one outside the dates is not believed */
} EpRenewalDates;

/* How long to wait between two checks (and two requests): a hundredth of the life, one second to one hour. */
HlTime ep_renewal_interval(const EpRenewalDates *dates);

bool ep_renewal_is_due(const EpRenewalDates *dates, HlTime now);

#endif
