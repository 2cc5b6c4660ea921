/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as a caller sees them: what they are, and how many of the targets that are there for the caller are in which
 * state.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_COMMAND_VIEWS_H
#define MANAGER_DAEMON_CALLS_COMMAND_VIEWS_H

#include "lib/base/json.h"

#include "manager/daemon/calls/command_sums.h"
#include "manager/daemon/ground/selector.h"

/* What is there of a command for a caller: the targets in their groups. */
typedef struct {
    guint counts[HL_N_STATES];
    guint total, open;
    bool hides; /* it has others */
} MgrCommandView;

MgrCommandView mgr_command_view_live(const MgrCommand *command, const MgrCaller *caller);

/* Caller owns. */
json_t *mgr_command_view_document(const MgrCommand *command, const MgrCaller *caller);

typedef struct {
    MgrRecord *record;
    MgrCommandSums *sums;
} MgrCommandViews;

/* Those of the registry, newest first, with their targets counted there; id NULL: the newest ones; *total: of how many;
 * NULL: of no interest.  Caller owns; NULL with an error. */
json_t *mgr_command_views_read(const MgrCommandViews *views, const MgrCaller *caller, const char *id, int64_t *total,
                               GError **error);

/* The newest ones for a caller without limits; *total: of how many.  Caller owns; NULL with an error. */
json_t *mgr_command_views_newest(const MgrCommandViews *views, int64_t *total, GError **error);

#endif
