/* SPDX-License-Identifier: Apache-2.0 */
/* scan.on-write: a scanner that has files looked at when they were written (endpoint/scan/watch.h), as long as the
 * settings want one.  It holds the engine all that time.
 *
 * One that ends by itself is started again after a minute; that files are not watched, and why, is in the status and in
 * the log.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_ON_WRITE_H
#define ENDPOINT_DAEMON_WORK_ON_WRITE_H

#include "endpoint/daemon/work/scanner.h"
#include "endpoint/scan/backlog.h"

typedef struct EpOnWrite EpOnWrite;

/* All borrowed, and outlive it. */
typedef struct {
    const EpConf *conf;
    EpSettings *settings;
    EpUpdates *updates;
    EpFinds *finds;
    EpEngine *engine;
} EpOnWriteOptions;

/* Begins if the settings say so.  Never NULL. */
EpOnWrite *ep_on_write_new(const EpOnWriteOptions *options);

/* The scanner is killed. */
void ep_on_write_free(EpOnWrite *on_write);

void ep_on_write_settings_changed(EpOnWrite *on_write);

/* Another set is active, perhaps the first one. */
void ep_on_write_set_changed(EpOnWrite *on_write);

/* The engine cannot be kept running. */
void ep_on_write_engine_gave_up(EpOnWrite *on_write, const char *why);

/* Borrowed. */
typedef struct {
    bool wanted, watching;
    const char *why;          /* wanted, and not watching; NULL: it is about to */
    HlTime since;             /* wall: watching, or not; 0: it never did */
    uint64_t breaks;          /* how often it ended by itself: what was written then is not in the numbers */
    EpBacklogNumbers numbers; /* since the daemon's start; rate and waiting: now */
    uint64_t found;
} EpOnWriteView;

EpOnWriteView ep_on_write_view(const EpOnWrite *on_write);

#endif
