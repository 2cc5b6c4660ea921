/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/pattern_age.h"

#define DATE 10 /* "2026-11-29" of a time */

bool mgr_patterns_are_old(HlTime published, HlTime after, HlTime now)
{
    return published > 0 && after > 0 && now - published >= HL_DAY + after;
}

char *mgr_patterns_describe_age(HlTime published, HlTime after, HlTime now, bool is_copy)
{
    g_autofree char *day = hl_time_format(published);
    g_autofree char *limit = hl_duration_format(after);

    if (!mgr_patterns_are_old(published, after, now))
        return NULL;
    return g_strdup_printf(
        "The server's patterns are of %.*s, and none have come for more than %s (patterns.old-after): %s.", DATE, day,
        limit,
        is_copy ? "'holdline pattern sync' asks their source; if that has none either, ask those who run it"
                : "look there at 'journalctl -u clamav-freshclam -u holdline-repo-import', or publish some ('holdline "
                  "pattern publish')");
}
