/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/edition.h"

#include <string.h>

char *mgr_edition_tag(MgrEdition edition)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GINT64_MODIFIER "x", edition.version, edition.mark);
}

MgrEditionFit mgr_edition_fit(const char *expected, MgrEdition edition)
{
    const char *dash = strchr(expected, '-');
    g_autofree char *number = dash != NULL ? g_strndup(expected, (gsize)(dash - expected)) : g_strdup(expected);
    guint64 version, mark = edition.mark;

    if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT64, &version, NULL) ||
        (dash != NULL && !g_ascii_string_to_unsigned(dash + 1, 16, 0, G_MAXUINT64, &mark, NULL)))
        return MGR_EDITION_MALFORMED;
    return version == edition.version && mark == edition.mark ? MGR_EDITION_SAME : MGR_EDITION_OTHER;
}
