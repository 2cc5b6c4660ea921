/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/alarm.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/base/file.h"

#define UNSET (-1)
#define FAR   ((time_t)(sizeof(time_t) > 4 ? 1LL << 33 : G_MAXINT32)) /* the year 2242 */

struct TrAlarm {
    void (*due)(gpointer user);
    gpointer user;
    int fd;
    guint source;
    HlTime at; /* 0: it rings only when the clock is set; UNSET: after it rang */
};

static gboolean on_due(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    TrAlarm *alarm = user;
    uint64_t times;

    if (read(fd, &times, sizeof times) < 0 && errno == EAGAIN)
        return G_SOURCE_CONTINUE;
    alarm->at = UNSET; /* it rang, or the clock was set (ECANCELED) */
    alarm->due(alarm->user);
    return G_SOURCE_CONTINUE;
}

TrAlarm *tr_alarm_new(void (*due)(gpointer user), gpointer user)
{
    TrAlarm *alarm = g_new0(TrAlarm, 1);

    alarm->due = due;
    alarm->user = user;
    alarm->at = UNSET;
    alarm->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    g_assert(alarm->fd >= 0); /* the first descriptors of the program */
    alarm->source = g_unix_fd_add(alarm->fd, G_IO_IN, on_due, alarm);
    return alarm;
}

void tr_alarm_free(TrAlarm *alarm)
{
    if (alarm == NULL)
        return;
    g_source_remove(alarm->source);
    hl_fd_clear(&alarm->fd);
    g_free(alarm);
}

void tr_alarm_set(TrAlarm *alarm, HlTime wall)
{
    struct itimerspec spec = { .it_value = { .tv_sec = wall != 0 ? wall / HL_SECOND : FAR,
                                             .tv_nsec = wall % HL_SECOND * 1000000 } };

    if (wall == alarm->at)
        return;
    alarm->at = wall;
    timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
}
