/* Updates of the pattern set: one child of the updater program at a time.  Who asks while one runs joins it and gets
 * its result.  After every update an update notification is spooled (B4), before the waiters hear of the end. */
#ifndef ENDPOINT_DAEMON_WORK_UPDATES_H
#define ENDPOINT_DAEMON_WORK_UPDATES_H

#include "endpoint/core/probation.h"
#include "endpoint/daemon/daemon.h"

typedef enum {
    EP_UPDATE_UPDATE,
    EP_UPDATE_ROLLBACK,    /* one step back; what was given up is not installed again */
    EP_UPDATE_SYNCHRONIZE, /* exactly what the server has, be it older or given up before (B20) */
    EP_UPDATE_N_WORKS
} EpUpdateWork;

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
    const char *trigger;                                              /* static: command, manual, schedule, start-up */
    bool patient;                                                     /* nobody waits: the line may come up first */
    HlTime timeout;                                                   /* 0: half an hour */
    void (*progress)(guint percent, const char *what, gpointer user); /* may be NULL */
    void (*done)(const EpUpdateEnd *end, gpointer user);              /* once; may be NULL */
    gpointer user;
} EpUpdateRequest;

/* Asks the updater what is active.  Never NULL. */
EpUpdates *ep_updates_new(EpDaemon *daemon);

/* A running child is killed: the updater is made for that, and whoever asked asks again after the restart. */
void ep_updates_free(EpUpdates *updates);

/* Queues or joins; *request is copied. */
void ep_updates_request(EpUpdates *updates, const EpUpdateRequest *request);

/* A run of the scan engine ended, how: in words.  After a new set on which it fails again and again the set before
 * becomes active, and an update notification that failed tells so. */
void ep_updates_engine_ended(EpUpdates *updates, EpEngineEnd end, const char *how);

/* Whether the active set is so new that failures of the engine count. */
bool ep_updates_on_probation(const EpUpdates *updates);

/* No more callbacks to this user; the work goes on. */
void ep_updates_forget(EpUpdates *updates, gpointer user);

/* Component versions of the active set as text; "" for none. */
const char *ep_updates_patterns(const EpUpdates *updates);

/* STATE/patterns, the updater's state directory; its "active" is the engine's database directory. */
const char *ep_updates_directory(const EpUpdates *updates);

typedef struct {
    bool running;
    guint percent;
    const char *what;
    HlTime last_at; /* wall; 0: none yet */
    bool last_succeeded;
    const char *last_trigger, *last_detail, *last_source;
} EpUpdateView;

EpUpdateView ep_updates_view(const EpUpdates *updates);

#endif
