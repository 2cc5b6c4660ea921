/* SPDX-License-Identifier: Apache-2.0 */
/* Calls over the control socket: what the user of the machine asks for.  Who may what is endpoint/core/privilege.
 *
 * Anybody may connect; each call is checked by who the peer is.  Loop thread. */
#ifndef ENDPOINT_DAEMON_FRONT_CONTROL_H
#define ENDPOINT_DAEMON_FRONT_CONTROL_H

#include "endpoint/daemon/front/status.h"

typedef struct EpControl EpControl;

typedef struct {
    const char *path; /* of the socket; copied */
    EpPulse *pulse;   /* these seven are borrowed, and outlive the control */
    EpSettings *settings;
    EpProgram *program;
    EpUpdates *updates;
    EpScans *scans;
    EpOrders *orders;
    EpScheduler *scheduler;
    EpStatusView (*view)(gpointer user);
    void (*stop)(gpointer user); /* a moment after the answer was sent */
    bool (*reload)(gpointer user, GError **error);
    bool (*leave)(gpointer user, GError **error);
    gpointer user;
} EpControlOptions;

/* NULL when the socket cannot be opened. */
EpControl *ep_control_new(const EpControlOptions *options, GError **error);

/* Callers that wait for an answer are disconnected. */
void ep_control_free(EpControl *control);

#endif
