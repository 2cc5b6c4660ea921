/* SPDX-License-Identifier: Apache-2.0 */
/* Down: publications of the manager, each by its topic's row, which says quality of service and retain.
 *
 * A site may have several brokers.  What is for an endpoint goes where it is, a reply to where the question came from,
 * and what is for everybody to each broker.
 *
 * Not the lines (work/line.h), which make and watch the connections: each attaches its bus here once there is one. What
 * is sent while the connection is down is not sent at all; the registry is the record, and a birth makes up for it. */
#ifndef MANAGER_DAEMON_GROUND_DOWN_H
#define MANAGER_DAEMON_GROUND_DOWN_H

#include "lib/base/json.h"
#include "lib/bus/bus.h"
#include "manager/core/conf.h"
#include "proto/topics.h"

typedef struct MgrDown MgrDown;

MgrDown *mgr_down_new(void);
void mgr_down_free(MgrDown *down);

/* bus is borrowed; NULL detaches.  broker: its number, from 0, below MGR_MAX_BROKERS; so everywhere here. */
void mgr_down_attach(MgrDown *down, guint broker, HlBus *bus);

#define MGR_DOWN_EVERYWHERE (G_MAXUINT - 1)
#define MGR_DOWN_NOBODY     G_MAXUINT

/* At which broker the endpoint of this id is; MGR_DOWN_EVERYWHERE: that is not known; MGR_DOWN_NOBODY: there is no such
 * endpoint.  Before it is given, all are at the first. */
typedef guint (*MgrDownLocate)(const char *id, gpointer user);
void mgr_down_locate_with(MgrDown *down, MgrDownLocate locate, gpointer user);

/* By which broker the message came that is handled now: for who answers it later. */
void mgr_down_hear(MgrDown *down, guint broker);
guint mgr_down_heard(const MgrDown *down);

/* Connected to one of them at least. */
bool mgr_down_is_up(const MgrDown *down);
bool mgr_down_is_up_at(const MgrDown *down, guint broker);

/* Nothing is heard there: it may hang, though the connection stands.  What is for everybody is not kept for it while
 * another one is heard. */
void mgr_down_set_blind(MgrDown *down, guint broker, bool blind);

/* How many brokers share the endpoints, as work/lines.h finds it; at least 1. */
void mgr_down_set_in_use(MgrDown *down, guint brokers);
guint mgr_down_in_use(const MgrDown *down);

/* host:port of the first broker that is up, or else of the first; "" while no bus is attached.  Valid until a
 * connection changes. */
const char *mgr_down_broker(const MgrDown *down);

/* id is that of an endpoint, "" where the topic has none; expiry 0: never.  false: not handed to the broker (the
 * connection is down, too much is queued, or the payload is larger than HL_BUS_MAX_SIZE, which is logged). */
bool mgr_down_send(MgrDown *down, HlTopic topic, const char *id, GBytes *payload, HlTime expiry);

/* To one of them, on a topic without an id; like mgr_down_send. */
bool mgr_down_send_at(MgrDown *down, guint broker, HlTopic topic, GBytes *payload);

/* A broker refused the manager a subscription of the connection of now (HlBusHandlers.refused): logged, and kept until
 * that connection ends. */
void mgr_down_note_refused(MgrDown *down, guint broker, const char *problem);

/* That, as a sentence with the remedy; NULL: it has all that it asked for, or is not connected.  Borrowed. */
const char *mgr_down_refused(const MgrDown *down);

typedef enum {
    MGR_DOWN_SENT,
    MGR_DOWN_NOT_NOW,   /* the connection is down, or too much is queued */
    MGR_DOWN_TOO_LARGE, /* now or ever; logged */
} MgrDownOutcome;

/* The same for a document that is for everybody; MGR_DOWN_NOT_NOW also if one of several brokers, which is up, did not
 * take it. */
MgrDownOutcome mgr_down_send_json(MgrDown *down, HlTopic topic, const char *id, const json_t *document);

/* The same of what is text already; takes it. */
MgrDownOutcome mgr_down_send_text(MgrDown *down, HlTopic topic, const char *id, char *text);

/* To a reply topic of the one who asked, where it asked; correlation may be NULL. */
bool mgr_down_reply(MgrDown *down, guint broker, HlTopic topic, const char *name, GBytes *payload, GBytes *correlation);

/* Empties the retained topics of an id that is not, or no longer, in the fleet.  A broker that did not confirm it,
 * or was too full to take it, is told again by mgr_down_clear_missed, once it is heard and has room: some of the ids at
 * a time, until it confirms.  They are remembered in memory, and not without bound. */
void mgr_down_clear(MgrDown *down, const char *id);
void mgr_down_clear_missed(MgrDown *down, guint broker);

/* Empties the topic of the settings of an id of the fleet, wherever it is, in the same way. */
void mgr_down_withdraw_settings(MgrDown *down, const char *id);

/* The same for all that is kept for an endpoint that is revoked: its settings, and where the server is. */
void mgr_down_withdraw_all(MgrDown *down, const char *id);

/* How many publications wait at the fullest broker of those that are heard. */
uint64_t mgr_down_waiting(const MgrDown *down);

/* Of all; queued: of the one that has most.  All zero while no bus is attached. */
HlBusCounts mgr_down_count(const MgrDown *down);
HlBusCounts mgr_down_count_at(const MgrDown *down, guint broker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrDown, mgr_down_free)

#endif
