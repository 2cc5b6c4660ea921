/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/timer_fake.h"

#include "tests/support/clock_fake.h"

/* Far above the numbers that GLib gives to its own sources in a test. */
#define FIRST_ID 1000000000u

typedef struct {
    guint id;
    HlTime due, interval;
    GSourceFunc function;
    gpointer user;
} Timer;

static GList *timers; /* Timer *, in the order of making */
static guint last_id = FIRST_ID;

/* What --wrap makes of the names. */
guint __wrap_g_timeout_add(guint interval, GSourceFunc function, gpointer user);
guint __wrap_g_timeout_add_seconds(guint interval, GSourceFunc function, gpointer user);
guint __wrap_g_idle_add(GSourceFunc function, gpointer user);
gboolean __wrap_g_source_remove(guint id);
gboolean __real_g_source_remove(guint id);

guint __wrap_g_timeout_add(guint interval, GSourceFunc function, gpointer user)
{
    Timer *timer = g_new(Timer, 1);

    *timer = (Timer){ ++last_id, hl_clock_mono() + interval, interval, function, user };
    timers = g_list_append(timers, timer);
    return timer->id;
}

guint __wrap_g_timeout_add_seconds(guint interval, GSourceFunc function, gpointer user)
{
    return __wrap_g_timeout_add(interval * 1000, function, user);
}

guint __wrap_g_idle_add(GSourceFunc function, gpointer user)
{
    return __wrap_g_timeout_add(0, function, user);
}

static GList *find(guint id)
{
    for (GList *at = timers; at != NULL; at = at->next)
        if (((Timer *)at->data)->id == id)
            return at;
    return NULL;
}

static void drop(GList *at)
{
    g_free(at->data);
    timers = g_list_delete_link(timers, at);
}

gboolean __wrap_g_source_remove(guint id)
{
    GList *at = find(id);

    if (id < FIRST_ID)
        return __real_g_source_remove(id);
    if (at == NULL)
        g_error("a timer is removed that is not there: it was called and said G_SOURCE_REMOVE, or was removed before");
    drop(at);
    return TRUE;
}

/* The earliest one due by then; of several the one that was made first. */
static Timer *next_due(HlTime by)
{
    Timer *next = NULL;

    for (GList *at = timers; at != NULL; at = at->next) {
        Timer *timer = at->data;

        if (timer->due <= by && (next == NULL || timer->due < next->due))
            next = timer;
    }
    return next;
}

void timer_fake_advance(HlTime duration)
{
    HlTime end = hl_clock_mono() + duration;
    Timer *timer;

    while ((timer = next_due(end)) != NULL) {
        guint id = timer->id;
        GList *at;

        clock_fake_advance(MAX(timer->due - hl_clock_mono(), 0));
        /* as GLib: what a jump of the clock passed over is not made up for */
        timer->due = hl_clock_mono() + MAX(timer->interval, 1);
        if (timer->function(timer->user) == G_SOURCE_REMOVE && (at = find(id)) != NULL)
            drop(at);
    }
    clock_fake_advance(end - hl_clock_mono());
}

guint timer_fake_count(void)
{
    return g_list_length(timers);
}

void timer_fake_reset(void)
{
    if (timers != NULL)
        g_error("%u timers are left, the first of %" G_GINT64_FORMAT " ms", timer_fake_count(),
                ((Timer *)timers->data)->interval);
}
