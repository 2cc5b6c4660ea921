/* SPDX-License-Identifier: Apache-2.0 */
/* Down: publications of the manager, each by its topic's row, which says quality of service and retain.
 *
 * Not the link (work/link.h), which makes and watches the connection: it attaches the bus here once there is one.  What
 * is sent while the connection is down is not sent at all; the registry is the record, and a birth makes up for it. */
#ifndef MANAGER_DAEMON_GROUND_DOWN_H
#define MANAGER_DAEMON_GROUND_DOWN_H

#include "lib/base/json.h"
#include "lib/bus/bus.h"
#include "proto/topics.h"

typedef struct MgrDown MgrDown;

MgrDown *mgr_down_new(void);
void mgr_down_free(MgrDown *down);

/* bus is borrowed; NULL detaches. */
void mgr_down_attach(MgrDown *down, HlBus *bus);

bool mgr_down_is_up(const MgrDown *down);

/* host:port of the broker; "" while no bus is attached.  Valid until the connection changes. */
const char *mgr_down_broker(const MgrDown *down);

/* id is that of an endpoint, "" where the topic has none; expiry 0: never.  false: not handed to the broker (the
 * connection is down, too much is queued, or the payload is larger than HL_BUS_MAX_SIZE, which is logged). */
bool mgr_down_send(MgrDown *down, HlTopic topic, const char *id, GBytes *payload, HlTime expiry);

/* The broker refused the manager a subscription of the connection of now (HlBusHandlers.refused): logged, and kept
 * until that connection ends. */
void mgr_down_note_refused(MgrDown *down, const char *problem);

/* That, as a sentence with the remedy; NULL: it has all that it asked for, or is not connected.  Borrowed. */
const char *mgr_down_refused(const MgrDown *down);

typedef enum {
    MGR_DOWN_SENT,
    MGR_DOWN_NOT_NOW,   /* the connection is down, or too much is queued */
    MGR_DOWN_TOO_LARGE, /* now or ever; logged */
} MgrDownOutcome;

/* The same for a document. */
MgrDownOutcome mgr_down_send_json(MgrDown *down, HlTopic topic, const char *id, const json_t *document);

/* To a reply topic of the one who asked; correlation may be NULL. */
bool mgr_down_reply(MgrDown *down, HlTopic topic, const char *name, GBytes *payload, GBytes *correlation);

/* All zero while no bus is attached. */
HlBusCounts mgr_down_count(const MgrDown *down);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrDown, mgr_down_free)

#endif
