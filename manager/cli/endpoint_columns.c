/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/endpoint_columns.h"

#include <stdio.h>
#include <string.h>

#include "manager/cli/view.h"

typedef enum { ALWAYS, DIALLED, WIDE } When;

static const struct {
    CliColumn column;
    When when;
} table[] = {
    { { "HOST", "host", NULL }, ALWAYS },
    { { "GROUP", "group", cli_format_group }, ALWAYS },
    { { "DISPLAYED", "displayed", NULL }, DIALLED },
    { { "ACTUAL", "actual", cli_format_actual }, ALWAYS },
    { { "VERDICT", "verdict", cli_format_verdict }, DIALLED },
    { { "DIAL", "reachability", NULL }, DIALLED },
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
        else
            g_string_append_printf(selector, ",%s", given[i]);
    }
    return selector != NULL ? g_string_free(g_steal_pointer(&selector), FALSE) : NULL;
}

/* Whether the server dials any of them: by its group's mode, or because it has a port for that. */
static bool any_dialled(const json_t *rows)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (cli_int(row, "direct_port") > 0 || strcmp(cli_text(row, "delivery"), "documented") == 0)
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
        fprintf(stderr, "holdline: no endpoint matches '%s'\n", selector);
    else
        fputs("holdline: there is no endpoint yet; 'holdline bundle create' makes the file with which PCs enrol\n",
              stderr);
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
    return cli_show_chosen(call, document, "endpoints", &(CliColumns){ all, n_all, shown, n_shown }, error);
}
