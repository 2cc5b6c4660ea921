/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the repository has had new patterns lately.  Where whatever feeds it has stopped, no endpoint is behind and
 * the timestamp goes on being renewed: only the age tells.  Not the signature's age (signature_age.h).  Pure. */
#ifndef MANAGER_CORE_PATTERN_AGE_H
#define MANAGER_CORE_PATTERN_AGE_H

#include <stdbool.h>

#include "lib/base/clock.h"

/* The components that change every day, in a list as hl_components_only() takes it: rules may be good for years. */
#define MGR_PATTERNS_DAILY "agent,virus"

/* published: the first moment (wall) of the day on which the oldest of them was published, 0: there is none.  after:
 * how long after the end of that day it is old; 0: never. */
bool mgr_patterns_are_old(HlTime published, HlTime after, HlTime now);

/* That, as a sentence with its remedy, the same every day.  is_copy: the repository is a copy of another source.
 * NULL: they are not old; caller frees. */
char *mgr_patterns_describe_age(HlTime published, HlTime after, HlTime now, bool is_copy);

#endif
