/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon: wires its parts, and starts, reloads and stops them in order.  Nothing else is decided here.
 *
 * One thread, one GLib loop (the default context's). */
#ifndef ENDPOINT_DAEMON_DAEMON_H
#define ENDPOINT_DAEMON_DAEMON_H

#include "endpoint/core/conf.h"

typedef struct EpDaemon EpDaemon;

typedef struct {
    const char *conf_path;          /* read again by a reload; borrowed; NULL: the default */
    void (*stopped)(gpointer user); /* after ep_daemon_stop: the goodbye was said */
    gpointer user;
} EpDaemonOptions;

/* Consumes *conf.  A machine that is not enrolled, or whose identity cannot be used, is no failure: the daemon runs and
 * says so.  NULL: it cannot run (state directory in use, damaged database, ...). */
EpDaemon *ep_daemon_new(EpConf *conf, const EpDaemonOptions *options, GError **error);
void ep_daemon_free(EpDaemon *daemon);

/* Says goodbye on the line; stopped is called within three seconds. */
void ep_daemon_stop(EpDaemon *daemon);

/* Reads configuration and identity again, checks all, then swaps all; the line is connected again.  On failure nothing
 * has changed, and the message names what cannot be used. */
bool ep_daemon_reload(EpDaemon *daemon, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Announces the uninstall, disconnects and forgets the enrolment with its settings, keys and reports. */
bool ep_daemon_leave(EpDaemon *daemon, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
