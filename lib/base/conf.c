/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/conf.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define MAX_FILE_SIZE (64 * 1024)
#define MAX_FAULTS    50 /* in one look: each costs another walk through the file */

/* A key of a file, with the section that it is in; group "": none. */
typedef struct {
    char *group, *key;
    guint line;
} Place;

static void clear_place(gpointer item)
{
    Place *place = item;

    g_free(place->group);
    g_free(place->key);
}

/* Each line that has a key, in their order.  g_array_unref. */
static GArray *places_of(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
    g_autofree char *group = g_strdup("");

    g_array_set_clear_func(places, clear_place);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        char *equals = *line != '#' && *line != '[' ? strchr(line, '=') : NULL;

        if (*line == '[' && g_str_has_suffix(line, "]")) {
            g_free(group);
            group = g_strndup(line + 1, strlen(line) - 2);
        }
        if (equals == NULL)
            continue;
        *equals = '\0';
        g_array_append_val(places, ((Place){ g_strdup(group), g_strdup(g_strchomp(line)), i + 1 }));
    }
    return places;
}

/* The line that decided about a key: the last one that has it, as GKeyFile reads.  0: there is none. */
static guint line_of(const char *text, const char *group, const char *key)
{
    g_autoptr(GArray) places = places_of(text);
    guint found = 0;

    for (guint i = 0; i < places->len; i++) {
        const Place *place = &g_array_index(places, Place, i);

        if (strcmp(place->group, group) == 0 && strcmp(place->key, key) == 0)
            found = place->line;
    }
    return found;
}

/* A file under way, and who is told of its faults. */
typedef struct {
    const char *name, *text;
    HlOptionTable table;
    void *values;
    HlConfFault fault;
    gpointer user;
    guint faults, most; /* it is read no further when so many are found */
    GError *first;      /* where the first one is of a value, which says what it is as a code */
} Reading;

static void report(Reading *reading, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void report(Reading *reading, const char *format, ...)
{
    g_autofree char *words = NULL;
    va_list args;

    va_start(args, format);
    words = g_strdup_vprintf(format, args);
    va_end(args);
    reading->faults++;
    reading->fault(words, reading->user);
}

static void apply_group(Reading *reading, GKeyFile *file, const char *group)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (gsize i = 0; keys != NULL && keys[i] != NULL && reading->faults < reading->most; i++) {
        g_autofree char *option = g_strdup_printf("%s.%s", group, keys[i]);
        g_autofree char *text = g_key_file_get_value(file, group, keys[i], NULL);
        g_autoptr(GError) error = NULL;

        /* one that is given twice is listed twice, with the last value */
        if (g_strv_contains((const char *const *)keys + i + 1, keys[i]))
            continue;
        if (text != NULL && hl_options_set(reading->table, reading->values, option, text, &error))
            continue;
        report(reading, "%s:%u: [%s] %s: %s", reading->name, line_of(reading->text, group, keys[i]), group, keys[i],
               error != NULL ? error->message : _("has no value; give one, or remove the line"));
        if (reading->faults == 1 && error != NULL) {
            hl_error_prefix(&error, "%s:%u: [%s] %s", reading->name, line_of(reading->text, group, keys[i]), group,
                            keys[i]);
            reading->first = g_steal_pointer(&error);
        }
    }
}

/* For a file that GKeyFile refuses, which does not say where. */
static void report_lines(Reading *reading, const char *why)
{
    g_auto(GStrv) lines = g_strsplit(reading->text, "\n", -1);
    bool in_group = false;
    guint before = reading->faults;

    for (guint i = 0; lines[i] != NULL && reading->faults < reading->most; i++) {
        g_strstrip(lines[i]);
        if (lines[i][0] == '\0' || lines[i][0] == '#')
            continue;
        if (lines[i][0] == '[' && g_str_has_suffix(lines[i], "]"))
            in_group = true;
        else if (lines[i][0] == '[' || strchr(lines[i], '=') == NULL || lines[i][0] == '=')
            report(reading, _("%s:%u: '%.80s' is neither [section] nor key = value; mend it, or begin it with #"),
                   reading->name, i + 1, lines[i]);
        else if (!in_group)
            report(reading, _("%s:%u: '%.80s' stands above the first [section]; move it into its own"), reading->name,
                   i + 1, lines[i]);
    }
    if (reading->faults == before)
        report(reading, "%s: %s", reading->name, why);
}

static void read_all(Reading *reading, gsize size)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) groups = NULL;

    if (size == 0) {
        report(reading, _("%s: the file is empty"), reading->name);
        return;
    }
    if (!g_utf8_validate(reading->text, (gssize)size, NULL)) {
        report(reading, _("%s: not UTF-8 text"), reading->name);
        return;
    }
    if (!g_key_file_load_from_data(file, reading->text, size, G_KEY_FILE_NONE, &problem)) {
        report_lines(reading, problem->message);
        return;
    }
    hl_options_clear(reading->table, reading->values);
    hl_options_init(reading->table, reading->values);
    groups = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; groups[i] != NULL; i++)
        apply_group(reading, file, groups[i]);
    if (reading->faults > 0)
        hl_options_clear(reading->table, reading->values);
}

static void keep_first(const char *fault, gpointer user)
{
    char **first = user;

    if (*first == NULL)
        *first = g_strdup(fault);
}

bool hl_conf_parse(const char *name, const char *text, gsize size, HlOptionTable table, void *values, GError **error)
{
    g_autofree char *first = NULL;
    g_autofree char *own = g_strndup(text, size);
    Reading reading = {
        .name = name, .text = own, .table = table, .values = values, .fault = keep_first, .user = &first, .most = 1
    };

    read_all(&reading, size);
    if (reading.first != NULL)
        g_propagate_error(error, reading.first);
    else if (reading.faults > 0)
        hl_fail(error, HL_ERROR_INVALID, "%s", first);
    return reading.faults == 0;
}

guint hl_conf_doubles(const char *name, const char *text, HlOptionTable table, HlConfFault fault, gpointer user)
{
    g_autoptr(GArray) places = places_of(text);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL); /* option -> line */
    guint count = 0;

    for (guint i = 0; i < places->len && count < MAX_FAULTS; i++) {
        const Place *place = &g_array_index(places, Place, i);
        g_autofree char *given = g_strdup_printf("%s.%s", place->group, place->key);
        const HlOption *option = hl_option_find(table, given); /* which may have an earlier name here */
        const char *own = option != NULL ? option->name : given;
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(seen, own));

        if (before != 0) {
            g_autofree char *words =
                g_strdup_printf(_("%s:%u: [%s] %s: line %u gives it too, and only one of them counts; remove one"),
                                name, place->line, place->group, place->key, before);

            fault(words, user);
            count++;
        }
        g_hash_table_insert(seen, g_strdup(own), GUINT_TO_POINTER(place->line));
    }
    return count;
}

guint hl_conf_doubles_in(const char *path, HlOptionTable table, HlConfFault fault, gpointer user)
{
    g_autofree char *text = hl_file_read_text(path, MAX_FILE_SIZE, NULL);

    return text != NULL ? hl_conf_doubles(path, text, table, fault, user) : 0;
}

static void warn(const char *fault, gpointer user G_GNUC_UNUSED)
{
    g_autofree char *clean = hl_text_printable(fault);

    hl_warn("conf", "%s", clean);
}

bool hl_conf_load(const char *path, HlOptionTable table, void *values, GError **error)
{
    g_autofree char *text = hl_file_read_text(path, MAX_FILE_SIZE, error);

    if (text == NULL || !hl_conf_parse(path, text, strlen(text), table, values, error))
        return false;
    hl_conf_doubles(path, text, table, warn, NULL);
    return true;
}

guint hl_conf_check(const char *path, HlOptionTable table, void *values, HlConfFault fault, gpointer user)
{
    Reading reading = {
        .name = path, .table = table, .values = values, .fault = fault, .user = user, .most = MAX_FAULTS
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = hl_file_read_text(path, MAX_FILE_SIZE, &error);

    if (text == NULL)
        report(&reading, "%s", error->message);
    else {
        reading.text = text;
        read_all(&reading, strlen(text));
    }
    g_clear_error(&reading.first);
    return reading.faults;
}

/* user: the file's name, or NULL where the fault names it. */
static void print_fault(const char *fault, gpointer user)
{
    g_autofree char *clean = hl_text_printable(fault);

    printf("%s%s%s\n", user != NULL ? (const char *)user : "", user != NULL ? ": " : "", clean);
}

bool hl_conf_check_print(const char *path, HlOptionTable table, void *values, HlConfRules rules, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *name = g_strdup(path);
    guint lacking = 0, faults = hl_conf_check(path, table, values, print_fault, NULL);
    guint all, doubles = hl_conf_doubles_in(path, table, print_fault, NULL);

    if (faults == 0) {
        if (rules.whole != NULL && !rules.whole(values, &problem)) {
            print_fault(problem->message, name);
            faults++;
        }
        lacking = hl_options_unmet(table, values, print_fault, name);
        if (rules.lacks != NULL)
            lacking += rules.lacks(path, values, print_fault, name);
    }
    hl_options_clear(table, values);
    all = faults + lacking + doubles;
    if (all > 0)
        return hl_fail(error, HL_ERROR_INVALID, "%u %s in %s: %s", all, all == 1 ? "fault" : "faults", path,
                       faults > 0    ? _("a daemon does not start with it, and one that runs keeps what it has")
                       : lacking > 0 ? _("a daemon starts with it, but without what these are for")
                                     : _("a daemon starts with it, but perhaps not with the value that was meant"));
    printf("%s: no faults\n", path);
    return true;
}

char *hl_conf_print(HlOptionTable table, const void *values)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *section = g_strdup("");

    for (size_t i = 0; i < table.count; i++) {
        const HlOption *option = &table.rows[i];
        const char *dot = strchr(option->name, '.');
        g_autofree char *own_section = g_strndup(option->name, (gsize)(dot - option->name));
        g_autofree char *value = hl_option_get(option, values);
        g_autofree char *takes = hl_option_describe(option);

        if (strcmp(section, own_section) != 0) {
            g_string_append_printf(out, "%s[%s]\n", out->len > 0 ? "\n" : "", own_section);
            g_free(section);
            section = g_steal_pointer(&own_section);
        }
        g_string_append_printf(out, "# %s: %s.\n%s = %s\n", option->help, takes, dot + 1, value);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
