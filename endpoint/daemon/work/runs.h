/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of command does, one function for each; when it does so, and what is remembered of it, is commands.h.
 * Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_RUNS_H
#define ENDPOINT_DAEMON_WORK_RUNS_H

#include "endpoint/daemon/ground/journal.h"
#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/daemon/work/keeper.h"
#include "endpoint/daemon/work/orders.h"
#include "endpoint/daemon/work/renewal.h"
#include "endpoint/daemon/work/updates.h"

/* All borrowed, and outlive the runs. */
typedef struct {
    EpJournal *journal;
    EpSpool *spool;
    EpRefuser *refuser;
    EpUpdates *updates;
    EpOrders *orders;
    EpKeeper *keeper;
    EpRenewal *renewal;
} EpRunsOptions;

/* A command while it runs. */
typedef struct EpRun {
    const EpRunsOptions *has;
    const EpEntry *entry;
    /* once, now or later; the run may be gone after it */
    void (*end)(struct EpRun *run, EpCommandEvent event, const char *code, const char *detail);
    HlTime progress_at;
    guint percent;
    char *code, *detail; /* owned; how it went, while the server is told of the quarantine */
} EpRun;

typedef void (*EpRunFunction)(EpRun *run);

/* NULL: this version does not know that kind, or it is a cancellation. */
EpRunFunction ep_run_find(HlCommandKind kind);

/* Of a command whose entry is_done: only its end is left, which comes once the server knows of the quarantine. */
void ep_run_finish(EpRun *run);

/* No more callbacks; what was begun goes on. */
void ep_run_forget(EpRun *run);

#endif
