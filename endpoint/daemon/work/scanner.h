/* SPDX-License-Identifier: Apache-2.0 */
/* One process that shows files to the engine (holdline-scanner), and what it says: finds go to finds.h, gaps to the
 * log, numbers to the part that started it.  Who may scan, when and how often is not its business.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SCANNER_H
#define ENDPOINT_DAEMON_WORK_SCANNER_H

#include <sys/types.h>

#include "endpoint/daemon/work/engine.h"
#include "endpoint/daemon/work/finds.h"

#define EP_SCANNER_DEADLINE (12 * HL_HOUR)

typedef struct EpScanner EpScanner;

typedef struct {
    const EpConf *conf; /* these five are borrowed, and outlive it */
    EpSettings *settings;
    EpUpdates *updates;
    EpFinds *finds;
    EpEngine *engine;
    const char *how; /* static: manual, schedule, command, write */
    /* Whether the next find may be told of, or is only counted: how many were is said in the end.  NULL: always. */
    bool (*may_tell)(gpointer user);
    void (*progress)(const EpTally *tally, gpointer user); /* once a second; may be NULL */
    void (*numbers)(const json_t *numbers, gpointer user); /* of a watch (endpoint/scan/watch.h); may be NULL */
    /* The process has ended: ep_scanner_record says how.  It may be freed in here. */
    void (*done)(gpointer user);
    gpointer user;
} EpScannerOptions;

/* Nothing runs yet.  Never NULL. */
EpScanner *ep_scanner_new(const EpScannerOptions *options);

/* One that runs is killed; done is not called. */
void ep_scanner_free(EpScanner *scanner);

/* The words for it, to which others may be appended; free function g_free. */
GPtrArray *ep_scanner_arguments(const EpScanner *scanner, const char *mode);

/* What the settings want done with infected files, and what is the daemon's own. */
void ep_scanner_add_quarantine(const EpScanner *scanner, GPtrArray *argv);

/* Takes argv.  stdin_fd (-1: none) is borrowed; deadline 0: none. */
bool ep_scanner_start(EpScanner *scanner, GPtrArray *argv, int stdin_fd, HlTime deadline,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Kills it.  Only the first reason counts: by, somebody ended it; why, nothing of it counts. */
void ep_scanner_stop(EpScanner *scanner, const char *by);
void ep_scanner_fail(EpScanner *scanner, const char *why);

/* Somebody ends it who has another way to do that than killing it. */
void ep_scanner_set_stopped(EpScanner *scanner, const char *by);

/* For how long it has said nothing, and for how long it should be dead already (0: nobody has killed it). */
HlTime ep_scanner_silence(const EpScanner *scanner);
HlTime ep_scanner_dying(const EpScanner *scanner);

/* Whether it was stopped, or has failed; its process may still be there. */
bool ep_scanner_is_ending(const EpScanner *scanner);

/* Where it was when it told last how far it is, for people; "" if it never did. */
const char *ep_scanner_place(const EpScanner *scanner);

/* How it is, or was; borrowed. */
EpScanRecord ep_scanner_record(const EpScanner *scanner);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpScanner, ep_scanner_free)

#endif
