/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/pulse.h"

struct EpPulse {
    void (*beat)(gpointer user); /* NULL: nobody follows */
    gpointer user;
    HlTime rested; /* mono: no beat before */
    guint timer;   /* 0: nothing is pending */
};

EpPulse *ep_pulse_new(void)
{
    return g_new0(EpPulse, 1);
}

void ep_pulse_free(EpPulse *pulse)
{
    if (pulse == NULL)
        return;
    g_clear_handle_id(&pulse->timer, g_source_remove);
    g_free(pulse);
}

static gboolean on_timer(gpointer user)
{
    EpPulse *pulse = user;

    pulse->timer = 0;
    pulse->rested = hl_clock_mono() + EP_PULSE_REST;
    pulse->beat(pulse->user);
    return G_SOURCE_REMOVE;
}

void ep_pulse_changed(EpPulse *pulse)
{
    if (pulse == NULL || pulse->beat == NULL || pulse->timer != 0)
        return;
    pulse->timer = g_timeout_add((guint)MAX(pulse->rested - hl_clock_mono(), 0), on_timer, pulse);
}

void ep_pulse_follow(EpPulse *pulse, void (*beat)(gpointer user), gpointer user)
{
    g_clear_handle_id(&pulse->timer, g_source_remove);
    pulse->beat = beat;
    pulse->user = user;
}
