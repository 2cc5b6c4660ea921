/* SPDX-License-Identifier: Apache-2.0 */
/* The intake of settings: a signed document is checked, stored with its report, and in force (docs/protocol.md,
 * "Settings").  Whatever way a document comes, it passes the same gate; endpoint/core/settings_gate decides.
 *
 * Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_INTAKE_H
#define ENDPOINT_DAEMON_WORK_INTAKE_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/keys.h"
#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/identity/identity.h"

typedef struct EpIntake EpIntake;

typedef struct {
    const EpIdentity *identity; /* all borrowed, and outlive the intake */
    const EpKeys *keys;
    HlDb *db;
    EpSettings *settings;
    EpSpool *spool;
    EpRefuser *refuser;
    EpTrouble *trouble;
    const EpServerTime *time;
} EpIntakeOptions;

/* Never NULL. */
EpIntake *ep_intake_new(const EpIntakeOptions *options);
void ep_intake_free(EpIntake *intake);

typedef enum {
    EP_INTAKE_IN_FORCE,
    EP_INTAKE_UNCHANGED,  /* in force before; a new path was reported */
    EP_INTAKE_DECLINED,   /* independent mode accepts none but those that end it */
    EP_INTAKE_REFUSED,    /* counted and reported */
    EP_INTAKE_NOT_STORED, /* nothing changed; worth offering once more */
} EpIntakeOutcome;

/* An encoded SignedEnvelope that came by path ("channel", "bundle"); session: of the line that it came down, or 0. */
EpIntakeOutcome ep_intake_offer(EpIntake *intake, GBytes *envelope, const char *path, uint64_t session);

#endif
