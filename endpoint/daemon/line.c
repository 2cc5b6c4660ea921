#include "endpoint/daemon/line.h"

#include <string.h>

#include "endpoint/core/line.h"
#include "endpoint/daemon/commands.h"
#include "endpoint/daemon/poll.h"
#include "endpoint/daemon/settings.h"
#include "endpoint/daemon/store.h"
#include "endpoint/daemon/update.h"
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

struct EpLine {
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
static HlBusState state_of(const EpLine *line)
{
    return line->bus != NULL ? hl_bus_state(line->bus) : HL_BUS_DOWN;
}

static bool publish(EpLine *line, HlTopic topic, GBytes *payload, HlBusPublished done, gpointer user)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, line->daemon->identity->id);
    HlBusMessage message = { .topic = name, .payload = payload, .qos = row->qos, .retained = row->retained };

    return line->bus != NULL && hl_bus_publish(line->bus, &message, done, user);
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

static HlMsgLink base_link(const EpLine *line, bool online, const char *reason)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.session = line->session;
    link.online = online;
    link.reason = (char *)reason;
    link.boot_id = line->daemon->boot_id;
    link.clock_ms = hl_clock_wall();
    link.heartbeat_ms = (uint32_t)line->daemon->settings->values.heartbeat;
    return link;
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

static void publish_birth(EpLine *line)
{
    EpDaemon *daemon = line->daemon;
    const EpSettings *settings = daemon->settings;
    HlMsgLink link = base_link(line, true, "");
    g_auto(LinkParts) parts = { 0 };
    g_autoptr(GBytes) payload = NULL;

    parts.registration =
        ep_machine_registration(daemon->fingerprint, hl_bus_broker(line->bus), ep_poll_port(daemon->poll));
    parts.patterns = hl_components_parse(ep_updates_patterns(daemon->updates), &parts.n_patterns);
    if (settings->applied) {
        parts.applied = ep_settings_wire(settings);
        link.applied = &parts.applied;
    }
    link.registration = parts.registration;
    link.patterns = parts.patterns;
    link.n_patterns = parts.n_patterns;
    link.announces = daemon->announce;
    line->told_port = ep_poll_port(daemon->poll);
    g_free(line->address);
    line->address = g_strdup(parts.registration->addresses[0]);
    g_free(line->addresses);
    line->addresses = joined_addresses(parts.registration);
    payload = HL_WIRE_ENCODE(&link);
    if (!publish(line, HL_TOPIC_LINK, payload, on_birth_published, daemon))
        hl_debug("line", "the birth waits: the link is not up");
}

/* ------------------------------------------------------------------------------------------ heartbeats */

static gboolean on_heartbeat(gpointer user);

static void schedule_heartbeat(EpLine *line, HlTime delay)
{
    if (line->heartbeat_timer != 0)
        g_source_remove(line->heartbeat_timer);
    line->heartbeat_timer = g_timeout_add((guint)delay, on_heartbeat, line);
}

static void publish_heartbeat(EpLine *line)
{
    EpDaemon *daemon = line->daemon;
    const EpSettings *settings = daemon->settings;
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
    size_t n;
    HlMsgComponent **patterns = hl_components_parse(ep_updates_patterns(daemon->updates), &n);
    g_autoptr(GBytes) payload = NULL;

    beat.session = line->session;
    beat.seq = ++line->heartbeats;
    if (settings->applied) {
        beat.settings_counter = settings->counter;
        beat.settings_digest.data = (guint8 *)g_bytes_get_data(settings->digest, &beat.settings_digest.len);
    }
    beat.patterns = patterns;
    beat.n_patterns = n;
    beat.address = line->address;
    beat.clock_ms = hl_clock_wall();
    beat.refused = daemon->refusals.total;
    payload = HL_WIRE_ENCODE(&beat);
    publish(line, HL_TOPIC_HEARTBEAT, payload, NULL, NULL);
    hl_components_free(patterns, n);
}

static gboolean on_heartbeat(gpointer user)
{
    EpLine *line = user;
    g_auto(GStrv) list = ep_machine_addresses(hl_bus_broker(line->bus));
    g_autofree char *addresses = g_strjoinv(",", list);

    line->heartbeat_timer = 0;
    if (strcmp(list[0], line->address) != 0) {
        /* it registers afresh; the connection belonged to the old address and may be dead without knowing */
        hl_info("line", "the address is %s now, it was %s: connecting anew", list[0], line->address);
        ep_line_reconnect(line, HL_BUS_KEEP_WILL);
        return G_SOURCE_REMOVE;
    }
    ep_poll_refresh(line->daemon->poll);
    /* the program that held the direct port gave it up; or another interface came, went or got another address */
    if (line->told_port != ep_poll_port(line->daemon->poll) || strcmp(addresses, line->addresses) != 0)
        publish_birth(line);
    publish_heartbeat(line);
    schedule_heartbeat(line, line->daemon->settings->values.heartbeat);
    return G_SOURCE_REMOVE;
}

static gboolean on_birth_due(gpointer user)
{
    EpLine *line = user;

    line->birth_timer = 0;
    if (state_of(line) == HL_BUS_UP) {
        publish_birth(line);
        ep_spool_open(line->daemon->spool, line->session);
    }
    return G_SOURCE_REMOVE;
}

void ep_line_repeat_birth(EpLine *line, HlTime within)
{
    if (line->birth_timer == 0)
        line->birth_timer =
            g_timeout_add((guint)ep_spread(MIN(within, MAX_WINDOW), hl_random_u64()), on_birth_due, line);
}

/* --------------------------------------------------------------------------------------------- the bus */

/* The session number is durable before it is used.  When it cannot be stored (disk full) the line comes up all the
 * same: the clock makes the next one higher. */
static const HlBusMessage *on_will(gpointer user)
{
    EpLine *line = user;
    g_autoptr(GError) error = NULL;
    HlMsgLink link;

    line->session = ep_session_next(line->session, hl_clock_wall());
    if (!ep_store_set_int(line->daemon->db, "session", (int64_t)line->session, &error))
        ep_daemon_store_failed(line->daemon, "the session number", error);
    link = base_link(line, false, REASON_LOST);
    g_clear_pointer(&line->will_payload, g_bytes_unref);
    line->will_payload = HL_WIRE_ENCODE(&link);
    line->will = (HlBusMessage){ .topic = line->will_topic,
                                 .payload = line->will_payload,
                                 .qos = hl_topic_row(HL_TOPIC_LINK)->qos,
                                 .retained = hl_topic_row(HL_TOPIC_LINK)->retained };
    return &line->will;
}

static void on_up(gpointer user)
{
    EpLine *line = user;

    line->since = hl_clock_wall();
    line->next_attempt = 0;
    line->attempts = 0;
    line->heartbeats = 0;
    g_clear_pointer(&line->last_error, g_free);
    hl_info("line", "up at %s, session %" G_GUINT64_FORMAT, hl_bus_broker(line->bus), line->session);
    publish_birth(line);
    ep_spool_open(line->daemon->spool, line->session);
    schedule_heartbeat(line, ep_spread(line->daemon->settings->values.heartbeat, hl_random_u64()));
}

static void on_down(const char *reason, gpointer user)
{
    EpLine *line = user;

    line->since = hl_clock_wall();
    g_free(line->last_error);
    line->last_error = g_strdup(reason);
    if (line->heartbeat_timer != 0)
        g_source_remove(line->heartbeat_timer);
    line->heartbeat_timer = 0;
    ep_spool_close(line->daemon->spool);
    hl_warn("line", "down: %s", reason);
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    EpLine *line = user;

    line->attempts++;
    line->next_attempt = hl_clock_wall() + delay;
    g_free(line->last_error);
    line->last_error = g_strdup_printf("%s: %s", broker, reason);
    hl_log_limited(HL_LOG_WARN, "line", broker, "cannot connect to %s: %s", broker, reason);
}

/* ------------------------------------------------------------------------------------- what comes down */

static bool start_bus(EpLine *line, GError **error);

static gboolean on_hold_off_over(gpointer user)
{
    EpLine *line = user;
    g_autoptr(GError) error = NULL;

    line->hold_off_timer = 0;
    g_clear_pointer(&line->bus, hl_bus_free);
    if (!start_bus(line, &error))
        hl_error("line", "%s", error->message);
    return G_SOURCE_REMOVE;
}

static gboolean on_hold_off(gpointer user)
{
    EpLine *line = user;
    HlTime hold = line->hold_off;

    g_clear_pointer(&line->bus, hl_bus_free);
    on_down("asked to stay away: another machine uses this identity", line);
    line->next_attempt = hl_clock_wall() + hold;
    line->hold_off_timer = g_timeout_add((guint)hold, on_hold_off_over, line);
    return G_SOURCE_REMOVE;
}

/* Another machine has the same identity, and the server settles who may speak.  The bus goes after its own callback. */
static void hold_off(EpLine *line, HlTime hold)
{
    if (line->hold_off_timer != 0)
        return;
    hl_warn("line",
            "another machine uses this identity too: staying away for %" G_GINT64_FORMAT " s, as the server asks",
            hold / HL_SECOND);
    line->hold_off = hold;
    line->hold_off_timer = g_idle_add(on_hold_off, line);
}

static void handle_ack(EpLine *line, const HlBusMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgAck) ack = hl_wire_decode_bytes(&holdline__v1__ack__descriptor, message->payload, &error);

    if (ack == NULL) {
        hl_log_limited(HL_LOG_WARN, "line", "ack", "an acknowledgement that is none: %s", error->message);
        return;
    }
    if (ep_session_fence(&line->session, ack->fence_session) == EP_FENCE_PASS) {
        hl_warn("line", "the server knows session %" G_GUINT64_FORMAT " of this endpoint: connecting anew past it",
                ack->fence_session);
        ep_line_reconnect(line, HL_BUS_KEEP_WILL);
        return;
    }
    ep_poll_set_poll(line->daemon->poll, ack->poll_ms);
    if (ack->hold_off_ms > 0 && strcmp(ack->hold_off_boot, line->daemon->boot_id) == 0) {
        hold_off(line, MIN(ack->hold_off_ms, LONGEST_HOLD_OFF));
        return;
    }
    if (*ack->spool == '\0')
        return;
    if (ep_spool_ack(line->daemon->spool, ack->spool, ack->seq, &error))
        ep_daemon_store_worked(line->daemon);
    else
        ep_daemon_store_failed(line->daemon, "an acknowledgement", error);
}

static void handle_probe(EpLine *line, const HlBusMessage *message)
{
    g_autoptr(HlMsgProbe) probe = hl_wire_decode_bytes(&holdline__v1__probe__descriptor, message->payload, NULL);
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;
    g_autoptr(GBytes) payload = NULL;

    if (probe == NULL)
        return;
    echo.nonce = probe->nonce;
    echo.session = line->session;
    payload = HL_WIRE_ENCODE(&echo);
    publish(line, HL_TOPIC_ECHO, payload, NULL, NULL);
}

static void handle_manager_state(EpLine *line, const HlBusMessage *message)
{
    g_autoptr(HlMsgManagerState) state =
        hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, message->payload, NULL);

    if (state != NULL && ep_manager_seen(&line->manager, state->online, state->epoch, message->retained))
        ep_line_repeat_birth(line, state->reconnect_window_ms);
}

static void handle_settings(EpLine *line, const HlBusMessage *message)
{
    if (g_bytes_get_size(message->payload) > 0) /* an empty one clears what the broker retained */
        ep_settings_offer(line->daemon, message->payload, "channel");
}

static void handle_command(EpLine *line, const HlBusMessage *message)
{
    ep_commands_offer(line->daemon, message->payload);
}

static void (*const handlers[HL_N_TOPICS])(EpLine *line, const HlBusMessage *message) = {
    [HL_TOPIC_ACK] = handle_ack,
    [HL_TOPIC_PROBE] = handle_probe,
    [HL_TOPIC_SETTINGS] = handle_settings,
    [HL_TOPIC_COMMAND] = handle_command,
    [HL_TOPIC_MANAGER_STATE] = handle_manager_state,
};

static void on_message(const HlBusMessage *message, gpointer user)
{
    EpLine *line = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id) || handlers[topic] == NULL ||
        (*id != '\0' && strcmp(id, line->daemon->identity->id) != 0))
        hl_log_limited(HL_LOG_WARN, "line", "topic", "a message on topic %.80s is not for this endpoint",
                       message->topic);
    else
        handlers[topic](line, message);
}

/* ------------------------------------------------------------------------------------------------ life */

static gboolean on_spool_tick(gpointer user)
{
    EpLine *line = user;

    ep_spool_tick(line->daemon->spool);
    return G_SOURCE_CONTINUE;
}

static bool start_bus(EpLine *line, GError **error)
{
    EpDaemon *daemon = line->daemon;
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_COMMAND, HL_TOPIC_ACK, HL_TOPIC_PROBE,
                                      HL_TOPIC_MANAGER_STATE };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) filters = NULL;
    g_auto(GStrv) brokers = ep_line_brokers((const char *const *)daemon->settings->values.brokers,
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
                             .user = line };

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *filter = hl_topic_name(topics[i], daemon->identity->id);

        g_strv_builder_add(builder, filter);
    }
    filters = g_strv_builder_end(builder);
    options.subscriptions = (const char *const *)filters;
    line->bus = hl_bus_new(&options, error);
    return line->bus != NULL;
}

EpLine *ep_line_new(EpDaemon *daemon, GError **error)
{
    EpLine *line = g_new0(EpLine, 1);

    line->daemon = daemon;
    line->session = (uint64_t)ep_store_get_int(daemon->db, "session", 0);
    line->will_topic = hl_topic_name(HL_TOPIC_LINK, daemon->identity->id);
    if (!start_bus(line, error)) {
        ep_line_free(line);
        return NULL;
    }
    line->spool_timer = g_timeout_add((guint)SPOOL_TICK, on_spool_tick, line);
    return line;
}

void ep_line_free(EpLine *line)
{
    guint *const timers[] = { &line->heartbeat_timer, &line->birth_timer, &line->spool_timer, &line->hold_off_timer };

    for (gsize i = 0; i < G_N_ELEMENTS(timers); i++)
        if (*timers[i] != 0)
            g_source_remove(*timers[i]);
    g_clear_pointer(&line->bus, hl_bus_free);
    g_clear_pointer(&line->will_payload, g_bytes_unref);
    g_free(line->will_topic);
    g_free(line->address);
    g_free(line->addresses);
    g_free(line->last_error);
    g_free(line);
}

bool ep_line_send_report(GBytes *report, gpointer user)
{
    EpDaemon *daemon = user;

    return daemon->line != NULL && publish(daemon->line, HL_TOPIC_REPORT, report, NULL, NULL);
}

void ep_line_settings_changed(EpLine *line)
{
    g_auto(GStrv) brokers = ep_line_brokers((const char *const *)line->daemon->settings->values.brokers,
                                            (const char *const *)line->daemon->identity->brokers);

    if (line->bus == NULL)
        return; /* it stays away: the next one is made with them */
    hl_bus_set_brokers(line->bus, (const char *const *)brokers);
    if (state_of(line) == HL_BUS_UP && line->told_port != ep_poll_port(line->daemon->poll))
        publish_birth(line); /* registers the new port */
    if (state_of(line) == HL_BUS_UP)
        schedule_heartbeat(line, ep_spread(line->daemon->settings->values.heartbeat, hl_random_u64()));
}

void ep_line_reconnect(EpLine *line, HlBusWill will)
{
    ep_poll_refresh(line->daemon->poll); /* it may be a new certificate */
    if (line->bus != NULL)
        hl_bus_reconnect(line->bus, will);
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

void ep_line_say_goodbye(EpLine *line, GSourceFunc done, gpointer user)
{
    HlMsgLink link = base_link(line, false, REASON_STOP);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&link);
    Goodbye *goodbye = g_new(Goodbye, 1);

    *goodbye = (Goodbye){ done, user };
    if (publish(line, HL_TOPIC_LINK, payload, on_goodbye, goodbye))
        return;
    g_free(goodbye);
    done(user);
}

void ep_line_announce_leave(EpLine *line, EpLeave leave)
{
    static const char *const reasons[] = { [EP_LEAVE_UNINSTALLED] = "uninstalled", [EP_LEAVE_MOVED] = "moved" };
    HlMsgLink link = base_link(line, false, reasons[leave]);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&link);

    publish(line, HL_TOPIC_LINK, payload, NULL, NULL); /* the DISCONNECT of ep_line_free waits for it */
}

EpLineView ep_line_view(const EpLine *line)
{
    return (EpLineView){ .state = state_of(line),
                         .broker = line->bus != NULL ? hl_bus_broker(line->bus) : NULL,
                         .session = line->session,
                         .since = line->since,
                         .last_error = line->last_error,
                         .next_attempt = state_of(line) == HL_BUS_UP ? 0 : line->next_attempt,
                         .attempts = line->attempts };
}
