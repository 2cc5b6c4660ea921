/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/broker_log.h"

#include <gio/gio.h>
#include <string.h>

#include "lib/base/ident.h"

#define MARK ": New client connected from "

bool mgr_broker_log_client(const char *line, char **address, char **client)
{
    const char *from = strstr(line, MARK);
    const char *as = from != NULL ? strstr(from, " as ") : NULL;
    g_autofree char *place = NULL;
    g_autofree char *name = NULL;
    char *colon;

    if (as == NULL)
        return false;
    from += strlen(MARK);
    place = g_strndup(from, (gsize)(as - from));
    name = g_strndup(as + 4, strcspn(as + 4, " "));
    colon = strrchr(place, ':'); /* the one before the port; an IPv6 address contains more of them */
    if (colon == NULL || !hl_ident_is_valid(name))
        return false;
    *colon = '\0';
    if (!g_hostname_is_ip_address(place))
        return false;
    *address = g_steal_pointer(&place);
    *client = g_steal_pointer(&name);
    return true;
}
