/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/loop.h"

#include "manager/cli/heed.h"

static gboolean on_alarm(gpointer user G_GNUC_UNUSED)
{
    return G_SOURCE_REMOVE;
}

bool cli_loop_turn(GMainContext *context, HlTime deadline)
{
    HlTime left = deadline - hl_clock_mono();
    g_autoptr(GSource) typed = NULL;
    GSource *alarm;

    if (left <= 0)
        return false;
    typed = cli_heed_attach(context);
    alarm = g_timeout_source_new((guint)left);
    g_source_set_callback(alarm, on_alarm, NULL, NULL);
    g_source_attach(alarm, context);
    g_main_context_iteration(context, TRUE);
    if (typed != NULL)
        g_source_destroy(typed);
    g_source_destroy(alarm);
    g_source_unref(alarm);
    return true;
}

bool cli_loop_pause(int fd, HlTime duration)
{
    GPollFD input = { .fd = fd, .events = G_IO_IN | G_IO_HUP };

    return g_poll(&input, fd >= 0 ? 1 : 0, (int)duration) <= 0;
}
