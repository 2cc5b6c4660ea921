/* SPDX-License-Identifier: Apache-2.0 */
/* The topics of the wire, one row each: pattern, who may send, quality of service, flags.  docs/protocol.md and the
 * broker's access list say the same; tests/unit/test_proto.c compares the access list with this table. */
#ifndef PROTO_TOPICS_H
#define PROTO_TOPICS_H

#include <stdbool.h>

#include <glib.h>

#define HL_TOPIC_ROOT "holdline/v1/"

typedef enum {
    HL_TOPIC_LINK,
    HL_TOPIC_HEARTBEAT,
    HL_TOPIC_REPORT,
    HL_TOPIC_ECHO,
    HL_TOPIC_ACK,
    HL_TOPIC_SETTINGS,
    HL_TOPIC_SERVER,
    HL_TOPIC_COMMAND,
    HL_TOPIC_PROBE,
    HL_TOPIC_ADMIN_REQUEST,
    HL_TOPIC_ADMIN_REPLY,
    HL_TOPIC_MONITOR_REQUEST,
    HL_TOPIC_MONITOR_REPLY,
    HL_TOPIC_MANAGER_STATE,
    HL_TOPIC_MANAGER_ALIVE, /* who manages here, once a second: to other managers on copies of the site */
    HL_TOPIC_MANAGER_ECHO,  /* the manager's question to itself: is the broker alive? */
    HL_TOPIC_STATUS_ENDPOINT,
    HL_TOPIC_STATUS_SUMMARY,
    HL_TOPIC_STATUS_EVENT,
    HL_N_TOPICS,
} HlTopic;

typedef enum { HL_SENDER_ENDPOINT, HL_SENDER_MANAGER, HL_SENDER_ADMIN, HL_SENDER_MONITOR } HlSender;

typedef struct {
    const char *pattern; /* below HL_TOPIC_ROOT; '%' stands for the id of an endpoint or admin */
    HlSender sender;
    int qos;
    bool retained;
    bool to_manager, to_endpoint; /* which of our programs subscribes to it */
    bool urgent;                  /* somebody waits for it: it is sent, and heard, before what concerns many */
} HlTopicRow;

const HlTopicRow *hl_topic_row(HlTopic topic);

/* The full topic; id "+" makes a subscription filter.  id is ignored by topics without one.  Caller frees. */
char *hl_topic_name(HlTopic topic, const char *id);

/* Which topic a name denotes; *id (caller frees) is the id in it, "" if it has none.  false for any other name and for
 * ids that hl_ident_is_valid refuses. */
bool hl_topic_parse(const char *name, HlTopic *topic, char **id);

#endif
