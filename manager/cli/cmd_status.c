/* SPDX-License-Identifier: Apache-2.0 */
/* holdline status */
#include <stdio.h>
#include <string.h>

#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/summary.h"
#include "manager/cli/view.h"
#include "manager/cli/watch.h"

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(cli_text(*(json_t *const *)a, "id"), cli_text(*(json_t *const *)b, "id"));
}

/* By id, and for people without those that have left the console. */
static void put_in_order(json_t *document, bool with_removed)
{
    const json_t *array = json_object_get(document, "endpoints");
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    json_t *sorted = json_array();
    size_t i;
    json_t *endpoint;

    json_array_foreach(array, i, endpoint)
    {
        if (with_removed || !json_is_true(json_object_get(endpoint, "removed")))
            g_ptr_array_add(list, endpoint);
    }
    g_ptr_array_sort(list, compare_ids);
    for (guint n = 0; n < list->len; n++)
        json_array_append(sorted, list->pdata[n]);
    json_object_set_new(document, "endpoints", sorted);
}

/* A server older than "snapshot" does not know it, and says what "endpoint list" says. */
static json_t *call_snapshot(HlInvocation *call, CliElements *elements, GError **error)
{
    g_autoptr(GError) problem = NULL;
    json_t *document = cli_call_endpoints(call, "snapshot", NULL, elements, &problem);

    if (document != NULL || hl_error_code(problem) != HL_ERROR_INVALID) {
        if (document == NULL)
            g_propagate_error(error, g_steal_pointer(&problem));
        return document;
    }
    return cli_call_endpoints(call, "endpoint list", NULL, elements, error);
}

static json_t *ask(HlInvocation *call, const char *selector, CliElements *elements, GError **error)
{
    return selector != NULL ? cli_call_endpoints(call, "endpoint list", selector, elements, error)
                            : call_snapshot(call, elements, error);
}

static bool show_elements(HlInvocation *call, const char *selector, CliElements *elements, GError **error)
{
    g_autoptr(json_t) document = ask(call, selector, elements, error);

    if (document == NULL)
        return false;
    cli_elements_sort(elements);
    if (!hl_cli_has(call, "json"))
        cli_elements_leave_out_removed(elements);
    return cli_show_elements(call, elements, document, error);
}

bool cmd_status(HlInvocation *call, GError **error)
{
    g_autofree char *selector = cli_selector_of(call);
    g_autoptr(CliElements) elements = cli_endpoint_elements(call);
    g_autoptr(json_t) document = NULL;
    g_autofree char *text = NULL;

    if (hl_cli_has(call, "watch"))
        return cli_view_check_watch(call, error) && cli_watch(call, selector, error);
    if (elements != NULL)
        return show_elements(call, selector, elements, error);
    document = ask(call, selector, NULL, error);
    if (document == NULL)
        return false;
    put_in_order(document, hl_cli_has(call, "json"));
    if (!cli_view_is_data(call))
        text = cli_summary_text(json_object_get(document, "summary"));
    return cli_show_endpoints(call, document, text, error);
}
