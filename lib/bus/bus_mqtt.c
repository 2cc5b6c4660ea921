/* SPDX-License-Identifier: Apache-2.0 */
/* The bus over MQTT: the state machine.  link.c or link_loop.c speaks MQTT; what it reports comes through two
 * mailboxes. */
#include <string.h>

#include "lib/base/backoff.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/bus/diagnosis.h"
#include "lib/bus/link.h"
#include "lib/bus/outbox.h"

#define CONNECT_TIMEOUT (15 * HL_SECOND)
/* Completions never outnumber what is under way: the window, one connect, one subscribe, one loss. */
#define EVENT_CAPACITY (2 * HL_BUS_WINDOW + 64)
/* One is under way at a time; those that were given up may have ended all the same. */
#define RESULT_CAPACITY 8
/* A second look costs a broker as much as an attempt.  Attempts come every few minutes after a while, but in quick
 * succession at first: a finding stands for those that fail in the same way.  Not for long, because paho's word can
 * stay the same while the cause is another: the broker has started, and now its certificate is not the right one. */
#define DIAGNOSIS_LIFETIME (10 * HL_SECOND)

/* What the last second look at a broker found. */
typedef struct {
    char *said; /* by paho */
    char *sentence;
    HlCause cause;
    HlTime at;
    HlTime shown_end; /* see hl_bus_shown_end */
} Finding;

struct HlBus {
    char *client_id, *ca_path, *cert_path, *key_path, *proxy;
    GStrv brokers, subscriptions;
    guint n_live;
    int subscription_qos;
    HlTime keepalive, connect_timeout;
    guint receive_maximum;
    GMainContext *context;
    HlBusHandlers handlers;
    gpointer user;
    HlBusEntrance entrance;

    HlBusState state;
    HlBackoff backoff;
    HlTime spread, delay; /* hl_bus_spread, hl_bus_delay */
    HlBusProof proof;
    bool proved;  /* the link that is up */
    HlTime up_at; /* mono */
    GSource *timer;
    guint next_broker;
    char *broker;
    bool held;                 /* no attempt begins */
    bool closing;              /* hl_bus_reconnect waits for the end of this link */
    HlLink *link, *retired[2]; /* old links stay while events of theirs may be in the mailboxes */
    HlMailbox *events, *messages;
    GHashTable *under_way; /* HlLinkSending * of the current link */
    HlOutbox waiting;      /* for the window */
    GQueue early;          /* HlLinkParcel *: arrived before the broker confirmed the subscriptions; wait for that */
    gsize early_bytes;
    guint window;
    HlBusCounts counts;
    HlDiagnosis *diagnosis; /* the attempt has failed, and is over when this has a result; there is no link then */
    guint64 diagnoses;
    char *said; /* by paho; what the diagnosis is about */
    HlMailbox *results;
    GHashTable *findings; /* broker -> Finding * */
    HlCause cause;        /* of the attempt that failed, until the next */
    HlTime shown_end;     /* the same */
};

static void start_attempt(HlBus *bus);
static void send_waiting(HlBus *bus);

static void retire_link(HlBus *bus)
{
    if (bus->link == NULL)
        return;
    hl_link_shut(bus->link);
    hl_link_free(bus->retired[1]);
    bus->retired[1] = bus->retired[0];
    bus->retired[0] = bus->link;
    bus->link = NULL;
}

static void stop_timer(HlBus *bus)
{
    if (bus->timer == NULL)
        return;
    g_source_destroy(bus->timer);
    g_clear_pointer(&bus->timer, g_source_unref);
}

static gboolean on_attempt_due(gpointer user)
{
    HlBus *bus = user;

    stop_timer(bus);
    start_attempt(bus);
    return G_SOURCE_REMOVE;
}

static void schedule_attempt(HlBus *bus, HlTime delay)
{
    stop_timer(bus);
    if (bus->held)
        return;
    bus->timer = g_timeout_source_new((guint)delay);
    g_source_set_callback(bus->timer, on_attempt_due, bus, NULL);
    g_source_attach(bus->timer, bus->context);
}

/* What was under way will not be answered any longer. */
static void break_sendings(HlBus *bus)
{
    g_autoptr(GList) sendings = g_hash_table_get_keys(bus->under_way);

    g_hash_table_steal_all(bus->under_way);
    for (GList *at = sendings; at != NULL; at = at->next) {
        ((HlLinkSending *)at->data)->next = NULL;
        hl_link_sendings_finish(at->data, false); /* its link is shut down: nobody else refers to it */
    }
    for (HlOutboxItem *item; (item = hl_outbox_take(&bus->waiting)) != NULL;) {
        if (item->done != NULL)
            item->done(false, item->user);
        hl_outbox_item_free(item);
    }
}

static void free_finding(gpointer item)
{
    Finding *finding = item;

    g_free(finding->said);
    g_free(finding->sentence);
    g_free(finding);
}

/* The link or the attempt is over; try again later. */
static void end_link(HlBus *bus, const char *reason, bool at_once)
{
    bool was_up = bus->state == HL_BUS_UP;
    g_autofree char *broker = g_strdup(bus->broker);
    HlTime delay;

    if (was_up)
        hl_backoff_ended(&bus->backoff, bus->proved, hl_clock_mono() - bus->up_at);
    delay = at_once ? 0 : hl_backoff_next(&bus->backoff, hl_random_u64());
    if (was_up && !at_once && bus->spread > 0)
        delay = MAX(delay, (HlTime)(hl_random_u64() % (uint64_t)bus->spread));
    bus->delay = delay;
    bus->state = HL_BUS_DOWN;
    bus->closing = false;
    g_queue_clear_full(&bus->early, hl_link_parcel_free);
    bus->early_bytes = 0;
    g_clear_pointer(&bus->diagnosis, hl_diagnosis_free);
    retire_link(bus);
    schedule_attempt(bus, delay);
    break_sendings(bus);
    if (was_up) {
        bus->counts.lost_links++;
        if (bus->handlers.down != NULL)
            bus->handlers.down(reason, bus->user);
    } else if (!at_once && bus->handlers.failed != NULL) {
        bus->handlers.failed(broker, reason, delay, bus->user);
    }
}

static void start_attempt(HlBus *bus)
{
    HlLinkSpec spec = { .client_id = bus->client_id,
                        .ca_path = bus->ca_path,
                        .cert_path = bus->cert_path,
                        .key_path = bus->key_path,
                        .proxy = bus->proxy,
                        .keepalive = bus->keepalive,
                        .connect_timeout = bus->connect_timeout,
                        .receive_maximum = bus->receive_maximum,
                        .context = bus->context };
    const char *problem;

    g_free(bus->broker);
    bus->broker = g_strdup(bus->brokers[bus->next_broker % g_strv_length(bus->brokers)]);
    bus->next_broker++;
    bus->cause = HL_CAUSE_NONE;
    bus->shown_end = 0;
    bus->link = hl_link_new(bus->events, bus->messages, &bus->entrance);
    bus->state = HL_BUS_CONNECTING;
    spec.broker = bus->broker;
    spec.will = bus->handlers.will != NULL ? bus->handlers.will(bus->user) : NULL;
    problem = hl_link_connect(bus->link, &spec);
    if (problem != NULL)
        end_link(bus, problem, false);
}

static void subscribe(HlBus *bus)
{
    const char *problem = hl_link_subscribe(bus->link, bus->subscriptions, bus->n_live, bus->subscription_qos);

    if (problem != NULL)
        end_link(bus, problem, false);
}

/* With those that were acknowledged with it: all are out of the link's hands before the first is told, who may end it.
 */
static void finish_sendings(HlBus *bus, HlLinkSending *first, bool acknowledged)
{
    for (HlLinkSending *sending = first; sending != NULL; sending = sending->next) {
        if (!g_hash_table_steal(bus->under_way, sending))
            return;
        bus->counts.acknowledged += acknowledged;
    }
    hl_link_sendings_finish(first, acknowledged);
    send_waiting(bus);
}

static void take_parcel(HlBus *bus, HlLinkParcel *parcel)
{
    if (parcel->link == bus->link && g_bytes_get_size(parcel->message.payload) <= HL_BUS_MAX_SIZE) {
        bus->counts.received++;
        bus->handlers.message(&parcel->message, bus->user);
    } else if (parcel->link == bus->link) {
        bus->counts.refused++;
    }
    hl_link_parcel_free(parcel);
}

static void come_up(HlBus *bus)
{
    HlLinkParcel *parcel;

    bus->state = HL_BUS_UP;
    g_hash_table_remove_all(bus->findings);
    bus->proved = bus->proof == HL_BUS_PROVED_BY_CONNECT;
    bus->up_at = hl_clock_mono();
    if (bus->handlers.up != NULL)
        bus->handlers.up(bus->user);
    bus->early_bytes = 0;
    while ((parcel = g_queue_pop_head(&bus->early)) != NULL)
        take_parcel(bus, parcel);
}

static const Finding *recall(const HlBus *bus, const char *said)
{
    const Finding *finding = g_hash_table_lookup(bus->findings, bus->broker);
    bool holds =
        finding != NULL && strcmp(finding->said, said) == 0 && hl_clock_mono() - finding->at < DIAGNOSIS_LIFETIME;

    return holds ? finding : NULL;
}

/* An attempt failed, and paho says no more than said. */
static void look_again(HlBus *bus, const char *said)
{
    HlDiagnosisSpec spec = { .broker = bus->broker,
                             .ca_path = bus->ca_path,
                             .cert_path = bus->cert_path,
                             .key_path = bus->key_path,
                             .proxy = bus->proxy,
                             .said = said };
    const Finding *known = recall(bus, said);

    if (known != NULL) {
        g_autofree char *sentence = g_strdup(known->sentence); /* what is told of it may forget it */

        bus->cause = known->cause;
        bus->shown_end = known->shown_end;
        end_link(bus, sentence, false);
        return;
    }
    bus->diagnosis = hl_diagnosis_start(&spec, bus->results, ++bus->diagnoses);
    if (bus->diagnosis == NULL) {
        end_link(bus, said, false);
        return;
    }
    g_free(bus->said);
    bus->said = g_strdup(said);
    retire_link(bus);
}

static void on_result(gpointer item, gpointer user)
{
    HlBus *bus = user;
    HlDiagnosisResult *result = item;

    if (bus->diagnosis != NULL && result->number == bus->diagnoses) { /* else it was given up */
        Finding *finding = g_new(Finding, 1);

        *finding = (Finding){ g_strdup(bus->said), g_strdup(result->sentence), result->cause, hl_clock_mono(),
                              result->shown != NULL ? hl_cert_info(result->shown)->not_after : 0 };
        bus->cause = finding->cause;
        bus->shown_end = finding->shown_end;
        g_hash_table_replace(bus->findings, g_strdup(bus->broker), finding);
        end_link(bus, result->sentence, false);
    }
    hl_diagnosis_result_free(result);
}

static void on_event(gpointer item, gpointer user)
{
    HlBus *bus = user;
    HlLinkEvent *event = item;

    if (event->link != bus->link) { /* of a link that no longer exists */
        hl_link_event_free(event);
        return;
    }
    switch (event->kind) {
    case HL_LINK_CONNECTED:
        /* one below the broker's window, so that it never fills: paho would not wake up for a PUBACK then */
        bus->window = MAX(1, MIN(HL_BUS_WINDOW, event->window - 1));
        if (bus->closing)
            end_link(bus, "closed to reconnect", true);
        else
            subscribe(bus);
        break;
    case HL_LINK_SUBSCRIBED:
        if (bus->closing) {
            end_link(bus, "closed to reconnect", true);
            break;
        }
        come_up(bus);
        if (event->text != NULL && bus->state == HL_BUS_UP && bus->handlers.refused != NULL)
            bus->handlers.refused(event->text, bus->user);
        break;
    case HL_LINK_FAILED:
        if (event->is_final || bus->closing)
            end_link(bus, event->text, bus->closing);
        else
            look_again(bus, event->text);
        break;
    case HL_LINK_LOST:
        end_link(bus, event->text, bus->closing);
        break;
    case HL_LINK_CLOSED:
        end_link(bus, "closed to reconnect", true);
        break;
    case HL_LINK_SENT:
    case HL_LINK_SEND_FAILED:
        finish_sendings(bus, event->sending, event->kind == HL_LINK_SENT);
        break;
    }
    hl_link_event_free(event);
}

/* What arrives between the subscription and its confirmation waits: its handler could not publish an answer yet. */
static void on_parcel(gpointer item, gpointer user)
{
    HlBus *bus = user;
    HlLinkParcel *parcel = item;
    gsize size = hl_link_parcel_size(parcel);

    if (parcel->link == bus->link && bus->state == HL_BUS_CONNECTING &&
        g_queue_get_length(&bus->early) < HL_BUS_INBOX && bus->early_bytes + size <= HL_BUS_INBOX_BYTES) {
        g_queue_push_tail(&bus->early, parcel);
        bus->early_bytes += size;
    } else {
        take_parcel(bus, parcel);
    }
}

HlBus *hl_bus_new(const HlBusOptions *options, GError **error)
{
    HlBus *bus;

    if (options->brokers == NULL || options->brokers[0] == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "no broker address given");
        return NULL;
    }
    bus = g_new0(HlBus, 1);
    bus->client_id = g_strdup(options->client_id);
    bus->ca_path = g_strdup(options->ca_path);
    bus->cert_path = g_strdup(options->cert_path);
    bus->key_path = g_strdup(options->key_path);
    bus->proxy = options->proxy != NULL && *options->proxy != '\0' ? g_strdup(options->proxy) : NULL;
    bus->brokers = g_strdupv(hl_unconst(options->brokers));
    bus->n_live = options->n_live;
    bus->subscriptions =
        options->subscriptions != NULL ? g_strdupv(hl_unconst(options->subscriptions)) : g_new0(char *, 1);
    bus->subscription_qos = options->subscription_qos;
    bus->keepalive = options->keepalive > 0 ? options->keepalive : HL_MINUTE;
    bus->connect_timeout = options->connect_timeout > 0 ? options->connect_timeout : CONNECT_TIMEOUT;
    bus->receive_maximum = options->receive_maximum > 0 ? options->receive_maximum : 65535;
    bus->context =
        options->context != NULL ? g_main_context_ref(options->context) : g_main_context_ref(g_main_context_default());
    bus->handlers = options->handlers;
    bus->user = options->user;
    bus->entrance = options->entrance;
    bus->backoff = HL_BACKOFF_INIT(options->backoff_base > 0 ? options->backoff_base : HL_SECOND,
                                   options->backoff_cap > 0 ? options->backoff_cap : 300 * HL_SECOND);
    bus->proof = options->proof;
    bus->under_way = g_hash_table_new(NULL, NULL);
    hl_outbox_init(&bus->waiting);
    g_queue_init(&bus->early);
    bus->events = hl_mailbox_new("bus-events", EVENT_CAPACITY, bus->context, on_event, bus, hl_link_event_free);
    bus->messages = hl_mailbox_new("bus-messages", HL_BUS_INBOX, bus->context, on_parcel, bus, hl_link_parcel_free);
    hl_mailbox_bound_bytes(bus->messages, HL_BUS_INBOX_BYTES, hl_link_parcel_size);
    hl_mailbox_prefer(bus->messages, hl_link_parcel_is_urgent);
    hl_mailbox_gather(bus->events); /* acknowledgements: the next publications are with the link already */
    hl_mailbox_gather(bus->messages);
    bus->results =
        hl_mailbox_new("bus-results", RESULT_CAPACITY, bus->context, on_result, bus, hl_diagnosis_result_free);
    bus->findings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_finding);
    bus->delay = options->first_delay > 0 ? (HlTime)(hl_random_u64() % (uint64_t)options->first_delay) : 0;
    schedule_attempt(bus, bus->delay);
    return bus;
}

/* DISCONNECT, and no callback comes after it. */
static void say_goodbye(HlBus *bus)
{
    stop_timer(bus);
    bus->handlers = (HlBusHandlers){ 0 };
    g_queue_clear_full(&bus->early, hl_link_parcel_free);
    if (bus->state == HL_BUS_UP && hl_link_close(bus->link, HL_LINK_DROP_WILL))
        hl_link_wait_closed(bus->link);
    bus->state = HL_BUS_DOWN; /* from here on, what a done() publishes is refused */
    hl_mailbox_close(bus->events);
    hl_mailbox_close(bus->messages);
}

void hl_bus_leave(HlBus *bus)
{
    if (bus != NULL && bus->state == HL_BUS_UP)
        say_goodbye(bus);
    else
        hl_bus_free(bus);
}

void hl_bus_free(HlBus *bus)
{
    if (bus == NULL)
        return;
    say_goodbye(bus);
    retire_link(bus);
    break_sendings(bus);
    hl_diagnosis_free(bus->diagnosis);
    hl_mailbox_free(bus->results);
    hl_mailbox_free(bus->events);
    hl_mailbox_free(bus->messages);
    hl_link_free(bus->retired[0]);
    hl_link_free(bus->retired[1]);
    g_hash_table_unref(bus->under_way);
    g_hash_table_unref(bus->findings);
    g_free(bus->said);
    g_strfreev(bus->brokers);
    g_strfreev(bus->subscriptions);
    g_main_context_unref(bus->context);
    g_free(bus->broker);
    g_free(bus->client_id);
    g_free(bus->ca_path);
    g_free(bus->cert_path);
    g_free(bus->key_path);
    g_free(bus->proxy);
    g_free(bus);
}

void hl_bus_hold(HlBus *bus)
{
    bus->held = true;
    stop_timer(bus);
}

void hl_bus_release(HlBus *bus)
{
    if (!bus->held)
        return;
    bus->held = false;
    if (bus->state == HL_BUS_DOWN)
        schedule_attempt(bus, 0);
}

void hl_bus_prove(HlBus *bus)
{
    bus->proved |= bus->state == HL_BUS_UP;
}

void hl_bus_reconnect(HlBus *bus, HlBusWill will)
{
    if (bus->closing)
        return;
    g_hash_table_remove_all(bus->findings); /* something has changed */
    if (bus->diagnosis != NULL) {
        end_link(bus, "closed to reconnect", true);
        return;
    }
    if (bus->state == HL_BUS_DOWN) {
        schedule_attempt(bus, 0);
        return;
    }
    /* an attempt under way ends by itself, within the link's timeout, and is then followed by another at once */
    bus->closing = true;
    if (bus->state == HL_BUS_UP &&
        !hl_link_close(bus->link, will == HL_BUS_KEEP_WILL ? HL_LINK_KEEP_WILL : HL_LINK_DROP_WILL))
        end_link(bus, "closed to reconnect", true);
}

void hl_bus_spread(HlBus *bus, HlTime window)
{
    bus->spread = window;
}

HlTime hl_bus_delay(const HlBus *bus)
{
    return bus->delay;
}

void hl_bus_set_brokers(HlBus *bus, const char *const *brokers)
{
    g_strfreev(bus->brokers);
    bus->brokers = g_strdupv(hl_unconst(brokers));
    bus->next_broker = 0;
    g_hash_table_remove_all(bus->findings); /* so that they do not become more and more */
}

HlBusState hl_bus_state(const HlBus *bus)
{
    return bus->state;
}

const char *hl_bus_broker(const HlBus *bus)
{
    return bus->broker != NULL ? bus->broker : bus->brokers[0];
}

HlCause hl_bus_cause(const HlBus *bus)
{
    return bus->cause;
}

HlTime hl_bus_shown_end(const HlBus *bus)
{
    return bus->shown_end;
}

static bool send_now(HlBus *bus, const HlBusMessage *message, HlBusPublished done, gpointer user)
{
    HlLinkSending *sending;

    if (!hl_link_send(bus->link, message, done, user, &sending))
        return false;
    bus->counts.sent++;
    if (sending != NULL)
        g_hash_table_add(bus->under_way, sending);
    else if (done != NULL)
        done(true, user);
    return true;
}

static void send_waiting(HlBus *bus)
{
    HlOutboxItem *item;

    while (bus->state == HL_BUS_UP &&
           (item = hl_outbox_next(&bus->waiting, g_hash_table_size(bus->under_way), bus->window)) != NULL) {
        if (!send_now(bus, &item->message, item->done, item->user) && item->done != NULL)
            item->done(false, item->user);
        hl_outbox_item_free(item);
    }
}

bool hl_bus_publish(HlBus *bus, const HlBusMessage *message, HlBusPublished done, gpointer user)
{
    if (bus->state != HL_BUS_UP || bus->closing)
        return false;
    if (g_bytes_get_size(message->payload) > HL_BUS_MAX_SIZE) { /* its maker should have checked */
        hl_log_limited(HL_LOG_ERROR, "line", "size", "a message of %" G_GSIZE_FORMAT " bytes to %s is not sent",
                       g_bytes_get_size(message->payload), message->topic);
        bus->counts.refused++;
        return false;
    }
    if (message->qos == 0 ||
        hl_outbox_lets_pass(&bus->waiting, message->urgent, g_hash_table_size(bus->under_way), bus->window))
        return send_now(bus, message, done, user);
    if (hl_outbox_length(&bus->waiting) >= HL_BUS_QUEUE) {
        bus->counts.refused++;
        return false;
    }
    hl_outbox_put(&bus->waiting, message, done, user);
    return true;
}

HlBusCounts hl_bus_count(const HlBus *bus)
{
    HlBusCounts counts = bus->counts;

    counts.refused += hl_mailbox_count(bus->messages).refused;
    counts.in_flight = g_hash_table_size(bus->under_way);
    counts.queued = hl_outbox_length(&bus->waiting);
    return counts;
}
