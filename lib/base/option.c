/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/option.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/nearest.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"
#include "lib/base/value_fault.h"

#define SHOWN_MAX 80 /* characters of a value in a message */

typedef struct {
    /* no error text: the value does not parse, and the caller says what the option takes */
    bool (*set)(const HlOption *option, void *place, const char *text);
    char *(*get)(const HlOption *option, const void *place);
    void (*clear)(void *place);
    size_t size;
} TypeOps;

static bool in_bounds(const HlOption *option, int64_t value)
{
    return (option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max);
}

/* UTF-8 without control characters: in every text form a line break in a value would start another line, and so another
 * option. */
static bool is_one_line(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return false;
    return true;
}

static bool set_string(const HlOption *option, void *place, const char *text)
{
    char **value = place;

    if (!is_one_line(text) || !in_bounds(option, (int64_t)strlen(text)))
        return false;
    g_free(*value);
    *value = g_strdup(text);
    return true;
}

static char *get_string(const HlOption *option G_GNUC_UNUSED, const void *place)
{
    return g_strdup(*(char *const *)place);
}

static void clear_string(void *place)
{
    g_clear_pointer((char **)place, g_free);
}

static bool set_int(const HlOption *option, void *place, const char *text)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL) || !in_bounds(option, value))
        return false;
    *(int64_t *)place = value;
    return true;
}

static char *get_int(const HlOption *option G_GNUC_UNUSED, const void *place)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, *(const int64_t *)place);
}

static bool set_bool(const HlOption *option G_GNUC_UNUSED, void *place, const char *text)
{
    static const char *const words[][2] = { { "yes", "no" }, { "true", "false" }, { "on", "off" }, { "1", "0" } };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        for (int no = 0; no < 2; no++) {
            if (g_ascii_strcasecmp(text, words[i][no]) == 0) {
                *(bool *)place = no == 0;
                return true;
            }
        }
    }
    return false;
}

static char *get_bool(const HlOption *option G_GNUC_UNUSED, const void *place)
{
    return g_strdup(*(const bool *)place ? "yes" : "no");
}

static bool set_duration(const HlOption *option, void *place, const char *text)
{
    HlTime value;

    if (!hl_duration_parse(text, &value, NULL) || !in_bounds(option, value))
        return false;
    *(HlTime *)place = value;
    return true;
}

static char *get_duration(const HlOption *option G_GNUC_UNUSED, const void *place)
{
    return hl_duration_format(*(const HlTime *)place);
}

static bool set_choice(const HlOption *option, void *place, const char *text)
{
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *(int *)place = i;
            return true;
        }
    }
    return false;
}

static char *get_choice(const HlOption *option, const void *place)
{
    return g_strdup(option->choices[*(const int *)place]);
}

static bool set_list(const HlOption *option, void *place, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    int64_t count = 0;

    if (!is_one_line(text))
        return false;
    for (gsize i = 0; parts[i] != NULL; i++) {
        if (*g_strstrip(parts[i]) == '\0')
            continue;
        g_strv_builder_add(builder, parts[i]);
        count++;
    }
    if (!in_bounds(option, count))
        return false;
    g_strfreev(*(GStrv *)place);
    *(GStrv *)place = g_strv_builder_end(builder);
    return true;
}

static char *get_list(const HlOption *option G_GNUC_UNUSED, const void *place)
{
    return g_strjoinv(",", *(const GStrv *)place);
}

static void clear_list(void *place)
{
    g_clear_pointer((GStrv *)place, g_strfreev);
}

static const TypeOps types[] = {
    [HL_OPTION_STRING] = { set_string, get_string, clear_string, sizeof(char *) },
    [HL_OPTION_INT] = { set_int, get_int, NULL, sizeof(int64_t) },
    [HL_OPTION_BOOL] = { set_bool, get_bool, NULL, sizeof(bool) },
    [HL_OPTION_DURATION] = { set_duration, get_duration, NULL, sizeof(HlTime) },
    [HL_OPTION_CHOICE] = { set_choice, get_choice, NULL, sizeof(int) },
    [HL_OPTION_LIST] = { set_list, get_list, clear_list, sizeof(GStrv) },
};

static void *place_of(const HlOption *option, void *values)
{
    return (char *)values + option->offset;
}

const HlOption *hl_option_find(HlOptionTable table, const char *name)
{
    for (const HlOptionAlias *alias = table.aliases; alias != NULL && alias->was != NULL; alias++)
        if (strcmp(alias->was, name) == 0)
            name = alias->name;
    for (size_t i = 0; i < table.count; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return &table.rows[i];
    return NULL;
}

void hl_options_init(HlOptionTable table, void *values)
{
    for (size_t i = 0; i < table.count; i++) {
        g_autoptr(GError) error = NULL;

        memset(place_of(&table.rows[i], values), 0, types[table.rows[i].type].size);
        if (!hl_option_set(&table.rows[i], values, table.rows[i].fallback, &error))
            g_error("option table: default of %s: %s", table.rows[i].name, error->message);
    }
}

void hl_options_clear(HlOptionTable table, void *values)
{
    for (size_t i = 0; i < table.count; i++)
        if (types[table.rows[i].type].clear != NULL)
            types[table.rows[i].type].clear(place_of(&table.rows[i], values));
}

/* What the option takes instead of this value. */
static bool fail_value(const HlOption *option, const char *value, GError **error)
{
    bool is_bounded = option->min != 0 || option->max != 0;
    const char *min = HL_NUMBER(option->min);
    const char *max = HL_NUMBER(option->max);
    g_autofree char *text = NULL;
    g_autofree char *other = NULL;

    switch (option->type) {
    case HL_OPTION_STRING:
        return is_bounded ? hl_value_fail(error, HL_VALUE_OPTION_TEXT_SIZE, option->name, value, min, max, NULL)
                          : hl_value_fail(error, HL_VALUE_OPTION_TEXT, option->name, value, NULL);
    case HL_OPTION_INT:
        return is_bounded ? hl_value_fail(error, HL_VALUE_OPTION_NUMBER_RANGE, option->name, value, min, max, NULL)
                          : hl_value_fail(error, HL_VALUE_OPTION_NUMBER, option->name, value, NULL);
    case HL_OPTION_LIST:
        return is_bounded ? hl_value_fail(error, HL_VALUE_OPTION_LIST_SIZE, option->name, value, min, max, NULL)
                          : hl_value_fail(error, HL_VALUE_OPTION_LIST, option->name, value, NULL);
    case HL_OPTION_BOOL:
        return hl_value_fail(error, HL_VALUE_OPTION_FLAG, option->name, value, NULL);
    case HL_OPTION_DURATION:
        text = hl_duration_format(option->min);
        other = hl_duration_format(option->max);
        return is_bounded ? hl_value_fail(error, HL_VALUE_OPTION_DURATION_RANGE, option->name, value, text, other, NULL)
                          : hl_value_fail(error, HL_VALUE_OPTION_DURATION, option->name, value, NULL);
    case HL_OPTION_CHOICE:
        text = g_strjoinv(", ", hl_unconst(option->choices));
        return hl_value_fail(error, HL_VALUE_OPTION_CHOICE, option->name, value, text, NULL);
    }
    g_assert_not_reached();
}

bool hl_option_set(const HlOption *option, void *values, const char *text, GError **error)
{
    g_autofree char *public = NULL;
    g_autofree char *shown = NULL;

    if (option->check != NULL && !option->check(text, error))
        return hl_error_prefix(error, "%s", option->name);
    if (types[option->type].set(option, place_of(option, values), text))
        return true;
    if (!g_utf8_validate(text, -1, NULL))
        return hl_value_fail(error, HL_VALUE_OPTION_ENCODING, option->name, NULL);
    public = hl_text_printable(text); /* before it is cut: half a URL does not tell where its password ends */
    shown = g_utf8_substring(public, 0, MIN(g_utf8_strlen(public, -1), SHOWN_MAX));
    return fail_value(option, shown, error);
}

static guint common_prefix(const char *a, const char *b)
{
    guint n = 0;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

bool hl_options_set(HlOptionTable table, void *values, const char *name, const char *text, GError **error)
{
    const HlOption *option = hl_option_find(table, name);
    g_autofree const char **names = g_new0(const char *, table.count + 1);
    const char *nearest;

    if (option != NULL)
        return hl_option_set(option, values, text, error);
    for (size_t i = 0; i < table.count; i++)
        names[i] = table.rows[i].name;
    nearest = hl_nearest(name, names);
    if (nearest != NULL)
        return hl_value_fail(error, HL_VALUE_OPTION_UNKNOWN, name, nearest, NULL);
    nearest = table.rows[0].name;
    for (size_t i = 0; i < table.count; i++)
        if (common_prefix(table.rows[i].name, name) > common_prefix(nearest, name))
            nearest = table.rows[i].name;
    if (common_prefix(nearest, name) == 0)
        return hl_value_fail(error, HL_VALUE_OPTION_UNKNOWN_TRY, name, table.rows[0].name,
                             table.rows[MIN(1, table.count - 1)].name, NULL);
    return hl_value_fail(error, HL_VALUE_OPTION_UNKNOWN, name, nearest, NULL);
}

char *hl_option_get(const HlOption *option, const void *values)
{
    return types[option->type].get(option, (const char *)values + option->offset);
}

static char *describe_duration(const HlOption *option)
{
    g_autofree char *min = hl_duration_format(option->min);
    g_autofree char *max = hl_duration_format(option->max);

    if (option->min == 0 && option->max == 0)
        return g_strdup(_("a duration such as 90s, 15m, 6h, 7d"));
    return g_strdup_printf(_("a duration from %s to %s"), min, max);
}

char *hl_option_describe(const HlOption *option)
{
    bool is_bounded = option->min != 0 || option->max != 0;
    g_autofree char *joined = NULL;

    switch (option->type) {
    case HL_OPTION_STRING:
        return is_bounded
                   ? g_strdup_printf(_("a text from %" PRId64 " to %" PRId64 " bytes long"), option->min, option->max)
                   : g_strdup(_("a text"));
    case HL_OPTION_INT:
        return is_bounded ? g_strdup_printf(_("a whole number from %" PRId64 " to %" PRId64), option->min, option->max)
                          : g_strdup(_("a whole number"));
    case HL_OPTION_BOOL:
        return g_strdup(_("yes or no"));
    case HL_OPTION_DURATION:
        return describe_duration(option);
    case HL_OPTION_LIST:
        return is_bounded ? g_strdup_printf(_("a comma-separated list from %" PRId64 " to %" PRId64 " entries long"),
                                            option->min, option->max)
                          : g_strdup(_("a comma-separated list"));
    case HL_OPTION_CHOICE:
        joined = g_strjoinv(", ", hl_unconst(option->choices));
        return g_strdup_printf(_("one of %s"), joined);
    }
    g_assert_not_reached();
}

static bool is_default(const HlOption *option, const void *values)
{
    g_autofree char *value = hl_option_get(option, values);

    return strcmp(value, option->fallback) == 0;
}

static bool is_met(HlOptionTable table, const HlOptionNeed *need, const void *values)
{
    const HlOption *option = hl_option_find(table, need->name);
    const HlOption *other = hl_option_find(table, need->needs);
    g_autofree char *value = NULL;

    g_assert(option != NULL && other != NULL);
    if (is_default(option, values))
        return true;
    value = hl_option_get(other, values);
    return need->value != NULL ? strcmp(value, need->value) == 0 : !is_default(other, values);
}

guint hl_options_unmet(HlOptionTable table, const void *values, HlOptionUnmet unmet, gpointer user)
{
    guint n = 0;

    for (const HlOptionNeed *need = table.needs; need != NULL && need->name != NULL; need++) {
        g_autofree char *sentence = NULL;

        if (is_met(table, need, values))
            continue;
        sentence = need->value != NULL
                       ? g_strdup_printf("%s is for %s = %s, and that is not set: %s", need->name, need->needs,
                                         need->value, need->without)
                       : g_strdup_printf("%s needs %s, which is not set: %s", need->name, need->needs, need->without);
        unmet(sentence, user);
        n++;
    }
    return n;
}
