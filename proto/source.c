/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/source.h"

#include <string.h>

bool hl_update_source_parse(const char *text, HlUpdateSource *source, GError **error)
{
    const char *equals = strchr(text, '=');
    const char *scheme = strstr(text, "://"); /* a URL may contain '=' too */
    g_autofree char *network = NULL;

    *source = (HlUpdateSource){ .where = text };
    if (equals == NULL || (scheme != NULL && scheme < equals))
        return true;
    network = g_strndup(text, (gsize)(equals - text));
    source->limited = true;
    source->where = equals + 1;
    return hl_network_parse(network, &source->network, error);
}
