/* SPDX-License-Identifier: Apache-2.0 */
/* What this endpoint and the manager tell each other over the link: birth, heartbeats, echo, goodbye; acknowledgements,
 * probes, the manager's own coming and going (docs/protocol.md, "The line of an endpoint").
 *
 * Settings and commands that come down are handed on.  Owns the link; of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_LINK_PRESENCE_H
#define ENDPOINT_DAEMON_LINK_PRESENCE_H

#include "endpoint/core/conf.h"
#include "endpoint/core/refusals.h"
#include "endpoint/daemon/ground/keys.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/link/link.h"
#include "endpoint/daemon/link/poll.h"
#include "endpoint/daemon/work/server.h"
#include "endpoint/daemon/work/updates.h"

typedef struct EpPresence EpPresence;

typedef struct {
    const EpIdentity *identity; /* all of these are borrowed, and outlive the presence */
    const EpKeys *keys;
    const EpConf *conf; /* read by ep_presence_new only */
    const char *boot_id, *fingerprint;
    HlDb *db;
    EpTrouble *trouble;
    EpPulse *pulse;     /* may be NULL */
    EpServerTime *time; /* told by the server's notices */
    EpSpool *spool;
    EpSettings *settings;
    EpProgram *program; /* hears whether the line is up, and says whether a helper waits for it */
    EpUpdates *updates;
    EpPoll *poll;
    EpServer *server;
    const EpRefusals *refused;
    void (*settings_came)(GBytes *envelope, gpointer user);
    void (*server_came)(GBytes *envelope, gpointer user);
    void (*command_came)(GBytes *envelope, gpointer user);
    void (*born)(gpointer user); /* the broker has a birth, after a connect or for another manager; NULL: nobody asks */
    gpointer user;
} EpPresenceOptions;

/* Starts to connect; the first birth announces a start or a reload (B7).  NULL as of ep_link_new. */
EpPresence *ep_presence_new(const EpPresenceOptions *options, GError **error);

/* The spool is closed, then the link disconnects. */
void ep_presence_free(EpPresence *presence);

/* The spool's way out. */
bool ep_presence_send_report(EpPresence *presence, GBytes *report);

/* Heartbeat interval, broker addresses or the direct port may have changed. */
void ep_presence_settings_changed(EpPresence *presence);

/* The server is to be looked for elsewhere. */
void ep_presence_server_changed(EpPresence *presence, EpServerChange change);

/* Another certificate is in place: connects again with it, and nobody is told that the line was down. */
void ep_presence_renewed(EpPresence *presence);

/* Birth and unacknowledged reports once more, at a random moment within this time. */
void ep_presence_repeat_birth(EpPresence *presence, HlTime within);

/* Publishes the clean stop; done comes when the broker has it, or at once when the line is down. */
void ep_presence_say_goodbye(EpPresence *presence, void (*done)(gpointer user), gpointer user);

typedef enum { EP_LEAVE_UNINSTALLED, EP_LEAVE_MOVED } EpLeave;

/* Announces that this machine leaves its server for good (B10), just before this is freed; a line that is down says
 * nothing. */
void ep_presence_announce_leave(EpPresence *presence, EpLeave leave);

EpLinkView ep_presence_view(const EpPresence *presence);

#endif
