/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/standing.h"

#include "lib/base/service.h"

void mgr_standing_tick(MgrStanding *standing, const MgrStatus *status, const MgrDown *down, uint64_t epoch)
{
    g_autofree char *line = NULL;
    guint all, online = 0;

    if (!mgr_down_is_up(down)) {
        g_clear_pointer(&standing->told, g_free);
        return;
    }
    all = mgr_status_count(status, &online);
    if (mgr_status_is_blind(status))
        line = g_strdup_printf("Blind: the broker at %s passes nothing on; every status is as last known",
                               mgr_down_broker(down));
    else
        line = g_strdup_printf("Serving: %u of %u endpoint%s online; connected to the broker at %s", online, all,
                               all == 1 ? "" : "s", mgr_down_broker(down));
    if (epoch == standing->epoch && g_strcmp0(line, standing->told) == 0)
        return;
    hl_service_status("%s", line);
    g_free(standing->told);
    standing->epoch = epoch;
    standing->told = g_steal_pointer(&line);
}

void mgr_standing_clear(MgrStanding *standing)
{
    g_clear_pointer(&standing->told, g_free);
}
