/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/window.h"

void ep_window_open(EpWindow *window, HlTime now)
{
    window->up = true;
    window->sent = window->acked;
    window->moved_at = now;
    window->rewound_at = 0;
}

void ep_window_close(EpWindow *window)
{
    window->up = false;
    window->sent = window->acked;
}

bool ep_window_next(const EpWindow *window, uint64_t *seq)
{
    if (!window->up || window->sent >= window->last || window->sent - window->acked >= EP_WINDOW_SIZE)
        return false;
    *seq = window->sent + 1;
    return true;
}

void ep_window_sent(EpWindow *window, uint64_t seq, HlTime now)
{
    g_assert(seq == window->sent + 1 && seq <= window->last);
    if (window->sent == window->acked)
        window->moved_at = now;
    window->sent = seq;
}

EpAck ep_window_ack(EpWindow *window, uint64_t seq, HlTime now)
{
    if (seq > window->last)
        return EP_ACK_STRANGE;
    if (seq > window->acked) {
        window->acked = seq;
        window->sent = MAX(window->sent, seq); /* committed from an earlier line */
        window->moved_at = now;
        window->rewound_at = 0;
        return EP_ACK_FORGET;
    }
    if (seq < window->acked || window->sent == window->acked)
        return EP_ACK_IGNORED;
    if (window->rewound_at != 0 && now - window->rewound_at < EP_WINDOW_DAMPER)
        return EP_ACK_IGNORED;
    window->sent = window->acked;
    window->rewound_at = now;
    return EP_ACK_REWOUND;
}

bool ep_window_stalled(EpWindow *window, HlTime now)
{
    if (!window->up || window->sent == window->acked || now - window->moved_at < EP_WINDOW_STALL)
        return false;
    window->sent = window->acked;
    window->moved_at = now;
    return true;
}
