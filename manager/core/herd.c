/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/herd.h"

HlTime mgr_herd_window(guint endpoints, HlTime most)
{
    return MIN(MAX((HlTime)endpoints * MGR_HERD_EACH, MGR_HERD_LEAST), most);
}

bool mgr_herd_note(MgrHerd *herd, guint connects, uint64_t busy_us)
{
    uint64_t before = herd->cost_us;
    uint64_t measured;

    if (connects < MGR_HERD_BUSY)
        return false;
    herd->connects += connects;
    herd->busy_us += busy_us;
    if (herd->connects < MGR_HERD_SAMPLE)
        return false;
    measured = CLAMP(herd->busy_us / herd->connects, MGR_HERD_COST_LEAST, MGR_HERD_COST_MOST);
    herd->connects = 0;
    herd->busy_us = 0;
    /* one measurement of a busy second does not count for all */
    herd->cost_us = before == 0 ? measured : (3 * before + measured) / 4;
    return herd->cost_us != before;
}

HlTime mgr_herd_connects(const MgrHerd *herd, guint endpoints, guint brokers, HlTime most)
{
    uint64_t cost = herd->cost_us != 0 ? CLAMP(herd->cost_us, MGR_HERD_COST_LEAST, MGR_HERD_COST_MOST) : MGR_HERD_COST;
    uint64_t each = endpoints / MAX(brokers, 1);

    return each < MGR_HERD_FEW ? 0 : MIN((HlTime)(each * cost / 1000), most);
}

HlTime mgr_herd_downloads(guint endpoints, guint at_a_time, HlTime most)
{
    guint slots = MAX(at_a_time, 1);

    return endpoints <= slots ? 0 : MIN((HlTime)endpoints * MGR_HERD_DOWNLOAD / slots, most);
}
