/* SPDX-License-Identifier: Apache-2.0 */
/* The bus in memory, for tests: the functions of lib/bus/bus.h without a network, and the broker's side of them for the
 * test.
 *
 * A test program links bus_fake instead of hl_bus (or before a library that links hl_bus).  The part under test
 * calls hl_bus_* as ever; the test is the network and the broker: it says when an attempt succeeds or fails, what
 * arrives, and what is acknowledged.  Nothing happens by itself: no thread, no timer, no socket, and backoff_* and
 * keepalive are ignored.  Every callback comes on the calling thread, from inside the bus_fake_* call that causes it
 * (QoS 0: from inside hl_bus_publish, like the real one).
 *
 * What the real bus promises is kept, and what would be a mistake there fails the test here: a message on a topic that
 * the client did not subscribe to, a publication or a will on a topic filter or beyond HL_BUS_MAX_SIZE, freeing a bus
 * from inside one of its own handlers.  Not simulated: the access list (docs/protocol.md; tests/integration/acl),
 * retained messages, and other clients: the test carries a message from one bus to another if it wants that.
 *
 * A test ends with bus_fake_reset(). */
#ifndef TESTS_SUPPORT_BUS_FAKE_H
#define TESTS_SUPPORT_BUS_FAKE_H

#include "lib/bus/bus.h"

/* The newest living bus with this client id, or of all; NULL: there is none.  Borrowed: the part under test owns it. */
HlBus *bus_fake_find(const char *client_id);
HlBus *bus_fake_last(void);

/* The same for one whose first address is that. */
HlBus *bus_fake_find_at(const char *client_id, const char *broker);

/* The same by the beginning of the client id. */
HlBus *bus_fake_find_prefix(const char *prefix, const char *broker);

/* What it was made with (brokers as of hl_bus_set_brokers).  Borrowed. */
const HlBusOptions *bus_fake_options(const HlBus *bus);

/* -- the link -- */

/* Begins an attempt: the next broker, the will is asked for.  Only while down.  bus_fake_up and bus_fake_fail begin one
 * by themselves if none is under way. */
void bus_fake_attempt(HlBus *bus);

/* The attempt succeeds: up() is called.  After hl_bus_reconnect, the end of the old link (with down()) and a new
 * attempt come first. */
void bus_fake_up(HlBus *bus);

/* The same, and the broker refused a subscription: refused() is called behind up(). */
void bus_fake_up_refused(HlBus *bus, const char *problem);

/* The attempt fails: failed() is called with delay.  After an hl_bus_reconnect in mid-attempt it ends silently. */
void bus_fake_fail(HlBus *bus, const char *reason, HlTime delay);

/* The same, for a cause (hl_bus_cause). */
void bus_fake_fail_for(HlBus *bus, HlCause cause, const char *reason, HlTime delay);

/* What the next of them tell for hl_bus_shown_end. */
void bus_fake_show(HlBus *bus, HlTime end);

/* The link breaks: what is under way is done(false), then down() is called.  Only while up. */
void bus_fake_down(HlBus *bus, const char *reason);

/* Whether hl_bus_reconnect was called and the old link or attempt has not ended yet; *will (may be NULL) as given. */
bool bus_fake_is_closing(const HlBus *bus, HlBusWill *will);

/* Whether attempts are held back (hl_bus_hold); none may be begun then. */
bool bus_fake_is_held(const HlBus *bus);

/* Whether the link that is up, or was last, starts the delays over (hl_bus_prove, or HlBusOptions.proof). */
bool bus_fake_is_proved(const HlBus *bus);

/* As given to hl_bus_spread, and with the options. */
HlTime bus_fake_spread(const HlBus *bus);
HlTime bus_fake_first_delay(const HlBus *bus);

/* The will that the link or attempt carries, or the last one carried; NULL: none.  Borrowed until the next attempt. */
const HlBusMessage *bus_fake_will(const HlBus *bus);

/* -- towards the client -- */

/* A message arrives: message() is called.  Only while up.  The entrance is asked first.  The QoS is lowered to that of
 * the subscription, and the expiry taken off, as with the real one.  One larger than HL_BUS_MAX_SIZE is refused and
 * counted. */
void bus_fake_deliver(HlBus *bus, const HlBusMessage *message);

/* The same for text without anything special: QoS 1, not retained. */
void bus_fake_deliver_text(HlBus *bus, const char *topic, const char *text);

/* -- from the client -- */

/* What was published is recorded until it is taken.  filter: a topic or an MQTT filter with + and #; NULL: any. */

/* The oldest publication recorded that matches, taken out; NULL: none.  Caller frees. */
HlBusMessage *bus_fake_take(HlBus *bus, const char *filter);

/* The same for buses that were freed: what a part published before it went.  Oldest first over all buses of the client
 * id. */
HlBusMessage *bus_fake_take_left(const char *client_id, const char *filter);

/* How many recorded publications match. */
guint bus_fake_published(const HlBus *bus, const char *filter);

/* Forgets what was recorded. */
void bus_fake_forget(HlBus *bus);

void bus_fake_message_free(HlBusMessage *message);

/* true: hl_bus_publish returns false from now on, as when too much is under way, although the link is up. */
void bus_fake_refuse(HlBus *bus, bool refuse);

/* When QoS 1 publications are acknowledged: by bus_fake_ack (or never), or at once, inside hl_bus_publish.  The real
 * bus answers them later, always; at once is for tests that do not care. */
typedef enum { BUS_FAKE_ACKS_LATER, BUS_FAKE_ACKS_AT_ONCE } BusFakeAcks;

void bus_fake_set_acks(HlBus *bus, BusFakeAcks acks); /* of a new bus: later */

/* The next count QoS 1 publications under way that match get their done(true); 0: all that are under way now.  Returns
 * how many. */
guint bus_fake_ack(HlBus *bus, const char *filter, guint count);

/* The same with done(false) while the link stays up: nobody is subscribed to a request. */
guint bus_fake_nack(HlBus *bus, const char *filter, guint count);

/* -- the end of a test -- */

/* Forgets what freed buses left.  Fails the test if a bus still lives. */
void bus_fake_reset(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlBusMessage, bus_fake_message_free)

#endif
