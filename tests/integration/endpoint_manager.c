/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted manager of the bench: acknowledges in order, remembers what it is told. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "tests/integration/endpoint_bench.h"

static void publish_to(Bench *bench, HlTopic topic, GBytes *payload)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, BENCH_ID);
    HlBusMessage message = { .topic = name, .payload = payload, .qos = row->qos, .retained = row->retained };

    g_assert_true(hl_bus_publish(bench->bus, &message, NULL, NULL));
}

static void take_report(Bench *bench, GBytes *payload)
{
    g_autoptr(HlMsgReport) report = hl_wire_decode_bytes(&holdline__v1__report__descriptor, payload, NULL);
    HlMsgLineNotice notice;

    g_assert_nonnull(report);
    if (g_strcmp0(report->spool, bench->spool) != 0) {
        g_free(bench->spool);
        bench->spool = g_strdup(report->spool);
        bench->committed = 0;
    }
    if (bench->mute)
        return;
    if (report->seq == bench->committed + 1) {
        bench->committed = report->seq;
        g_ptr_array_add(bench->reports, g_steal_pointer(&report));
    } else {
        bench->repeats++;
    }
    notice = bench_notice(bench);
    bench_send_notice(bench, &notice);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Bench *bench = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id) || g_bytes_get_size(message->payload) == 0)
        return;
    if (topic == HL_TOPIC_REPORT) {
        take_report(bench, message->payload);
    } else if (topic == HL_TOPIC_LINK) {
        HlMsgLink *link = hl_wire_decode_bytes(&holdline__v1__link__descriptor, message->payload, NULL);

        g_assert_nonnull(link);
        g_ptr_array_add(bench->links, link);
    } else if (topic == HL_TOPIC_HEARTBEAT) {
        g_autoptr(HlMsgHeartbeat) beat =
            hl_wire_decode_bytes(&holdline__v1__heartbeat__descriptor, message->payload, NULL);

        bench->heartbeats++;
        bench->refused = beat->refused;
    } else if (topic == HL_TOPIC_ECHO) {
        g_autoptr(HlMsgEcho) echo = hl_wire_decode_bytes(&holdline__v1__echo__descriptor, message->payload, NULL);

        bench->echoes++;
        bench->last_echo = echo->nonce;
    }
}

void bench_start_manager(Bench *bench)
{
    static const char *const filters[] = { "holdline/v1/endpoint/+/link", "holdline/v1/endpoint/+/report",
                                           "holdline/v1/endpoint/+/heartbeat", "holdline/v1/endpoint/+/echo", NULL };
    g_autofree char *broker = g_strdup_printf("127.0.0.1:%d", bench->broker_port);
    g_autofree char *ca = g_build_filename(bench->dir, "ca.pem", NULL);
    g_autofree char *cert = g_build_filename(bench->dir, "manager.pem", NULL);
    g_autofree char *key = g_build_filename(bench->dir, "manager.key", NULL);
    const char *const brokers[] = { broker, NULL };
    HlBusOptions options = { .client_id = "manager",
                             .brokers = brokers,
                             .ca_path = ca,
                             .cert_path = cert,
                             .key_path = key,
                             .subscriptions = filters,
                             .subscription_qos = 1,
                             .backoff_base = 50,
                             .backoff_cap = 100,
                             .handlers = { .message = on_message },
                             .user = bench };
    g_autoptr(GError) error = NULL;

    bench->bus = hl_bus_new(&options, &error);
    g_assert_no_error(error);
    bench_wait(bench, hl_bus_state(bench->bus) == HL_BUS_UP);
}

void bench_publish(Bench *bench, const char *leaf, GBytes *payload, bool retained)
{
    g_autofree char *name = g_strdup_printf("holdline/v1/%s", leaf);
    HlBusMessage message = { .topic = name, .payload = payload, .qos = 1, .retained = retained };

    g_assert_true(hl_bus_publish(bench->bus, &message, NULL, NULL));
}

HlMsgLineNotice bench_notice(const Bench *bench)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;

    notice.endpoint = bench->id;
    notice.session = bench_last_link(bench)->session;
    notice.issued_ms = hl_clock_wall();
    notice.spool = bench->spool;
    notice.seq = bench->committed;
    return notice;
}

void bench_send_notice(Bench *bench, const HlMsgLineNotice *notice)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(bench->signing_key, HL_ENVELOPE_LINE, &notice->base);
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(GBytes) payload = NULL;

    ack.notice = envelope;
    payload = HL_WIRE_ENCODE(&ack);
    publish_to(bench, HL_TOPIC_ACK, payload);
}

void bench_send_settings(Bench *bench, const char *lines, const char *endpoint, uint64_t counter, HlTime expires)
{
    g_autoptr(HlMsgEnvelope) envelope = bench_signed_settings(bench, lines, endpoint, counter, expires);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(envelope);

    publish_to(bench, HL_TOPIC_SETTINGS, payload);
}

HlMsgCommand bench_command(Bench *bench, const char *id, int kind)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;

    command.endpoint = bench->id;
    command.id = hl_unconst(id);
    command.kind = (Holdline__V1__CommandKind)kind;
    command.issued_ms = hl_clock_wall();
    command.expires_ms = hl_clock_wall() + HL_HOUR;
    return command;
}

void bench_send_command(Bench *bench, const HlMsgCommand *command)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(bench->signing_key, HL_ENVELOPE_COMMAND, &command->base);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(envelope);

    publish_to(bench, HL_TOPIC_COMMAND, payload);
}

guint bench_count_states(const Bench *bench, const char *command, int state)
{
    guint n = 0;

    for (guint i = 0; i < bench->reports->len; i++) {
        const HlMsgReport *report = bench->reports->pdata[i];

        n += report->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND &&
             (command == NULL || strcmp(report->command->command, command) == 0) &&
             (int)report->command->state == state && report->command->percent == 0;
    }
    return n;
}

const HlMsgRefusal *bench_refusal(const Bench *bench, const char *what, const char *code)
{
    for (guint i = 0; i < bench->reports->len; i++) {
        const HlMsgReport *report = bench->reports->pdata[i];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_REFUSAL && strcmp(report->refusal->what, what) == 0 &&
            strcmp(report->refusal->code, code) == 0)
            return report->refusal;
    }
    return NULL;
}

const HlMsgLink *bench_last_link(const Bench *bench)
{
    g_assert_cmpuint(bench->links->len, >, 0);
    return bench->links->pdata[bench->links->len - 1];
}

const HlMsgAppliedSettings *bench_last_applied(const Bench *bench)
{
    for (guint i = bench->reports->len; i > 0; i--) {
        const HlMsgReport *report = bench->reports->pdata[i - 1];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_SETTINGS)
            return report->settings;
    }
    return NULL;
}
