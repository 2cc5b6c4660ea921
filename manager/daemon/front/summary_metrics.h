/* SPDX-License-Identifier: Apache-2.0 */
/* Every number of the summary that 'holdline status' shows, as metrics, and those of endpoints by group.  Read from the
 * summary itself, so that the two cannot differ. */
#ifndef MANAGER_DAEMON_FRONT_SUMMARY_METRICS_H
#define MANAGER_DAEMON_FRONT_SUMMARY_METRICS_H

#include "manager/daemon/state/status.h"

/* Of a document of mgr_status_summary. */
void mgr_summary_metrics_print(GString *out, const json_t *summary);

/* Of the largest groups: there may be any number of them. */
void mgr_group_metrics_print(GString *out, const MgrFleet *fleet, const MgrStatus *status);

#endif
