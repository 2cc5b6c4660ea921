/* SPDX-License-Identifier: Apache-2.0 */
/* A call at a time of day, on the loop.  A timer of GLib stands still while the machine sleeps, and would tell a
 * notebook's user weeks late that its patterns are out of date. */
#ifndef ENDPOINT_TRAY_ALARM_H
#define ENDPOINT_TRAY_ALARM_H

#include "lib/base/clock.h"

typedef struct TrAlarm TrAlarm;

/* due is called when the time has come, and when the clock was set; may set the alarm again. */
TrAlarm *tr_alarm_new(void (*due)(gpointer user), gpointer user);
void tr_alarm_free(TrAlarm *alarm);

/* wall; 0: not at all. */
void tr_alarm_set(TrAlarm *alarm, HlTime wall);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrAlarm, tr_alarm_free)

#endif
