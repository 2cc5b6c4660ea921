/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/bus_fake.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "lib/bus/message.h"

/* A QoS 1 publication that was not answered yet. */
typedef struct {
    char *topic;
    HlBusPublished done;
    gpointer user;
} Sending;

struct HlBus {
    HlBusOptions options; /* owned */
    HlBusState state;
    guint next_broker;
    char *broker;
    bool held;
    bool closing; /* hl_bus_reconnect waits for the end of this link */
    HlBusWill closing_will;
    bool proved;
    HlCause cause;
    HlTime shown_end;
    HlTime spread;
    bool has_will;
    HlBusMessage will;
    GQueue under_way; /* Sending * */
    GQueue published; /* HlBusMessage * */
    BusFakeAcks acks;
    bool refusing;
    guint calling; /* handlers that are running */
    HlBusCounts counts;
};

/* What a bus that was freed had published. */
typedef struct {
    char *client_id;
    HlBusMessage *message;
} Left;

static GQueue buses = G_QUEUE_INIT; /* HlBus *, the oldest first */
static GQueue left = G_QUEUE_INIT;  /* Left * */

static bool topic_matches(const char *filter, const char *topic)
{
    if (filter == NULL)
        return true;
    if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) /* the broker's own: only by name */
        return false;
    for (;; filter++, topic++) {
        if (filter[0] == '#')
            return true;
        if (filter[0] == '+') {
            filter++;
            topic += strcspn(topic, "/");
        } else {
            for (; *filter != '\0' && *filter != '/' && *filter == *topic; filter++)
                topic++;
        }
        if (*topic == '\0')
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        if (*filter != '/' || *topic != '/')
            return false;
    }
}

static void check_outgoing(const HlBus *bus, const HlBusMessage *message)
{
    if (message->topic == NULL || message->topic[0] == '\0' || strpbrk(message->topic, "+#") != NULL)
        g_error("bus of %s: '%s' is not a topic to publish to", bus->options.client_id, message->topic);
    g_assert(message->payload != NULL);
    g_assert(g_bytes_get_size(message->payload) <= HL_BUS_MAX_SIZE);
    g_assert(message->qos == 0 || message->qos == 1);
}

static HlBusMessage *new_copy(const HlBusMessage *message)
{
    HlBusMessage *copy = g_new(HlBusMessage, 1);

    *copy = hl_bus_message_copy(message);
    return copy;
}

static void free_sending(Sending *sending)
{
    g_free(sending->topic);
    g_free(sending);
}

static void finish(HlBus *bus, Sending *sending, bool acknowledged)
{
    bus->counts.acknowledged += acknowledged;
    if (sending->done != NULL)
        sending->done(acknowledged, sending->user);
    free_sending(sending);
}

/* Those of the moment: what a done() publishes is not answered by the same call. */
static guint answer(HlBus *bus, const char *filter, guint count, bool acknowledged)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();

    for (GList *at = bus->under_way.head; at != NULL && (count == 0 || chosen->len < count); at = at->next)
        if (topic_matches(filter, ((Sending *)at->data)->topic))
            g_ptr_array_add(chosen, at->data);
    for (guint i = 0; i < chosen->len; i++)
        if (g_queue_remove(&bus->under_way, chosen->pdata[i]))
            finish(bus, chosen->pdata[i], acknowledged);
    return chosen->len;
}

/* -- the link -- */

/* As the real bus: what is under way is answered first, with the state already down. */
static void end_link(HlBus *bus, const char *reason, HlTime delay)
{
    bool was_up = bus->state == HL_BUS_UP;
    bool at_once = bus->closing;

    bus->state = HL_BUS_DOWN;
    bus->closing = false;
    answer(bus, NULL, 0, false);
    bus->calling++;
    if (was_up) {
        bus->counts.lost_links++;
        if (bus->options.handlers.down != NULL)
            bus->options.handlers.down(reason, bus->options.user);
    } else if (!at_once && bus->options.handlers.failed != NULL) {
        bus->options.handlers.failed(bus->broker, reason, delay, bus->options.user);
    }
    bus->calling--;
}

void bus_fake_attempt(HlBus *bus)
{
    const HlBusMessage *will = NULL;

    g_assert(bus->state == HL_BUS_DOWN && !bus->held);
    g_free(bus->broker);
    bus->broker = g_strdup(bus->options.brokers[bus->next_broker % g_strv_length(hl_unconst(bus->options.brokers))]);
    bus->next_broker++;
    bus->state = HL_BUS_CONNECTING;
    bus->calling++;
    if (bus->options.handlers.will != NULL)
        will = bus->options.handlers.will(bus->options.user);
    bus->calling--;
    hl_bus_message_clear(&bus->will);
    bus->has_will = will != NULL;
    if (will == NULL)
        return;
    check_outgoing(bus, will);
    bus->will = hl_bus_message_copy(will);
}

void bus_fake_up(HlBus *bus)
{
    if (bus->closing)
        end_link(bus, "closed to reconnect", 0);
    if (bus->state == HL_BUS_DOWN)
        bus_fake_attempt(bus);
    g_assert(bus->state == HL_BUS_CONNECTING);
    bus->state = HL_BUS_UP;
    bus->proved = bus->options.proof == HL_BUS_PROVED_BY_CONNECT;
    bus->calling++;
    if (bus->options.handlers.up != NULL)
        bus->options.handlers.up(bus->options.user);
    bus->calling--;
}

void bus_fake_up_refused(HlBus *bus, const char *problem)
{
    bus_fake_up(bus);
    bus->calling++;
    if (bus->options.handlers.refused != NULL)
        bus->options.handlers.refused(problem, bus->options.user);
    bus->calling--;
}

void bus_fake_fail(HlBus *bus, const char *reason, HlTime delay)
{
    if (bus->state == HL_BUS_DOWN)
        bus_fake_attempt(bus);
    g_assert(bus->state == HL_BUS_CONNECTING);
    end_link(bus, reason, delay);
}

void bus_fake_down(HlBus *bus, const char *reason)
{
    g_assert(bus->state == HL_BUS_UP);
    end_link(bus, reason, 0);
}

bool bus_fake_is_closing(const HlBus *bus, HlBusWill *will)
{
    if (bus->closing && will != NULL)
        *will = bus->closing_will;
    return bus->closing;
}

const HlBusMessage *bus_fake_will(const HlBus *bus)
{
    return bus->has_will ? &bus->will : NULL;
}

/* -- towards the client -- */

static bool is_subscribed(const HlBus *bus, const char *topic)
{
    for (gsize i = 0; bus->options.subscriptions[i] != NULL; i++)
        if (topic_matches(bus->options.subscriptions[i], topic))
            return true;
    return false;
}

void bus_fake_deliver(HlBus *bus, const HlBusMessage *message)
{
    HlBusMessage copy;

    g_assert(bus->state == HL_BUS_UP);
    if (!is_subscribed(bus, message->topic))
        g_error("bus of %s: nobody subscribed to %s", bus->options.client_id, message->topic);
    if (bus->options.entrance.admit != NULL &&
        bus->options.entrance.admit(message->topic, g_bytes_get_size(message->payload), bus->options.entrance.user) ==
            HL_BUS_DROPPED)
        return;
    if (g_bytes_get_size(message->payload) > HL_BUS_MAX_SIZE) {
        bus->counts.refused++;
        return;
    }
    bus->counts.received++;
    copy = hl_bus_message_copy(message); /* the handler must not depend on the test's memory */
    copy.qos = MIN(copy.qos, bus->options.subscription_qos);
    copy.expiry = 0;
    bus->calling++;
    bus->options.handlers.message(&copy, bus->options.user);
    bus->calling--;
    hl_bus_message_clear(&copy);
}

void bus_fake_deliver_text(HlBus *bus, const char *topic, const char *text)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, strlen(text));

    bus_fake_deliver(bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1 });
}

/* -- from the client -- */

HlBusMessage *bus_fake_take(HlBus *bus, const char *filter)
{
    for (GList *at = bus->published.head; at != NULL; at = at->next) {
        HlBusMessage *message = at->data;

        if (topic_matches(filter, message->topic)) {
            g_queue_delete_link(&bus->published, at);
            return message;
        }
    }
    return NULL;
}

static void free_left(Left *item)
{
    g_clear_pointer(&item->message, bus_fake_message_free);
    g_free(item->client_id);
    g_free(item);
}

HlBusMessage *bus_fake_take_left(const char *client_id, const char *filter)
{
    for (GList *at = left.head; at != NULL; at = at->next) {
        Left *item = at->data;

        if (strcmp(item->client_id, client_id) == 0 && topic_matches(filter, item->message->topic)) {
            HlBusMessage *message = g_steal_pointer(&item->message);

            free_left(item);
            g_queue_delete_link(&left, at);
            return message;
        }
    }
    return NULL;
}

guint bus_fake_published(const HlBus *bus, const char *filter)
{
    guint n = 0;

    for (GList *at = bus->published.head; at != NULL; at = at->next)
        n += topic_matches(filter, ((HlBusMessage *)at->data)->topic);
    return n;
}

void bus_fake_forget(HlBus *bus)
{
    g_queue_clear_full(&bus->published, (GDestroyNotify)bus_fake_message_free);
}

void bus_fake_message_free(HlBusMessage *message)
{
    if (message == NULL)
        return;
    hl_bus_message_clear(message);
    g_free(message);
}

void bus_fake_refuse(HlBus *bus, bool refuse)
{
    bus->refusing = refuse;
}

void bus_fake_set_acks(HlBus *bus, BusFakeAcks acks)
{
    bus->acks = acks;
}

guint bus_fake_ack(HlBus *bus, const char *filter, guint count)
{
    return answer(bus, filter, count, true);
}

guint bus_fake_nack(HlBus *bus, const char *filter, guint count)
{
    return answer(bus, filter, count, false);
}

HlBus *bus_fake_find(const char *client_id)
{
    for (GList *at = buses.tail; at != NULL; at = at->prev)
        if (strcmp(((HlBus *)at->data)->options.client_id, client_id) == 0)
            return at->data;
    return NULL;
}

HlBus *bus_fake_find_at(const char *client_id, const char *broker)
{
    for (GList *at = buses.tail; at != NULL; at = at->prev) {
        const HlBusOptions *options = &((HlBus *)at->data)->options;

        if (strcmp(options->client_id, client_id) == 0 && strcmp(options->brokers[0], broker) == 0)
            return at->data;
    }
    return NULL;
}

HlBus *bus_fake_find_prefix(const char *prefix, const char *broker)
{
    for (GList *at = buses.tail; at != NULL; at = at->prev) {
        const HlBusOptions *options = &((HlBus *)at->data)->options;

        if (g_str_has_prefix(options->client_id, prefix) && strcmp(options->brokers[0], broker) == 0)
            return at->data;
    }
    return NULL;
}

HlBus *bus_fake_last(void)
{
    return g_queue_peek_tail(&buses);
}

const HlBusOptions *bus_fake_options(const HlBus *bus)
{
    return &bus->options;
}

void bus_fake_reset(void)
{
    HlBus *bus = g_queue_peek_head(&buses);

    if (bus != NULL)
        g_error("bus of %s: still there at the end of the test", bus->options.client_id);
    g_queue_clear_full(&left, (GDestroyNotify)free_left);
}

/* -- bus.h -- */

static const char *const *copy_list(const char *const *list)
{
    return (const char *const *)(list != NULL ? g_strdupv(hl_unconst(list)) : g_new0(char *, 1));
}

HlBus *hl_bus_new(const HlBusOptions *options, GError **error)
{
    HlBus *bus;

    if (options->brokers == NULL || options->brokers[0] == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "no broker address given");
        return NULL;
    }
    g_assert(options->client_id != NULL && options->handlers.message != NULL);
    bus = g_new0(HlBus, 1);
    bus->options = *options;
    bus->options.client_id = g_strdup(options->client_id);
    bus->options.ca_path = g_strdup(options->ca_path);
    bus->options.cert_path = g_strdup(options->cert_path);
    bus->options.key_path = g_strdup(options->key_path);
    bus->options.brokers = copy_list(options->brokers);
    bus->options.subscriptions = copy_list(options->subscriptions);
    g_queue_push_tail(&buses, bus);
    return bus;
}

static void leave(HlBus *bus)
{
    for (HlBusMessage *message; (message = g_queue_pop_head(&bus->published)) != NULL;) {
        Left *item = g_new(Left, 1);

        *item = (Left){ g_strdup(bus->options.client_id), message };
        g_queue_push_tail(&left, item);
    }
}

void hl_bus_leave(HlBus *bus)
{
    hl_bus_free(bus);
}

void hl_bus_free(HlBus *bus)
{
    if (bus == NULL)
        return;
    g_assert(bus->calling == 0); /* not from inside one of its own handlers */
    g_queue_remove(&buses, bus);
    bus->state = HL_BUS_DOWN;
    answer(bus, NULL, 0, false);
    leave(bus);
    hl_bus_message_clear(&bus->will);
    g_strfreev(hl_unconst(bus->options.brokers));
    g_strfreev(hl_unconst(bus->options.subscriptions));
    g_free(hl_unconst(bus->options.client_id));
    g_free(hl_unconst(bus->options.ca_path));
    g_free(hl_unconst(bus->options.cert_path));
    g_free(hl_unconst(bus->options.key_path));
    g_free(bus->broker);
    g_free(bus);
}

void hl_bus_prove(HlBus *bus)
{
    bus->proved |= bus->state == HL_BUS_UP;
}

void hl_bus_spread(HlBus *bus, HlTime window)
{
    bus->spread = window;
}

HlTime bus_fake_spread(const HlBus *bus)
{
    return bus->spread;
}

HlTime hl_bus_delay(const HlBus *bus)
{
    if (bus->broker == NULL)
        return bus->options.first_delay;
    return bus->state == HL_BUS_DOWN ? bus->spread : 0;
}

HlTime bus_fake_first_delay(const HlBus *bus)
{
    return bus->options.first_delay;
}

bool bus_fake_is_proved(const HlBus *bus)
{
    return bus->proved;
}

void hl_bus_reconnect(HlBus *bus, HlBusWill will)
{
    if (bus->closing || bus->state == HL_BUS_DOWN)
        return;
    bus->closing = true;
    bus->closing_will = will;
}

void hl_bus_hold(HlBus *bus)
{
    bus->held = true;
}

void hl_bus_release(HlBus *bus)
{
    bus->held = false;
}

bool bus_fake_is_held(const HlBus *bus)
{
    return bus->held;
}

void hl_bus_set_brokers(HlBus *bus, const char *const *brokers)
{
    g_strfreev(hl_unconst(bus->options.brokers));
    bus->options.brokers = copy_list(brokers);
    bus->next_broker = 0;
}

HlBusState hl_bus_state(const HlBus *bus)
{
    return bus->state;
}

const char *hl_bus_broker(const HlBus *bus)
{
    return bus->broker != NULL ? bus->broker : bus->options.brokers[0];
}

HlCause hl_bus_cause(const HlBus *bus)
{
    return bus->cause;
}

HlTime hl_bus_shown_end(const HlBus *bus)
{
    return bus->shown_end;
}

void bus_fake_show(HlBus *bus, HlTime end)
{
    bus->shown_end = end;
}

void bus_fake_fail_for(HlBus *bus, HlCause cause, const char *reason, HlTime delay)
{
    bus->cause = cause;
    bus_fake_fail(bus, reason, delay);
    bus->cause = HL_CAUSE_NONE;
}

bool hl_bus_publish(HlBus *bus, const HlBusMessage *message, HlBusPublished done, gpointer user)
{
    Sending *sending;

    check_outgoing(bus, message);
    if (bus->state != HL_BUS_UP || bus->closing)
        return false;
    if (bus->refusing || (message->qos == 1 && bus->under_way.length >= HL_BUS_WINDOW + HL_BUS_QUEUE)) {
        bus->counts.refused++;
        return false;
    }
    bus->counts.sent++;
    g_queue_push_tail(&bus->published, new_copy(message));
    if (message->qos == 0) {
        if (done != NULL)
            done(true, user);
        return true;
    }
    sending = g_new(Sending, 1);
    *sending = (Sending){ g_strdup(message->topic), done, user };
    if (bus->acks == BUS_FAKE_ACKS_AT_ONCE)
        finish(bus, sending, true);
    else
        g_queue_push_tail(&bus->under_way, sending);
    return true;
}

HlBusCounts hl_bus_count(const HlBus *bus)
{
    HlBusCounts counts = bus->counts;

    counts.in_flight = MIN(bus->under_way.length, HL_BUS_WINDOW);
    counts.queued = bus->under_way.length - counts.in_flight;
    return counts;
}
