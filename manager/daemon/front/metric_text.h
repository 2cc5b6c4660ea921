/* SPDX-License-Identifier: Apache-2.0 */
/* A metric in Prometheus' text format.  Names are given without "holdline_"; one that ends with "_total" is a counter,
 * any other a gauge. */
#ifndef MANAGER_DAEMON_FRONT_METRIC_TEXT_H
#define MANAGER_DAEMON_FRONT_METRIC_TEXT_H

#include <stdint.h>

#include <glib.h>

typedef struct {
    const char *name, *help;
    uint64_t value;
} MgrMetric;

void mgr_metrics_add(GString *out, const MgrMetric *metrics, gsize n);

/* The head of a metric with labels; its lines follow. */
void mgr_metric_begin(GString *out, const char *name, const char *help);

#endif
