/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/value_fault.h"

#define MAX_DURATION (36525 * HL_DAY)

static void put_two(char *at, int number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
}

/* A status document has four: strftime() took a tenth of its time. */
char *hl_time_format(HlTime wall)
{
    time_t seconds = (time_t)(wall / HL_SECOND);
    struct tm tm;
    char text[32] = "0000-00-00T00:00:00Z";

    if (wall > 0 && gmtime_r(&seconds, &tm) != NULL && tm.tm_year < 10000 - 1900) {
        put_two(text, (tm.tm_year + 1900) / 100);
        put_two(text + 2, tm.tm_year % 100);
        put_two(text + 5, tm.tm_mon + 1);
        put_two(text + 8, tm.tm_mday);
        put_two(text + 11, tm.tm_hour);
        put_two(text + 14, tm.tm_min);
        put_two(text + 17, tm.tm_sec);
        return g_strdup(text);
    }
    if (wall <= 0 || gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return g_strdup("-");
    return g_strdup(text);
}

bool hl_time_parse(const char *text, HlTime *wall, GError **error)
{
    struct tm tm = { 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

    if (end == NULL || *end != '\0')
        return hl_value_fail(error, HL_VALUE_TIME, text, NULL);
    *wall = (HlTime)timegm(&tm) * HL_SECOND;
    return true;
}

HlTime hl_time_difference(HlTime a, HlTime b)
{
    HlTime difference;

    if (__builtin_sub_overflow(a, b, &difference))
        return a < b ? -G_MAXINT64 : G_MAXINT64;
    return MAX(difference, -G_MAXINT64);
}

typedef struct {
    const char *name;
    HlTime length;
} Unit;

/* Largest first: hl_duration_format takes the first that divides. */
static const Unit units[] = {
    { "w", 7 * HL_DAY }, { "d", HL_DAY }, { "h", HL_HOUR }, { "m", HL_MINUTE }, { "s", HL_SECOND }, { "ms", 1 },
};

bool hl_duration_parse(const char *text, HlTime *duration, GError **error)
{
    char *end = NULL;
    gint64 number = 0;

    if (g_ascii_isdigit(text[0]))
        number = g_ascii_strtoll(text, &end, 10);
    for (gsize i = 0; end != NULL && i < G_N_ELEMENTS(units); i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        if (number > MAX_DURATION / units[i].length)
            return hl_value_fail(error, HL_VALUE_DURATION_LONG, text, NULL);
        *duration = number * units[i].length;
        return true;
    }
    return hl_value_fail(error, HL_VALUE_DURATION, text, NULL);
}

char *hl_duration_format(HlTime duration)
{
    for (gsize i = 0; duration != 0 && i < G_N_ELEMENTS(units); i++)
        if (duration % units[i].length == 0)
            return g_strdup_printf("%" G_GINT64_FORMAT "%s", duration / units[i].length, units[i].name);
    return g_strdup("0s");
}

char *hl_duration_describe(HlTime duration)
{
    if (duration < HL_MINUTE)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", MAX(duration, 0) / HL_SECOND);
    if (duration < HL_HOUR)
        return g_strdup_printf("%" G_GINT64_FORMAT " min", duration / HL_MINUTE);
    if (duration < HL_DAY)
        return g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", duration / HL_HOUR,
                               duration % HL_HOUR / HL_MINUTE);
    return g_strdup_printf("%" G_GINT64_FORMAT " d", duration / HL_DAY);
}
