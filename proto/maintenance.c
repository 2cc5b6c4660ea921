/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/maintenance.h"

#include <string.h>

#include "proto/fault.h"
#include "proto/schedule.h"

#define DAY_MINUTES (24 * 60)
#define EVERY_DAY   0x7fU
#define THURSDAY    4                /* 1970-01-01 */
#define STEADY      (15 * HL_MINUTE) /* clocks are put forward and back at quarters of an hour of UTC */
#define LONGEST     (8 * HL_DAY)     /* a week, and what clocks are put back in it */

/* ----------------------------------------------------------------------------------------------------------- parsed */

static bool parse_days(const char *text, guint *days)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);

    *days = strcmp(text, "daily") == 0 ? EVERY_DAY : 0;
    for (gsize i = 0; *days != EVERY_DAY && items[i] != NULL; i++) {
        g_auto(GStrv) ends = g_strsplit(items[i], "-", 3);
        guint n = g_strv_length(ends);
        int first, last;

        if (n < 1 || n > 2 || !hl_weekday_parse(ends[0], &first) || !hl_weekday_parse(ends[n - 1], &last))
            return false;
        for (int day = first;; day = (day + 1) % 7) {
            *days |= 1U << day;
            if (day == last)
                break;
        }
    }
    return *days != 0;
}

/* 24:00 is an end, and no beginning. */
static bool parse_hours(const char *text, int *from, int *to)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 3);

    if (g_strv_length(ends) != 2 || !hl_daytime_parse(ends[0], from))
        return false;
    if (strcmp(ends[1], "24:00") == 0) {
        *to = DAY_MINUTES;
        return true;
    }
    return hl_daytime_parse(ends[1], to);
}

static void open_minutes(HlMaintenance *maintenance, int first, int length)
{
    for (int i = 0; i < length; i++) {
        int minute = (first + i) % HL_WEEK_MINUTES;

        maintenance->open[minute / 8] |= (uint8_t)(1U << minute % 8);
    }
}

static bool parse_part(const char *text, HlMaintenance *maintenance, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 3);
    guint days;
    int from, to;

    if (g_strv_length(words) != 2 || !parse_days(words[0], &days) || !parse_hours(words[1], &from, &to))
        return hl_proto_fail(error, HL_FAULT_WINDOW, text, NULL);
    if (from == to)
        return hl_proto_fail(error, HL_FAULT_WINDOW_EMPTY, text, NULL);
    for (int day = 0; day < 7; day++)
        if (days & 1U << day)
            open_minutes(maintenance, day * DAY_MINUTES + from, to > from ? to - from : to + DAY_MINUTES - from);
    return true;
}

static bool never_closes(const HlMaintenance *maintenance)
{
    gsize i = 0;

    while (i < sizeof maintenance->open && maintenance->open[i] == 0xff)
        i++;
    return i == sizeof maintenance->open;
}

bool hl_maintenance_parse(const char *text, HlMaintenance *maintenance, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_auto(GStrv) parts = g_strsplit(lower, ";", -1);

    memset(maintenance, 0, sizeof *maintenance);
    maintenance->is_always = *g_strstrip(lower) == '\0';
    for (gsize i = 0; !maintenance->is_always && parts[i] != NULL; i++)
        if (!parse_part(g_strstrip(parts[i]), maintenance, error))
            return false;
    maintenance->is_always = maintenance->is_always || never_closes(maintenance);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ asked */

static bool is_open_at(const HlMaintenance *maintenance, HlTime local)
{
    HlTime minute = (local / HL_MINUTE + THURSDAY * DAY_MINUTES) % HL_WEEK_MINUTES;

    return maintenance->open[minute / 8] & 1U << minute % 8;
}

bool hl_maintenance_is_open(const HlMaintenance *maintenance, HlTime wall, HlUtcOffset offset)
{
    return maintenance->is_always || is_open_at(maintenance, wall + offset(wall));
}

HlTime hl_maintenance_next(const HlMaintenance *maintenance, HlTime wall, HlUtcOffset offset)
{
    bool is_open = hl_maintenance_is_open(maintenance, wall, offset);
    HlTime ahead = offset(wall);

    if (maintenance->is_always)
        return 0;
    for (HlTime at = wall - wall % HL_MINUTE + HL_MINUTE; at <= wall + LONGEST; at += HL_MINUTE) {
        if (at % STEADY == 0)
            ahead = offset(at);
        if (is_open_at(maintenance, at + ahead) != is_open)
            return at;
    }
    return 0;
}
