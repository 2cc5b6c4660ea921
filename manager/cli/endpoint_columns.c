/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/endpoint_columns.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/view.h"

typedef enum { ALWAYS, DIALLED, WIDE } When;

/* By its group's mode, or because it has a port for that. */
static bool is_dialled(const json_t *row)
{
    return cli_int(row, "direct_port") > 0 || strcmp(cli_text(row, "delivery"), "documented") == 0;
}

/* A console that dials would show one that nobody dials Offline, and that is no news of it. */
static bool is_shown_by_dial(const json_t *row)
{
    const char *displayed = cli_text(row, "displayed");

    return strcmp(displayed, "Offline") == 0 || strcmp(displayed, "Online") == 0;
}

static char *word_or_dash(const json_t *value, bool is_said)
{
    return g_strdup(is_said && json_is_string(value) ? json_string_value(value) : "-");
}

static char *format_displayed(const json_t *value, const json_t *row)
{
    return word_or_dash(value, is_dialled(row) || !is_shown_by_dial(row));
}

static char *format_verdict(const json_t *value, const json_t *row)
{
    return is_dialled(row) || !is_shown_by_dial(row) ? cli_format_verdict(value, row) : g_strdup("-");
}

void cli_dash_undialled(json_t *endpoint)
{
    static const char *const members[] = { "displayed", "displayed_since", "verdict", "explanation" };
    bool is_said = !is_shown_by_dial(endpoint);

    if (is_dialled(endpoint))
        return;
    json_object_set_new(endpoint, "reachability", json_string("-"));
    for (gsize i = 0; !is_said && i < G_N_ELEMENTS(members); i++)
        json_object_set_new(endpoint, members[i], json_string("-"));
}

static char *format_dial(const json_t *value, const json_t *row)
{
    return word_or_dash(value, is_dialled(row));
}

static char *format_broker(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    int64_t broker = json_integer_value(value);

    return broker > 0 ? g_strdup_printf("%" G_GINT64_FORMAT, broker) : g_strdup("-");
}

static const struct {
    CliColumn column;
    When when;
} table[] = {
    { { "HOST", "host", NULL }, ALWAYS },
    { { "GROUP", "group", cli_format_group }, ALWAYS },
    { { "DISPLAYED", "displayed", format_displayed }, DIALLED },
    { { "ACTUAL", "actual", cli_format_actual }, ALWAYS },
    { { "VERDICT", "verdict", format_verdict }, DIALLED },
    { { "DIAL", "reachability", format_dial }, DIALLED },
    { { "LAST SEEN", "last_seen", cli_format_time }, ALWAYS },
    { { "INFECTED", "open_detections", cli_format_infected }, ALWAYS },
    { { "SETTINGS", "settings", cli_format_settings }, ALWAYS },
    { { "PATTERNS", "patterns", cli_format_patterns }, ALWAYS },
    { { "ID", "id", NULL }, ALWAYS },
    { { "VERSION", "program", NULL }, WIDE },
    { { "ADDRESSES", "addresses", NULL }, WIDE },
    { { "SEEN FROM", "observed_address", NULL }, WIDE },
    { { "LAST UPDATE", "last_update", cli_format_time }, WIDE },
    { { "OPEN COMMANDS", "open_commands", NULL }, WIDE },
    { { "BROKER", "broker", format_broker }, WIDE },
};

char *cli_selector_of(const HlInvocation *call)
{
    const char *given[] = { call->n_args > 0 ? call->args[0] : NULL, hl_cli_value(call, "where", NULL),
                            hl_cli_has(call, "outdated") ? "outdated" : NULL,
                            hl_cli_has(call, "ended") ? "ended" : NULL,
                            hl_cli_has(call, "came-back") ? "came-back" : NULL };
    g_autoptr(GString) selector = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(given); i++) {
        if (given[i] == NULL)
            continue;
        if (selector == NULL)
            selector = g_string_new(given[i]);
        else /* in brackets a list narrows, where its names and words would widen those before it */
            g_string_append_printf(selector, ",(%s)", given[i]);
    }
    return selector != NULL ? g_string_free(g_steal_pointer(&selector), FALSE) : NULL;
}

/* -------------------------------------------------------------------------------------------------------------- the
 * call
 */

#define ORDER "host" /* of a list that people read, unless they ask for another */

/* The members whose columns show what a condition is on, where they are not its own. */
static const struct {
    int column;
    const char *member;
} shown_by[] = {
    { MGR_COLUMN_GROUP_DISPLAY, "group" },       { MGR_COLUMN_REASON, "actual" },
    { MGR_COLUMN_FLOODING, "actual" },           { MGR_COLUMN_OUTDATED, "patterns" },
    { MGR_COLUMN_OUTDATED_PROGRAM, "program" },  { MGR_COLUMN_SETTINGS_DESIRED, "settings" },
    { MGR_COLUMN_SETTINGS_APPLIED, "settings" }, { MGR_COLUMN_SETTINGS_CURRENT, "settings" },
    { MGR_COLUMN_SCAN, "open_detections" },      { MGR_COLUMN_SCAN_END, "open_detections" },
};

/* NULL: there is nothing to show, as of a flag that all have which the condition takes. */
static const char *member_showing(int column)
{
    for (gsize i = 0; i < G_N_ELEMENTS(shown_by); i++)
        if (shown_by[i].column == column)
            return shown_by[i].member;
    return mgr_columns[column].kind != MGR_FLAG ? mgr_columns[column].path : NULL;
}

/* What the columns of the table are made of, beside themselves: reason, last_scan, ...; by their names on the server.
 */
#define USUAL_COLUMNS                                                                                              \
    "id,host,group,group_display,displayed,actual,reason,flooding,verdict,reachability,last_seen,open_detections," \
    "last_scan_end,settings_applied,settings_desired,settings_current,patterns,direct_port,delivery,removed"
#define TABLE_COLUMNS USUAL_COLUMNS ",program,addresses,observed_address,last_update,open_commands,broker"

static bool find_usual(CliColumn *column, const char *name)
{
    CliColumn usual[G_N_ELEMENTS(table)];

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        usual[i] = table[i].column;
    return cli_view_find_column(column, name, usual, G_N_ELEMENTS(usual), NULL);
}

/* The number of a column that the table has, or of a member of the documents; -1: it has none. */
static int column_of(const char *name)
{
    CliColumn column;
    const char *member = find_usual(&column, name) ? column.member : name;

    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (strcmp(mgr_columns[i].path, member) == 0)
            return i;
    return -1;
}

/* The server's name of it; NULL: it has none. */
static const char *server_name(const char *name)
{
    int column = column_of(name);

    return column >= 0 && mgr_columns[column].kind != MGR_SET ? mgr_columns[column].name : NULL; /* no order in sets */
}

/* What people read is in the order of names (cli_show_chosen): which are the first of it the server has to know.  ""
 * without an order; NULL: the server cannot put them in this one.  Caller frees. */
static char *server_order(const CliView *view)
{
    bool is_read = view->order == NULL && view->limit > 0 && (view->form == CLI_AS_TABLE || view->form == CLI_AS_WIDE);
    g_autoptr(GString) order = g_string_new(is_read ? ORDER : "");

    for (gsize i = 0; view->order != NULL && view->order[i] != NULL; i++) {
        bool is_descending = view->order[i][0] == '-';
        const char *name = server_name(view->order[i] + is_descending);

        if (name == NULL)
            return NULL;
        g_string_append_printf(order, "%s%s%s", i > 0 ? "," : "", is_descending ? "-" : "", name);
    }
    return g_string_free(g_steal_pointer(&order), FALSE);
}

static void add_about(GPtrArray *about, int column)
{
    const char *member = column >= 0 ? member_showing(column) : NULL;

    if (member != NULL && !g_ptr_array_find_with_equal_func(about, member, g_str_equal, NULL))
        g_ptr_array_add(about, hl_unconst(member));
}

static void add_asked(GPtrArray *about, const MgrFilter *filter)
{
    for (int i = MGR_COLUMN_HOST; filter != NULL && i < MGR_N_COLUMNS; i++) /* the id is a name, too */
        if (mgr_filter_asks(filter, i))
            add_about(about, i);
}

const char **cli_endpoint_about_filters(const MgrFilter *selector, const MgrFilter *search)
{
    GPtrArray *about = g_ptr_array_new();

    add_asked(about, selector);
    add_asked(about, search);
    g_ptr_array_add(about, NULL);
    return (const char **)g_ptr_array_free(about, FALSE);
}

const char **cli_endpoint_about(const HlInvocation *call)
{
    GPtrArray *about = g_ptr_array_new();
    g_autofree char *selector = cli_selector_of(call);
    g_autoptr(MgrFilter) filter =
        selector != NULL ? mgr_filter_parse(selector, MGR_FILTER_SELECT, hl_clock_wall(), NULL) : NULL;
    g_auto(GStrv) order = g_strsplit(hl_cli_value(call, "sort", ""), ",", -1);

    add_asked(about, filter);
    for (gsize i = 0; order[i] != NULL; i++)
        add_about(about, column_of(order[i] + (order[i][0] == '-')));
    g_ptr_array_add(about, NULL);
    return (const char **)g_ptr_array_free(about, FALSE);
}

/* Whether the table has it, and in every form. */
static bool is_usual(const char *member)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].column.member, member) == 0)
            return table[i].when != WIDE;
    return false;
}

/* NULL: whole documents.  JSON and CSV have members as they are, and a column that the table never has may be any. */
static const char *server_columns(const CliView *view, const char *const *about)
{
    const char *const *wanted = view->columns != NULL ? (const char *const *)view->columns : about;
    bool is_table = view->form == CLI_AS_TABLE || view->form == CLI_AS_WIDE;
    /* nothing but the usual ones is shown, or put in order: of a whole fleet, the others are a quarter of the answer */
    bool is_short = view->form == CLI_AS_TABLE && view->columns == NULL && view->order == NULL;
    CliColumn column;

    for (gsize i = 0; is_table && wanted[i] != NULL; i++) {
        is_table = find_usual(&column, wanted[i]);
        is_short = is_short && is_usual(wanted[i]);
    }
    return !is_table ? NULL : is_short ? USUAL_COLUMNS : TABLE_COLUMNS;
}

static json_t *ask(HlInvocation *call, const char *name, const char *const *arguments, CliElements *elements,
                   GError **error)
{
    return elements != NULL ? cli_call_elements(call, name, arguments, elements, error)
                            : cli_call(call, name, arguments, error);
}

json_t *cli_call_endpoints(HlInvocation *call, const char *name, const char *selector, CliElements *elements,
                           GError **error)
{
    g_auto(CliView) view = { 0 };
    g_autoptr(GError) problem = NULL;
    g_autofree const char **about = cli_endpoint_about(call);
    g_autofree char *order = NULL;
    char limit[16] = "";
    const char *plain[] = { "selector", selector, NULL };
    json_t *document;

    if (!cli_view_read(&view, call, error))
        return NULL;
    order = server_order(&view);
    if (view.limit > 0 && order != NULL)
        g_snprintf(limit, sizeof limit, "%u", view.limit);
    /* people are not shown what has left the console; who names it is */
    document =
        ask(call, name,
            (const char *[]){ "selector", selector, "sort", order != NULL && *order != '\0' ? order : NULL, "limit",
                              *limit != '\0' ? limit : NULL, "columns", server_columns(&view, about), "removed",
                              strcmp(name, "snapshot") == 0 && !hl_cli_has(call, "json") ? "no" : NULL, NULL },
            elements, &problem);
    if (document == NULL && hl_error_code(problem) == HL_ERROR_INVALID) /* perhaps it is older */
        return ask(call, name, plain, elements, error);
    if (document == NULL)
        g_propagate_error(error, g_steal_pointer(&problem));
    return document;
}

CliElements *cli_endpoint_elements(const HlInvocation *call)
{
    g_auto(CliView) view = { 0 };

    if (!cli_view_read(&view, call, NULL) || view.form != CLI_AS_JSON || view.order != NULL || view.columns != NULL)
        return NULL;
    return cli_elements_new("endpoints");
}

bool cli_show_elements(const HlInvocation *call, const CliElements *elements, const json_t *document, GError **error)
{
    g_auto(CliView) view = { 0 };

    if (!cli_view_read(&view, call, error))
        return false;
    cli_elements_print(elements, view.limit, document, stdout);
    return true;
}

/* --------------------------------------------------------------------------------------------------------- the list */

/* Whether the server dials any of them. */
static bool any_dialled(const json_t *rows)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (is_dialled(row))
            return true;
    }
    return false;
}

/* One that no form of the table has, as --columns shows it. */
static CliColumn other_column(const char *member)
{
    int column = mgr_column_find(member);

    return (CliColumn){ .heading = column >= 0 ? mgr_columns[column].name : member, .member = member };
}

CliColumn *cli_endpoint_columns(const json_t *rows, bool is_wide, const char *const *about, gsize *n)
{
    static const char *const nothing[] = { NULL };
    const char *const *asked = about != NULL ? about : nothing;
    CliColumn *columns = g_new0(CliColumn, G_N_ELEMENTS(table) + g_strv_length(hl_unconst(asked)));
    bool dialled = is_wide || any_dialled(rows);
    CliColumn usual;

    *n = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (table[i].when == ALWAYS || (table[i].when == DIALLED && dialled) || (table[i].when == WIDE && is_wide) ||
            g_strv_contains(asked, table[i].column.member))
            columns[(*n)++] = table[i].column;
    for (gsize i = 0; asked[i] != NULL; i++)
        if (!find_usual(&usual, asked[i]))
            columns[(*n)++] = other_column(asked[i]);
    return columns;
}

/* A heading over nothing says nothing. */
static void tell_none(const HlInvocation *call)
{
    g_autofree char *selector = cli_selector_of(call);

    if (selector != NULL)
        fprintf(stderr, _("holdline: no endpoint matches '%s'\n"), selector);
    else
        fputs(_("holdline: there is no endpoint yet, or none in the groups of this account; 'holdline bundle create' "
                "makes the file with which PCs enrol\n"),
              stderr);
}

/* How many the list has where the server sends as many as are shown.  "endpoints" counts those on the console; who
 * names removed ones has them listed, but for 'status', which leaves them out. */
static gsize total_of(const HlInvocation *call, const json_t *document)
{
    const json_t *summary = json_object_get(document, "summary");
    g_autofree char *selector = cli_selector_of(call);
    bool has_removed = selector != NULL && strcmp(call->command->name, "status") != 0;

    return (gsize)MAX(cli_int(summary, "endpoints") + (has_removed ? cli_int(summary, "removed") : 0), 0);
}

bool cli_show_endpoints(const HlInvocation *call, const json_t *document, const char *above, GError **error)
{
    const json_t *rows = json_object_get(document, "endpoints");
    g_autofree const char **about =
        cli_view_is_data(call) ? NULL : cli_endpoint_about(call); /* a program counts them */
    g_autofree CliColumn *all = NULL;
    g_autofree CliColumn *shown = NULL;
    gsize n_all, n_shown;

    if (json_array_size(rows) == 0 && !cli_view_is_data(call)) {
        if (above != NULL)
            puts(above);
        tell_none(call);
        return true;
    }
    all = cli_endpoint_columns(rows, true, NULL, &n_all);
    shown = cli_endpoint_columns(rows, cli_view_is_wide(call), about, &n_shown);
    return cli_show_chosen(call, document, "endpoints",
                           &(CliColumns){ .all = all,
                                          .n_all = n_all,
                                          .shown = shown,
                                          .n_shown = n_shown,
                                          .total = total_of(call, document),
                                          .order = ORDER,
                                          .above = above,
                                          .about = about },
                           error);
}
