/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/notify.h"

#include <string.h>

static void dial(MgrNotify *notify, MgrNotifyEffects *fx)
{
    notify->dialling = true;
    notify->told = notify->wanted;
    fx->dial = notify->wanted;
    fx->retry = notify->attempts > 0;
}

static void fail(MgrNotify *notify, MgrNow now, MgrNotifyEffects *fx)
{
    notify->dialling = false;
    notify->attempts++;
    if (notify->attempts > MGR_NOTIFY_RETRIES) {
        fx->given_up = notify->wanted;
        memset(notify, 0, sizeof *notify);
        return;
    }
    notify->next_mono = now.mono + MGR_NOTIFY_INTERVAL;
}

static void settle(MgrNotify *notify, uint8_t what)
{
    notify->wanted &= (uint8_t)~what;
    if (notify->wanted == 0 && !notify->dialling)
        memset(notify, 0, sizeof *notify);
}

MgrNotifyEffects mgr_notify_step(MgrNotify *notify, MgrNotifyEventKind kind, uint8_t what, MgrNow now)
{
    MgrNotifyEffects fx = { 0 };
    uint8_t told = notify->told;

    switch (kind) {
    case MGR_NOTIFY_WANT:
        notify->wanted |= what;
        notify->told &= (uint8_t)~what; /* the dial under way reports the older state: it must be told again */
        notify->attempts = 0;
        if (!notify->dialling)
            dial(notify, &fx);
        break;
    case MGR_NOTIFY_ANSWERED:
        if (!notify->dialling)
            break;
        notify->dialling = false;
        notify->attempts = 0;
        settle(notify, told);
        if (notify->wanted != 0)
            dial(notify, &fx);
        break;
    case MGR_NOTIFY_FAILED:
        if (!notify->dialling)
            break;
        fail(notify, now, &fx);
        if (notify->wanted == 0)
            memset(notify, 0, sizeof *notify);
        break;
    case MGR_NOTIFY_SETTLED:
        settle(notify, what);
        break;
    case MGR_NOTIFY_TICK:
        if (notify->wanted != 0 && !notify->dialling && now.mono >= notify->next_mono)
            dial(notify, &fx);
        break;
    }
    return fx;
}
