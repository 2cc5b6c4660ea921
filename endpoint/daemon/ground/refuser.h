/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of what came from outside: each is logged, counted and, at most once a minute for each kind, reported.
 *
 * Which of them is due when is decided by endpoint/core/refusals.  Exists while the machine is enrolled; the counts
 * outlive it, because they are of this run of the daemon.  Loop thread. */
#ifndef ENDPOINT_DAEMON_GROUND_REFUSER_H
#define ENDPOINT_DAEMON_GROUND_REFUSER_H

#include "endpoint/core/refusals.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"

typedef struct EpRefuser EpRefuser;

typedef struct {
    EpRefusals *counts; /* these three are borrowed, and outlive the refuser */
    EpSpool *spool;
    EpTrouble *trouble;
} EpRefuserOptions;

/* What an earlier one had no time to report is due within a minute.  Never NULL. */
EpRefuser *ep_refuser_new(const EpRefuserOptions *options);
void ep_refuser_free(EpRefuser *refuser);

/* The text says why, for people; it may quote what was received. */
void ep_refuse(EpRefuser *refuser, EpRefused what, EpRefusedReason reason, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The same of a settings document, by whose counter the manager knows which one it was. */
void ep_refuse_settings(EpRefuser *refuser, EpRefusedReason reason, uint64_t counter, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

#endif
