/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of the pattern set: one child of the updater program at a time, which looks for another version of the
 * program too; that one is asked for when everything else of the update is written and told.
 *
 * A request for the work that is under way joins it and gets its result.  After every update an update notification is
 * spooled (B4), before the waiters hear of the end.  Exists whether the machine is enrolled or not: roll-back needs no
 * server.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_UPDATES_H
#define ENDPOINT_DAEMON_WORK_UPDATES_H

#include "endpoint/core/probation.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/daemon/work/program.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/daemon/work/updater.h"

typedef struct EpUpdates EpUpdates;

/* All borrowed, and outlive the updates. */
typedef struct {
    HlDb *db;
    const EpConf *conf; /* read at each start of a child: what a reload changes counts from the next one on */
    EpSettings *settings;
    EpProgram *program;
    EpTrouble *trouble;
    EpPulse *pulse;                     /* may be NULL */
    void (*set_changed)(gpointer user); /* another set may be active; NULL: nobody asks */
    gpointer user;
} EpUpdatesOptions;

/* Asks the updater what is active.  Never NULL. */
EpUpdates *ep_updates_new(const EpUpdatesOptions *options);

/* A running child is killed: the updater survives that, and commands and schedule ask again after a restart.
 */
void ep_updates_free(EpUpdates *updates);

/* What an update has in addition while the machine is enrolled. */
typedef struct {
    const EpIdentity *identity;
    EpSpool *spool;
    bool (*line_up)(gpointer user);
    char **(*servers)(gpointer user); /* URLs, in the order of attempts; freed with g_strfreev */
    gpointer user;
} EpUpdateEnrolment;

/* From now on (copied; the members are borrowed); NULL: the machine is no longer enrolled.  Work under way goes on. */
void ep_updates_enrol(EpUpdates *updates, const EpUpdateEnrolment *enrolment);

typedef enum { EP_NOT_ENROLLED, EP_LINE_DOWN, EP_LINE_UP } EpStanding;

/* How the machine stands to its server. */
EpStanding ep_updates_standing(const EpUpdates *updates);

/* -------------------------------------------------------------------------------------------------------- requests */

/* Borrowed by callbacks; texts are never NULL. */
typedef struct {
    bool succeeded, timed_out;
    const char *code;     /* of a failure */
    const char *detail;   /* for people */
    const char *source;   /* "" when unknown */
    const char *patterns; /* proto/components.h text: the set that is active now */
} EpUpdateEnd;

typedef struct {
    EpUpdateWork work;
    const char *trigger;   /* static: command, manual, schedule, start-up */
    bool patient;          /* nobody waits: the line may come up first */
    bool program;          /* the program's step too, though update.program=rollout */
    const char *component; /* static: of the patterns, this one alone and no program; NULL: all */
    HlTime timeout;        /* 0: half an hour */
    void (*progress)(guint percent, const char *what, gpointer user); /* may be NULL */
    void (*done)(const EpUpdateEnd *end, gpointer user);              /* once; may be NULL */
    gpointer user;
} EpUpdateRequest;

/* Queues or joins; *request is copied.  done may come before this returns. */
void ep_updates_request(EpUpdates *updates, const EpUpdateRequest *request);

/* No more callbacks to this user; the work goes on.  May be called out of a callback. */
void ep_updates_forget(EpUpdates *updates, gconstpointer user);

/* --------------------------------------------------------------------------------------------------- the active set */

/* A run of the scan engine ended; how, in words.  After a new set on which it fails again and again the set before
 * becomes active, and a failed update notification says so. */
void ep_updates_engine_ended(EpUpdates *updates, EpEngineEnd end, const char *how);

/* Whether the active set is so new that failures of the engine count. */
bool ep_updates_on_probation(const EpUpdates *updates);

/* Component versions of the active set as text; "" for none. */
const char *ep_updates_patterns(const EpUpdates *updates);

/* STATE/patterns, the updater's state directory; its "active" is the engine's database directory. */
const char *ep_updates_directory(const EpUpdates *updates);

typedef struct {
    bool running;
    guint percent;
    const char *what, *trigger; /* trigger: "" while none runs */
    HlTime last_at;             /* wall; 0: none yet */
    bool last_succeeded;
    const char *last_trigger, *last_detail, *last_source; /* "", NULL, NULL: none yet */
    HlTime succeeded_at;                                  /* wall: of the last update that succeeded; 0: none known */
    HlTime changed_at;                                    /* wall: the active set became active; 0: not known */
} EpUpdateView;

EpUpdateView ep_updates_view(const EpUpdates *updates);

#endif
