/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/endpoint_columns.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/view.h"
#include "manager/filter/columns.h"

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

/* The server's name of a column that the table has, or of a member of the documents; NULL: it has none. */
static const char *server_name(const char *name)
{
    CliColumn column;
    const char *member = find_usual(&column, name) ? column.member : name;

    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (strcmp(mgr_columns[i].path, member) == 0)
            return mgr_columns[i].kind != MGR_SET ? mgr_columns[i].name : NULL; /* sets have no order */
    return NULL;
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

/* NULL: whole documents.  JSON and CSV have members as they are, and a column that the table never has may be any. */
static const char *server_columns(const CliView *view)
{
    bool is_table = view->form == CLI_AS_TABLE || view->form == CLI_AS_WIDE;
    CliColumn column;

    for (gsize i = 0; is_table && view->columns != NULL && view->columns[i] != NULL; i++)
        is_table = find_usual(&column, view->columns[i]);
    if (!is_table)
        return NULL;
    /* nothing but the usual ones is shown, or put in order: of a whole fleet, the others are a quarter of the answer */
    return view->form == CLI_AS_TABLE && view->columns == NULL && view->order == NULL ? USUAL_COLUMNS : TABLE_COLUMNS;
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
                              *limit != '\0' ? limit : NULL, "columns", server_columns(&view), "removed",
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

/* ----------------------------------------------------------------------------------------------------------- the list
 */

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

CliColumn *cli_endpoint_columns(const json_t *rows, bool is_wide, gsize *n)
{
    CliColumn *columns = g_new0(CliColumn, G_N_ELEMENTS(table));
    bool dialled = is_wide || any_dialled(rows);

    *n = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (table[i].when == ALWAYS || (table[i].when == DIALLED && dialled) || (table[i].when == WIDE && is_wide))
            columns[(*n)++] = table[i].column;
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

bool cli_show_endpoints(const HlInvocation *call, const json_t *document, GError **error)
{
    const json_t *rows = json_object_get(document, "endpoints");
    g_autofree CliColumn *all = NULL;
    g_autofree CliColumn *shown = NULL;
    gsize n_all, n_shown;

    if (json_array_size(rows) == 0 && !cli_view_is_data(call)) {
        tell_none(call);
        return true;
    }
    all = cli_endpoint_columns(rows, true, &n_all);
    shown = cli_endpoint_columns(rows, cli_view_is_wide(call), &n_shown);
    return cli_show_chosen(call, document, "endpoints",
                           &(CliColumns){ all, n_all, shown, n_shown, total_of(call, document), ORDER, NULL }, error);
}
