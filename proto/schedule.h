/* SPDX-License-Identifier: Apache-2.0 */
/* When something runs automatically: "off", "every 30m", "hourly", "daily 12:30", "weekly mon 12:30" (B18).  Times are
 * the endpoint's local time.  Parsing only; endpoint/core/schedule.h determines the next run. */
#ifndef PROTO_SCHEDULE_H
#define PROTO_SCHEDULE_H

#include "lib/base/clock.h"

typedef enum { HL_SCHEDULE_OFF, HL_SCHEDULE_EVERY, HL_SCHEDULE_DAILY, HL_SCHEDULE_WEEKLY } HlScheduleKind;

typedef struct {
    HlScheduleKind kind;
    HlTime every; /* HL_SCHEDULE_EVERY: one minute to one day */
    int weekday;  /* HL_SCHEDULE_WEEKLY: 0 is Sunday, as in struct tm */
    int minute;   /* of the day */
} HlSchedule;

/* "mon": 0 is Sunday.  "12:30": minutes of the day.  False for anything else, and NULL. */
bool hl_weekday_parse(const char *text, int *weekday) G_GNUC_WARN_UNUSED_RESULT;
bool hl_daytime_parse(const char *text, int *minute) G_GNUC_WARN_UNUSED_RESULT;

bool hl_schedule_parse(const char *text, HlSchedule *schedule, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
