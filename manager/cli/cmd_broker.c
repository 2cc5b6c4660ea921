/* SPDX-License-Identifier: Apache-2.0 */
/* holdline broker ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"

bool cmd_broker_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "BROKER", "broker", NULL },           { "ADDRESS", "address", NULL },
        { "STATE", "state", cli_format_state }, { "ENDPOINTS", "endpoints", NULL },
        { "WAITING", "waiting", NULL },         { "CONNECTED", "connected", cli_format_time },
        { "PROCESS", "process", NULL },         { "STARTED", "started", cli_format_time }
    };
    g_autoptr(json_t) document = cli_call(call, "broker list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "brokers", columns, G_N_ELEMENTS(columns), error);
}

bool cmd_broker_drain(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "broker", call->args[0], NULL };
    bool drains = strcmp(call->command->name, "broker drain") == 0;
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    if (drains)
        hl_say(_("broker %s ends now, and its %" PRId64
                 " endpoints go to the others; until 'holdline broker undrain %s' it stays down\n"),
               call->args[0], cli_int(document, "endpoints"), call->args[0]);
    else
        hl_say(_("broker %s is used again; endpoints come to it as they connect\n"), call->args[0]);
    return true;
}
