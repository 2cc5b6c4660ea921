/* SPDX-License-Identifier: Apache-2.0 */
/* The life of commands: issued, sent, reported, expired, cancelled.  States are kept per endpoint in the registry; the
 * fleet has the open ones. */
#ifndef MANAGER_DAEMON_WORK_COMMANDS_H
#define MANAGER_DAEMON_WORK_COMMANDS_H

#include "manager/daemon/work/issue.h"

typedef struct MgrCommands MgrCommands;

typedef struct {
    const MgrConf *conf; /* command.timeout */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
    /* A command of the fleet changed; open == 0: it leaves the fleet right after. */
    void (*changed)(const MgrCommand *command, gpointer user);
    /* One that had left the fleet has another end for a target: a result came late. */
    void (*corrected)(const char *command, gpointer user);
    gpointer user;
} MgrCommandsOptions;

MgrCommands *mgr_commands_new(const MgrCommandsOptions *options);
void mgr_commands_free(MgrCommands *commands);

/* Stores the command for these endpoints (MgrEndpoint *), with what is in the set (taken), and then sends it. */
void mgr_commands_issue(MgrCommands *commands, HlWriteSet *set, const MgrCommandSpec *spec, const GPtrArray *endpoints,
                        MgrCommandDone done, gpointer user);
/* The same for whom a selection takes (work/issue.h). */
void mgr_commands_issue_selected(MgrCommands *commands, MgrSelection *selection, const MgrCommandSpec *spec,
                                 MgrIssueReady ready, MgrCommandDone done, gpointer user);
/* What issuing has cost since the start. */
MgrIssuesCounts mgr_commands_issued(const MgrCommands *commands);

/* Ends what has not started, and asks those that have it to; stored with what is in the set (taken). */
void mgr_commands_cancel(MgrCommands *commands, HlWriteSet *set, const char *id, MgrCommandDone done, gpointer user);

/* The same halves for who has more to store with it: of an open command of the fleet; nothing where it has ended. */
void mgr_commands_write_cancel(HlWriteSet *set, const char *id, HlTime at);
void mgr_commands_fold_cancel(MgrCommands *commands, const char *id, HlTime at);

typedef struct {
    guint windowed; /* targets whose group has a window, and that may not have the command */
    guint ready;    /* of those: held, and the window is open */
} MgrHeld;

/* Holds what nobody has yet where the window has closed. */
MgrHeld mgr_commands_hold(const MgrCommand *command);
/* Lets so many of those have it. */
void mgr_commands_let_go(MgrCommands *commands, const MgrCommand *command, guint n);

/* Code of a target that expired while the command had not left for it. */
#define MGR_CODE_UNREACHED "unreached"

/* A report, at the time when it came: what it writes, and what it changes once that is committed.  Of a command whose
 * end the manager only presumed, it corrects the end. */
typedef struct {
    const char *command;
    HlCommandState state;
    const char *code, *detail;
    guint percent;
    HlTime at;
} MgrCommandNews;

void mgr_commands_write_news(MgrCommands *commands, HlWriteSet *set, const MgrEndpoint *endpoint,
                             const MgrCommandNews *news);
void mgr_commands_fold_news(MgrCommands *commands, MgrEndpoint *endpoint, const MgrCommandNews *news);

/* The open targets of an endpoint that is revoked or removed end as cancelled: the same two halves. */
void mgr_commands_write_abandon(HlWriteSet *set, const MgrEndpoint *endpoint, const char *why, HlTime at);
void mgr_commands_fold_abandon(MgrCommands *commands, MgrEndpoint *endpoint, const char *why, HlTime at);

/* Once a second: what is past its end. */
void mgr_commands_tick(MgrCommands *commands);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCommands, mgr_commands_free)

#endif
