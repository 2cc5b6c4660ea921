/* SPDX-License-Identifier: Apache-2.0 */
/* How far the repository's signed timestamp is through its life.  All times are wall clock; a repository that there is
 * not, or that was not read yet, has expires 0.  Pure.
 *
 * Clients refuse a repository whose timestamp has expired, so it is renewed after a quarter of its life, and warned of
 * from half of it on: by then a renewal has been missed for hours, and there is as long to mend that.
 *
 * One with more left than its whole life was signed by a clock that was ahead, or this one is behind: by its age it
 * would not be renewed until that time. */
#ifndef MANAGER_CORE_SIGNATURE_AGE_H
#define MANAGER_CORE_SIGNATURE_AGE_H

#include <stdbool.h>

#include "lib/base/clock.h"

typedef enum {
    MGR_SIGNATURE_NONE,
    MGR_SIGNATURE_GOOD,
    MGR_SIGNATURE_AGEING,
    MGR_SIGNATURE_AHEAD,
    MGR_SIGNATURE_EXPIRED
} MgrSignatureAge;

/* "none", "good", "ageing", "ahead", "expired". */
const char *mgr_signature_age_name(MgrSignatureAge age);

MgrSignatureAge mgr_signature_age(HlTime signed_at, HlTime expires, HlTime now);

/* Whether it should be renewed now. */
bool mgr_signature_is_due(HlTime signed_at, HlTime expires, HlTime now);

#endif
