/* SPDX-License-Identifier: Apache-2.0 */
/* How a new command comes to be: made for its endpoints, stored, and given to each of them.
 *
 * For a million each of the three takes a second and more, so a turn of the loop makes or gives a few thousand and the
 * rest waits for the next, behind whatever else has come.  It is stored at once: one transaction, of the writer's
 * thread; that answers who asked.  Between two turns endpoints come, go and move, and the command may be cancelled: a
 * target that is not yet with its endpoint is left alone by all that, and looked at when it is its turn.  A manager
 * that is killed has stored nothing of it, or all. */
#ifndef MANAGER_DAEMON_WORK_ISSUE_H
#define MANAGER_DAEMON_WORK_ISSUE_H

#include "manager/daemon/ground/selector.h"
#include "manager/daemon/ground/targets.h"
#include "manager/daemon/state/console_state.h"

typedef struct MgrIssues MgrIssues;

typedef struct {
    const MgrConf *conf; /* command.timeout */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
    /* Its targets from that one on, as far as they are attached, are with their endpoints now: what happened to these,
     * or to the command, meanwhile is to be made up for. */
    void (*attached)(MgrCommand *command, guint from, gpointer user);
    gpointer user;
} MgrIssuesOptions;

MgrIssues *mgr_issues_new(const MgrIssuesOptions *options);
/* After the record's stop. */
void mgr_issues_free(MgrIssues *issues);

typedef enum {
    MGR_COMMAND_STORED,     /* issued, or what had not begun is cancelled */
    MGR_COMMAND_TOO_LATE,   /* cancel: it ended before the cancellation was stored */
    MGR_COMMAND_NOT_STORED, /* error says why; nothing was changed */
} MgrCommandOutcome;

typedef struct {
    MgrCommandOutcome outcome;
    const MgrCommand *command; /* STORED, else NULL; borrowed for the call */
    const GError *error;       /* NOT_STORED, else NULL */
} MgrCommandResult;

/* Called once, after the commit or at once. */
typedef void (*MgrCommandDone)(const MgrCommandResult *result, gpointer user);

typedef struct {
    const char *id; /* NULL: one of its own */
    HlCommandKind kind;
    const char *selector, *issuer;
    const char *scope; /* proto/scope.h; "" where the kind has none */
    HlTime lifetime, window;
    bool in_window; /* it keeps to the maintenance windows of groups: held, until it is let go */
} MgrCommandSpec;

/* For these (MgrEndpoint *), with what is in the set (taken); made at once. */
void mgr_issues_begin(MgrIssues *issues, HlWriteSet *set, const MgrCommandSpec *spec, const GPtrArray *endpoints,
                      MgrCommandDone done, gpointer user);

/* It is known for how many it is: what is stored with it, to be taken, and its window. */
typedef HlWriteSet *(*MgrIssueReady)(guint endpoints, HlTime *window, gpointer user);

/* For those of a selection (taken) that can obey: a revoked one never comes back for a command.  Fails with
 * HL_ERROR_NOT_FOUND where there is nobody, with HL_ERROR_DENIED where all are revoked; ready is not called then. */
void mgr_issues_begin_selected(MgrIssues *issues, MgrSelection *selection, const MgrCommandSpec *spec,
                               MgrIssueReady ready, MgrCommandDone done, gpointer user);

typedef struct {
    uint64_t turns, looks; /* looks: at endpoints, to make for them or to give to them */
    guint most;            /* looks of one turn */
} MgrIssuesCounts;

MgrIssuesCounts mgr_issues_count(const MgrIssues *issues);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrIssues, mgr_issues_free)

#endif
