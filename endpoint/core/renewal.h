/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate is renewed: in the last third of its life, asked again while nobody answers.  Pure; wall time of
 * the server. */
#ifndef ENDPOINT_CORE_RENEWAL_H
#define ENDPOINT_CORE_RENEWAL_H

#include "lib/base/clock.h"

/* How long to wait between two checks (and two requests): a hundredth of the life, one second to one hour. */
HlTime ep_renewal_interval(HlTime not_before, HlTime not_after);

bool ep_renewal_is_due(HlTime not_before, HlTime not_after, HlTime now);

#endif
