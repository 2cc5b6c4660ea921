#include "endpoint/daemon/link/link.h"

#include <string.h>

#include "endpoint/core/link.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/poll.h"
#include "endpoint/daemon/work/commands.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/daemon/work/updates.h"
#include "endpoint/identity/machine.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "proto/components.h"
#include "proto/topics.h"
#include "proto/wire.h"

#define LONGEST_HOLD_OFF HL_HOUR
#define SPOOL_TICK       (10 * HL_SECOND)
#define FIRST_SPREAD     (2 * HL_SECOND)  /* the first connect of machines that are switched on together */
#define MAX_WINDOW       (10 * HL_MINUTE) /* a manager that asks for more spread than that is not believed */
#define REASON_LOST      "line-lost"
#define REASON_STOP      "clean-stop"

struct EpLink {
    EpDaemon *daemon;
    HlBus *bus;
    uint64_t session; /* of the current connect; the highest this identity used */
    uint64_t heartbeats;
    EpManager manager;
    char *address, *addresses; /* as registered: the one that is dialled; all, joined */
    int told_port;             /* the registered direct port */
    GBytes *will_payload;
    char *will_topic;
    HlBusMessage will;
    guint heartbeat_timer, birth_timer, spool_timer, hold_off_timer;
    HlTime hold_off;
    HlTime since, next_attempt;
    char *last_error;
    uint64_t attempts;
};

/* While the endpoint was asked to stay away there is no bus. */
static HlBusState state_of(const EpLink *link)
{
    return link->bus != NULL ? hl_bus_state(link->bus) : HL_BUS_DOWN;
}

static bool publish(EpLink *link, HlTopic topic, GBytes *payload, HlBusPublished done, gpointer user)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, link->daemon->identity->id);
    HlBusMessage message = { .topic = name, .payload = payload, .qos = row->qos, .retained = row->retained };

    return link->bus != NULL && hl_bus_publish(link->bus, &message, done, user);
}

/* --------------------------------------------------------------------------------------- link messages */

typedef struct {
    HlMsgAppliedSettings applied;
    HlMsgComponent **patterns;
    size_t n_patterns;
    HlMsgRegistration *registration;
} LinkParts;

static void link_parts_clear(LinkParts *parts)
{
    hl_components_free(parts->patterns, parts->n_patterns);
    hl_wire_free(parts->registration);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LinkParts, link_parts_clear)

static HlMsgLink base_link(const EpLink *link, bool online, const char *reason)
{
    HlMsgLink news = HOLDLINE__V1__LINK__INIT;

    news.session = link->session;
    news.online = online;
    news.reason = (char *)reason;
    news.boot_id = link->daemon->boot_id;
    news.clock_ms = hl_clock_wall();
    news.heartbeat_ms = (uint32_t)ep_settings_values(link->daemon->settings)->heartbeat;
    return news;
}

static void on_birth_published(bool acknowledged, gpointer user)
{
    EpDaemon *daemon = user;

    if (acknowledged)
        daemon->announce = false;
}

static char *joined_addresses(const HlMsgRegistration *registration)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < registration->n_addresses; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", registration->addresses[i]);
    return g_string_free(out, FALSE);
}

static void publish_birth(EpLink *link)
{
    EpDaemon *daemon = link->daemon;
    const EpSettingsOrigin *origin = ep_settings_origin(daemon->settings);
    HlMsgLink news = base_link(link, true, "");
    g_auto(LinkParts) parts = { 0 };
    g_autoptr(GBytes) payload = NULL;

    parts.registration =
        ep_machine_registration(daemon->fingerprint, hl_bus_broker(link->bus), ep_poll_port(daemon->poll));
    parts.patterns = hl_components_parse(ep_updates_patterns(daemon->updates), &parts.n_patterns);
    if (origin->applied) {
        parts.applied = ep_settings_wire(origin);
        news.applied = &parts.applied;
    }
    news.registration = parts.registration;
    news.patterns = parts.patterns;
    news.n_patterns = parts.n_patterns;
    news.announces = daemon->announce;
    link->told_port = ep_poll_port(daemon->poll);
    g_free(link->address);
    link->address = g_strdup(parts.registration->addresses[0]);
    g_free(link->addresses);
    link->addresses = joined_addresses(parts.registration);
    payload = HL_WIRE_ENCODE(&news);
    if (!publish(link, HL_TOPIC_LINK, payload, on_birth_published, daemon))
        hl_debug("line", "the birth waits: the link is not up");
}

/* ------------------------------------------------------------------------------------------ heartbeats */

static gboolean on_heartbeat(gpointer user);

static void schedule_heartbeat(EpLink *link, HlTime delay)
{
    if (link->heartbeat_timer != 0)
        g_source_remove(link->heartbeat_timer);
    link->heartbeat_timer = g_timeout_add((guint)delay, on_heartbeat, link);
}

static void publish_heartbeat(EpLink *link)
{
    EpDaemon *daemon = link->daemon;
    const EpSettingsOrigin *origin = ep_settings_origin(daemon->settings);
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
    size_t n;
    HlMsgComponent **patterns = hl_components_parse(ep_updates_patterns(daemon->updates), &n);
    g_autoptr(GBytes) payload = NULL;

    beat.session = link->session;
    beat.seq = ++link->heartbeats;
    if (origin->applied) {
        beat.settings_counter = origin->counter;
        beat.settings_digest.data = (guint8 *)g_bytes_get_data(origin->digest, &beat.settings_digest.len);
    }
    beat.patterns = patterns;
    beat.n_patterns = n;
    beat.address = link->address;
    beat.clock_ms = hl_clock_wall();
    beat.refused = daemon->refusals.total;
    payload = HL_WIRE_ENCODE(&beat);
    publish(link, HL_TOPIC_HEARTBEAT, payload, NULL, NULL);
    hl_components_free(patterns, n);
}

static gboolean on_heartbeat(gpointer user)
{
    EpLink *link = user;
    g_auto(GStrv) list = ep_machine_addresses(hl_bus_broker(link->bus));
    g_autofree char *addresses = g_strjoinv(",", list);

    link->heartbeat_timer = 0;
    if (strcmp(list[0], link->address) != 0) {
        /* it registers afresh; the connection belonged to the old address and may be dead without knowing */
        hl_info("line", "the address is %s now, it was %s: connecting anew", list[0], link->address);
        ep_link_reconnect(link, HL_BUS_KEEP_WILL);
        return G_SOURCE_REMOVE;
    }
    ep_poll_refresh(link->daemon->poll);
    /* the program that held the direct port gave it up; or another interface came, went or got another address */
    if (link->told_port != ep_poll_port(link->daemon->poll) || strcmp(addresses, link->addresses) != 0)
        publish_birth(link);
    publish_heartbeat(link);
    schedule_heartbeat(link, ep_settings_values(link->daemon->settings)->heartbeat);
    return G_SOURCE_REMOVE;
}

static gboolean on_birth_due(gpointer user)
{
    EpLink *link = user;

    link->birth_timer = 0;
    if (state_of(link) == HL_BUS_UP) {
        publish_birth(link);
        ep_spool_open(link->daemon->spool, link->session);
    }
    return G_SOURCE_REMOVE;
}

void ep_link_repeat_birth(EpLink *link, HlTime within)
{
    if (link->birth_timer == 0)
        link->birth_timer =
            g_timeout_add((guint)ep_spread(MIN(within, MAX_WINDOW), hl_random_u64()), on_birth_due, link);
}

/* --------------------------------------------------------------------------------------------- the bus */

/* The session number is durable before it is used.  When it cannot be stored (disk full) the line comes up all the
 * same: the clock makes the next one higher. */
static const HlBusMessage *on_will(gpointer user)
{
    EpLink *link = user;
    g_autoptr(GError) error = NULL;
    HlMsgLink news;

    link->session = ep_session_next(link->session, hl_clock_wall());
    if (!ep_store_set_int(link->daemon->db, "session", (int64_t)link->session, &error))
        ep_trouble_store_failed(link->daemon->trouble, "the session number", error);
    news = base_link(link, false, REASON_LOST);
    g_clear_pointer(&link->will_payload, g_bytes_unref);
    link->will_payload = HL_WIRE_ENCODE(&news);
    link->will = (HlBusMessage){ .topic = link->will_topic,
                                 .payload = link->will_payload,
                                 .qos = hl_topic_row(HL_TOPIC_LINK)->qos,
                                 .retained = hl_topic_row(HL_TOPIC_LINK)->retained };
    return &link->will;
}

static void on_up(gpointer user)
{
    EpLink *link = user;

    link->since = hl_clock_wall();
    link->next_attempt = 0;
    link->attempts = 0;
    link->heartbeats = 0;
    g_clear_pointer(&link->last_error, g_free);
    hl_info("line", "up at %s, session %" G_GUINT64_FORMAT, hl_bus_broker(link->bus), link->session);
    publish_birth(link);
    ep_spool_open(link->daemon->spool, link->session);
    schedule_heartbeat(link, ep_spread(ep_settings_values(link->daemon->settings)->heartbeat, hl_random_u64()));
}

static void on_down(const char *reason, gpointer user)
{
    EpLink *link = user;

    link->since = hl_clock_wall();
    g_free(link->last_error);
    link->last_error = g_strdup(reason);
    if (link->heartbeat_timer != 0)
        g_source_remove(link->heartbeat_timer);
    link->heartbeat_timer = 0;
    ep_spool_close(link->daemon->spool);
    hl_warn("line", "down: %s", reason);
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    EpLink *link = user;

    link->attempts++;
    link->next_attempt = hl_clock_wall() + delay;
    g_free(link->last_error);
    link->last_error = g_strdup_printf("%s: %s", broker, reason);
    hl_log_limited(HL_LOG_WARN, "line", broker, "cannot connect to %s: %s", broker, reason);
}

/* ------------------------------------------------------------------------------------- what comes down */

static bool start_bus(EpLink *link, GError **error);

static gboolean on_hold_off_over(gpointer user)
{
    EpLink *link = user;
    g_autoptr(GError) error = NULL;

    link->hold_off_timer = 0;
    g_clear_pointer(&link->bus, hl_bus_free);
    if (!start_bus(link, &error))
        hl_error("line", "%s", error->message);
    return G_SOURCE_REMOVE;
}

static gboolean on_hold_off(gpointer user)
{
    EpLink *link = user;
    HlTime hold = link->hold_off;

    g_clear_pointer(&link->bus, hl_bus_free);
    on_down("asked to stay away: another machine uses this identity", link);
    link->next_attempt = hl_clock_wall() + hold;
    link->hold_off_timer = g_timeout_add((guint)hold, on_hold_off_over, link);
    return G_SOURCE_REMOVE;
}

/* Another machine has the same identity, and the server settles who may speak.  The bus goes after its own callback. */
static void hold_off(EpLink *link, HlTime hold)
{
    if (link->hold_off_timer != 0)
        return;
    hl_warn("line",
            "another machine uses this identity too: staying away for %" G_GINT64_FORMAT " s, as the server asks",
            hold / HL_SECOND);
    link->hold_off = hold;
    link->hold_off_timer = g_idle_add(on_hold_off, link);
}

static void handle_ack(EpLink *link, const HlBusMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgAck) ack = hl_wire_decode_bytes(&holdline__v1__ack__descriptor, message->payload, &error);

    if (ack == NULL) {
        hl_log_limited(HL_LOG_WARN, "line", "ack", "an acknowledgement that is none: %s", error->message);
        return;
    }
    if (ep_session_fence(&link->session, ack->fence_session) == EP_FENCE_PASS) {
        hl_warn("line", "the server knows session %" G_GUINT64_FORMAT " of this endpoint: connecting anew past it",
                ack->fence_session);
        ep_link_reconnect(link, HL_BUS_KEEP_WILL);
        return;
    }
    ep_poll_set_poll(link->daemon->poll, ack->poll_ms);
    if (ack->hold_off_ms > 0 && strcmp(ack->hold_off_boot, link->daemon->boot_id) == 0) {
        hold_off(link, MIN(ack->hold_off_ms, LONGEST_HOLD_OFF));
        return;
    }
    if (*ack->spool == '\0')
        return;
    if (ep_spool_ack(link->daemon->spool, ack->spool, ack->seq, &error))
        ep_trouble_store_worked(link->daemon->trouble);
    else
        ep_trouble_store_failed(link->daemon->trouble, "an acknowledgement", error);
}

static void handle_probe(EpLink *link, const HlBusMessage *message)
{
    g_autoptr(HlMsgProbe) probe = hl_wire_decode_bytes(&holdline__v1__probe__descriptor, message->payload, NULL);
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;
    g_autoptr(GBytes) payload = NULL;

    if (probe == NULL)
        return;
    echo.nonce = probe->nonce;
    echo.session = link->session;
    payload = HL_WIRE_ENCODE(&echo);
    publish(link, HL_TOPIC_ECHO, payload, NULL, NULL);
}

static void handle_manager_state(EpLink *link, const HlBusMessage *message)
{
    g_autoptr(HlMsgManagerState) state =
        hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, message->payload, NULL);

    if (state != NULL && ep_manager_seen(&link->manager, state->online, state->epoch, message->retained))
        ep_link_repeat_birth(link, state->reconnect_window_ms);
}

static void handle_settings(EpLink *link, const HlBusMessage *message)
{
    if (g_bytes_get_size(message->payload) > 0) /* an empty one clears what the broker retained */
        ep_intake_offer(link->daemon->intake, message->payload, "channel");
}

static void handle_command(EpLink *link, const HlBusMessage *message)
{
    ep_commands_offer(link->daemon, message->payload);
}

static void (*const handlers[HL_N_TOPICS])(EpLink *link, const HlBusMessage *message) = {
    [HL_TOPIC_ACK] = handle_ack,
    [HL_TOPIC_PROBE] = handle_probe,
    [HL_TOPIC_SETTINGS] = handle_settings,
    [HL_TOPIC_COMMAND] = handle_command,
    [HL_TOPIC_MANAGER_STATE] = handle_manager_state,
};

static void on_message(const HlBusMessage *message, gpointer user)
{
    EpLink *link = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id) || handlers[topic] == NULL ||
        (*id != '\0' && strcmp(id, link->daemon->identity->id) != 0))
        hl_log_limited(HL_LOG_WARN, "line", "topic", "a message on topic %.80s is not for this endpoint",
                       message->topic);
    else
        handlers[topic](link, message);
}

/* ------------------------------------------------------------------------------------------------ life */

static gboolean on_spool_tick(gpointer user)
{
    EpLink *link = user;

    ep_spool_tick(link->daemon->spool);
    return G_SOURCE_CONTINUE;
}

static bool start_bus(EpLink *link, GError **error)
{
    EpDaemon *daemon = link->daemon;
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_COMMAND, HL_TOPIC_ACK, HL_TOPIC_PROBE,
                                      HL_TOPIC_MANAGER_STATE };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) filters = NULL;
    g_auto(GStrv) brokers = ep_link_brokers((const char *const *)ep_settings_values(daemon->settings)->brokers,
                                            (const char *const *)daemon->identity->brokers);
    HlBusOptions options = { .client_id = daemon->identity->id,
                             .brokers = (const char *const *)brokers,
                             .ca_path = daemon->identity->ca_path,
                             .cert_path = daemon->identity->pem_path,
                             .key_path = daemon->identity->pem_path,
                             .subscription_qos = 1,
                             .backoff_base = daemon->conf.backoff_base,
                             .backoff_cap = daemon->conf.backoff_cap,
                             .keepalive = daemon->conf.keepalive,
                             .first_delay = MIN(FIRST_SPREAD, daemon->conf.backoff_base),
                             .handlers = { on_will, on_up, on_down, on_failed, on_message },
                             .user = link };

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *filter = hl_topic_name(topics[i], daemon->identity->id);

        g_strv_builder_add(builder, filter);
    }
    filters = g_strv_builder_end(builder);
    options.subscriptions = (const char *const *)filters;
    link->bus = hl_bus_new(&options, error);
    return link->bus != NULL;
}

EpLink *ep_link_new(EpDaemon *daemon, GError **error)
{
    EpLink *link = g_new0(EpLink, 1);

    link->daemon = daemon;
    link->session = (uint64_t)ep_store_get_int(daemon->db, "session", 0);
    link->will_topic = hl_topic_name(HL_TOPIC_LINK, daemon->identity->id);
    if (!start_bus(link, error)) {
        ep_link_free(link);
        return NULL;
    }
    link->spool_timer = g_timeout_add((guint)SPOOL_TICK, on_spool_tick, link);
    return link;
}

void ep_link_free(EpLink *link)
{
    guint *const timers[] = { &link->heartbeat_timer, &link->birth_timer, &link->spool_timer, &link->hold_off_timer };

    for (gsize i = 0; i < G_N_ELEMENTS(timers); i++)
        if (*timers[i] != 0)
            g_source_remove(*timers[i]);
    g_clear_pointer(&link->bus, hl_bus_free);
    g_clear_pointer(&link->will_payload, g_bytes_unref);
    g_free(link->will_topic);
    g_free(link->address);
    g_free(link->addresses);
    g_free(link->last_error);
    g_free(link);
}

bool ep_link_send_report(GBytes *report, gpointer user)
{
    EpDaemon *daemon = user;

    return daemon->link != NULL && publish(daemon->link, HL_TOPIC_REPORT, report, NULL, NULL);
}

void ep_link_settings_changed(EpLink *link)
{
    g_auto(GStrv) brokers = ep_link_brokers((const char *const *)ep_settings_values(link->daemon->settings)->brokers,
                                            (const char *const *)link->daemon->identity->brokers);

    if (link->bus == NULL)
        return; /* it stays away: the next one is made with them */
    hl_bus_set_brokers(link->bus, (const char *const *)brokers);
    if (state_of(link) == HL_BUS_UP && link->told_port != ep_poll_port(link->daemon->poll))
        publish_birth(link); /* registers the new port */
    if (state_of(link) == HL_BUS_UP)
        schedule_heartbeat(link, ep_spread(ep_settings_values(link->daemon->settings)->heartbeat, hl_random_u64()));
}

void ep_link_reconnect(EpLink *link, HlBusWill will)
{
    ep_poll_refresh(link->daemon->poll); /* it may be a new certificate */
    if (link->bus != NULL)
        hl_bus_reconnect(link->bus, will);
}

typedef struct {
    GSourceFunc done;
    gpointer user;
} Goodbye;

static void on_goodbye(bool acknowledged G_GNUC_UNUSED, gpointer user)
{
    g_autofree Goodbye *goodbye = user;

    goodbye->done(goodbye->user);
}

void ep_link_say_goodbye(EpLink *link, GSourceFunc done, gpointer user)
{
    HlMsgLink news = base_link(link, false, REASON_STOP);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&news);
    Goodbye *goodbye = g_new(Goodbye, 1);

    *goodbye = (Goodbye){ done, user };
    if (publish(link, HL_TOPIC_LINK, payload, on_goodbye, goodbye))
        return;
    g_free(goodbye);
    done(user);
}

void ep_link_announce_leave(EpLink *link, EpLeave leave)
{
    static const char *const reasons[] = { [EP_LEAVE_UNINSTALLED] = "uninstalled", [EP_LEAVE_MOVED] = "moved" };
    HlMsgLink news = base_link(link, false, reasons[leave]);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&news);

    publish(link, HL_TOPIC_LINK, payload, NULL, NULL); /* the DISCONNECT of ep_link_free waits for it */
}

EpLinkView ep_link_view(const EpLink *link)
{
    return (EpLinkView){ .state = state_of(link),
                         .broker = link->bus != NULL ? hl_bus_broker(link->bus) : NULL,
                         .session = link->session,
                         .since = link->since,
                         .last_error = link->last_error,
                         .next_attempt = state_of(link) == HL_BUS_UP ? 0 : link->next_attempt,
                         .attempts = link->attempts };
}
