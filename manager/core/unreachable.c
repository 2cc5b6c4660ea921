/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/unreachable.h"

bool mgr_unreachable_check(const MgrUnreachable *unreachable, GError **error)
{
    const struct {
        const char *name;
        int64_t minutes;
    } values[] = { { "heartbeat", unreachable->heartbeat_minutes },
                   { "poll", unreachable->poll_minutes },
                   { "offline after", unreachable->offline_minutes } };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].minutes < 1 || values[i].minutes > MGR_RANGE_MINUTES_MAX)
            return hl_fail(error, HL_ERROR_INVALID,
                           "unreachable networks: %s must be 1 to %d minutes, not %" G_GINT64_FORMAT, values[i].name,
                           MGR_RANGE_MINUTES_MAX, values[i].minutes);
    if (unreachable->poll_minutes < 3 * unreachable->heartbeat_minutes)
        return hl_fail(error, HL_ERROR_INVALID,
                       "unreachable networks: poll must be at least three times heartbeat (%" G_GINT64_FORMAT
                       " minutes), not %" G_GINT64_FORMAT,
                       3 * unreachable->heartbeat_minutes, unreachable->poll_minutes);
    if (unreachable->offline_minutes <= unreachable->heartbeat_minutes)
        return hl_fail(error, HL_ERROR_INVALID,
                       "unreachable networks: offline after must be longer than heartbeat (%" G_GINT64_FORMAT
                       " minutes), not %" G_GINT64_FORMAT,
                       unreachable->heartbeat_minutes, unreachable->offline_minutes);
    if (unreachable->n_ranges > MGR_RANGES_MAX)
        return hl_fail(error, HL_ERROR_INVALID, "unreachable networks: at most %d, not %" G_GSIZE_FORMAT,
                       MGR_RANGES_MAX, unreachable->n_ranges);
    return true;
}

bool mgr_unreachable_has(const MgrUnreachable *unreachable, const char *own_address)
{
    for (gsize i = 0; i < unreachable->n_ranges; i++)
        if (hl_network_has(&unreachable->ranges[i], own_address))
            return true;
    return false;
}
