/* SPDX-License-Identifier: Apache-2.0 */
/* holdline bundle ... */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"

bool cmd_bundle_create(HlInvocation *call, GError **error)
{
    const char *group = hl_cli_value(call, "group", NULL);
    const char *endpoint = hl_cli_value(call, "for", NULL);
    const char *output = hl_cli_value(call, "output", NULL);
    const char *arguments[] = {
        "group",    group,    "uses", hl_cli_value(call, "uses", NULL), "expires", hl_cli_value(call, "expires", NULL),
        "endpoint", endpoint, NULL
    };
    g_autoptr(json_t) document = NULL;
    g_autofree char *name = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *base = NULL;
    g_autofree char *uses = NULL;
    g_autofree char *shown = NULL;

    if (group == NULL && endpoint == NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("bundle create needs --group GROUP, or --for ENDPOINT"));
    folder = g_path_get_dirname(output != NULL ? output : "");
    if (access(folder, W_OK) != 0) /* a bundle that nobody received could still enrol */
        return hl_fail_errno(error, errno, _("cannot write into %s"), folder);
    if (output != NULL && !hl_file_check_new(output, error))
        return false;
    document = cli_call_files(call, "bundle create", arguments, error);
    if (document == NULL)
        return false;
    name = output != NULL ? g_strdup(output)
                          : g_strdup_printf("%s-%s.bundle", cli_text(document, endpoint != NULL ? "endpoint" : "group"),
                                            cli_text(document, "id"));
    if (!hl_file_create_text(name, cli_text(document, "bundle"), 0600, error))
        return false;
    base = g_path_get_basename(name); /* there it lies elsewhere */
    uses = endpoint != NULL ? g_strdup(cli_text(document, "endpoint"))
                            : cli_count(document, "uses", "%u endpoint", "%u endpoints");
    shown = cli_format_group(json_object_get(document, "group"), document);
    if (!cli_show_json(call, document))
        hl_say(endpoint != NULL
                   ? _("%s: bundle %s for group %s, valid for %s until %s\n"
                       "It contains a secret: carry it to the PC, then run 'holdline-endpoint enrol %s' there, with "
                       "--replace if it has the identity of before still.\n")
                   : _("%s: bundle %s for group %s, valid for %s until %s\n"
                       "It contains a secret: carry it to the PC, then run 'holdline-endpoint enrol %s' there.\n"),
               name, cli_text(document, "id"), shown, uses, cli_text(document, "expires"), base);
    return true;
}

bool cmd_bundle_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "ID", "id", NULL },
                                         { "GROUP", "group", cli_format_group },
                                         { "FOR", "endpoint", NULL },
                                         { "STATE", "state", cli_format_state },
                                         { "USES LEFT", "uses_left", NULL },
                                         { "EXPIRES", "expires", NULL },
                                         { "BY", "created_by", NULL } };
    g_autoptr(json_t) document = cli_call(call, "bundle list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "bundles", columns, G_N_ELEMENTS(columns), error);
}

bool cmd_bundle_withdraw(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "bundle", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "bundle withdraw", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf(_("bundle %s can no longer be used to enrol\n"), call->args[0]);
    return true;
}
