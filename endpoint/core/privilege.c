/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/privilege.h"

#include <stddef.h>

static const struct {
    const char *what;
    const char *setting;
    size_t offset; /* in EpPrivileges */
} rows[EP_N_ACTS] = {
    [EP_ACT_UPDATE_NOW] = { "update by hand", "privilege.update-now", offsetof(EpPrivileges, update_now) },
    [EP_ACT_TOGGLE_SCHEDULE] = { "turn the scheduled update off or on", "privilege.toggle-schedule",
                                 offsetof(EpPrivileges, toggle_schedule) },
    [EP_ACT_SCAN] = { "scan by hand", "privilege.scan", offsetof(EpPrivileges, scan) },
    [EP_ACT_SKIP_SCAN] = { "skip a scheduled scan", "privilege.skip-scan", offsetof(EpPrivileges, skip_scan) },
    [EP_ACT_STOP] = { "stop the client", "privilege.stop", offsetof(EpPrivileges, stop) },
};

bool ep_privilege_check(EpAct act, const EpPrivileges *privileges, EpWho who, GError **error)
{
    if (act == EP_ACT_ANYBODY)
        return true;
    if (act == EP_ACT_ADMINISTER)
        return who.caller == 0 || who.caller == who.daemon ||
               hl_fail(error, HL_ERROR_DENIED, "only the administrator of this machine may do this: run it as root");
    if (act == EP_ACT_SCAN && who.caller == 0)
        return true;
    if (*(const bool *)((const char *)privileges + rows[act].offset))
        return true;
    if (who.is_stranger)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "this machine is not enrolled: run 'holdline-endpoint enrol BUNDLE' first");
    return hl_fail(
        error, HL_ERROR_DENIED,
        "the administrator does not allow users of this machine to %s; the setting %s of its group allows it",
        rows[act].what, rows[act].setting);
}
