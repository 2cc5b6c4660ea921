/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/pacing.h"

#include "lib/base/proc.h"

/* Of all that run; *running: how many. */
static uint64_t busy_of(const MgrBrokers *brokers, guint *running)
{
    uint64_t sum = 0;

    *running = 0;
    for (guint i = 0; i < mgr_brokers_count(brokers); i++) {
        MgrBrokerView view = mgr_brokers_view(brokers, i);

        if (view.pid == 0)
            continue;
        sum += hl_proc_busy(view.pid);
        ++*running;
    }
    return sum;
}

void mgr_pacing_tick(MgrPacing *pacing)
{
    uint64_t connects = pacing->fleet->connects - pacing->connects;
    uint64_t busy_before = pacing->busy_us;
    guint running_before = pacing->running;

    pacing->connects += connects;
    if (pacing->brokers == NULL)
        return;
    pacing->busy_us = busy_of(pacing->brokers, &pacing->running);
    /* one that began or ended in this second has another sum */
    if (pacing->running == 0 || pacing->running != running_before || pacing->busy_us < busy_before)
        return;
    if (mgr_herd_note(&pacing->fleet->herd, (guint)MIN(connects, G_MAXINT), pacing->busy_us - busy_before))
        mgr_write_measure(mgr_record_background(pacing->record), MGR_HERD_COUNTER, pacing->fleet->herd.cost_us);
}
