/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/clamd_conf.h"

#include <inttypes.h>

#define MAX_SCAN_SIZE ((guint64)4000 * 1024 * 1024) /* of all that is unpacked from one file */

/* Every bound is told of (AlertExceedsMax); what clamd bounds by a smaller number of its own gets ours. */
static const char *const sizes[] = { "MaxFileSize",        "MaxEmbeddedPE", "MaxHTMLNormalize", "MaxHTMLNoTags",
                                     "MaxScriptNormalize", "MaxZipTypeRcg", "PCREMaxFileSize" };

char *ep_clamd_conf(const EpClamdConf *conf)
{
    GString *text = g_string_new("# Written by holdline-endpointd at each start of the engine.\n"
                                 "Foreground yes\n"
                                 "LocalSocketMode 600\n"
                                 "FixStaleSocket yes\n"
                                 "SelfCheck 0\n"                 /* the daemon says when there is another set */
                                 "ConcurrentDatabaseReload no\n" /* one set in memory, not two */
                                 "ExitOnOOM yes\n"
                                 "AlertExceedsMax yes\n"
                                 "MaxFiles 0\n");

    g_string_append_printf(text, "MaxThreads %d\n", EP_CLAMD_THREADS);
    g_string_append_printf(text, "LocalSocket %s/" EP_CLAMD_SOCKET "\n", conf->directory);
    g_string_append_printf(text, "DatabaseDirectory %s/db\n", conf->directory);
    g_string_append_printf(text, "TemporaryDirectory %s/run\n", conf->directory);
    g_string_append_printf(text, "MaxScanSize %" PRIu64 "\n", MIN(2 * conf->max_size, MAX_SCAN_SIZE));
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        g_string_append_printf(text, "%s %" PRIu64 "\n", sizes[i], conf->max_size);
    g_string_append_printf(text, "MaxRecursion %u\n", conf->max_depth);
    g_string_append_printf(text, "MaxScanTime %" PRId64 "\n", conf->max_time);
    return g_string_free(text, FALSE);
}
