/* SPDX-License-Identifier: Apache-2.0 */
/* Scans: each is a child process (holdline-scanner) that shows files to the engine.
 *
 * By hand, the user's program opens files with its own rights and passes them to a scanner of its own, which has none
 * (endpoint/scan/serve.h).  A walk (work/orders.h) examines paths as root; on_write.h is about files that are written.
 * What either finds, and how it ended,
 * goes to finds.h.  Exists whether the machine is enrolled or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SCANS_H
#define ENDPOINT_DAEMON_WORK_SCANS_H

#include <sys/types.h>

#include "endpoint/daemon/work/judge.h"
#include "endpoint/daemon/work/on_write.h"

/* Borrowed. */
typedef struct {
    const EpTally *tally;
    const char *why;    /* nothing of it counts; NULL: it does */
    const char *code;   /* "": completed; "unavailable": failed; "conflict": stopped */
    const char *detail; /* for people */
} EpScanEnd;

typedef void (*EpScanDone)(const EpScanEnd *end, gpointer user);

typedef struct {
    void (*progress)(const char *words, gpointer user); /* every ten seconds */
    EpScanDone done;                                    /* once, after ep_scans_walk has returned */
    gpointer user;
} EpWalkRequest;

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
 * once, unless this fails.  HL_ERROR_LIMIT: too many run already, or were started lately (endpoint/core/ration.h);
 * never for root. */
bool ep_scans_serve(EpScans *scans, int socket_fd, uid_t uid, EpScanDone done, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* This user is called back no longer; their scan ends after the file that the engine is looking at. */
void ep_scans_forget(EpScans *scans, gconstpointer user);

/* A scan of these paths (bytes) as root, by `how` (static: schedule, command).  One at a time (work/orders.h).  That it
 * could not begin is told like the end of a scan. */
bool ep_scans_walk(EpScans *scans, const char *how, char *const *paths, const EpWalkRequest *request,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One that ran when the daemon or the machine stopped; started: wall.  Told like the end of a scan. */
void ep_scans_tell_interrupted(EpScans *scans, const char *how, HlTime started);

/* by: static, for people. */
void ep_scans_stop_walk(EpScans *scans, const char *by);

/* Whether the walk that runs was stopped, or has failed, and only its process has not ended yet. */
bool ep_scans_is_walk_ending(const EpScans *scans);

/* No more callbacks; the walk goes on. */
void ep_scans_forget_walk(EpScans *scans);

/* Another set may be active. */
void ep_scans_set_changed(EpScans *scans);

/* Other settings are in force: what the engine is bounded by applies from the next look on, the rest from the next scan
 * on. */
void ep_scans_settings_changed(EpScans *scans);

/* How it is with files that are written. */
EpOnWriteView ep_scans_on_write(const EpScans *scans);

#endif
