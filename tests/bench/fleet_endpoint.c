/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/fleet_endpoint.h"

#include <string.h>

#include "endpoint/core/command.h"
#include "endpoint/core/settings_gate.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "proto/command.h"
#include "proto/envelope.h"
#include "proto/settings.h"
#include "proto/topics.h"

/* Of endpoint 0, which liars say they are. */
#define FIRST_FINGERPRINT "0000000000000000000000000000000000000000000000000000000000000001"

#define RAW          "raw"     /* what a message of the bare fan-out begins with */
#define BACKOFF_BASE HL_SECOND /* the product's defaults: endpoint/core/conf.c */
#define BACKOFF_CAP  (300 * HL_SECOND)

typedef struct {
    uint64_t seq;
    FleetWhat means; /* what its commit is counted as; FLEET_N_TALLIES: nothing */
    GBytes *payload;
} Report;

static void report_free(gpointer item)
{
    Report *report = item;

    g_bytes_unref(report->payload);
    g_free(report);
}

void fleet_count(Fleet *fleet, FleetWhat what)
{
    FleetTally *tally = &fleet->tallies[what];

    tally->last = hl_clock_mono();
    if (tally->n++ == 0)
        tally->first = tally->last;
}

static void count(const FleetEndpoint *endpoint, FleetWhat what)
{
    if (endpoint->kind == FLEET_HONEST)
        fleet_count(endpoint->fleet, what);
}

static void publish(FleetEndpoint *endpoint, HlTopic topic, GBytes *payload)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, endpoint->id);

    fleet_line_publish(&endpoint->line, name, payload, row->qos, row->retained);
}

/* ------------------------------------------------------------------------------------------------------------ spool */

/* As the product: the session is that of the line over which it goes, and not of the one on which it was made. */
static void publish_report(FleetEndpoint *endpoint, const Report *kept)
{
    HlMsgReport envelope = HOLDLINE__V1__REPORT__INIT;
    g_autoptr(GByteArray) both = g_byte_array_new();
    g_autoptr(GBytes) head = NULL;
    g_autoptr(GBytes) payload = NULL;

    envelope.session = endpoint->session;
    envelope.first = endpoint->first;
    head = HL_WIRE_ENCODE(&envelope);
    g_byte_array_append(both, g_bytes_get_data(kept->payload, NULL), (guint)g_bytes_get_size(kept->payload));
    g_byte_array_append(both, g_bytes_get_data(head, NULL), (guint)g_bytes_get_size(head));
    payload = g_byte_array_free_to_bytes(g_steal_pointer(&both));
    publish(endpoint, HL_TOPIC_REPORT, payload);
}

/* What is not committed yet. */
static void publish_reports(FleetEndpoint *endpoint)
{
    for (GList *at = endpoint->reports.head; at != NULL; at = at->next)
        publish_report(endpoint, at->data);
}

static void add_report(FleetEndpoint *endpoint, HlMsgReport *report, FleetWhat means)
{
    Report *kept = g_new0(Report, 1);

    report->spool = endpoint->spool;
    report->seq = ++endpoint->seq;
    report->at_ms = hl_clock_wall();
    report->previous = endpoint->mark;
    report->mark = endpoint->mark = hl_random_u64() | 1;
    *kept = (Report){ report->seq, means, hl_wire_encode(&report->base) };
    g_queue_push_tail(&endpoint->reports, kept);
    publish_report(endpoint, kept);
}

static void take_committed(FleetEndpoint *endpoint, uint64_t seq)
{
    Report *oldest;

    while ((oldest = g_queue_peek_head(&endpoint->reports)) != NULL && oldest->seq <= seq) {
        if (oldest->means != FLEET_N_TALLIES)
            count(endpoint, oldest->means);
        endpoint->first = oldest->seq + 1;
        report_free(g_queue_pop_head(&endpoint->reports));
    }
}

/* ----------------------------------------------------------------------------------------------------- what goes up */

static HlMsgLink base_link(const FleetEndpoint *endpoint, bool online)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.session = endpoint->session;
    link.online = online;
    link.reason = (char *)(online ? "" : "line-lost");
    link.boot_id = endpoint->fingerprint; /* one start for each simulated machine */
    link.clock_ms = hl_clock_wall();
    link.heartbeat_ms = (uint32_t)endpoint->interval;
    return link;
}

static HlMsgAppliedSettings applied_now(const FleetEndpoint *endpoint)
{
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    applied.group = endpoint->group;
    applied.version = endpoint->version;
    applied.counter = endpoint->counter;
    applied.digest.data = hl_unconst(g_bytes_get_data(endpoint->digest, &applied.digest.len));
    applied.path = (char *)"channel";
    applied.at_ms = hl_clock_wall();
    return applied;
}

static void publish_birth(FleetEndpoint *endpoint)
{
    HlMsgLink link = base_link(endpoint, true);
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;
    HlMsgAppliedSettings applied = applied_now(endpoint);
    char *addresses[] = { (char *)"192.0.2.10" };
    g_autoptr(GBytes) payload = NULL;

    registration.host = endpoint->id;
    registration.addresses = addresses;
    registration.n_addresses = G_N_ELEMENTS(addresses);
    registration.os = (char *)"simulated";
    registration.program_version = (char *)"simulated";
    registration.fingerprint = endpoint->kind == FLEET_LIAR ? (char *)FIRST_FINGERPRINT : endpoint->fingerprint;
    link.registration = &registration;
    link.applied = &applied;
    link.spool = endpoint->spool;
    link.spool_first = endpoint->first;
    link.spool_last = endpoint->seq;
    link.serial = hl_unconst(hl_cert_info(endpoint->cert)->serial);
    link.batches = true;
    payload = HL_WIRE_ENCODE(&link);
    publish(endpoint, HL_TOPIC_LINK, payload);
}

void fleet_endpoint_beat(FleetEndpoint *endpoint)
{
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
    g_autoptr(GBytes) payload = NULL;

    beat.session = endpoint->session;
    beat.seq = ++endpoint->beats;
    beat.settings_counter = endpoint->counter;
    beat.settings_digest.data = hl_unconst(g_bytes_get_data(endpoint->digest, &beat.settings_digest.len));
    beat.address = (char *)"192.0.2.10";
    beat.clock_ms = hl_clock_wall();
    if (endpoint->kind == FLEET_LIAR) {
        beat.seq = endpoint->beats += 1000;
        beat.settings_counter += 7;
        beat.settings_digest.len--;
    }
    payload = HL_WIRE_ENCODE(&beat);
    publish(endpoint, HL_TOPIC_HEARTBEAT, payload);
    endpoint->fleet->heartbeats++;
}

static void report_command(FleetEndpoint *endpoint, HlCommandState state)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport body = HOLDLINE__V1__COMMAND_REPORT__INIT;

    body.command = endpoint->kind == FLEET_LIAR ? (char *)"c-nobody-gave-it" : endpoint->command;
    body.state = hl_command_state_to_wire(state);
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &body;
    add_report(endpoint, &report, state == HL_STATE_SUCCEEDED ? FLEET_RESULTS : FLEET_N_TALLIES);
}

/* -------------------------------------------------------------------------------------------------- what comes down */

/* The inner message; NULL: counted as refused. */
static gpointer open_envelope(FleetEndpoint *endpoint, const HlMsgEnvelope *envelope, const char *context,
                              const ProtobufCMessageDescriptor *type)
{
    Fleet *fleet = endpoint->fleet;
    gpointer inner = fleet->checked++ % FLEET_CHECKED == 0
                         ? hl_envelope_open(envelope, fleet->signing_key, context, type, NULL)
                         : hl_wire_decode(type, envelope->payload.data, envelope->payload.len, NULL);

    if (inner == NULL)
        count(endpoint, FLEET_REFUSED);
    return inner;
}

static void handle_ack(FleetEndpoint *endpoint, GBytes *payload, bool retained G_GNUC_UNUSED)
{
    g_autoptr(HlMsgAck) ack = hl_wire_decode_bytes(&holdline__v1__ack__descriptor, payload, NULL);
    g_autoptr(HlMsgLineNotice) notice = NULL;
    EpFenceOrder fence;

    if (ack == NULL || ack->notice == NULL)
        return;
    notice = open_envelope(endpoint, ack->notice, HL_ENVELOPE_LINE, &holdline__v1__line_notice__descriptor);
    if (notice == NULL || notice->session != endpoint->session)
        return;
    fence = (EpFenceOrder){ notice->session, notice->fence_session, notice->issued_ms };
    if (ep_session_fence(&endpoint->session, &fence, hl_clock_wall()) == EP_FENCE_PASS) {
        fleet_line_cut(&endpoint->line);
        count(endpoint, FLEET_DOWNS);
        fleet_endpoint_schedule(endpoint);
        return;
    }
    endpoint->window = notice->connect_window_ms;
    if (notice->hold_off_ms > 0 && g_strcmp0(notice->hold_off_boot, endpoint->fingerprint) == 0) {
        fleet_line_cut(&endpoint->line);
        endpoint->due = hl_clock_mono() + notice->hold_off_ms;
        return;
    }
    if (!endpoint->answered)
        count(endpoint, FLEET_ANSWERS);
    endpoint->answered = true;
    if (strcmp(notice->spool, endpoint->spool) == 0)
        take_committed(endpoint, notice->seq);
}

static void handle_command(FleetEndpoint *endpoint, GBytes *payload, bool retained G_GNUC_UNUSED)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, payload, NULL);
    g_autoptr(HlMsgCommand) command =
        envelope == NULL ? NULL
                         : open_envelope(endpoint, envelope, HL_ENVELOPE_COMMAND, &holdline__v1__command__descriptor);
    EpCommandOffer offer;
    EpCommandView view;

    if (command == NULL || command->kind == hl_command_kind_to_wire(HL_KIND_CANCEL))
        return;
    offer = (EpCommandOffer){ .endpoint = command->endpoint,
                              .id = command->id,
                              .kind_known = true,
                              .issued = command->issued_ms,
                              .expires = command->expires_ms };
    view = (EpCommandView){ .endpoint = endpoint->id,
                            .known = g_strcmp0(command->id, endpoint->command) == 0,
                            .now = hl_clock_wall() };
    switch ((int)ep_command_judge(&offer, &view)) {
    case EP_COMMAND_TAKE:
        count(endpoint, FLEET_COMMANDS);
        g_free(endpoint->command);
        endpoint->command = g_strdup(command->id);
        report_command(endpoint, HL_STATE_RECEIVED);
        report_command(endpoint, HL_STATE_STARTED);
        report_command(endpoint, HL_STATE_SUCCEEDED);
        break;
    case EP_COMMAND_REPEAT:
        count(endpoint, FLEET_AGAIN);
        publish_reports(
            endpoint); /* the product's answer is one report more: over the gap the manager asks for these */
        break;
    default:
        count(endpoint, FLEET_REFUSED);
    }
}

static void apply_settings(FleetEndpoint *endpoint, const HlMsgSettingsDocument *document)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgAppliedSettings applied;

    g_free(endpoint->group);
    g_bytes_unref(endpoint->digest);
    endpoint->group = g_strdup(document->group);
    endpoint->digest = g_bytes_new(document->digest.data, document->digest.len);
    endpoint->counter = document->counter;
    endpoint->version = document->version;
    count(endpoint, FLEET_SETTINGS);
    applied = applied_now(endpoint);
    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &applied;
    add_report(endpoint, &report, FLEET_APPLIED);
}

static void handle_settings(FleetEndpoint *endpoint, GBytes *payload, bool retained G_GNUC_UNUSED)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, payload, NULL);
    g_autoptr(HlMsgSettingsDocument) document =
        envelope == NULL
            ? NULL
            : open_envelope(endpoint, envelope, HL_ENVELOPE_SETTINGS, &holdline__v1__settings_document__descriptor);
    g_autoptr(GBytes) digest = NULL;
    EpSettingsOffer offer;
    EpSettingsView view;

    if (document == NULL)
        return;
    digest = g_bytes_new(document->digest.data, document->digest.len);
    offer = (EpSettingsOffer){ .endpoint = document->endpoint,
                               .counter = document->counter,
                               .session = document->session,
                               .digest = digest,
                               .computed = digest,
                               .path = document->path };
    view = (EpSettingsView){ .endpoint = endpoint->id,
                             .applied = true,
                             .counter = endpoint->counter,
                             .digest = endpoint->digest,
                             .path = "channel",
                             .session = endpoint->session,
                             .now = hl_clock_wall() };
    if (ep_settings_judge(&offer, &view) == EP_SETTINGS_TAKE)
        apply_settings(endpoint, document);
}

static void handle_probe(FleetEndpoint *endpoint, GBytes *payload, bool retained G_GNUC_UNUSED)
{
    g_autoptr(HlMsgProbe) probe = hl_wire_decode_bytes(&holdline__v1__probe__descriptor, payload, NULL);
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;
    g_autoptr(GBytes) answer = NULL;

    if (probe == NULL)
        return;
    echo.nonce = probe->nonce;
    echo.session = endpoint->session;
    answer = HL_WIRE_ENCODE(&echo);
    publish(endpoint, HL_TOPIC_ECHO, answer);
}

static void handle_manager_state(FleetEndpoint *endpoint, GBytes *payload, bool retained)
{
    g_autoptr(HlMsgManagerState) state = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, payload, NULL);
    HlTime window;

    if (state == NULL || !ep_manager_seen(&endpoint->manager, state->online, state->epoch, retained))
        return;
    if (endpoint->birth_due != 0)
        return;
    window = ep_birth_window(state->birth_window_ms, state->reconnect_window_ms, endpoint->window);
    endpoint->birth_due = hl_clock_mono() + 1 + ep_spread(window, hl_random_u64());
}

static const struct {
    const char *end;
    void (*handle)(FleetEndpoint *endpoint, GBytes *payload, bool retained);
} handlers[] = {
    { "/ack", handle_ack },
    { "/command", handle_command },
    { "/settings", handle_settings },
    { "/probe", handle_probe },
    { "/manager/state", handle_manager_state },
};

static void on_message(const char *topic, gsize length, GBytes *payload, bool retained, gpointer user)
{
    FleetEndpoint *endpoint = user;
    gsize size;
    const void *data = g_bytes_get_data(payload, &size);

    if (size >= strlen(RAW) && memcmp(data, RAW, strlen(RAW)) == 0) {
        count(endpoint, FLEET_RAW);
        return;
    }
    if (endpoint->fleet->bare)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++) {
        gsize end = strlen(handlers[i].end);

        if (length > end && memcmp(topic + length - end, handlers[i].end, end) == 0)
            handlers[i].handle(endpoint, payload, retained);
    }
}

/* ------------------------------------------------------------------------------------------------------------- line */

void fleet_endpoint_repeat_birth(FleetEndpoint *endpoint)
{
    endpoint->birth_due = 0;
    publish_birth(endpoint);
    publish_reports(endpoint);
}

static void on_up(gpointer user)
{
    FleetEndpoint *endpoint = user;

    endpoint->fleet->up++;
    count(endpoint, FLEET_UPS);
    if (endpoint->fleet->bare)
        return;
    fleet_endpoint_repeat_birth(endpoint);
}

void fleet_endpoint_schedule(FleetEndpoint *endpoint)
{
    HlTime now = hl_clock_mono();

    endpoint->due = 0;
    if (!endpoint->reconnects)
        return;
    endpoint->place++;
    hl_backoff_ended(&endpoint->backoff, endpoint->answered, now - endpoint->begun);
    endpoint->due = now + hl_backoff_next(&endpoint->backoff, hl_random_u64());
    if (endpoint->answered)
        endpoint->due = MAX(endpoint->due, now + ep_spread(endpoint->window, hl_random_u64()));
}

static void on_down(const char *reason, gpointer user)
{
    FleetEndpoint *endpoint = user;
    static gint64 told;

    if (told++ < 5)
        g_printerr("fleet-sim: %s: %s\n", endpoint->id, reason);
    count(endpoint, FLEET_DOWNS);
    fleet_endpoint_schedule(endpoint);
}

static const FleetLineHandlers line_handlers = { on_up, on_message, on_down };

static int place_of(const FleetEndpoint *endpoint)
{
    gsize n = endpoint->fleet->n_ports;

    return endpoint->fleet->ports[ep_link_nth(endpoint->id, n, endpoint->place % n)];
}

void fleet_endpoint_connect(FleetEndpoint *endpoint)
{
    static const HlTopic topics[] = { HL_TOPIC_ACK,     HL_TOPIC_SETTINGS, HL_TOPIC_SERVER,
                                      HL_TOPIC_COMMAND, HL_TOPIC_PROBE,    HL_TOPIC_MANAGER_STATE };
    g_autofree char *will_topic = hl_topic_name(HL_TOPIC_LINK, endpoint->id);
    g_autoptr(GPtrArray) filters = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) will = NULL;
    HlMsgLink link;

    endpoint->session = ep_session_next(endpoint->session, hl_clock_wall());
    endpoint->beats = 0;
    endpoint->answered = false;
    endpoint->due = endpoint->birth_due = 0;
    endpoint->begun = hl_clock_mono();
    link = base_link(endpoint, false);
    will = HL_WIRE_ENCODE(&link);
    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++)
        g_ptr_array_add(filters, hl_topic_name(topics[i], endpoint->id));
    g_ptr_array_add(filters, NULL);
    if (!fleet_line_open(&endpoint->line, endpoint->context, place_of(endpoint),
                         &(FleetLineSpec){ endpoint->id, (const char *const *)filters->pdata, will_topic, will }))
        on_down(g_strerror(errno), endpoint);
}

/* --------------------------------------------------------------------------------------------------- made and freed */

static bool make_identity(FleetEndpoint *endpoint, const HlKey *ca_key, GError **error)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = endpoint->id, .kind = HL_CERT_ENDPOINT, .not_before = now - HL_DAY, .not_after = now + 365 * HL_DAY
    };
    g_autoptr(GBytes) request = NULL;

    endpoint->key = hl_key_generate(error);
    if (endpoint->key == NULL)
        return false;
    request = hl_csr_make(endpoint->key, endpoint->id, error);
    if (request == NULL)
        return false;
    endpoint->cert = hl_cert_issue(endpoint->fleet->ca, ca_key, request, &spec, error);
    if (endpoint->cert == NULL)
        return false;
    endpoint->context = hl_tls_context_new(HL_TLS_CLIENT, endpoint->fleet->ca, endpoint->cert, endpoint->key, error);
    return endpoint->context != NULL;
}

FleetEndpoint *fleet_endpoint_new(Fleet *fleet, int number, const HlKey *ca_key, GError **error)
{
    FleetEndpoint *endpoint = g_new0(FleetEndpoint, 1);

    endpoint->fleet = fleet;
    endpoint->id = g_strdup_printf("e-bench-%d", number);
    endpoint->fingerprint = g_strdup_printf("%064x", number + 1);
    endpoint->spool = g_strdup_printf("%016x", number + 1);
    endpoint->backoff = HL_BACKOFF_INIT(BACKOFF_BASE, BACKOFF_CAP);
    endpoint->first = 1;
    endpoint->counter = endpoint->version = 1;
    endpoint->group = g_strdup("default");
    endpoint->digest = g_bytes_ref(fleet->digest);
    endpoint->interval = HL_HOUR;
    g_queue_init(&endpoint->reports);
    fleet_line_init(&endpoint->line, &line_handlers, endpoint);
    if (make_identity(endpoint, ca_key, error))
        return endpoint;
    fleet_endpoint_free(endpoint);
    return NULL;
}

static void drop_identity(FleetEndpoint *endpoint)
{
    if (!endpoint->borrows) {
        hl_tls_context_free(endpoint->context);
        hl_cert_free(endpoint->cert);
        hl_key_free(endpoint->key);
    }
    g_free(endpoint->id);
}

void fleet_endpoint_become(FleetEndpoint *endpoint, FleetKind kind, const FleetEndpoint *other)
{
    endpoint->kind = kind;
    endpoint->reconnects = true;
    if (kind != FLEET_CLONE || other == NULL)
        return;
    drop_identity(endpoint);
    endpoint->borrows = true;
    endpoint->id = g_strdup(other->id);
    endpoint->cert = other->cert;
    endpoint->key = other->key;
    endpoint->context = other->context;
}

void fleet_endpoint_free(FleetEndpoint *endpoint)
{
    fleet_line_cut(&endpoint->line);
    g_queue_clear_full(&endpoint->reports, report_free);
    drop_identity(endpoint);
    g_bytes_unref(endpoint->digest);
    g_free(endpoint->group);
    g_free(endpoint->command);
    g_free(endpoint->spool);
    g_free(endpoint->fingerprint);
    g_free(endpoint);
}
