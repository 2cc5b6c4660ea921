/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine as the server sees it: it is told of each change, no matter who made it, and its commands put files
 * back or delete them.  The files are the scanners'; what is read or moved here is so in a child
 * (endpoint/scan/release.h).
 *
 * The directory is watched (inotify), so that nothing is done while nothing changes.  Exists whether the machine is
 * enrolled or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_KEEPER_H
#define ENDPOINT_DAEMON_WORK_KEEPER_H

#include "endpoint/core/conf.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"

typedef struct EpKeeper EpKeeper;

/* All borrowed, and outlive the keeper.  Never NULL. */
typedef struct {
    const EpConf *conf; /* read at each start of a child */
    HlDb *db;
    EpTrouble *trouble;
} EpKeeperOptions;

EpKeeper *ep_keeper_new(const EpKeeperOptions *options);

/* Children are killed; nobody is told. */
void ep_keeper_free(EpKeeper *keeper);

/* From now on it is told there (borrowed), and at once; NULL: the machine is no longer enrolled. */
void ep_keeper_enrol(EpKeeper *keeper, EpSpool *spool);

typedef struct {
    bool deletes;      /* else puts back */
    const char *scope; /* proto/scope.h; borrowed for the call */
    HlTime timeout;    /* for a scan that uses the quarantine, and for the work */
    /* code "": done, also if there was nothing that was meant; detail: for people */
    void (*done)(const char *code, const char *detail, gpointer user);
    gpointer user;
} EpReleaseRequest;

/* done comes once, after this has returned. */
bool ep_keeper_release(EpKeeper *keeper, const EpReleaseRequest *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* told comes once the server has been told of what is in the quarantine now, perhaps before this returns; at the latest
 * after ten seconds, and at once where it is told of nothing. */
void ep_keeper_settle(EpKeeper *keeper, void (*told)(gpointer user), gpointer user);

/* This user gets no further callbacks.  A release that has begun goes on; those that wait are dropped. */
void ep_keeper_forget(EpKeeper *keeper, gconstpointer user);

#endif
