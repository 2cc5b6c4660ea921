/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt to connect and, if it holds, one MQTT connection, behind a dozen functions.  They exist three times, and
 * a program links one: hl_bus has paho's asynchronous client (link.c), for endpoints and the console; hl_bus_thread has
 * libmosquitto on a thread of its own (link_thread.c), for the manager; hl_bus_loop has it on the loop thread
 * (link_loop.c), for programs that ask and end.
 *
 * Threads other than the loop's only put what they deliver into the two mailboxes and return (paho's callbacks run
 * under a library-wide lock); the state machine that reads the mailboxes is bus_mqtt.c, the only user.  Each attempt
 * has a handle of its own: what an old one still reports names the old link, and is dropped for that.  paho's automatic
 * reconnect stays off: it begins only after a first success and gives every process of a fleet the same jitter. */
#ifndef LIB_BUS_LINK_H
#define LIB_BUS_LINK_H

#include "lib/base/mailbox.h"
#include "lib/bus/bus.h"

typedef struct HlLink HlLink;

typedef enum {
    HL_LINK_CONNECTED,
    HL_LINK_SUBSCRIBED,
    HL_LINK_FAILED, /* the attempt: connect or subscribe */
    HL_LINK_LOST,
    HL_LINK_CLOSED, /* after hl_link_close */
    HL_LINK_SENT,   /* acknowledged */
    HL_LINK_SEND_FAILED
} HlLinkEventKind;

/* A QoS 1 publication under way: made by hl_link_send, freed by the caller with g_free once its event has come or the
 * link was shut down. */
typedef struct HlLinkSending HlLinkSending;
struct HlLinkSending {
    HlLink *link;
    HlBusPublished done;
    gpointer user;
    bool request;        /* failed if nobody is subscribed */
    HlLinkSending *next; /* HL_LINK_SENT: acknowledged with it; NULL: none */
};

typedef struct {
    HlLink *link;
    HlLinkEventKind kind;
    HlLinkSending *sending; /* HL_LINK_SENT, HL_LINK_SEND_FAILED; borrowed */
    char *text;             /* HL_LINK_FAILED, HL_LINK_LOST: why, for people; HL_LINK_SUBSCRIBED: what was refused, or
                               NULL */
    bool is_final; /* HL_LINK_FAILED: text is the broker's word, or of a time when the connection stood; else it
                      is the library's, which has one for many causes */
    guint window;  /* HL_LINK_CONNECTED: the broker's Receive Maximum */
} HlLinkEvent;

void hl_link_event_free(gpointer event);

/* Tells of the first and of all that follow it, and frees them. */
void hl_link_sendings_finish(HlLinkSending *first, bool acknowledged);

/* A message that arrived.  One larger than HL_BUS_MAX_SIZE is cut to HL_BUS_MAX_SIZE + 1 bytes. */
typedef struct {
    HlLink *link;
    HlBusMessage message; /* owned */
} HlLinkParcel;

void hl_link_parcel_free(gpointer parcel);

/* What it takes in memory, about. */
gsize hl_link_parcel_size(gconstpointer parcel);
bool hl_link_parcel_is_urgent(gconstpointer parcel);

/* What the entrance says. */
HlBusAdmission hl_link_admit(const HlBusEntrance *entrance, const char *topic, gsize size);

typedef struct {
    const char *broker, *client_id;             /* broker is host:port */
    const char *ca_path, *cert_path, *key_path; /* ca_path NULL: plain TCP */
    const char *proxy;                          /* as in HlBusOptions, or NULL; not for plain TCP, and with paho only */
    HlTime keepalive, connect_timeout;
    guint receive_maximum;
    const HlBusMessage *will; /* may be NULL */
    GMainContext *context;    /* of the mailboxes; outlives the link */
} HlLinkSpec;

/* events takes HlLinkEvent, messages HlLinkParcel; both outlive the link.  entrance is copied. */
HlLink *hl_link_new(HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance);

/* These start something and return NULL, or the reason why it cannot be started (static text). */
const char *hl_link_connect(HlLink *link, const HlLinkSpec *spec);
const char *hl_link_subscribe(HlLink *link, char *const *filters, guint n_live, int qos); /* as in HlBusOptions */

typedef enum { HL_LINK_DROP_WILL, HL_LINK_KEEP_WILL } HlLinkClose;

/* Starts to send DISCONNECT; HL_LINK_CLOSED follows, after a second at the latest.  false: there is nothing to
 * close. */
bool hl_link_close(HlLink *link, HlLinkClose how);
void hl_link_wait_closed(HlLink *link);

/* Hands a message over.  *sending is NULL for QoS 0. */
bool hl_link_send(HlLink *link, const HlBusMessage *message, HlBusPublished done, gpointer user,
                  HlLinkSending **sending);

/* Closes the connection, if there is one, without DISCONNECT.  No event is posted after it returns; earlier ones may
 * still be in the mailboxes, so the link itself stays until hl_link_free. */
void hl_link_shut(HlLink *link);
void hl_link_free(HlLink *link);

/* For the files that have these functions: value, of link, goes into events; its text is copied. */
void hl_link_post(HlMailbox *events, HlLink *link, HlLinkEvent value);

#endif
