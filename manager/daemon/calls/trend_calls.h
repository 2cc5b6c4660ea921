/* SPDX-License-Identifier: Apache-2.0 */
/* The call for the daily counts of endpoints. */
#ifndef MANAGER_DAEMON_CALLS_TREND_CALLS_H
#define MANAGER_DAEMON_CALLS_TREND_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/state/trend.h"

/* Adds its row to the dispatch; trend outlives it. */
void mgr_trend_calls_add(MgrDispatch *dispatch, MgrTrend *trend);

#endif
