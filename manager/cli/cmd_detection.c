/* SPDX-License-Identifier: Apache-2.0 */
/* holdline detection ... */
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"

#define REST N_("SELECTOR, --since or --open narrows it down to the older ones")

bool cmd_detection_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ID", "id", NULL },
        { "HOST", "host", NULL },
        { "SIGNATURE", "signature", NULL },
        { "PATH", "path", NULL },
        { "ACTION", "action", NULL },
        { "TIMES", "times", NULL },
        { "LAST FOUND", "last_found", cli_format_time },
        { "STATE", "state", cli_format_state },
    };
    const char *arguments[] = { "selector", call->n_args > 0 ? call->args[0] : NULL,
                                "since",    hl_cli_value(call, "since", NULL),
                                "open",     hl_cli_has(call, "open") ? "yes" : NULL,
                                NULL };
    g_autoptr(json_t) document = cli_call(call, "detection list", arguments, error);

    if (document == NULL)
        return false;
    if (json_is_true(json_object_get(document, "more")) && json_object_get(document, "total") == NULL)
        fprintf(stderr, _("holdline: older ones are left out: %s\n"), hl_tr(REST)); /* a server of before counts none */
    return cli_show_newest(call, document, "detections", columns, G_N_ELEMENTS(columns), REST, error);
}

bool cmd_detection_show(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "detection", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "detection show", arguments, error);

    if (document == NULL)
        return false;
    cli_show_object(call, document);
    return true;
}

bool cmd_detection_acknowledge(HlInvocation *call, GError **error)
{
    const char *selector = hl_cli_value(call, "of", NULL);
    g_autofree char *ids = call->n_args > 0 ? g_strjoinv(",", (char **)call->args) : NULL;
    const char *arguments[] = { "ids", ids, "selector", selector, "note", hl_cli_value(call, "note", NULL), NULL };
    g_autoptr(json_t) document = NULL;
    g_autofree char *done = NULL;

    if ((ids == NULL) == (selector == NULL))
        return hl_fail(
            error, HL_ERROR_USAGE,
            _("detection acknowledge takes detections (d-17 ...), or --of SELECTOR for all open ones of those "
              "endpoints"));
    document = cli_call(call, "detection acknowledge", arguments, error);
    if (document == NULL)
        return false;
    done = cli_count(document, "acknowledged", "%u detection acknowledged", "%u detections acknowledged");
    if (!cli_show_json(call, document))
        hl_say("%s\n", done);
    return true;
}
