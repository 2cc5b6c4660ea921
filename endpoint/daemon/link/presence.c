/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/link/presence.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/identity/machine.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/components.h"
#include "proto/envelope.h"
#include "proto/wire.h"

#define SPOOL_TICK    10               /* s: a third of EP_WINDOW_STALL: a stall is seen soon after it is one */
#define MAX_WINDOW    (10 * HL_MINUTE) /* a longer spread is not believed */
#define NOTICE_FACT   "notices"        /* in the store: the manager signs what it says of the line */
#define SHOWN_SUBJECT "shown"          /* of the report that shows the certificate */
#define REASON_LOST   "line-lost"
#define REASON_STOP   "clean-stop"

struct EpPresence {
    EpPresenceOptions has;
    EpLink *link;
    EpManager manager;
    bool announce; /* the next birth tells of a start or a reload */
    uint64_t heartbeats;
    char *address, *addresses; /* as registered: the one that is dialled; all, joined */
    int told_port;             /* the registered direct port */
    guint heartbeat_timer, birth_timer, spool_timer;
    guint patience_timer; /* until the manager answers */
    guint fruitless;      /* links on which it did not, since it last did */
    bool known_here;      /* this broker has told of the manager */
};

static const HlSettings *values(const EpPresence *presence)
{
    return ep_settings_values(presence->has.settings);
}

/* ------------------------------------------------------------------------------------------------ link messages */

static HlMsgLink base_link(const EpPresence *presence, bool online, const char *reason)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.session = ep_link_session(presence->link);
    link.online = online;
    link.reason = hl_unconst(reason);
    link.boot_id = hl_unconst(presence->has.boot_id);
    link.clock_ms = hl_clock_wall();
    link.heartbeat_ms = (uint32_t)values(presence)->heartbeat;
    return link;
}

static GBytes *on_will(gpointer user)
{
    HlMsgLink link = base_link(user, false, REASON_LOST);

    return HL_WIRE_ENCODE(&link);
}

static void on_birth_published(bool acknowledged, gpointer user)
{
    EpPresence *presence = user;

    if (!acknowledged)
        return;
    presence->announce = false;
    if (presence->has.born != NULL)
        presence->has.born(presence->has.user);
}

/* What the manager now knows of where this machine is: a heartbeat that finds it changed repeats the birth. */
static void note_registration(EpPresence *presence, const HlMsgRegistration *registration)
{
    g_auto(GStrv) copy = g_new0(char *, registration->n_addresses + 1);

    for (size_t i = 0; i < registration->n_addresses; i++)
        copy[i] = g_strdup(registration->addresses[i]);
    g_free(presence->address);
    g_free(presence->addresses);
    presence->address = g_strdup(copy[0]);
    presence->addresses = g_strjoinv(",", copy);
    presence->told_port = ep_poll_port(presence->has.poll);
}

static void publish_birth(EpPresence *presence)
{
    const EpSettingsOrigin *origin = ep_settings_origin(presence->has.settings);
    HlMsgLink link = base_link(presence, true, "");
    g_autoptr(HlMsgRegistration) registration = ep_machine_registration(
        presence->has.fingerprint, ep_link_broker(presence->link), ep_poll_port(presence->has.poll));
    EpSpoolPosition spool = ep_spool_position(presence->has.spool);
    HlMsgAppliedSettings applied;
    HlMsgAppliedServer place;
    g_autoptr(GBytes) payload = NULL;

    link.spool = hl_unconst(spool.identity);
    link.spool_first = spool.first;
    link.spool_last = spool.last;
    if (origin->applied) {
        applied = ep_settings_wire(origin);
        link.applied = &applied;
    }
    if (ep_server_wire(presence->has.server, &place))
        link.server = &place;
    link.registration = registration;
    link.serial = hl_unconst(hl_cert_info(presence->has.identity->cert)->serial);
    link.patterns = hl_components_parse(ep_updates_patterns(presence->has.updates), &link.n_patterns);
    link.announces = presence->announce;
    link.batches = true;
    note_registration(presence, registration);
    payload = HL_WIRE_ENCODE(&link);
    hl_components_free(link.patterns, link.n_patterns);
    if (!ep_link_publish(presence->link, HL_TOPIC_LINK, payload, on_birth_published, presence))
        hl_debug("line", "the birth waits: the link is not up");
}

static void publish_absence(EpPresence *presence, const char *reason)
{
    HlMsgLink link = base_link(presence, false, reason);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&link);

    ep_link_publish(presence->link, HL_TOPIC_LINK, payload, NULL, NULL);
}

/* --------------------------------------------------------------------------------------------------- heartbeats */

static void publish_heartbeat(EpPresence *presence)
{
    const EpSettingsOrigin *origin = ep_settings_origin(presence->has.settings);
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
    g_autoptr(GBytes) payload = NULL;

    beat.session = ep_link_session(presence->link);
    beat.seq = ++presence->heartbeats;
    if (origin->applied) {
        beat.settings_counter = origin->counter;
        beat.settings_digest.data = hl_unconst(g_bytes_get_data(origin->digest, &beat.settings_digest.len));
    }
    beat.patterns = hl_components_parse(ep_updates_patterns(presence->has.updates), &beat.n_patterns);
    beat.address = presence->address;
    beat.clock_ms = hl_clock_wall();
    beat.refused = presence->has.refused->total;
    payload = HL_WIRE_ENCODE(&beat);
    hl_components_free(beat.patterns, beat.n_patterns);
    ep_link_publish(presence->link, HL_TOPIC_HEARTBEAT, payload, NULL, NULL);
}

static gboolean on_heartbeat(gpointer user);

static void schedule_heartbeat(EpPresence *presence, HlTime delay)
{
    g_clear_handle_id(&presence->heartbeat_timer, g_source_remove);
    presence->heartbeat_timer = g_timeout_add((guint)delay, on_heartbeat, presence);
}

static gboolean on_heartbeat(gpointer user)
{
    EpPresence *presence = user;
    g_auto(GStrv) list = ep_machine_addresses(ep_link_broker(presence->link));
    g_autofree char *addresses = g_strjoinv(",", list);

    presence->heartbeat_timer = 0;
    ep_poll_refresh(presence->has.poll);
    if (strcmp(list[0], presence->address) != 0) {
        /* the connection belonged to the old address and may be dead unnoticed; the birth registers the new one */
        hl_info("line", "the address is now %s, it was %s: connecting again", list[0], presence->address);
        ep_link_reconnect(presence->link, HL_BUS_KEEP_WILL);
        return G_SOURCE_REMOVE;
    }
    /* another program released the direct port; or an interface came, went or changed its address */
    if (presence->told_port != ep_poll_port(presence->has.poll) || strcmp(addresses, presence->addresses) != 0)
        publish_birth(presence);
    publish_heartbeat(presence);
    schedule_heartbeat(presence, values(presence)->heartbeat);
    return G_SOURCE_REMOVE;
}

/* The first one after a change comes at random inside the interval: a group's endpoints change together. */
static void spread_heartbeats(EpPresence *presence)
{
    schedule_heartbeat(presence, ep_spread(values(presence)->heartbeat, hl_random_u64()));
}

/* ---------------------------------------------------------------------------------------- is a manager here at all */

static void await_manager(EpPresence *presence);

static gboolean on_unanswered(gpointer user)
{
    EpPresence *presence = user;

    presence->patience_timer = 0;
    presence->fruitless++;
    await_manager(presence); /* where there is no other address: it may get one */
    ep_link_no_manager(presence->link);
    return G_SOURCE_REMOVE;
}

static void await_manager(EpPresence *presence)
{
    g_clear_handle_id(&presence->patience_timer, g_source_remove);
    presence->patience_timer = g_timeout_add(
        (guint)ep_link_patience(presence->known_here, presence->fruitless, hl_random_u64()), on_unanswered, presence);
}

/* The manager's own word. */
static void note_answer(EpPresence *presence)
{
    g_clear_handle_id(&presence->patience_timer, g_source_remove);
    presence->fruitless = 0;
    ep_link_prove(presence->link);
    ep_program_line(presence->has.program, EP_DESK_LINE_UP);
}

/* The broker knows of a manager: it may be away, which is no reason to leave soon. */
static void note_known(EpPresence *presence)
{
    if (presence->known_here)
        return;
    presence->known_here = true;
    if (presence->patience_timer != 0)
        await_manager(presence);
}

/* ------------------------------------------------------------------------------------------------- up and down */

static void on_up(gpointer user)
{
    EpPresence *presence = user;

    presence->heartbeats = 0;
    presence->known_here = false;
    await_manager(presence);
    ep_server_line_up(presence->has.server, ep_link_broker(presence->link));
    /* before the reports: it says what the spool holds, and its answer says what of that is committed */
    publish_birth(presence);
    ep_spool_open(presence->has.spool, ep_link_session(presence->link));
    spread_heartbeats(presence);
}

static void on_down(const char *broker, const char *reason, gpointer user)
{
    EpPresence *presence = user;

    g_clear_handle_id(&presence->patience_timer, g_source_remove);
    g_clear_handle_id(&presence->heartbeat_timer, g_source_remove);
    ep_spool_close(presence->has.spool);
    ep_program_line(presence->has.program, EP_DESK_LINE_DOWN);
    ep_server_line_failed(presence->has.server, broker, reason);
}

static void on_failed(const char *broker, const char *reason, gpointer user)
{
    const EpPresence *presence = user;

    ep_program_line(presence->has.program, ep_link_met_nobody(presence->link) ? EP_DESK_LINE_AWAY : EP_DESK_LINE_DOWN);
    ep_server_line_failed(presence->has.server, broker, reason);
}

static gboolean on_birth_due(gpointer user)
{
    EpPresence *presence = user;

    presence->birth_timer = 0;
    if (ep_link_state(presence->link) == HL_BUS_UP) {
        publish_birth(presence);
        ep_spool_open(presence->has.spool, ep_link_session(presence->link));
    }
    return G_SOURCE_REMOVE;
}

void ep_presence_repeat_birth(EpPresence *presence, HlTime within)
{
    HlTime delay = ep_spread(MIN(within, MAX_WINDOW), hl_random_u64());

    if (presence->birth_timer == 0)
        presence->birth_timer = g_timeout_add((guint)delay, on_birth_due, presence);
}

/* ------------------------------------------------------------------------------------------------ what comes down */

static void take_committed(EpPresence *presence, const char *spool, uint64_t seq, uint64_t mark)
{
    g_autoptr(GError) error = NULL;

    if (*spool == '\0')
        return;
    if (ep_spool_ack(presence->has.spool, spool, seq, mark, &error))
        ep_trouble_store_worked(presence->has.trouble);
    else
        ep_trouble_store_failed(presence->has.trouble, "an acknowledgement", error);
}

/* From here on an unsigned word is not the manager's. */
static void note_that_it_signs(EpPresence *presence)
{
    g_autoptr(GError) error = NULL;

    if (presence->has.time->promised)
        return;
    presence->has.time->promised = true;
    if (!ep_store_set_int(presence->has.db, NOTICE_FACT, 1, &error))
        ep_trouble_store_failed(presence->has.trouble, "that the server signs its notices", error);
}

/* The server's registry is of before this certificate was issued. */
static void show_certificate(EpPresence *presence)
{
    g_autofree char *pem = hl_cert_print(presence->has.identity->cert);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateShown body = HOLDLINE__V1__CERTIFICATE_SHOWN__INIT;
    g_autoptr(GError) error = NULL;

    if (ep_spool_has(presence->has.spool, SHOWN_SUBJECT))
        return;
    body.certificate.data = (guint8 *)pem;
    body.certificate.len = strlen(pem);
    report.body_case = HOLDLINE__V1__REPORT__BODY_SHOWN;
    report.shown = &body;
    if (ep_spool_add(presence->has.spool, &report, EP_SPOOL_MERGE, SHOWN_SUBJECT, &error))
        ep_spool_pump(presence->has.spool);
    else
        ep_trouble_store_failed(presence->has.trouble, "the certificate for the server", error);
}

static void follow_notice(EpPresence *presence, const HlMsgLineNotice *notice)
{
    EpFenceOrder fence = { notice->session, notice->fence_session, notice->issued_ms };

    /* the time first: a fence leads to a new session number, which is derived from it */
    ep_server_time_told(presence->has.time, notice->issued_ms, hl_clock_mono());
    ep_link_spread(presence->link, notice->connect_window_ms);
    if (ep_link_pass_fence(presence->link, &fence))
        return; /* the birth of the next session is answered with the rest */
    ep_poll_set_interval(presence->has.poll, notice->poll_ms);
    /* a machine that is sent away forgets no report: what is committed may be the other machine's */
    if (notice->hold_off_ms > 0 && strcmp(notice->hold_off_boot, presence->has.boot_id) == 0)
        ep_link_hold_off(presence->link, notice->hold_off_ms);
    else
        take_committed(presence, notice->spool, notice->seq, notice->mark);
    if (notice->show_certificate)
        show_certificate(presence);
}

/* What was said to another session is a late answer or a replay, and says nothing. */
static void handle_notice(EpPresence *presence, const HlMsgEnvelope *envelope)
{
    const EpIdentity *identity = presence->has.identity;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgLineNotice) notice =
        ep_keys_open(presence->has.keys, envelope, HL_ENVELOPE_LINE, &holdline__v1__line_notice__descriptor, &error);

    if (notice == NULL) {
        hl_log_limited(HL_LOG_WARN, "line", "notice", "a notice was refused: %s", error->message);
        return;
    }
    if (strcmp(notice->endpoint, identity->id) != 0 || notice->session != ep_link_session(presence->link)) {
        hl_debug("line", "a notice for session %" G_GUINT64_FORMAT " of '%s' is not for this one", notice->session,
                 notice->endpoint);
        return;
    }
    note_that_it_signs(presence);
    note_answer(presence);
    follow_notice(presence, notice);
    ep_server_answered(presence->has.server, ep_link_broker(presence->link));
}

/* A manager of 0.1.0 signs nothing; what it says can delay reports and questions, and nothing else. */
static void handle_unsigned(EpPresence *presence, const HlMsgAck *ack)
{
    if (presence->has.time->promised) {
        hl_log_limited(HL_LOG_WARN, "line", "unsigned", "an acknowledgement without a signature: ignored");
        return;
    }
    note_answer(presence);
    ep_poll_set_interval(presence->has.poll, ack->poll_ms);
    take_committed(presence, ack->spool, ack->seq, 0);
}

static void handle_ack(GBytes *payload, bool retained G_GNUC_UNUSED, gpointer user)
{
    EpPresence *presence = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgAck) ack = hl_wire_decode_bytes(&holdline__v1__ack__descriptor, payload, &error);

    if (ack == NULL)
        hl_log_limited(HL_LOG_WARN, "line", "ack", "malformed acknowledgement: %s", error->message);
    else if (ack->notice != NULL)
        handle_notice(presence, ack->notice);
    else
        handle_unsigned(presence, ack);
}

static void handle_probe(GBytes *payload, bool retained G_GNUC_UNUSED, gpointer user)
{
    EpPresence *presence = user;
    g_autoptr(HlMsgProbe) probe = hl_wire_decode_bytes(&holdline__v1__probe__descriptor, payload, NULL);
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;
    g_autoptr(GBytes) answer = NULL;

    if (probe == NULL)
        return;
    echo.nonce = probe->nonce;
    echo.session = ep_link_session(presence->link);
    answer = HL_WIRE_ENCODE(&echo);
    ep_link_publish(presence->link, HL_TOPIC_ECHO, answer, NULL, NULL);
}

static void handle_manager_state(GBytes *payload, bool retained, gpointer user)
{
    EpPresence *presence = user;
    g_autoptr(HlMsgManagerState) state = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, payload, NULL);

    if (state != NULL && state->online)
        ep_server_spread(presence->has.server, state->reconnect_window_ms);
    if (state == NULL)
        return;
    note_known(presence);
    ep_program_manager(presence->has.program, state->online);
    if (ep_manager_seen(&presence->manager, state->online, state->epoch, retained))
        ep_presence_repeat_birth(
            presence, ep_link_birth_window(presence->link, state->birth_window_ms, state->reconnect_window_ms));
}

static void handle_settings(GBytes *payload, bool retained G_GNUC_UNUSED, gpointer user)
{
    const EpPresence *presence = user;

    if (g_bytes_get_size(payload) > 0) /* an empty one clears what the broker retained */
        presence->has.settings_came(payload, presence->has.user);
}

static void handle_server(GBytes *payload, bool retained G_GNUC_UNUSED, gpointer user)
{
    const EpPresence *presence = user;

    if (g_bytes_get_size(payload) > 0)
        presence->has.server_came(payload, presence->has.user);
}

static void handle_command(GBytes *payload, bool retained G_GNUC_UNUSED, gpointer user)
{
    const EpPresence *presence = user;

    presence->has.command_came(payload, presence->has.user);
}

/* --------------------------------------------------------------------------------------------------------- life */

static gboolean on_spool_tick(gpointer user)
{
    const EpPresence *presence = user;

    ep_spool_tick(presence->has.spool);
    return G_SOURCE_CONTINUE;
}

static char **brokers(const EpServer *server, const EpSettings *settings)
{
    return ep_server_brokers(server, (const char *const *)ep_settings_values(settings)->brokers);
}

EpPresence *ep_presence_new(const EpPresenceOptions *options, GError **error)
{
    EpPresence *presence = g_new0(EpPresence, 1);
    g_auto(GStrv) places = brokers(options->server, options->settings);
    EpLinkOptions link = { .identity = options->identity,
                           .db = options->db,
                           .trouble = options->trouble,
                           .pulse = options->pulse,
                           .time = options->time,
                           .brokers = (const char *const *)places,
                           .proxy = options->conf->line_proxy,
                           .backoff_base = options->conf->backoff_base,
                           .backoff_cap = options->conf->backoff_cap,
                           .keepalive = options->conf->keepalive,
                           .is_awaited = ep_program_is_awaiting_line(options->program),
                           .handlers = { on_will,
                                         on_up,
                                         on_down,
                                         on_failed,
                                         { [HL_TOPIC_ACK] = handle_ack,
                                           [HL_TOPIC_PROBE] = handle_probe,
                                           [HL_TOPIC_SETTINGS] = handle_settings,
                                           [HL_TOPIC_SERVER] = handle_server,
                                           [HL_TOPIC_COMMAND] = handle_command,
                                           [HL_TOPIC_MANAGER_STATE] = handle_manager_state } },
                           .user = presence };

    presence->has = *options;
    presence->has.conf = NULL;
    presence->announce = true;
    presence->has.time->promised = ep_store_get_int(options->db, NOTICE_FACT, 0) != 0;
    presence->link = ep_link_new(&link, error);
    if (presence->link == NULL) {
        ep_presence_free(presence);
        return NULL;
    }
    presence->spool_timer = g_timeout_add_seconds(SPOOL_TICK, on_spool_tick, presence);
    return presence;
}

void ep_presence_free(EpPresence *presence)
{
    if (presence == NULL)
        return;
    g_clear_handle_id(&presence->heartbeat_timer, g_source_remove);
    g_clear_handle_id(&presence->birth_timer, g_source_remove);
    g_clear_handle_id(&presence->spool_timer, g_source_remove);
    g_clear_handle_id(&presence->patience_timer, g_source_remove);
    ep_spool_close(presence->has.spool);
    g_clear_pointer(&presence->link, ep_link_free); /* its last callbacks need the rest */
    g_free(presence->address);
    g_free(presence->addresses);
    g_free(presence);
}

bool ep_presence_send_report(EpPresence *presence, GBytes *report)
{
    return ep_link_publish(presence->link, HL_TOPIC_REPORT, report, NULL, NULL);
}

static void use_places(EpPresence *presence)
{
    g_auto(GStrv) places = brokers(presence->has.server, presence->has.settings);

    ep_link_set_brokers(presence->link, (const char *const *)places);
}

void ep_presence_server_changed(EpPresence *presence, EpServerChange change)
{
    use_places(presence);
    if (change == EP_SERVER_RECONNECT) /* the birth from there is as good as the line that goes */
        ep_link_reconnect(presence->link, HL_BUS_DROP_WILL);
}

void ep_presence_settings_changed(EpPresence *presence)
{
    use_places(presence);
    if (ep_link_state(presence->link) != HL_BUS_UP)
        return;
    if (presence->told_port != ep_poll_port(presence->has.poll))
        publish_birth(presence); /* registers the new port */
    spread_heartbeats(presence);
}

void ep_presence_renewed(EpPresence *presence)
{
    ep_poll_refresh(presence->has.poll);
    ep_link_reconnect(presence->link, HL_BUS_DROP_WILL);
}

typedef struct {
    void (*done)(gpointer user);
    gpointer user;
} Goodbye;

static void on_goodbye(bool acknowledged G_GNUC_UNUSED, gpointer user)
{
    g_autofree Goodbye *goodbye = user;

    goodbye->done(goodbye->user);
}

void ep_presence_say_goodbye(EpPresence *presence, void (*done)(gpointer user), gpointer user)
{
    HlMsgLink link = base_link(presence, false, REASON_STOP);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(&link);
    Goodbye *goodbye = g_new(Goodbye, 1);

    *goodbye = (Goodbye){ done, user };
    if (ep_link_publish(presence->link, HL_TOPIC_LINK, payload, on_goodbye, goodbye))
        return;
    g_free(goodbye);
    done(user);
}

void ep_presence_announce_leave(EpPresence *presence, EpLeave leave)
{
    static const char *const reasons[] = { [EP_LEAVE_UNINSTALLED] = "uninstalled", [EP_LEAVE_MOVED] = "moved" };

    publish_absence(presence, reasons[leave]); /* the DISCONNECT of ep_link_free waits for it */
}

EpLinkView ep_presence_view(const EpPresence *presence)
{
    return ep_link_view(presence->link);
}
