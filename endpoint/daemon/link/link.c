/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/link/link.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/log.h"
#include "lib/base/service.h"
#include "lib/base/unconst.h"
#include "proto/enrolment.h"

#define MAX_HOLD_OFF HL_HOUR         /* a longer one is not believed: the endpoint would be lost */
#define FIRST_SPREAD (2 * HL_SECOND) /* the first connect of machines that are switched on together */
#define SESSION_FACT "session"       /* in the store */
#define WINDOW_FACT  "connect-window"
#define UP_FACT      "first-up"
#define MAX_WINDOW   (10 * HL_MINUTE) /* a longer one is not believed */

struct EpLink {
    EpLinkOptions has;
    char **brokers; /* in the order of attempts */
    char *proxy;
    HlBus *bus; /* NULL while the link stays away */
    uint64_t session;
    GBytes *will_payload;
    char *will_topic;
    HlBusMessage will;
    guint hold_off_timer;
    HlTime hold_off;
    HlTime since, next_attempt;
    bool ever_up; /* by this run or an earlier one */
    char *last_error;
    bool is_refused; /* last_error is of a subscription: it lasts as long as the link */
    char *parting;   /* why the link is being closed by this side; NULL: it is not */
    uint64_t attempts;
    HlCause cause; /* of the last of them */
    HlTime window; /* of the first attempt after a lost link, and of that after a start */
};

HlBusState ep_link_state(const EpLink *link)
{
    return link->bus != NULL ? hl_bus_state(link->bus) : HL_BUS_DOWN;
}

bool ep_link_met_nobody(const EpLink *link)
{
    return link->bus != NULL && hl_cause_is_absence(hl_bus_cause(link->bus));
}

const char *ep_link_broker(const EpLink *link)
{
    return link->bus != NULL ? hl_bus_broker(link->bus) : NULL;
}

uint64_t ep_link_session(const EpLink *link)
{
    return link->session;
}

bool ep_link_publish(EpLink *link, HlTopic topic, GBytes *payload, HlBusPublished done, gpointer user)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, link->has.identity->id);
    HlBusMessage message = { .topic = name, .payload = payload, .qos = row->qos, .retained = row->retained };

    return link->bus != NULL && hl_bus_publish(link->bus, &message, done, user);
}

/* ------------------------------------------------------------------------------------------------------ the bus */

/* The session number is durable before it is used.  When it cannot be stored (disk full) the line comes up all the
 * same: the clock makes the next one higher. */
static const HlBusMessage *on_will(gpointer user)
{
    EpLink *link = user;
    const HlTopicRow *row = hl_topic_row(HL_TOPIC_LINK);
    g_autoptr(GError) error = NULL;

    link->session =
        ep_session_next(link->session, ep_server_time_now(link->has.time, hl_clock_wall(), hl_clock_mono()));
    if (!ep_store_set_int(link->has.db, SESSION_FACT, (int64_t)link->session, &error))
        ep_trouble_store_failed(link->has.trouble, "the session number", error);
    ep_pulse_changed(link->has.pulse);
    g_clear_pointer(&link->will_payload, g_bytes_unref);
    link->will_payload = link->has.handlers.will(link->has.user);
    link->will = (HlBusMessage){
        .topic = link->will_topic, .payload = link->will_payload, .qos = row->qos, .retained = row->retained
    };
    return &link->will;
}

/* Once for all runs: a daemon that starts without its server must not tell its user that there never was one. */
static void note_up(EpLink *link)
{
    g_autoptr(GError) error = NULL;

    if (!link->ever_up && !ep_store_set_int(link->has.db, UP_FACT, hl_clock_wall(), &error))
        ep_trouble_store_failed(link->has.trouble, "that the line was up", error);
    link->ever_up = true;
}

static void on_up(gpointer user)
{
    EpLink *link = user;

    note_up(link);
    link->since = hl_clock_wall();
    link->next_attempt = 0;
    link->attempts = 0;
    link->is_refused = false;
    g_clear_pointer(&link->last_error, g_free);
    ep_pulse_changed(link->has.pulse);
    hl_info("line", "up at %s, session %" G_GUINT64_FORMAT, hl_bus_broker(link->bus), link->session);
    hl_service_status("The line is up, to %s", hl_bus_broker(link->bus));
    link->has.handlers.up(link->has.user);
}

static void on_down(const char *reason, gpointer user)
{
    EpLink *link = user;

    link->since = hl_clock_wall();
    if (link->bus != NULL) /* else it stays away */
        link->next_attempt = hl_clock_wall() + hl_bus_delay(link->bus);
    g_free(link->last_error);
    link->last_error = link->parting != NULL ? g_steal_pointer(&link->parting) : g_strdup(reason);
    hl_warn("line", "down: %s", reason);
    hl_service_status("The line is down: %s", reason);
    ep_pulse_changed(link->has.pulse);
    link->has.handlers.down(ep_link_broker(link), reason, link->has.user);
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    EpLink *link = user;

    link->attempts++;
    link->cause = hl_bus_cause(link->bus);
    link->next_attempt = hl_clock_wall() + delay;
    g_free(link->last_error);
    link->last_error = g_strdup_printf("%s: %s", broker, reason);
    ep_pulse_changed(link->has.pulse);
    hl_log_limited(HL_LOG_WARN, "line", broker, "cannot connect to %s: %s", broker, reason);
    link->has.handlers.failed(broker, reason, link->has.user);
}

/* The line is up, and what it would have brought does not come. */
static void on_refused(const char *problem, gpointer user)
{
    EpLink *link = user;

    g_free(link->last_error);
    link->last_error = g_strdup(problem);
    link->is_refused = true;
    hl_log_limited(HL_LOG_WARN, "line", "refused", "%s", problem);
    ep_pulse_changed(link->has.pulse);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    EpLink *link = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id) || link->has.handlers.messages[topic] == NULL ||
        (*id != '\0' && strcmp(id, link->has.identity->id) != 0))
        hl_log_limited(HL_LOG_WARN, "line", "topic", "a message on topic %.80s is not for this endpoint",
                       message->topic);
    else
        link->has.handlers.messages[topic](message->payload, message->retained, link->has.user);
}

/* As the table of topics says; a topic that nobody handles is a bug, found at the first start. */
static char **subscriptions(const EpLink *link)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (HlTopic topic = 0; topic < HL_N_TOPICS; topic++) {
        g_autofree char *filter = NULL;

        g_assert(hl_topic_row(topic)->to_endpoint == (link->has.handlers.messages[topic] != NULL));
        if (!hl_topic_row(topic)->to_endpoint)
            continue;
        filter = hl_topic_name(topic, link->has.identity->id);
        g_strv_builder_add(builder, filter);
    }
    return g_strv_builder_end(builder);
}

/* A window may be longer than a helper waits before it takes a version back. */
static HlTime first_delay(const EpLink *link)
{
    HlTime delay = MIN(FIRST_SPREAD, link->has.backoff_base);

    return link->has.is_awaited ? delay : MAX(delay, link->window);
}

static bool start_bus(EpLink *link, GError **error)
{
    const EpIdentity *identity = link->has.identity;
    g_auto(GStrv) filters = subscriptions(link);
    HlBusOptions options = { .client_id = identity->id,
                             .brokers = (const char *const *)link->brokers,
                             .ca_path = identity->ca_path,
                             .cert_path = identity->pem_path,
                             .key_path = identity->pem_path,
                             .proxy = link->proxy,
                             .subscriptions = (const char *const *)filters,
                             .subscription_qos = 1,
                             .backoff_base = link->has.backoff_base,
                             .backoff_cap = link->has.backoff_cap,
                             .proof = HL_BUS_PROVED_BY_WORD,
                             .keepalive = link->has.keepalive,
                             .first_delay = first_delay(link),
                             .handlers = { on_will, on_up, on_down, on_failed, on_message, on_refused },
                             .user = link };

    link->bus = hl_bus_new(&options, error);
    if (link->bus == NULL)
        return false;
    hl_bus_spread(link->bus, link->window);
    link->next_attempt = hl_bus_delay(link->bus) > 0 ? hl_clock_wall() + hl_bus_delay(link->bus) : 0;
    return true;
}

/* -------------------------------------------------------------------------------------------------- staying away */

static gboolean on_hold_off_over(gpointer user)
{
    EpLink *link = user;
    g_autoptr(GError) error = NULL;

    link->hold_off_timer = 0;
    if (start_bus(link, &error))
        return G_SOURCE_REMOVE;
    /* the files of the identity are damaged; somebody may repair them */
    hl_log_limited(HL_LOG_ERROR, "line", "bus", "%s", error->message);
    link->next_attempt = hl_clock_wall() + MAX_HOLD_OFF;
    link->hold_off_timer = g_timeout_add((guint)MAX_HOLD_OFF, on_hold_off_over, link);
    return G_SOURCE_REMOVE;
}

static gboolean on_hold_off(gpointer user)
{
    EpLink *link = user;

    g_clear_pointer(&link->bus, hl_bus_free);
    on_down("asked to stay away: another machine uses this identity", link);
    link->next_attempt = hl_clock_wall() + link->hold_off;
    link->hold_off_timer = g_timeout_add((guint)link->hold_off, on_hold_off_over, link);
    return G_SOURCE_REMOVE;
}

/* The bus goes after its own callback, which brought the order. */
void ep_link_hold_off(EpLink *link, HlTime duration)
{
    if (link->hold_off_timer != 0)
        return;
    link->hold_off = MIN(duration, MAX_HOLD_OFF);
    hl_warn("line",
            "another machine uses this identity too: staying away for %" G_GINT64_FORMAT
            " s, as the server asks; if this PC is the copy, give it a machine id of its own (" HL_ENROL_OWN_MACHINE_ID
            "), then 'holdline-endpoint enrol BUNDLE --replace' makes it an endpoint of its own",
            link->hold_off / HL_SECOND);
    link->hold_off_timer = g_timeout_add(0, on_hold_off, link);
}

/* --------------------------------------------------------------------------------------------------------- life */

EpLink *ep_link_new(const EpLinkOptions *options, GError **error)
{
    EpLink *link = g_new0(EpLink, 1);

    link->has = *options;
    link->session = (uint64_t)ep_store_get_int(options->db, SESSION_FACT, 0);
    link->ever_up = ep_store_get_int(options->db, UP_FACT, 0) != 0;
    link->window = CLAMP(ep_store_get_int(options->db, WINDOW_FACT, 0), 0, MAX_WINDOW);
    link->will_topic = hl_topic_name(HL_TOPIC_LINK, options->identity->id);
    link->proxy = g_strdup(options->proxy);
    link->brokers = g_strdupv(hl_unconst(options->brokers));
    if (!start_bus(link, error)) {
        ep_link_free(link);
        return NULL;
    }
    link->has.is_awaited = false; /* of the first connect */
    return link;
}

void ep_link_free(EpLink *link)
{
    if (link == NULL)
        return;
    g_clear_handle_id(&link->hold_off_timer, g_source_remove);
    g_clear_pointer(&link->bus, hl_bus_free);
    g_clear_pointer(&link->will_payload, g_bytes_unref);
    g_free(link->will_topic);
    g_free(link->last_error);
    g_free(link->parting);
    g_free(link->proxy);
    g_strfreev(link->brokers);
    g_free(link);
}

void ep_link_set_brokers(EpLink *link, const char *const *brokers)
{
    g_strfreev(link->brokers);
    link->brokers = g_strdupv(hl_unconst(brokers));
    if (link->bus != NULL) /* else the next bus is made with them */
        hl_bus_set_brokers(link->bus, (const char *const *)link->brokers);
}

void ep_link_reconnect(EpLink *link, HlBusWill will)
{
    if (link->bus != NULL)
        hl_bus_reconnect(link->bus, will);
}

void ep_link_spread(EpLink *link, HlTime window)
{
    g_autoptr(GError) error = NULL;

    window = CLAMP(window, 0, MAX_WINDOW);
    if (window == link->window)
        return;
    link->window = window;
    if (link->bus != NULL)
        hl_bus_spread(link->bus, window);
    if (!ep_store_set_int(link->has.db, WINDOW_FACT, window, &error))
        ep_trouble_store_failed(link->has.trouble, "the window for connects", error);
}

HlTime ep_link_birth_window(const EpLink *link, HlTime births, HlTime reconnects)
{
    return ep_birth_window(births, reconnects, link->window);
}

void ep_link_prove(EpLink *link)
{
    if (link->bus == NULL)
        return;
    hl_bus_prove(link->bus);
    if (link->last_error == NULL || link->is_refused)
        return;
    g_clear_pointer(&link->last_error, g_free);
    ep_pulse_changed(link->has.pulse);
}

void ep_link_no_manager(EpLink *link)
{
    const char *broker = ep_link_broker(link);
    bool goes_on = link->brokers[0] != NULL && link->brokers[1] != NULL;

    if (ep_link_state(link) != HL_BUS_UP)
        return;
    g_free(link->last_error);
    link->last_error = g_strdup_printf(
        "%s: no manager here: the broker answers, and the server does not; is it running, and at this broker?", broker);
    hl_log_limited(HL_LOG_WARN, "line", broker, "%s%s", link->last_error,
                   goes_on ? "; going on to the next address" : "");
    ep_pulse_changed(link->has.pulse);
    if (!goes_on)
        return;
    g_free(link->parting);
    link->parting = g_strdup(link->last_error);
    ep_link_reconnect(link, HL_BUS_DROP_WILL);
}

bool ep_link_pass_fence(EpLink *link, const EpFenceOrder *order)
{
    switch (ep_session_fence(&link->session, order, hl_clock_wall())) {
    case EP_FENCE_NONE:
        return false;
    case EP_FENCE_ABSURD:
        hl_log_limited(HL_LOG_WARN, "line", "fence",
                       "the server names session %" G_GUINT64_FORMAT
                       ", more than a day ahead of its clock and of this one: ignored",
                       order->session);
        return false;
    case EP_FENCE_PASS:
        break;
    }
    hl_warn("line", "the server knows session %" G_GUINT64_FORMAT " of this endpoint: connecting again past it",
            order->session);
    ep_link_reconnect(link, HL_BUS_KEEP_WILL);
    return true;
}

EpLinkView ep_link_view(const EpLink *link)
{
    HlBusState state = ep_link_state(link);

    return (EpLinkView){ .state = state,
                         .broker = ep_link_broker(link),
                         .session = link->session,
                         .since = link->since,
                         .ever_up = link->ever_up,
                         .last_error = link->last_error,
                         .cause = link->attempts > 0 ? hl_cause_name(link->cause) : NULL,
                         .next_attempt = state == HL_BUS_UP ? 0 : link->next_attempt,
                         .attempts = link->attempts };
}
