/* SPDX-License-Identifier: Apache-2.0 */
/* holdline trend */
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"

bool cmd_trend(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "DAY", "day", NULL },
        { "ENDPOINTS", "endpoints", NULL },
        { "ONLINE", "online", NULL },
        { "OUTDATED", "outdated", NULL },
        { "INFECTED", "infected", NULL },
        { "OPEN DETECTIONS", "open_detections", NULL },
        { "SETTINGS BEHIND", "settings_behind", NULL },
    };
    const char *arguments[] = { "days", hl_cli_value(call, "days", NULL), NULL };
    g_autoptr(json_t) document = cli_call(call, "trend", arguments, error);

    return document != NULL && cli_show_list(call, document, "days", columns, G_N_ELEMENTS(columns), error);
}
