/* SPDX-License-Identifier: Apache-2.0 */
/* The scan engine: a clamd of our own over the active pattern set, started when somebody scans, stopped when nobody has
 * for a while (scan.idle), and started again when it dies under a scan.
 *
 *   STATE/engine/            root's; others pass through
 *     clamd.conf, db/        what it loads: links to the set's files, and the signature of the test file
 *     test                   a file that it must find, another one at each start
 *     log                    what it complains of
 *     run/                   its group's: socket and temporary files
 *
 * It runs confined (endpoint/scan/confine.h).  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_ENGINE_H
#define ENDPOINT_DAEMON_WORK_ENGINE_H

#include "endpoint/daemon/work/updates.h"

typedef struct EpEngine EpEngine;

/* All borrowed, and outlive the engine. */
typedef struct {
    const EpConf *conf; /* read at each start */
    EpSettings *settings;
    EpUpdates *updates;
    /* It cannot be kept running, and how it ended, in words: scans that hold it fail. */
    void (*gave_up)(const char *how, gpointer user);
    gpointer user;
} EpEngineOptions;

/* Never NULL. */
EpEngine *ep_engine_new(const EpEngineOptions *options);

/* A running engine is killed. */
void ep_engine_free(EpEngine *engine);

/* Has it run until as many drops; it may still have to load its set.  HL_ERROR_UNAVAILABLE: no set, too little memory,
 * no user or program. */
bool ep_engine_hold(EpEngine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ep_engine_drop(EpEngine *engine);

/* It holds on to a file for ever: kills it; while it is held it starts again. */
void ep_engine_kill(EpEngine *engine);

/* Another set may be active: a running engine loads it. */
void ep_engine_refresh(EpEngine *engine);

/* Other bounds may be in force: a running engine starts again with them, between two looks of those that hold it.  A
 * scanner keeps its own words (ep_engine_add_words), which bound size and time as well, until it ends. */
void ep_engine_settings_changed(EpEngine *engine);

/* The words that a scanner needs to find it and to keep its bounds, appended to argv; owned by argv, whose free
 * function is g_free. */
void ep_engine_add_words(const EpEngine *engine, GPtrArray *argv);

#endif
