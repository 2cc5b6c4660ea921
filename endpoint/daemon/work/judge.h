/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a new pattern set is to blame for an engine that failed.
 *
 * A file that breaks every engine, or a disk that is full, is not the fault of the patterns, and any user can provoke
 * it.  So while failures count (ep_updates_on_probation), the same file is given to an engine of its own with the set
 * before, and then with the active one: only if the first does what the second cannot is the set to blame.  Loop
 * thread. */
#ifndef ENDPOINT_DAEMON_WORK_JUDGE_H
#define ENDPOINT_DAEMON_WORK_JUDGE_H

#include "endpoint/daemon/work/updates.h"

typedef struct EpJudge EpJudge;

/* All borrowed, and outlive it. */
typedef struct {
    const EpConf *conf;
    EpUpdates *updates;
} EpJudgeOptions;

/* Never NULL. */
EpJudge *ep_judge_new(const EpJudgeOptions *options);
void ep_judge_free(EpJudge *judge);

/* The engine worked. */
void ep_judge_worked(EpJudge *judge);

/* It failed, how in words, on the file at path.  Nothing happens while another failure is judged. */
void ep_judge_failed(EpJudge *judge, const char *path, const char *how);

#endif
