/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolled endpoint's parts without its daemon: over a real store in a temporary directory, with a spool whose
 * reports the test collects, and programs that the test plays (child_fake).  Time is the test's (clock_fake,
 * timer_fake).
 *
 * Everything is there once parts_new returns; a test takes what it needs. */
#ifndef TESTS_SUPPORT_ENDPOINT_PARTS_H
#define TESTS_SUPPORT_ENDPOINT_PARTS_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/link/presence.h"
#include "endpoint/daemon/work/commands.h"
#include "endpoint/daemon/work/intake.h"
#include "endpoint/daemon/work/keeper.h"
#include "endpoint/daemon/work/orders.h"
#include "endpoint/daemon/work/server.h"
#include "lib/pki/signing.h"

#define PARTS_ID       "e-parts00000001"
#define PARTS_PATTERNS "rules=7 virus=2026112201"

typedef struct {
    char *dir;
    HlKey *ca_key;
    HlCert *ca;
    HlSigningKey *signing_key;
    EpConf conf;

    HlDb *db;
    EpPulse *pulse;
    EpTrouble *trouble;
    guint retries, changes, renewals; /* callbacks of trouble, settings, renewal */
    EpRefusals refused;
    EpSettings *settings;
    EpProgram *program;
    EpUpdates *updates;
    EpFinds *finds;
    EpScans *scans;
    EpOrders *orders;
    EpKeeper *keeper;

    bool server_signs;    /* after each restart the time is promised */
    EpServerTime time;    /* not known, but in a test that says what it is */
    EpIdentity *identity; /* this and below: NULL after parts_leave */
    EpKeys *keys;
    EpSpool *spool;
    EpJournal *journal;
    EpRefuser *refuser;
    EpIntake *intake;
    EpServer *server;
    EpRenewal *renewal;
    EpCommands *commands;

    void (*server_changed)(EpServerChange change, gpointer user); /* NULL: nobody is told */
    gpointer server_user;

    bool line_up;       /* what the updates are told, and whether reports go out */
    GPtrArray *reports; /* HlMsgReport *: sent, in order, not acknowledged unless by parts_ack */
} EndpointParts;

EndpointParts *parts_new(void);

/* Fails the test if a timer or a child outlives the parts. */
void parts_free(EndpointParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EndpointParts, parts_free)

/* The process is gone and comes back: parts from the store, open commands resumed.  The line is down. */
void parts_restart(EndpointParts *parts);

/* All parts end; the directory stays, for a test that makes them by itself. */
void parts_stop(EndpointParts *parts);

/* The identity is gone while the rest stays; and comes back. */
void parts_leave(EndpointParts *parts);
void parts_enrol(EndpointParts *parts);

/* Reports go out, the unacknowledged ones again. */
void parts_line_up(EndpointParts *parts);

/* The manager has committed everything. */
void parts_ack(EndpointParts *parts);

/* -- the link -- */

#define PARTS_BOOT "b-boot"

/* For a presence of these parts; what comes down is ignored, until the test says who is told (user: NULL). */
EpPresenceOptions parts_presence(EndpointParts *parts, EpSpool *spool, EpPoll *poll);

/* -- what the manager sends -- */

/* A command with everything set for this endpoint; id is borrowed. */
HlMsgCommand parts_command(const char *id, HlCommandKind kind);
void parts_offer(EndpointParts *parts, const HlMsgCommand *command);
/* Both at once. */
void parts_order(EndpointParts *parts, const char *id, HlCommandKind kind);
void parts_order_of(EndpointParts *parts, const char *id, HlCommandKind kind, const char *scope);

/* Settings as a signed envelope, encoded; lines as "key=value\n". */
typedef struct {
    const char *lines, *endpoint, *path; /* NULL: none, this endpoint, none */
    uint64_t counter, session;
    HlTime expires;
    bool forged;       /* signed by somebody else */
    bool wrong_digest; /* of other settings */
} PartsSettings;

GBytes *parts_settings(const EndpointParts *parts, PartsSettings settings);

/* A certificate for the key in the last request that was reported. */
GBytes *parts_certificate(const EndpointParts *parts, const char *cn);

/* Files of an identity below STATE/identity, signed by this CA. */
void parts_write_identity(const EndpointParts *parts, const char *id);

/* -- what was reported -- */

/* How many reports say this of a command; without those of progress. */
guint parts_count(const EndpointParts *parts, const char *command, HlCommandState state);

/* The last report of a kind (BODY_...); NULL: none. */
const HlMsgReport *parts_last(const EndpointParts *parts, int body);
/* The last report of a command; that it is this one. */
const HlMsgCommandReport *parts_last_command(const EndpointParts *parts);
void parts_check_last(const EndpointParts *parts, const char *id, HlCommandState state, const char *code,
                      const char *detail);

/* How many refusals were counted for this reason. */
uint64_t parts_refused(const EndpointParts *parts, EpRefused what, EpRefusedReason reason);

/* -- the updater -- */

/* The child that runs ends so.  code NULL: it succeeded. */
void parts_update_ends(const char *code, const char *message, const char *components);

#endif
