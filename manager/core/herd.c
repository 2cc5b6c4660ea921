/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/herd.h"

#include <stdlib.h>

HlTime mgr_herd_window(guint endpoints, HlTime each, HlTime most)
{
    return MIN(MAX((HlTime)endpoints * each, MGR_HERD_LEAST), most);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* What a quarter of them keeps below: a moment in which the machine did something else does not count, nor does one
 * connect that was taken to be of the second before. */
static uint64_t quartile(uint64_t *values, guint n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 4];
}

static uint64_t estimate(const MgrHerd *herd)
{
    uint64_t ran[MGR_HERD_RECENT];
    uint64_t waited[MGR_HERD_RECENT];

    for (guint i = 0; i < herd->n; i++) {
        ran[i] = herd->recent[i].ran_us;
        waited[i] = herd->recent[i].waited_us;
    }
    ran[0] = quartile(ran, herd->n);
    waited[0] = quartile(waited, herd->n);
    return CLAMP(ran[0] + MIN(waited[0], ran[0]), MGR_HERD_COST_LEAST, MGR_HERD_COST_MOST);
}

static bool follow(MgrHerd *herd)
{
    uint64_t before = herd->cost_us;

    herd->cost_us = estimate(herd);
    return herd->cost_us != before;
}

static void remember(MgrHerd *herd, MgrHerdTime each)
{
    herd->recent[herd->next] = each;
    herd->next = (herd->next + 1) % MGR_HERD_RECENT;
    herd->n = MIN(herd->n + 1, MGR_HERD_RECENT);
}

/* What was begun is of another time. */
static bool pass(MgrHerd *herd)
{
    if (++herd->quiet < MGR_HERD_PASSES)
        return false;
    herd->quiet = 0;
    herd->connects = 0;
    herd->sum = (MgrHerdTime){ 0 };
    for (guint i = 0; i < herd->n; i++)
        herd->recent[i].waited_us /= 2;
    return herd->n > 0 && follow(herd);
}

bool mgr_herd_note(MgrHerd *herd, guint connects, MgrHerdTime took)
{
    if (connects < MGR_HERD_BUSY)
        return pass(herd);
    herd->quiet = 0;
    herd->connects += connects;
    herd->sum.ran_us += took.ran_us;
    herd->sum.waited_us += took.waited_us;
    if (herd->connects < MGR_HERD_SAMPLE)
        return false;
    if (herd->n == 0 && herd->cost_us != 0) /* of an earlier start */
        remember(herd, (MgrHerdTime){ .ran_us = herd->cost_us });
    remember(herd, (MgrHerdTime){ herd->sum.ran_us / herd->connects, herd->sum.waited_us / herd->connects });
    herd->connects = 0;
    herd->sum = (MgrHerdTime){ 0 };
    return follow(herd);
}

HlTime mgr_herd_connects(const MgrHerd *herd, guint endpoints, guint brokers, HlTime most)
{
    uint64_t cost = herd->cost_us != 0 ? CLAMP(herd->cost_us, MGR_HERD_COST_LEAST, MGR_HERD_COST_MOST) : MGR_HERD_COST;
    uint64_t each = endpoints / MAX(brokers, 1);

    return each < MGR_HERD_FEW ? 0 : MIN((HlTime)(each * cost / 1000), most);
}

HlTime mgr_herd_patience(const MgrHerd *herd, guint endpoints, guint brokers, HlTime most)
{
    HlTime connects = mgr_herd_connects(herd, endpoints, brokers, most);

    return MIN(MAX(connects + connects / 2, HL_MINUTE), most + most / 2);
}

HlTime mgr_herd_downloads(guint endpoints, guint at_a_time, HlTime most)
{
    guint slots = MAX(at_a_time, 1);

    return endpoints <= slots ? 0 : MIN((HlTime)endpoints * MGR_HERD_DOWNLOAD / slots, most);
}
