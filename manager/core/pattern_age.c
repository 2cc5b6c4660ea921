/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/pattern_age.h"

#define DATE 10 /* "2026-11-29" of a time */

HlTime mgr_patterns_old_until(HlTime after, HlTime now)
{
    return after > 0 ? now - HL_DAY - after : 0;
}

char *mgr_patterns_describe_age(const char *names, HlTime published, HlTime after, MgrPatternsFeed feed)
{
    static const char *const remedies[] = {
        [MGR_PATTERNS_OWN] =
            "look there at '" MGR_PATTERNS_LOOK "', or publish some ('holdline pattern publish COMPONENT FILE')",
        [MGR_PATTERNS_COPY] =
            "'holdline pattern sync' asks their source; if that has none either, ask those who run it",
        [MGR_PATTERNS_COPY_FAILS] = "their source cannot be copied, and 'holdline pattern list' says why",
    };
    g_autofree char *day = hl_time_format(published);
    g_autofree char *limit = hl_duration_format(after);

    if (*names == '\0')
        return NULL;
    return g_strdup_printf(
        "The server's patterns (%s) are of %.*s, and none have come for more than %s (patterns.old-after): %s.", names,
        DATE, day, limit, remedies[feed]);
}
