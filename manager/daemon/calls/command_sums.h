/* SPDX-License-Identifier: Apache-2.0 */
/* How many targets of a command that has ended are in each state: remembered, so that a list of commands for all does
 * not count their targets again and again.  What was not seen to end is counted when it is first asked for, or one a
 * second before that.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_COMMAND_SUMS_H
#define MANAGER_DAEMON_CALLS_COMMAND_SUMS_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"

typedef struct {
    guint counts[HL_N_STATES];
} MgrCommandSum;

typedef struct MgrCommandSums MgrCommandSums;

MgrCommandSums *mgr_command_sums_new(const MgrFleet *fleet, MgrRecord *record);
void mgr_command_sums_free(MgrCommandSums *sums);

/* From memory; of one that is open as it is there.  NULL with an error: the registry cannot be read.  Borrowed, until
 * the next call. */
const MgrCommandSum *mgr_command_sums_get(MgrCommandSums *sums, const char *id, GError **error);

/* It has ended with these. */
void mgr_command_sums_note(MgrCommandSums *sums, const MgrCommand *command);

/* One that has ended was corrected by a late result. */
void mgr_command_sums_forget(MgrCommandSums *sums, const char *id);

/* Often: counts one of those that ended before the start, a second at the earliest after the last. */
void mgr_command_sums_warm(MgrCommandSums *sums);

/* So often were the targets of one counted in the registry. */
guint mgr_command_sums_counted(const MgrCommandSums *sums);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCommandSums, mgr_command_sums_free)

#endif
