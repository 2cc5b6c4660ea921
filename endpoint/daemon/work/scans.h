/* Scans with the engine over the active pattern set: files that a user hands over as descriptors, one after the other,
 * and the scheduled scan of the settings. */
#ifndef ENDPOINT_DAEMON_WORK_SCANS_H
#define ENDPOINT_DAEMON_WORK_SCANS_H

#include "endpoint/daemon/daemon.h"

typedef enum { EP_SCAN_CLEAN, EP_SCAN_FOUND, EP_SCAN_FAILED } EpScanVerdict;

typedef struct {
    EpScanVerdict verdict;
    const char *name; /* EP_SCAN_FOUND: of the signature; EP_SCAN_FAILED: what went wrong */
} EpScanEnd;

typedef void (*EpScanDone)(const EpScanEnd *end, gpointer user);

/* Never NULL. */
EpScans *ep_scans_new(EpDaemon *daemon);
void ep_scans_free(EpScans *scans);

/* Queues a scan; fd is taken over, whatever the result.  done comes once unless this fails. */
bool ep_scans_request(EpScans *scans, int fd, EpScanDone done, gpointer user, GError **error);

/* No more callbacks to this user; its waiting scans are dropped. */
void ep_scans_forget(EpScans *scans, gpointer user);

/* The scheduled scan; does nothing while one runs, or when the next one was skipped. */
void ep_scans_run_scheduled(EpScans *scans);

/* Stops the running scheduled scan, or skips the next one.  Returns what it did, for people. */
const char *ep_scans_skip(EpScans *scans);

bool ep_scans_is_scheduled_running(const EpScans *scans);

#endif
