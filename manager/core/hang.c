/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/hang.h"

#include <glib.h>

#define LATE (5 * HL_SECOND) /* the manager itself did not run, and perhaps nobody did */

MgrHangVerdict mgr_hang_look(MgrHang *hang, const MgrHangLook *look, HlTime now_mono)
{
    bool begins = hang->last.pid != look->pid || now_mono - hang->look_mono > LATE || look->busy == 0;

    if (begins || look->busy != hang->last.busy || look->waits_for_machine)
        hang->still_mono = now_mono;
    if (begins || look->log_size != hang->last.log_size) {
        hang->log_mono = now_mono;
        hang->log_busy = look->busy;
    }
    hang->last = *look;
    hang->look_mono = now_mono;
    if (now_mono - hang->still_mono >= MGR_HANG_STILL_AFTER)
        return MGR_HANG_STILL;
    if (now_mono - hang->log_mono >= MGR_HANG_CIRCLE_AFTER &&
        (look->busy - hang->log_busy) / 1000 >= (uint64_t)(now_mono - hang->log_mono) / 2)
        return MGR_HANG_CIRCLE;
    return MGR_HANG_NO;
}

char *mgr_hang_describe(MgrHangVerdict verdict)
{
    switch (verdict) {
    case MGR_HANG_NO:
        return g_strdup("it runs");
    case MGR_HANG_STILL:
        return g_strdup_printf("it has not run for %d s, although it was asked",
                               (int)(MGR_HANG_STILL_AFTER / HL_SECOND));
    case MGR_HANG_CIRCLE:
        return g_strdup_printf("it has taken processor time for %d min and answered nobody",
                               (int)(MGR_HANG_CIRCLE_AFTER / HL_MINUTE));
    }
    g_assert_not_reached();
}
