/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/scan.h"

#include <glib.h>

static const char *const how_names[MGR_SCAN_N] = {
    [MGR_SCAN_MANUAL] = "manual",
    [MGR_SCAN_SCHEDULE] = "schedule",
    [MGR_SCAN_COMMAND] = "command",
    [MGR_SCAN_OTHER] = "other",
};

static const char *const end_names[MGR_SCAN_END_N] = {
    [MGR_SCAN_NEVER] = "never",     [MGR_SCAN_COMPLETED] = "completed", [MGR_SCAN_FAILED] = "failed",
    [MGR_SCAN_STOPPED] = "stopped", [MGR_SCAN_ENDED] = "other",
};

const char *mgr_scan_how_name(MgrScanHow how)
{
    g_assert((unsigned)how < MGR_SCAN_N);
    return how_names[how];
}

MgrScanHow mgr_scan_how_from_name(const char *name)
{
    for (unsigned i = 0; i < MGR_SCAN_OTHER; i++)
        if (g_strcmp0(name, how_names[i]) == 0)
            return (MgrScanHow)i;
    return MGR_SCAN_OTHER;
}

const char *mgr_scan_end_name(MgrScanEnd end)
{
    g_assert((unsigned)end < MGR_SCAN_END_N);
    return end_names[end];
}

MgrScanEnd mgr_scan_end_from_name(const char *name)
{
    for (unsigned i = MGR_SCAN_COMPLETED; i < MGR_SCAN_ENDED; i++)
        if (g_strcmp0(name, end_names[i]) == 0)
            return (MgrScanEnd)i;
    return MGR_SCAN_ENDED;
}

HlTime mgr_scan_time(HlTime told, HlTime skew, HlTime enrolled, HlTime now)
{
    /* what is told may be any number: compared before anything is subtracted from it */
    if (told <= 0 || told > now + MAX(skew, 0))
        return now;
    return CLAMP(told - skew, MIN(enrolled, now), now);
}
