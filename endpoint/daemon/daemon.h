/* The endpoint daemon: its parts and how they find each other.
 *
 * One thread, one GLib loop.  Parts that need an identity (spool, line, renewal) exist while the machine is enrolled;
 * the others always.  Whoever calls a part of an enrolled endpoint checks daemon->link first. */
#ifndef ENDPOINT_DAEMON_DAEMON_H
#define ENDPOINT_DAEMON_DAEMON_H

#include "endpoint/core/conf.h"
#include "endpoint/core/refusals.h"
#include "endpoint/daemon/ground/journal.h"
#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/daemon/work/intake.h"
#include "endpoint/daemon/work/scans.h"
#include "endpoint/identity/identity.h"
#include "lib/store/db.h"

typedef struct EpLink EpLink;
typedef struct EpCommands EpCommands;
typedef struct EpScheduler EpScheduler;
typedef struct EpRenewal EpRenewal;
typedef struct EpControl EpControl;
typedef struct EpPoll EpPoll;

typedef struct EpDaemon {
    EpConf conf;
    const char *conf_path; /* NULL: the default */
    GMainLoop *loop;
    HlDb *db;
    char *boot_id, *fingerprint;
    bool announce; /* the next birth tells of a start or reload (B7) */
    bool stopping;
    int lock_fd; /* -1: not held */
    guint exit_timer;

    EpSettings *settings;
    EpUpdates *updates;
    EpScans *scans;
    EpScheduler *scheduler;
    EpControl *control;

    EpIdentity *identity; /* NULL: not enrolled; then the following are NULL as well */
    EpSpool *spool;
    EpJournal *journal;
    EpCommands *commands;
    EpLink *link;
    EpRenewal *renewal;
    EpPoll *poll;

    EpRefuser *refuser;
    EpIntake *intake;

    EpTrouble *trouble;
    EpRefusals refusals; /* since the start, of all identities */
} EpDaemon;

/* conf is taken over.  false: it cannot run (locked state directory, broken database, ...). */
bool ep_daemon_start(EpDaemon *daemon, GError **error);

/* Says good-bye on the line, then ends the loop. */
void ep_daemon_stop(EpDaemon *daemon);

/* Configuration and identity anew; what does not parse changes nothing. */
bool ep_daemon_reload(EpDaemon *daemon, GError **error);

/* Frees everything; the loop has ended. */
void ep_daemon_clear(EpDaemon *daemon);

/* Looks whether this machine has been enrolled (or enrolled anew). */
bool ep_daemon_take_identity(EpDaemon *daemon, GError **error);

/* Announces the uninstall, ends the line and forgets the enrolment.  Settings of the enrolment end with it. */
bool ep_daemon_leave(EpDaemon *daemon, GError **error);

#endif
