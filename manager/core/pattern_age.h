/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the repository has had new patterns lately.  Where whatever feeds it has stopped, no endpoint is behind and
 * the timestamp goes on being renewed: only the age tells.  Not the signature's age (signature_age.h).  Pure. */
#ifndef MANAGER_CORE_PATTERN_AGE_H
#define MANAGER_CORE_PATTERN_AGE_H

#include <stdbool.h>

#include "lib/base/clock.h"

/* The components that change every day, in a list as hl_components_only() takes it: rules may be good for years. */
#define MGR_PATTERNS_DAILY "agent,virus"

/* What shows a person whether they were fetched and imported, and whether the timer for that is enabled. */
#define MGR_PATTERNS_LOOK "systemctl status holdline-repo-import.timer holdline-repo-import clamav-freshclam"

/* What was published on a day that began then, or before, is old.  after: how long after the end of that day; 0:
 * nothing ever is. */
HlTime mgr_patterns_old_until(HlTime after, HlTime now);

/* COPY: from another source, which was copied last; COPY_FAILS: it could not be. */
typedef enum { MGR_PATTERNS_OWN, MGR_PATTERNS_COPY, MGR_PATTERNS_COPY_FAILS } MgrPatternsFeed;

/* That those are old, as a sentence with its remedy, the same every day.  names: "agent, virus", of the components that
 * are (hl_components_until).  published: the day of the oldest.  feed: where the repository's come from.  NULL: none
 * is old; caller frees. */
char *mgr_patterns_describe_age(const char *names, HlTime published, HlTime after, MgrPatternsFeed feed);

#endif
