/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/show.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/csv.h"
#include "lib/base/fault.h"
#include "lib/base/i18n.h"
#include "lib/base/table.h"
#include "lib/base/unconst.h"
#include "manager/cli/said.h"
#include "manager/cli/view.h"
#include "proto/phrase.h"

const char *cli_text(const json_t *document, const char *member)
{
    return hl_json_text(document, member);
}

int64_t cli_int(const json_t *document, const char *member)
{
    return json_integer_value(json_object_get(document, member));
}

const char *cli_ended_text(const json_t *document)
{
    const char *broker = cli_text(document, "broker");

    if (strcmp(broker, "enforces") == 0)
        return _("the broker no longer lets its certificate in");
    if (strcmp(broker, "told") == 0)
        return _("the broker was told to read pki/crl.pem.  One that reads no revocation lists (ejabberd) lets the "
                 "certificate in until its end; each such session is ended, one that only listens within about a "
                 "minute");
    return _(
        "its certificate is in pki/crl.pem: make your broker read it (SIGHUP).  Until then, and with a broker that "
        "reads no revocation lists (ejabberd) until the certificate's end, each session is ended, one that only "
        "listens within about a minute");
}

bool cli_show_json(const HlInvocation *call, const json_t *document)
{
    g_autofree char *text = NULL;

    if (!hl_cli_has(call, "json"))
        return false;
    text = hl_json_print(document);
    puts(text);
    return true;
}

static char *plain(const json_t *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_boolean(value))
        return g_strdup(json_is_true(value) ? "yes" : "no");
    if (value == NULL || json_is_null(value))
        return g_strdup("-");
    return hl_json_print(value);
}

const json_t *cli_descend(const json_t *object, const char *path)
{
    g_auto(GStrv) names = NULL;

    if (strchr(path, '.') == NULL) /* most, and of each cell of a long table */
        return json_object_get(object, path);
    names = g_strsplit(path, ".", -1);
    for (gsize i = 0; names[i] != NULL && object != NULL; i++)
        object = json_object_get(object, names[i]);
    return object;
}

static bool has_columns(const HlInvocation *call)
{
    for (gsize i = 0; call != NULL && call->command->flags != NULL && call->command->flags[i] != NULL; i++)
        if (strcmp(call->command->flags[i], "columns") == 0)
            return true;
    return false;
}

/* What a narrow terminal left out is not to be missed. */
static void tell_left_out(const HlInvocation *call, const HlTable *table, const CliColumn *columns, gsize n)
{
    bool by_name = has_columns(call);
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *text = NULL;
    g_autofree char *line = NULL; /* one: the screen of --watch counts on that */
    g_autofree char *dim = NULL;
    gsize left_out = 0;

    for (gsize i = 0; i < n; i++)
        if (!hl_table_shows(table, (guint)i))
            g_string_append_printf(names, "%s%s", left_out++ > 0 ? ", " : "", columns[i].heading);
    text = g_strdup_printf(by_name ? hl_trn("No room for %s: a wider window, --columns or -o json shows it",
                                            "No room for %s: a wider window, --columns or -o json shows them", left_out)
                                   : hl_trn("No room for %s: a wider window shows it",
                                            "No room for %s: a wider window shows them", left_out),
                           names->str);
    if (hl_text_cells(text) > hl_terminal_size(stdout, NULL)) {
        g_free(text);
        text = g_strdup_printf(by_name ? _("No room for %zu columns: a wider window, --columns or -o json shows them")
                                       : _("No room for %zu columns: a wider window shows them"),
                               left_out);
    }
    line = hl_text_clip(text, hl_terminal_size(stdout, NULL));
    dim = hl_tone(stdout, HL_TONE_DIM, line);
    puts(dim);
}

static char *in_full(const char *name, const json_t *value, const json_t *document);

/* Nobody reads JSON in a table: an object or array that has no words of its own is a list of its members. */
static char *cell_of(const CliColumn *column, const json_t *value, const json_t *row)
{
    g_autofree char *words = NULL;
    g_autoptr(GString) list = NULL;
    const char *name;
    json_t *member;
    size_t i;

    if (column->format != NULL)
        return column->format(value, row);
    if (!json_is_object(value) && !json_is_array(value))
        return plain(value);
    words = in_full(column->member, value, row);
    if (words != NULL)
        return g_steal_pointer(&words);
    list = g_string_new(NULL);
    json_object_foreach(hl_unconst(value), name, member)
    {
        g_autofree char *text = plain(member);

        g_string_append_printf(list, "%s%s %s", list->len > 0 ? ", " : "", name, text);
    }
    json_array_foreach(value, i, member)
    {
        g_autofree char *text = plain(member);

        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", text);
    }
    return list->len > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : g_strdup("-");
}

static void add_rows(HlTable *table, const json_t *rows, const CliColumn *columns, gsize n)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        g_auto(GStrv) cells = g_new0(char *, n + 1);

        for (gsize c = 0; c < n; c++)
            cells[c] = cell_of(&columns[c], cli_descend(row, columns[c].member), row);
        hl_table_add(table, (const char *const *)cells);
    }
}

/* call: whose options choose columns; may be NULL, as about (CliColumns).  False: some columns had no room. */
static bool print_table(const HlInvocation *call, const json_t *rows, const CliColumn *columns, gsize n,
                        const char *const *about)
{
    g_autofree const char **headings = g_new0(const char *, n + 1);
    g_autoptr(HlTable) table = NULL;

    for (gsize c = 0; c < n; c++)
        headings[c] = columns[c].heading;
    table = hl_table_new(headings);
    for (gsize c = 0; c < n; c++) {
        if (strcmp(columns[c].member, "host") == 0)
            hl_table_has_hosts(table, (guint)c);
        if (about != NULL && g_strv_contains(about, columns[c].member))
            hl_table_matters(table, (guint)c);
    }
    add_rows(table, rows, columns, n);
    if (hl_table_print(table, stdout))
        return true;
    tell_left_out(call, table, columns, n);
    return false;
}

/* For programs and spreadsheets: values as they are, and no headings for people. */
static void print_csv(const json_t *rows, const CliColumn *columns, gsize n)
{
    g_autofree const char **members = g_new0(const char *, n + 1);
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) fields = NULL;
    const json_t *row;
    size_t i;

    for (gsize c = 0; c < n; c++)
        members[c] = columns[c].member;
    fields = hl_csv_columns_of(rows, members);
    hl_csv_head(text, (const char *const *)fields);
    json_array_foreach(rows, i, row)
    {
        fputs(text->str, stdout); /* one at a time: all together are as large as the rows */
        g_string_truncate(text, 0);
        hl_csv_row(text, row, (const char *const *)fields);
    }
    fputs(text->str, stdout);
}

static void print_json(const json_t *document, const char *member, json_t *rows)
{
    g_autoptr(json_t) copy = json_copy(hl_unconst(document));
    g_autofree char *text = NULL;

    json_object_set(copy, member, rows);
    text = hl_json_print(copy);
    puts(text);
}

/* Beside the table, not in it: a pipe has the rows alone. */
static void tell_more(const CliView *view, gsize shown, gsize received, const CliColumns *columns)
{
    const char *remedy = shown < received ? NULL : columns->remedy;
    g_autofree char *text = cli_view_more(view, shown, MAX(columns->total, received), remedy);

    if (text == NULL)
        return;
    fflush(stdout);
    fprintf(stderr, "holdline: %s\n", text);
}

/* Beside the headings, which say as little as they do over a list of which nothing was received. */
static void tell_none(const HlInvocation *call)
{
    g_autofree char *noun = g_strndup(call->command->name, strcspn(call->command->name, " "));
    g_autofree char *create = g_strconcat(noun, " create", NULL);
    g_autofree char *set = g_strconcat(noun, " set", NULL);
    const char *makes = hl_cli_knows(call->program, create) ? create : hl_cli_knows(call->program, set) ? set : NULL;

    fflush(stdout);
    if (call->n_args == 0 && makes != NULL)
        fprintf(stderr, _("holdline: there is nothing to list; 'holdline %s' makes the first\n"), makes);
    else
        fputs(_("holdline: there is nothing to list\n"), stderr);
}

bool cli_show_chosen(const HlInvocation *call, const json_t *document, const char *member, const CliColumns *columns,
                     GError **error)
{
    const json_t *all = json_object_get(document, member);
    g_auto(CliView) view = { 0 };
    g_autoptr(json_t) rows = NULL;
    g_autofree CliColumn *chosen = NULL;
    const CliColumn *shown = columns->shown;
    gsize n = columns->n_shown;

    if (!cli_view_read(&view, call, error))
        return false;
    if (view.order == NULL && columns->order != NULL && !cli_view_is_data(call))
        view.order = g_strsplit(columns->order, ",", -1);
    if ((rows = cli_view_rows(&view, columns->all, columns->n_all, all, error)) == NULL)
        return false;
    if (view.columns != NULL) {
        shown = chosen = cli_view_columns(&view, columns->all, columns->n_all, all, &n, error);
        if (chosen == NULL)
            return false;
    }
    switch (view.form) {
    case CLI_AS_TABLE:
    case CLI_AS_WIDE:
        if (columns->above != NULL)
            puts(columns->above);
        print_table(call, rows, shown, n, chosen == NULL ? columns->about : NULL);
        if (json_array_size(all) == 0)
            tell_none(call);
        tell_more(&view, json_array_size(rows), json_array_size(all), columns);
        break;
    case CLI_AS_JSON:
        print_json(document, member, rows);
        break;
    case CLI_AS_CSV:
        print_csv(rows, shown, n);
        break;
    }
    return true;
}

bool cli_show_list(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                   gsize n, GError **error)
{
    return cli_show_chosen(call, document, member,
                           &(CliColumns){ .all = columns, .n_all = n, .shown = columns, .n_shown = n }, error);
}

bool cli_show_newest(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                     gsize n, const char *remedy, GError **error)
{
    return cli_show_chosen(call, document, member,
                           &(CliColumns){ .all = columns,
                                          .n_all = n,
                                          .shown = columns,
                                          .n_shown = n,
                                          .total = (gsize)cli_int(document, "total"),
                                          .remedy = remedy },
                           error);
}

bool cli_show_table(const json_t *document, const char *member, const CliColumn *columns, gsize n,
                    const char *const *about)
{
    return print_table(NULL, json_object_get(document, member), columns, n, about);
}

static char *pretty_name(const char *name)
{
    return g_strdelimit(g_strdup(name), "_", ' ');
}

/* "3, by channel, digest 1a2b3c4d5e6f" */
static char *settings_in_full(const json_t *settings, const json_t *document)
{
    g_autofree char *versions = cli_format_settings(settings, document);

    if (*cli_text(settings, "digest") == '\0' || *cli_text(settings, "path") == '\0')
        return g_steal_pointer(&versions);
    return g_strdup_printf("%s, by %s at %s, digest %.12s", versions, cli_text(settings, "path"),
                           cli_text(settings, "applied_at"), cli_text(settings, "digest"));
}

/* "0.2.0-1: back at 2026-11-29T16:44:42Z: its line to the server did not come up within 10 s" */
static char *upgrade_in_full(const json_t *upgrade, const json_t *document G_GNUC_UNUSED)
{
    g_autofree char *detail = hl_phrase_detail(cli_text(upgrade, "detail"));

    return g_strdup_printf(
        "%s: %s at %s%s%s%s", cli_text(upgrade, "to"), hl_phrase_word(cli_text(upgrade, "end")),
        cli_text(upgrade, "at"), *detail != '\0' ? ": " : "", detail,
        strcmp(cli_text(upgrade, "end"), "stuck") == 0 ? _("; 'holdline-endpoint doctor' there has the remedy") : "");
}

/* A value of the object as a line; NULL: it has none, but a table of its own or nothing. */
static char *in_full(const char *name, const json_t *value, const json_t *document)
{
    static const struct {
        const char *name;
        char *(*format)(const json_t *value, const json_t *row);
        const char *member; /* without it, the name means something else */
    } rows[] = { { "actual", cli_format_actual, NULL },           { "patterns", cli_format_patterns, NULL },
                 { "settings", settings_in_full, "desired" },     { "last_upgrade", upgrade_in_full, "end" },
                 { "last_update_result", cli_format_said, NULL }, { "last_update_error", cli_format_said, NULL } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(name, rows[i].name) == 0 && !json_is_array(value) &&
            (rows[i].member == NULL || json_object_get(value, rows[i].member) != NULL))
            return rows[i].format(value, document);
    return json_is_array(value) || json_is_object(value) ? NULL : plain(value);
}

void cli_show_object(const HlInvocation *call, const json_t *document)
{
    const char *name;
    json_t *value;
    int width = 0;

    if (cli_show_json(call, document))
        return;
    json_object_foreach(hl_unconst(document), name, value)
    {
        width = MAX(width, (int)strlen(name)); /* ASCII, all of them */
    }
    json_object_foreach(hl_unconst(document), name, value)
    {
        g_autofree char *shown = pretty_name(name);
        g_autofree char *label = hl_tone(stdout, HL_TONE_DIM, shown);
        g_autofree char *text = in_full(name, value, document);

        if (text != NULL)
            hl_say("%s%*s  %s\n", label, width - (int)strlen(name), "", text);
    }
}

typedef struct {
    const char *word;
    HlTone tone;
} ToneRow;

static char *coloured(const json_t *value, const ToneRow *rows, gsize n)
{
    const char *text = json_string_value(value);

    for (gsize i = 0; text != NULL && i < n; i++)
        if (strcmp(text, rows[i].word) == 0)
            return hl_tone(stdout, rows[i].tone, text);
    return plain(value);
}

char *cli_format_actual(const json_t *value, const json_t *row)
{
    static const ToneRow rows[] = {
        { "online", HL_TONE_GOOD }, { "stale", HL_TONE_WARN }, { "offline", HL_TONE_BAD }, { "never-seen", HL_TONE_DIM }
    };

    g_autofree char *word = coloured(value, rows, G_N_ELEMENTS(rows));
    const char *reason = json_is_true(json_object_get(row, "flooding")) ? "flooding" : cli_text(row, "reason");

    bool is_known_online = g_strcmp0(json_string_value(value), "online") == 0 && strcmp(reason, "server-blind") != 0;

    /* no reason needed for being online */
    if (is_known_online || strcmp(reason, "none") == 0 || *reason == '\0')
        return g_steal_pointer(&word);
    return g_strdup_printf("%s (%s)", word, reason);
}

char *cli_format_verdict(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    static const ToneRow rows[] = { { "agree-online", HL_TONE_GOOD },  { "agree-offline", HL_TONE_DIM },
                                    { "hidden-by-nat", HL_TONE_WARN }, { "ghost-online", HL_TONE_BAD },
                                    { "wrong-host", HL_TONE_WARN },    { "unverified", HL_TONE_DIM } };

    return coloured(value, rows, G_N_ELEMENTS(rows));
}

char *cli_format_time(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *text = json_string_value(value);
    g_autofree char *age = NULL;
    HlTime wall;

    if (text == NULL || !hl_time_parse(text, &wall, NULL))
        return plain(value);
    age = hl_duration_describe(hl_clock_wall() - wall);
    if (strstr(age, " h ") != NULL) /* "2 h 5 min": in a list the hour is enough */
        age[strstr(age, " h ") - age + 2] = '\0';
    return g_strdup_printf("%s ago", age);
}

char *cli_format_late(const json_t *value, const json_t *row)
{
    g_autofree char *age = NULL;

    if (!json_is_object(value))
        return plain(value);
    age = cli_format_time(json_object_get(value, "at"), row);
    return g_strdup_printf("%s %s", cli_text(value, "outcome"), age);
}

static char *join_members(const json_t *object, const char *format)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(object), name, value)
    {
        g_autofree char *number = plain(value);
        bool name_first = format[0] == 'n';

        if (name_first)
            g_string_append_printf(out, "%s%s %s", out->len > 0 ? ", " : "", name, number);
        else
            g_string_append_printf(out, "%s%s %s", out->len > 0 ? ", " : "", number, hl_phrase_word(name));
    }
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : g_strdup("-");
}

/* A server before this version tells no display name. */
char *cli_format_group(const json_t *value, const json_t *row)
{
    const char *display = cli_text(row, "group_display");

    return *display != '\0' ? g_strdup(display) : plain(value);
}

char *cli_format_list(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    GString *out = g_string_new(NULL);
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
    {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    }
    return g_string_free(out, FALSE);
}

char *cli_format_patterns(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    return join_members(value, "name first");
}

char *cli_format_states(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    return join_members(value, "count first");
}

char *cli_format_rings(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const json_t *ring;
    GString *out;
    size_t i;

    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    out = g_string_new(NULL);
    json_array_foreach(value, i, ring)
        g_string_append_printf(out, "%s%" PRId64 "%%", i > 0 ? "," : "", cli_int(ring, "percent"));
    return g_string_free(out, FALSE);
}

/* "-" only where a scan has looked. */
char *cli_format_infected(const json_t *value, const json_t *row)
{
    const json_t *scan = json_object_get(row, "last_scan");
    g_autofree char *count = plain(value);

    if (json_integer_value(value) > 0)
        return hl_tone(stdout, HL_TONE_BAD, count);
    if (strcmp(cli_text(scan, "end"), "failed") == 0)
        return hl_tone(stdout, HL_TONE_BAD, _("scan failed"));
    return hl_tone(stdout, HL_TONE_DIM, json_is_object(scan) ? "-" : _("no scan"));
}

char *cli_format_settings(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    json_int_t applied = cli_int(value, "applied");
    json_int_t desired = cli_int(value, "desired");
    g_autofree char *text =
        json_is_true(json_object_get(value, "current"))
            ? g_strdup_printf("%" JSON_INTEGER_FORMAT, desired)
            : g_strdup_printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT, applied, desired);

    return hl_tone(stdout, json_is_true(json_object_get(value, "current")) ? HL_TONE_PLAIN : HL_TONE_WARN, text);
}

char *cli_group_name(const json_t *group)
{
    const char *display = cli_text(group, "display_name");

    return *display != '\0' ? g_strdup_printf("%s (%s)", cli_text(group, "name"), display)
                            : g_strdup(cli_text(group, "name"));
}

void cli_show_saved(const HlInvocation *call, const json_t *group)
{
    g_autofree char *members = cli_count(group, "endpoints", "%u endpoint", "%u endpoints");
    g_autofree char *name = cli_group_name(group);

    if (cli_show_json(call, group))
        return;
    if (json_is_true(json_object_get(group, "unchanged")))
        hl_say(_("%s: nothing to change, it stays at version %" PRId64 "\n"), name, cli_int(group, "version"));
    else
        hl_say(_("%s: version %" PRId64 " is saved for %s; 'holdline group show %s' lists who has it\n"), name,
               cli_int(group, "version"), members, cli_text(group, "name"));
}
