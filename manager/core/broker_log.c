/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/broker_log.h"

#include <gio/gio.h>
#include <string.h>

#include "lib/base/ident.h"

#define MARK ": New client connected from "

void mgr_broker_log_time(HlTime wall, char text[MGR_BROKER_LOG_TIME])
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(wall / HL_SECOND);
    g_autofree char *form = time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : g_strdup("");

    g_strlcpy(text, form, MGR_BROKER_LOG_TIME);
}

bool mgr_broker_log_is_since(const char *line, gsize size, const char since[MGR_BROKER_LOG_TIME])
{
    static const char form[] = "0000-00-00T00:00:00:";

    if (size < strlen(form))
        return false;
    for (gsize i = 0; form[i] != '\0'; i++)
        if (form[i] == '0' ? !g_ascii_isdigit(line[i]) : line[i] != form[i])
            return false;
    return memcmp(line, since, strlen(since)) >= 0;
}

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
