/* SPDX-License-Identifier: Apache-2.0 */
/* Scans: each is a child process (holdline-scanner) that shows files to the engine.
 *
 * By hand, the user's program opens files with its own rights and passes them to a scanner of its own, which has none
 * (endpoint/scan/serve.h).  The scheduled scan walks the settings' paths as root.  What either finds, and how it ended,
 * goes to finds.h.  Exists whether the machine is enrolled or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SCANS_H
#define ENDPOINT_DAEMON_WORK_SCANS_H

#include <sys/types.h>

#include "endpoint/daemon/work/engine.h"
#include "endpoint/daemon/work/finds.h"
#include "endpoint/daemon/work/judge.h"

/* Borrowed. */
typedef struct {
    const EpTally *tally;
    const char *why;    /* nothing of it counts; NULL: it does */
    const char *code;   /* "": completed; "unavailable": failed; "conflict": stopped */
    const char *detail; /* for people */
} EpScanEnd;

typedef void (*EpScanDone)(const EpScanEnd *end, gpointer user);

typedef struct {
    void (*progress)(const char *words, gpointer user); /* every ten seconds; may be NULL */
    EpScanDone done;                                    /* once, after ep_scans_order has returned */
    gpointer user;
} EpScanRequest;

typedef struct EpScans EpScans;

/* All borrowed, and outlive the scans. */
typedef struct {
    const EpConf *conf; /* read at each start of a scanner */
    EpSettings *settings;
    EpUpdates *updates;
    EpFinds *finds;
} EpScansOptions;

/* Never NULL. */
EpScans *ep_scans_new(const EpScansOptions *options);

/* Running scanners and the engine are killed; nobody is told. */
void ep_scans_free(EpScans *scans);

/* A scan by hand, of what comes over the socket (SOCK_SEQPACKET), which is consumed whatever the result.  done comes
 * once, unless this fails.  HL_ERROR_LIMIT: too many run already, never for root. */
bool ep_scans_serve(EpScans *scans, int socket_fd, uid_t uid, EpScanDone done, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No more callbacks to this user; his scan is stopped. */
void ep_scans_forget(EpScans *scans, gconstpointer user);

/* A scan of the settings' paths by command; joins one that runs, by schedule too.  *request is copied. */
bool ep_scans_order(EpScans *scans, const EpScanRequest *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No more callbacks to this user; the scan goes on. */
void ep_scans_leave(EpScans *scans, gconstpointer user);

/* Stops the scan that was started by schedule or command; false: none runs.  by: static, for people. */
bool ep_scans_stop_ordered(EpScans *scans, const char *by);

/* The scheduled scan; does nothing while one runs, or when the next one was skipped. */
void ep_scans_run_scheduled(EpScans *scans);

/* Stops the running scheduled scan, or skips the next one.  Returns what it did, for people. */
const char *ep_scans_skip(EpScans *scans);

/* Another set may be active. */
void ep_scans_set_changed(EpScans *scans);

bool ep_scans_is_scheduled_running(const EpScans *scans);

#endif
