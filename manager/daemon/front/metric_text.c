/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/metric_text.h"

void mgr_metric_begin(GString *out, const char *name, const char *help)
{
    g_string_append_printf(out, "# HELP holdline_%s %s\n# TYPE holdline_%s %s\n", name, help, name,
                           g_str_has_suffix(name, "_total") ? "counter" : "gauge");
}

void mgr_metrics_add(GString *out, const MgrMetric *metrics, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        mgr_metric_begin(out, metrics[i].name, metrics[i].help);
        g_string_append_printf(out, "holdline_%s %" G_GUINT64_FORMAT "\n", metrics[i].name, metrics[i].value);
    }
}
