/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about commands: issue, look at, wait for, cancel. */
#ifndef MANAGER_DAEMON_CALLS_COMMAND_CALLS_H
#define MANAGER_DAEMON_CALLS_COMMAND_CALLS_H

#include "manager/daemon/calls/dispatch.h"
#include "manager/daemon/work/commands.h"

typedef struct MgrCommandCalls MgrCommandCalls;

typedef struct {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrCommands *commands;
} MgrCommandCallsOptions;

/* Adds its rows to the dispatch, which must not be used after the free. */
MgrCommandCalls *mgr_command_calls_new(const MgrCommandCallsOptions *options, MgrDispatch *dispatch);
void mgr_command_calls_free(MgrCommandCalls *calls);

/* A command changed: calls that wait for it are told with the next flush (MgrCommandsOptions.changed). */
void mgr_command_calls_changed(MgrCommandCalls *calls, const MgrCommand *command);

/* One that has ended has another end for a target (MgrCommandsOptions.corrected). */
void mgr_command_calls_corrected(MgrCommandCalls *calls, const char *command);

/* So often were the targets of a command counted in the registry, because nobody saw it end.  For tests. */
guint mgr_command_calls_counted(const MgrCommandCalls *calls);

/* Some fifty times a second: tells those that wait, ends the wait of those that waited long enough. */
void mgr_command_calls_flush(MgrCommandCalls *calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCommandCalls, mgr_command_calls_free)

#endif
