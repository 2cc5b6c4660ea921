/* SPDX-License-Identifier: Apache-2.0 */
/* Scans with the engine over the active pattern set: files that a user hands over as descriptors, one after the other,
 * and the scheduled scan of the settings.
 *
 * How the engine ends is told to the updates, which judge new patterns by it.  Exists whether the machine is enrolled
 * or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SCANS_H
#define ENDPOINT_DAEMON_WORK_SCANS_H

#include "endpoint/daemon/work/updates.h"

typedef enum { EP_SCAN_CLEAN, EP_SCAN_FOUND, EP_SCAN_FAILED } EpScanVerdict;

typedef struct {
    EpScanVerdict verdict;
    const char *name; /* EP_SCAN_FOUND: of the signature; EP_SCAN_FAILED: what went wrong */
} EpScanEnd;

typedef void (*EpScanDone)(const EpScanEnd *end, gpointer user);

typedef struct EpScans EpScans;

/* All borrowed, and outlive the scans. */
typedef struct {
    HlDb *db;
    const EpConf *conf; /* read at each start of the engine */
    EpSettings *settings;
    EpTrouble *trouble;
    EpUpdates *updates;
} EpScansOptions;

/* Never NULL. */
EpScans *ep_scans_new(const EpScansOptions *options);

/* A running engine is killed; nobody is told. */
void ep_scans_free(EpScans *scans);

/* Queues a scan; fd is consumed, whatever the result.  done comes once unless this fails, and may come before this
 * returns. */
bool ep_scans_request(EpScans *scans, int fd, EpScanDone done, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No more callbacks to this user; its waiting scans are dropped. */
void ep_scans_forget(EpScans *scans, gconstpointer user);

/* The scheduled scan; does nothing while one runs, or when the next one was skipped. */
void ep_scans_run_scheduled(EpScans *scans);

/* Stops the running scheduled scan, or skips the next one.  Returns what it did, for people. */
const char *ep_scans_skip(EpScans *scans);

bool ep_scans_is_scheduled_running(const EpScans *scans);

#endif
