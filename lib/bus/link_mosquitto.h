/* SPDX-License-Identifier: Apache-2.0 */
/* What the two links that speak through libmosquitto share: one client, one connection, and what its callbacks say.
 * Who watches the descriptor, and on which thread, is for link_loop.c and link_thread.c.
 *
 * One thread at a time; the callbacks run inside of the functions here.  None of them waits, but hl_mq_dial for the
 * resolver.  A failure is posted as the event that it means by the stage; from then on the stage is HL_MQ_OVER. */
#ifndef LIB_BUS_LINK_MOSQUITTO_H
#define LIB_BUS_LINK_MOSQUITTO_H

#include "lib/bus/link.h"

struct mosquitto;

typedef enum { HL_MQ_CONNECTING, HL_MQ_CONNECTED, HL_MQ_CLOSING, HL_MQ_OVER } HlMqStage;

typedef struct {
    HlLink *link; /* named in what is posted */
    HlMailbox *events, *messages;
    HlBusEntrance entrance;
    struct mosquitto *client;
    HlMqStage stage;
    bool secure;
    HlTime give_up_at;               /* mono; while connecting */
    int keepalive;                   /* s */
    int subscribing;                 /* confirmations that are still to come */
    int first_id;                    /* message id of the first SUBSCRIBE */
    guint n_first;                   /* filters in it */
    GStrv filters;                   /* that were asked for */
    char *refusal;                   /* NULL: of none of them */
    bool granted;                    /* one filter at least */
    GHashTable *sendings;            /* message id -> HlLinkSending *, borrowed */
    HlLinkSending *sent, *last_sent; /* acknowledged in this turn, not posted yet; borrowed */
    guint n_sent;
} HlMq;

void hl_mq_init(HlMq *mq, HlLink *link, HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance);
void hl_mq_clear(HlMq *mq); /* closes the connection, without DISCONNECT and without an event */

/* Before the first of them, on the process's main thread: hl_mq_make for the client.  Each returns NULL, or the reason
 * (static text). */
const char *hl_mq_make(HlMq *mq, const HlLinkSpec *spec);
const char *hl_mq_dial(HlMq *mq, const char *host, uint16_t port);
const char *hl_mq_subscribe(HlMq *mq, char *const *filters, guint n_live, int qos); /* as hl_link_subscribe */

/* Sends DISCONNECT; what follows is HL_LINK_CLOSED. */
void hl_mq_disconnect(HlMq *mq, HlLinkClose how);

guint hl_mq_under_way(const HlMq *mq); /* QoS 1, not acknowledged */

/* sending is NULL for QoS 0. */
bool hl_mq_publish(HlMq *mq, const HlBusMessage *message, HlLinkSending *sending);

int hl_mq_descriptor(const HlMq *mq); /* -1: none, or no longer */
bool hl_mq_wants_write(const HlMq *mq);

/* The descriptor is ready.  hl_mq_read takes until nothing is left, or for 20 ms: false, there may be more. */
void hl_mq_write(HlMq *mq);
bool hl_mq_read(HlMq *mq);

/* Once a second, and after the others: keep-alive and time-outs. */
void hl_mq_tick(HlMq *mq);

/* Once for each link; what it means depends on how far the link had come. */
void hl_mq_end(HlMq *mq, const char *reason);

#endif
