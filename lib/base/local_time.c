/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/local_time.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/clock.h"

#define FORM "dddd-dd-ddTdd:dd:ddZ" /* of hl_time_format; d: a digit */
#define SIZE (sizeof FORM - 1)

static bool has_form(const char *text)
{
    for (gsize i = 0; i < SIZE; i++)
        if (FORM[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != FORM[i])
            return false;
    return true;
}

static bool is_of_name(char character)
{
    return g_ascii_isalnum(character) || (character != '\0' && strchr("-_/=", character) != NULL);
}

/* Whether a time of its own begins at at, not part of a name or the last word of what is to be typed. */
static bool is_time(const char *text, const char *at)
{
    const char *end = at + SIZE;

    return has_form(at) && (at == text || (!is_of_name(at[-1]) && at[-1] != '.')) && !is_of_name(*end) &&
           *end != '\'' && !(*end == '.' && is_of_name(end[1]));
}

/* The time that text begins with, here; NULL: it is none, or the same as in UTC. */
static GDateTime *local_of(const char *text, GDateTime **utc)
{
    g_autofree char *time = g_strndup(text, SIZE);
    g_autoptr(GDateTime) local = NULL;
    HlTime wall;

    *utc = NULL;
    if (!hl_time_parse(time, &wall, NULL))
        return NULL;
    *utc = g_date_time_new_from_unix_utc(wall / HL_SECOND);
    local = *utc != NULL ? g_date_time_to_local(*utc) : NULL;
    return local != NULL && g_date_time_get_utc_offset(local) != 0 ? g_steal_pointer(&local) : NULL;
}

static void append_beside(GString *out, const char *text)
{
    g_autoptr(GDateTime) utc = NULL;
    g_autoptr(GDateTime) local = local_of(text, &utc);
    g_autofree char *beside = NULL;

    if (local == NULL)
        return;
    beside = g_date_time_format(
        local, g_date_time_get_day_of_month(local) == g_date_time_get_day_of_month(utc) ? "%T %Z" : "%F %T %Z");
    g_string_append_printf(out, " (%s)", beside);
}

char *hl_local_beside(const char *text)
{
    GString *out = g_string_new(NULL);
    const char *at = text;

    while (*at != '\0') {
        bool is_one = is_time(text, at);

        g_string_append_len(out, at, is_one ? (gssize)SIZE : 1);
        if (is_one)
            append_beside(out, at);
        at += is_one ? SIZE : 1;
    }
    return g_string_free(out, FALSE);
}

char *hl_local_instead(const char *text)
{
    bool is_one = has_form(text) && text[SIZE] == '\0';
    g_autoptr(GDateTime) utc = NULL;
    g_autoptr(GDateTime) local = is_one ? local_of(text, &utc) : NULL;

    return local != NULL ? g_date_time_format(local, "%F %T %Z") : g_strdup(text);
}
