/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/pacing.h"

#include "lib/base/proc.h"

/* Of all that run; *running: how many. */
static MgrHerdTime time_of(const MgrBrokers *brokers, guint *running)
{
    MgrHerdTime sum = { 0 };

    *running = 0;
    for (guint i = 0; i < mgr_brokers_count(brokers); i++) {
        MgrBrokerView view = mgr_brokers_view(brokers, i);
        HlProcTime taken;

        if (view.pid == 0)
            continue;
        taken = hl_proc_time(view.pid);
        sum.ran_us += taken.ran_us;
        sum.waited_us += taken.waited_us;
        ++*running;
    }
    return sum;
}

void mgr_pacing_tick(MgrPacing *pacing)
{
    uint64_t connects = pacing->fleet->connects - pacing->connects;
    MgrHerdTime before = pacing->taken;
    guint running_before = pacing->running;
    MgrHerdTime took;

    pacing->connects += connects;
    if (pacing->brokers == NULL)
        return;
    pacing->taken = time_of(pacing->brokers, &pacing->running);
    /* one that began or ended in this second has another sum */
    if (pacing->running == 0 || pacing->running != running_before || pacing->taken.ran_us < before.ran_us ||
        pacing->taken.waited_us < before.waited_us)
        return;
    took = (MgrHerdTime){ pacing->taken.ran_us - before.ran_us, pacing->taken.waited_us - before.waited_us };
    if (mgr_herd_note(&pacing->fleet->herd, (guint)MIN(connects, G_MAXINT), took))
        mgr_write_measure(mgr_record_background(pacing->record), MGR_HERD_COUNTER, pacing->fleet->herd.cost_us);
}
