/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/timers_fake.h"

#include <stdbool.h>

#include "lib/base/clock.h"

typedef struct {
    GSource base;
    HlTime interval, due; /* mono */
} Timer;

static gboolean is_due(GSource *source)
{
    return hl_clock_mono() >= ((const Timer *)source)->due;
}

static gboolean on_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return is_due(source);
}

static gboolean on_dispatch(GSource *source, GSourceFunc function, gpointer user)
{
    Timer *timer = (Timer *)source;

    timer->due = hl_clock_mono() + timer->interval;
    return function(user);
}

guint g_timeout_add(guint interval, GSourceFunc function, gpointer user)
{
    static GSourceFuncs funcs = { .prepare = on_prepare, .check = is_due, .dispatch = on_dispatch };
    GSource *source = g_source_new(&funcs, sizeof(Timer));
    Timer *timer = (Timer *)source;
    guint id;

    timer->interval = interval;
    timer->due = hl_clock_mono() + (HlTime)interval;
    g_source_set_callback(source, function, user, NULL);
    id = g_source_attach(source, NULL);
    g_source_unref(source);
    return id;
}

guint timers_fake_run(void)
{
    guint rounds = 0;

    while (g_main_context_iteration(NULL, FALSE))
        rounds++;
    return rounds;
}
