/* SPDX-License-Identifier: Apache-2.0 */
/* Commands from the server: checked, journalled, run, reported (docs/protocol.md, "A command's life").
 *
 * endpoint/core/command decides what is accepted and which state follows which.  Whatever is said of a command is in
 * the journal first, so that a daemon that was killed continues where it was.  Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_COMMANDS_H
#define ENDPOINT_DAEMON_WORK_COMMANDS_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/journal.h"
#include "endpoint/daemon/ground/keys.h"
#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/daemon/work/runs.h"

typedef struct EpCommands EpCommands;

/* All borrowed, and outlive the commands. */
typedef struct {
    const EpIdentity *identity;
    const EpKeys *keys;
    EpJournal *journal;
    EpSpool *spool;
    EpRefuser *refuser;
    EpTrouble *trouble;
    const EpServerTime *time;
    EpSettings *settings;
    EpUpdates *updates;
    EpOrders *orders;
    EpKeeper *keeper;
    EpRenewal *renewal;
} EpCommandsOptions;

/* Never NULL. */
EpCommands *ep_commands_new(const EpCommandsOptions *options);

/* What runs goes on without a command; the journal says so, and the next start resumes it. */
void ep_commands_free(EpCommands *commands);

/* Begins what the journal says has not ended; before anything is offered. */
void ep_commands_resume(EpCommands *commands);

/* An encoded SignedEnvelope that came down the line. */
void ep_commands_offer(EpCommands *commands, GBytes *envelope);

#endif
