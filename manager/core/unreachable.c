/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/unreachable.h"

#include "manager/core/refusal.h"

static bool check_minutes(int64_t minutes, MgrRefusal refusal, GError **error)
{
    return (minutes >= 1 && minutes <= MGR_RANGE_MINUTES_MAX) ||
           mgr_refuse(error, refusal, HL_NUMBER(MGR_RANGE_MINUTES_MAX), HL_NUMBER(minutes), NULL);
}

bool mgr_unreachable_check(const MgrUnreachable *unreachable, GError **error)
{
    int64_t heartbeat = unreachable->heartbeat_minutes;

    if (!check_minutes(heartbeat, MGR_REFUSE_UNREACHABLE_HEARTBEAT, error) ||
        !check_minutes(unreachable->poll_minutes, MGR_REFUSE_UNREACHABLE_POLL, error) ||
        !check_minutes(unreachable->offline_minutes, MGR_REFUSE_UNREACHABLE_OFFLINE, error))
        return false;
    if (unreachable->poll_minutes < 3 * heartbeat)
        return mgr_refuse(error, MGR_REFUSE_UNREACHABLE_POLL_SHORT, HL_NUMBER(3 * heartbeat),
                          HL_NUMBER(unreachable->poll_minutes), NULL);
    if (unreachable->offline_minutes <= heartbeat)
        return mgr_refuse(error, MGR_REFUSE_UNREACHABLE_OFFLINE_SHORT, HL_NUMBER(heartbeat),
                          HL_NUMBER(unreachable->offline_minutes), NULL);
    if (unreachable->n_ranges > MGR_RANGES_MAX)
        return mgr_refuse(error, MGR_REFUSE_UNREACHABLE_MANY, HL_NUMBER(MGR_RANGES_MAX),
                          HL_NUMBER(unreachable->n_ranges), NULL);
    return true;
}

bool mgr_unreachable_has(const MgrUnreachable *unreachable, const char *own_address)
{
    for (gsize i = 0; i < unreachable->n_ranges; i++)
        if (hl_network_has(&unreachable->ranges[i], own_address))
            return true;
    return false;
}
