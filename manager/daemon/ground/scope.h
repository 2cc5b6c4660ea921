/* SPDX-License-Identifier: Apache-2.0 */
/* The groups that an account is limited to, as an owner gives them. */
#ifndef MANAGER_DAEMON_GROUND_SCOPE_H
#define MANAGER_DAEMON_GROUND_SCOPE_H

#include "manager/daemon/ground/fleet.h"

/* "b, a,b" -> "a,b", of groups that exist; "" stays: all.  Caller frees; NULL on failure. */
char *mgr_account_groups(const MgrFleet *fleet, const char *text, GError **error);

/* Owners have no limits: they could lift them. */
bool mgr_account_check_scope(const MgrAccountRecord *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
