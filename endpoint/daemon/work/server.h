/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is, as it tells itself (docs/protocol.md, "Where the server is"): documents are checked here, and
 * kept; when the line goes where is decided by endpoint/core/move.
 *
 * What the server says survives a kill at any moment: it is stored with the report about it, before it is followed.
 * Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SERVER_H
#define ENDPOINT_DAEMON_WORK_SERVER_H

#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/keys.h"
#include "endpoint/daemon/ground/refuser.h"
#include "endpoint/identity/identity.h"

typedef struct EpServer EpServer;

typedef enum {
    EP_SERVER_KEEP_LINE, /* the addresses are others, from the next attempt on */
    EP_SERVER_RECONNECT, /* and the line goes by them now */
} EpServerChange;

typedef struct {
    EpIdentity *identity; /* these are borrowed, and outlive it; its authorities follow the documents */
    EpKeys *keys;
    HlDb *db;
    EpSpool *spool;
    EpRefuser *refuser;
    EpTrouble *trouble;
    const EpServerTime *time;
    void (*changed)(EpServerChange change, gpointer user); /* never out of ep_server_new and ep_server_free */
    gpointer user;
} EpServerOptions;

/* NULL if the store cannot be read. */
EpServer *ep_server_new(const EpServerOptions *options, GError **error);
void ep_server_free(EpServer *server);

/* An encoded SignedEnvelope of a ServerDocument, which came down the line to this broker, in this session. */
void ep_server_offer(EpServer *server, GBytes *envelope, const char *broker, uint64_t session);

/* The same that came from somebody who could not be known, while the own authorities have ended: the signature is what
 * counts.  Whether it was accepted. */
bool ep_server_letter(EpServer *server, GBytes *envelope);

/* The line: a broker let it in; the manager answered there; an attempt failed, or the link ended, for this reason. */
void ep_server_line_up(EpServer *server, const char *broker);
void ep_server_answered(EpServer *server, const char *broker);
void ep_server_line_failed(EpServer *server, const char *broker, const char *why);

/* Over how long endpoints spread what they all do at once, as the manager says. */
void ep_server_spread(EpServer *server, HlTime window);
HlTime ep_server_window(const EpServer *server);

/* Brokers in the order of attempts, after preferred (may be NULL); free with g_strfreev. */
char **ep_server_brokers(const EpServer *server, const char *const *preferred);

/* URLs of the HTTPS front, the preferred one first; free with g_strfreev. */
char **ep_server_urls(const EpServer *server);

/* What the server is told: of what is offered, else of what is in force.  false: no document was ever accepted.
 * *wire borrows. */
bool ep_server_wire(const EpServer *server, HlMsgAppliedServer *wire);

#endif
