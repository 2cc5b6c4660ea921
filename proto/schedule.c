/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/schedule.h"

#include <string.h>

#include "proto/fault.h"

static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

bool hl_daytime_parse(const char *text, int *minute)
{
    if (text == NULL || strlen(text) != 5 || text[2] != ':' || !g_ascii_isdigit(text[0]) || !g_ascii_isdigit(text[1]) ||
        !g_ascii_isdigit(text[3]) || !g_ascii_isdigit(text[4]))
        return false;
    *minute = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
    return *minute < 24 * 60 && text[3] < '6';
}

bool hl_weekday_parse(const char *text, int *weekday)
{
    for (int i = 0; text != NULL && weekdays[i] != NULL; i++) {
        if (strcmp(text, weekdays[i]) == 0) {
            *weekday = i;
            return true;
        }
    }
    return false;
}

static bool parse_words(char **word, guint n, HlSchedule *schedule)
{
    if (n == 1 && strcmp(word[0], "off") == 0) {
        schedule->kind = HL_SCHEDULE_OFF;
        return true;
    }
    if (n == 1 && strcmp(word[0], "hourly") == 0) {
        schedule->kind = HL_SCHEDULE_EVERY;
        schedule->every = HL_HOUR;
        return true;
    }
    if (n == 2 && strcmp(word[0], "every") == 0) {
        schedule->kind = HL_SCHEDULE_EVERY;
        return hl_duration_parse(word[1], &schedule->every, NULL) && schedule->every >= HL_MINUTE &&
               schedule->every <= HL_DAY;
    }
    if (n == 2 && strcmp(word[0], "daily") == 0) {
        schedule->kind = HL_SCHEDULE_DAILY;
        return hl_daytime_parse(word[1], &schedule->minute);
    }
    if (n == 3 && strcmp(word[0], "weekly") == 0) {
        schedule->kind = HL_SCHEDULE_WEEKLY;
        return hl_weekday_parse(word[1], &schedule->weekday) && hl_daytime_parse(word[2], &schedule->minute);
    }
    return false;
}

bool hl_schedule_parse(const char *text, HlSchedule *schedule, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 4);

    memset(schedule, 0, sizeof *schedule);
    if (parse_words(words, g_strv_length(words), schedule))
        return true;
    return hl_proto_fail(error, HL_FAULT_SCHEDULE, text, NULL);
}
