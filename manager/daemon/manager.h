/* SPDX-License-Identifier: Apache-2.0 */
/* The manager: wires its parts, starts them from the ground up and stops them from the top down.  Decides nothing.
 *
 *     ground/   fleet, selector, record, down, broker, prober: know no other part
 *     state/    what is known of each endpoint and told of it: status, delivery, tracker, console state, ...
 *     work/     what is done about it: commands, reports, renewals, enrolment, the link
 *     calls/    what administrators ask
 *     front/    HTTPS
 *
 * Who may know whom is the table of parts in tools/check-layers.  One loop thread owns all of it. */
#ifndef MANAGER_DAEMON_MANAGER_H
#define MANAGER_DAEMON_MANAGER_H

#include "lib/base/error.h"
#include "manager/daemon/ground/broker.h"

typedef struct Manager Manager;

typedef struct {
    const char *conf_path;
    bool take_over; /* from another manager on a copy of this site (state/fence.h) */
    /* Asked again and again while it starts: whether it is to stop instead, and what then becomes of the broker. */
    bool (*stopped)(MgrBrokerEnd *end, gpointer user);
    /* Another one has taken over: the program is to end with HL_ERROR_CONFLICT and why. */
    void (*fenced)(const char *why, gpointer user);
    gpointer user;
} MgrManagerOptions;

/* Builds and starts everything on the default main context.  NULL with a message that names what is missing, or says
 * that it was stopped: then its broker is what the caller said. */
Manager *mgr_manager_new(const MgrManagerOptions *options, GError **error);

/* Says good-bye, writes what is under way, ends the managed broker or leaves it. */
void mgr_manager_free(Manager *manager, MgrBrokerEnd end);

/* SIGHUP: reads all, checks all, then swaps all that can change at run time.  On failure nothing has changed. */
bool mgr_manager_reload(Manager *manager, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
