/* SPDX-License-Identifier: Apache-2.0 */
/* The link: the MQTT connection to the manager's broker with its sessions, its will, and the time that it stays away
 * (docs/protocol.md, "The line of an endpoint").
 *
 * Carries messages and knows nothing of them but their topics: what is said over it is in presence.h.  Connects by
 * itself, and never gives up.  Callbacks come from the loop, never out of a call into the link but ep_link_free, which
 * breaks off what is under way.  Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_LINK_LINK_H
#define ENDPOINT_DAEMON_LINK_LINK_H

#include "endpoint/core/link.h"
#include "endpoint/core/server_time.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/identity/identity.h"
#include "lib/bus/bus.h"
#include "lib/store/db.h"
#include "proto/topics.h"

typedef struct EpLink EpLink;

/* A message that came down, for this endpoint; payload is borrowed. */
typedef void (*EpLinkHandler)(GBytes *payload, bool retained, gpointer user);

typedef struct {
    GBytes *(*will)(gpointer user); /* payload on the link topic; ep_link_session is already that of the attempt */
    void (*up)(gpointer user);
    void (*down)(const char *broker, const char *reason, gpointer user);   /* broker may be NULL */
    void (*failed)(const char *broker, const char *reason, gpointer user); /* an attempt to connect */
    EpLinkHandler messages[HL_N_TOPICS]; /* one for each topic of an endpoint (HlTopicRow.to_endpoint) */
} EpLinkHandlers;

typedef struct {
    const EpIdentity *identity; /* these five are borrowed, and outlive the link */
    HlDb *db;                   /* for the session number */
    EpTrouble *trouble;
    EpPulse *pulse; /* may be NULL */
    const EpServerTime *time;
    const char *const *brokers; /* in the order of attempts, at least one; copied */
    const char *proxy;          /* of the line; copied */
    HlTime backoff_base, backoff_cap, keepalive;
    bool is_awaited;         /* somebody waits for the first connect: it is not spread over the server's window */
    EpLinkHandlers handlers; /* all are required */
    gpointer user;
} EpLinkOptions;

/* Starts to connect, within two seconds, or the window that the server told before unless it is awaited.  NULL for an
 * identity that no connection can be made with. */
EpLink *ep_link_new(const EpLinkOptions *options, GError **error);

/* Disconnects cleanly: the broker drops the will, and gets what was published before. */
void ep_link_free(EpLink *link);

/* On the endpoint's own topic of this kind, with its quality of service.  false: the link is not up, or too much is
 * under way; done (may be NULL) is then never called. */
bool ep_link_publish(EpLink *link, HlTopic topic, GBytes *payload, HlBusPublished done, gpointer user);

HlBusState ep_link_state(const EpLink *link);

/* The address of the connection or of the attempt; NULL while the link stays away. */
const char *ep_link_broker(const EpLink *link);

/* Inside failed(): whether the attempt met nobody. */
bool ep_link_met_nobody(const EpLink *link);

/* Of the connection or of the attempt: the highest number that this identity used. */
uint64_t ep_link_session(const EpLink *link);

/* Other addresses, from the next attempt on. */
void ep_link_set_brokers(EpLink *link, const char *const *brokers);

/* Connects again: another certificate, another session.  With the will dropped nobody is told: the line is as good as
 * up. */
void ep_link_reconnect(EpLink *link, HlBusWill will);

/* The server's word of over how much time its fleet comes back after a loss; ten minutes at most.  Kept for the next
 * start, whose first attempt is spread over it, too. */
void ep_link_spread(EpLink *link, HlTime window);

/* ep_birth_window, with the window for connects that the server gave. */
HlTime ep_link_birth_window(const EpLink *link, HlTime births, HlTime reconnects);

/* The server answered: it knows this endpoint, and the next loss is the first one (HL_BUS_PROVED_BY_WORD). */
void ep_link_prove(EpLink *link);

/* The manager does not answer at this broker: said, and if there is another address, on to the next one. */
void ep_link_no_manager(EpLink *link);

/* The server wants it to go on from another session.  true: the link connects again, past that one. */
bool ep_link_pass_fence(EpLink *link, const EpFenceOrder *order);

/* Another machine uses this identity too, and the server settles which of them may speak: stays away this long. */
void ep_link_hold_off(EpLink *link, HlTime duration);

typedef struct {
    HlBusState state;
    const char *broker; /* may be NULL */
    uint64_t session;
    HlTime since;           /* wall: of the state up or down; 0: was not up since the start */
    bool ever_up;           /* since the start or before it */
    const char *last_error; /* NULL: none since it was up, or since the manager answered */
    const char *cause;      /* hl_cause_name of it, if it is an attempt's; NULL: none failed since it was up */
    HlTime next_attempt;    /* wall; 0: none planned */
    uint64_t attempts;      /* failed ones since it was up */
} EpLinkView;

EpLinkView ep_link_view(const EpLink *link);

#endif
