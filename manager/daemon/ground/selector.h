/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors: which endpoints a word means.  id, host name, @group, all, outdated; several joined by commas. */
#ifndef MANAGER_DAEMON_GROUND_SELECTOR_H
#define MANAGER_DAEMON_GROUND_SELECTOR_H

#include "manager/daemon/ground/fleet.h"

/* By id, or by host name if only one has it (HL_ERROR_CONFLICT otherwise, naming the ids). */
MgrEndpoint *mgr_selector_find(const MgrFleet *fleet, const char *name, GError **error);

/* Endpoints sorted by id, each once; free with g_ptr_array_unref.  NULL with HL_ERROR_NOT_FOUND when nothing fits. */
GPtrArray *mgr_selector_select(const MgrFleet *fleet, const char *selector, GError **error);

/* The same for those who only look: an empty array when nothing fits, NULL for a name that does not exist. */
GPtrArray *mgr_selector_filter(const MgrFleet *fleet, const char *selector, GError **error);

#endif
