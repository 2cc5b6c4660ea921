/* SPDX-License-Identifier: Apache-2.0 */
/* The part of manager_parts.h that is about messages, calls, what was published, dials and the passing of time. */
#include <string.h>

#include "lib/base/by_text.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/manager_parts.h"
#include "tests/support/sender_fake.h"

#define ADMIN "admin"

#define MAX_ARGUMENTS 8

/* The name that a request would be for: that of the call's arguments, or else the caller's. */
static const char *name_in(const PartsRequest *request, const char *caller)
{
    for (const char *const *word = request->arguments; *word != NULL; word += 2)
        if (strcmp(word[0], "name") == 0)
            return word[1];
    return caller;
}

void parts_request(Parts *parts, const PartsRequest *request)
{
    const char *admin = request->admin != NULL ? request->admin : ADMIN;
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    HlMsgArgument arguments[MAX_ARGUMENTS];
    HlMsgArgument *pointers[MAX_ARGUMENTS];
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ADMIN_REQUEST, admin);
    g_autofree char *reply = hl_topic_name(HL_TOPIC_ADMIN_REPLY, admin);
    const char *response = request->response_topic;
    g_autoptr(GBytes) payload = NULL;
    g_autoptr(GBytes) correlation = NULL;
    g_autofree char *csr = NULL;

    for (const char *const *word = request->arguments; word != NULL && *word != NULL; word += 2, call.n_arguments++) {
        HlMsgArgument *argument = &arguments[call.n_arguments];

        g_assert_cmpuint(call.n_arguments, <, MAX_ARGUMENTS);
        *argument = (HlMsgArgument)HOLDLINE__V1__ARGUMENT__INIT;
        argument->name = hl_unconst(word[0]);
        argument->value = hl_unconst(word[1]);
        if (strcmp(word[1], PARTS_CSR) == 0)
            argument->value = csr = parts_make_csr_text_of(name_in(request, admin));
        pointers[call.n_arguments] = argument;
    }
    call.name = hl_unconst(request->name);
    call.arguments = pointers;
    if (request->session != NULL)
        call.session = hl_unconst(request->session);
    if (request->once != NULL)
        call.once = hl_unconst(request->once);
    if (request->address != NULL)
        call.address = hl_unconst(request->address);
    if (request->certificate != NULL)
        call.certificate = hl_unconst(request->certificate);
    if (request->shown != NULL)
        call.shown = (ProtobufCBinaryData){ strlen(request->shown), (uint8_t *)hl_unconst(request->shown) };
    call.idle = request->idle;
    call.paces = request->paces;
    payload = HL_WIRE_ENCODE(&call);
    if (request->correlation != NULL)
        correlation = g_bytes_new(request->correlation, strlen(request->correlation));
    if (response == NULL)
        response = reply;
    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic,
                                                  .payload = payload,
                                                  .qos = 1,
                                                  .retained = request->retained,
                                                  .response_topic = *response != '\0' ? response : NULL,
                                                  .correlation = correlation });
}

void parts_read(Parts *parts, const char *admin, const char *correlation, guint read)
{
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ADMIN_REQUEST, admin);
    g_autoptr(GBytes) payload = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(correlation, strlen(correlation));

    call.read = read;
    payload = HL_WIRE_ENCODE(&call);
    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1, .correlation = bytes });
}

/* An account; of what is a console's or a monitor's alone, that. */
static const char *sender_of(const Parts *parts, const char *call)
{
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++)
        if (strcmp(row->name, call) == 0 && (row->need == MGR_NEED_CONSOLE || row->need == MGR_NEED_MONITOR))
            return row->need == MGR_NEED_CONSOLE ? "web" : "eye";
    return ADMIN;
}

void parts_ask(Parts *parts, const char *name, const char *const *arguments, const char *correlation)
{
    parts_request(
        parts, &(PartsRequest){
                   .admin = sender_of(parts, name), .name = name, .arguments = arguments, .correlation = correlation });
}

void parts_authorities_changed(gpointer user)
{
    ((Parts *)user)->authorities_changed++;
}

void parts_call(Parts *parts, const char *name, ...)
{
    const char *words[2 * MAX_ARGUMENTS + 1] = { NULL };
    va_list list;
    guint n = 0;

    va_start(list, name);
    for (const char *word; (word = va_arg(list, const char *)) != NULL;) {
        g_assert_cmpuint(n, <, G_N_ELEMENTS(words) - 1);
        words[n++] = word;
    }
    va_end(list);
    parts_request(parts, &(PartsRequest){ .name = name, .arguments = words });
}

static bool has_correlation(const HlBusMessage *message, const char *correlation)
{
    gsize size = 0;
    const void *data = message->correlation != NULL ? g_bytes_get_data(message->correlation, &size) : NULL;

    if (correlation == NULL)
        return message->correlation == NULL;
    return data != NULL && size == strlen(correlation) && memcmp(data, correlation, size) == 0;
}

char *parts_end_of(Parts *parts, const char *correlation)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ADMIN_REPLY, "+");
    char *code = NULL;

    for (HlBusMessage *message; (message = bus_fake_take(parts->bus, topic)) != NULL;)
        g_ptr_array_add(parts->replies, message);
    for (guint i = 0; i < parts->replies->len;) {
        const HlBusMessage *message = parts->replies->pdata[i];
        g_autoptr(HlMsgCallReply) reply = NULL;
        g_autoptr(GError) error = NULL;

        if (!has_correlation(message, correlation)) {
            i++;
            continue;
        }
        g_assert_null(code); /* nothing comes after the end */
        reply = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, message->payload, &error);
        g_assert_no_error(error);
        g_test_message("%s: %s %s", correlation, reply->code, reply->message);
        if (!reply->more)
            code = g_strdup(reply->code);
        g_ptr_array_remove_index(parts->replies, i);
    }
    return code;
}

static GBytes *make_csr(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    GBytes *csr = key != NULL ? hl_csr_make(key, name, &error) : NULL;

    g_assert_no_error(error);
    return csr;
}

char *parts_make_csr_text_of(const char *name)
{
    /* one that no certificate may have is for the manager to refuse */
    g_autoptr(GBytes) csr = make_csr(*name != '\0' && strlen(name) <= 64 ? name : "nobody");
    gsize size;
    const void *data = g_bytes_get_data(csr, &size);

    return g_base64_encode(data, size);
}

GBytes *parts_make_csr(void)
{
    return make_csr("somebody");
}

void parts_end_dial(Parts *parts, MgrReach reach)
{
    PartsDial *dial;
    MgrDialResult result;

    g_assert_cmpuint(parts->dials->len, >, 0);
    dial = g_ptr_array_steal_index(parts->dials, 0);
    result = (MgrDialResult){ .endpoint = dial->endpoint,
                              .address = dial->address,
                              .generation = dial->generation,
                              .reach = reach,
                              .asked = dial->tell,
                              .told = reach == MGR_REACH_REACHABLE ? dial->tell : 0,
                              .took = 5,
                              .detail = mgr_reach_name(reach) };
    mgr_console_dialled(parts->console, &result);
    parts_dial_free(dial);
}

HlMsgCallReply *parts_reply(Parts *parts)
{
    return parts_take(parts, HL_TOPIC_ADMIN_REPLY, ADMIN, &holdline__v1__call_reply__descriptor);
}

json_t *parts_expect_reply(Parts *parts, const char *code)
{
    g_autoptr(HlMsgCallReply) reply = parts_reply(parts);
    g_autoptr(GError) error = NULL;
    json_t *document;

    g_assert_nonnull(reply);
    g_test_message("reply: %s %s", reply->code, reply->message);
    g_assert_cmpstr(reply->code, ==, code);
    if (*code != '\0')
        return json_object();
    document = hl_json_parse("reply", reply->json, strlen(reply->json), &error);
    g_assert_no_error(error);
    return document;
}

char *parts_issue(Parts *parts, const char *selector)
{
    g_autoptr(json_t) document = NULL;

    parts_call(parts, "update-now", "selector", selector, "window", "0s", NULL);
    parts_commit(parts);
    document = parts_expect_reply(parts, "");
    return g_strdup(json_string_value(json_object_get(document, "id")));
}

void parts_answer_echo(Parts *parts)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_MANAGER_ECHO, "");

    for (HlBusMessage *message; (message = bus_fake_take(parts->bus, topic)) != NULL; bus_fake_message_free(message))
        bus_fake_deliver(parts->bus, message);
}

void parts_pass(Parts *parts, guint seconds)
{
    for (guint i = 0; i < seconds; i++) {
        timer_fake_advance(HL_SECOND);
        mgr_lines_tick(mgr_arrivals_lines(parts->arrivals));
        parts_answer_echo(parts);
    }
}

gpointer parts_take(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessageDescriptor *type)
{
    g_autofree char *name = hl_topic_name(topic, id);
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, name);
    g_autoptr(GError) error = NULL;
    gpointer decoded;

    if (message == NULL)
        return NULL;
    decoded = hl_wire_decode_bytes(type, message->payload, &error);
    g_assert_no_error(error);
    return decoded;
}

HlMsgCommand *parts_take_command(Parts *parts, const char *id)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_COMMAND, id, &holdline__v1__signed_envelope__descriptor);
    g_autoptr(GError) error = NULL;
    HlMsgCommand *command;

    if (envelope == NULL)
        return NULL;
    command = hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_COMMAND,
                               &holdline__v1__command__descriptor, &error);
    g_assert_no_error(error);
    return command;
}

/* Without that one. */
static MgrCertificateRecord *unchain(MgrCertificateRecord *first, const MgrCertificateRecord *record)
{
    if (first == record)
        return first->next;
    for (MgrCertificateRecord *at = first; at != NULL; at = at->next)
        if (at->next == record)
            at->next = record->next;
    return first;
}

void parts_forget_certificate(Parts *parts, const char *serial)
{
    MgrFleet *fleet = &parts->fleet;
    MgrCertificateRecord *record = mgr_fleet_certificate(fleet, serial);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, record->name);
    MgrCertificateRecord *first = unchain(mgr_fleet_certificates_of(fleet, record->name), record);

    if (endpoint != NULL && endpoint->borrows_id) { /* perhaps of this one */
        endpoint->record.id = g_strdup(endpoint->record.id);
        endpoint->borrows_id = false;
    }
    if (endpoint != NULL && endpoint->record.serial == record->serial) {
        endpoint->record.serial = g_strdup(record->serial);
        endpoint->borrows_serial = false;
    }
    g_hash_table_remove(fleet->names, record->name);
    if (endpoint != NULL)
        endpoint->certificates = first;
    else if (first != NULL)
        g_hash_table_insert(fleet->names, first->name, first);
    hl_by_text_remove(fleet->certificates, serial);
}

char *parts_start_rollout(Parts *parts, const char *selector)
{
    g_autoptr(json_t) document = NULL;

    parts_call(parts, "rollout start", "selector", selector, NULL);
    parts_commit(parts);
    document = parts_expect_reply(parts, "");
    mgr_rollouts_tick(parts->rollouts);
    parts_commit(parts);
    return g_strdup(json_string_value(json_object_get(document, "id")));
}

void parts_let_finish(Parts *parts)
{
    for (guint i = 0; i < 3; i++) {
        parts_commit(parts);
        while (parts->dials->len > 0)
            parts_end_dial(parts, MGR_REACH_REFUSED);
        sender_fake_end_all();
        timer_fake_advance(6 * HL_SECOND);
        mgr_command_calls_flush(parts->command_calls);
    }
}

/* --------------------------------------------------------------------------------------------------------- messages */

HlBus *parts_bus(const Parts *parts, guint broker)
{
    g_auto(GStrv) places = mgr_broker_own_addresses(&parts->conf);

    return bus_fake_find_at("manager", places[broker]);
}

static void deliver(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message, bool retained)
{
    g_autofree char *name = hl_topic_name(topic, id);
    g_autoptr(GBytes) payload = hl_wire_encode(message);

    bus_fake_deliver(
        parts->bus,
        &(HlBusMessage){ .topic = name, .payload = payload, .qos = hl_topic_row(topic)->qos, .retained = retained });
    if (!parts->gathers)
        mgr_reports_flush(parts->reports);
}

void parts_deliver(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message)
{
    deliver(parts, topic, id, message, false);
}

void parts_deliver_retained(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message)
{
    deliver(parts, topic, id, message, true);
}

void parts_birth(Parts *parts, const char *id, uint64_t session)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.online = true;
    link.session = session;
    link.boot_id = hl_unconst("b-1");
    link.heartbeat_ms = 60000;
    link.clock_ms = hl_clock_wall();
    parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
}

void parts_will(Parts *parts, const char *id, uint64_t session)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.session = session;
    link.boot_id = hl_unconst("b-1");
    link.reason = hl_unconst("line-lost");
    parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
}

void parts_report(Parts *parts, const char *id, uint64_t seq, HlMsgReport *report)
{
    report->spool = hl_unconst("s-1");
    report->seq = seq;
    report->first = 1;
    parts_deliver(parts, HL_TOPIC_REPORT, id, &report->base);
}

void parts_report_command(Parts *parts, const char *id, uint64_t seq, const char *command, HlCommandState state)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport body = HOLDLINE__V1__COMMAND_REPORT__INIT;

    body.command = hl_unconst(command);
    body.state = hl_command_state_to_wire(state);
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &body;
    parts_report(parts, id, seq, &report);
}

void parts_report_find(Parts *parts, const char *id, uint64_t seq, const char *path)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgDetection body = HOLDLINE__V1__DETECTION__INIT;

    body.path = hl_unconst(path);
    body.signature = hl_unconst("Eicar-Test-Signature");
    body.how = hl_unconst("schedule");
    body.action = hl_unconst("reported");
    report.body_case = HOLDLINE__V1__REPORT__BODY_DETECTION;
    report.detection = &body;
    parts_report(parts, id, seq, &report);
}

void parts_roll(Parts *parts, const char *what, const char *force, const char *code)
{
    g_autofree char *name = g_strconcat("server rollover ", what, NULL);

    parts_call(parts, name, force != NULL ? "force" : NULL, force, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, code));
}

void parts_expect_rollover(Parts *parts, const char *expected)
{
    g_autoptr(json_t) shown = NULL;
    g_autofree char *text = NULL;

    parts_call(parts, "server rollover status", NULL);
    shown = parts_expect_reply(parts, "");
    text = g_strdup_printf("%s %d/%d %d", json_string_value(json_object_get(shown, "state")),
                           (int)json_integer_value(json_object_get(shown, "holding")),
                           (int)json_integer_value(json_object_get(shown, "of")),
                           (int)json_array_size(json_object_get(shown, "keys")));
    g_assert_cmpstr(text, ==, expected);
}

void parts_born_with(Parts *parts, const char *id, uint64_t session, const HlMsgServerDocument *has, const char *serial)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgAppliedServer told = HOLDLINE__V1__APPLIED_SERVER__INIT;

    if (has != NULL) {
        told.counter = has->counter;
        told.digest = has->digest;
        told.state = hl_unconst(HL_SERVER_APPLIED);
        link.server = &told;
    }
    if (serial != NULL)
        link.serial = hl_unconst(serial);
    link.online = true;
    link.session = session;
    link.boot_id = hl_unconst("b-1");
    link.heartbeat_ms = 60000;
    link.clock_ms = hl_clock_wall();
    parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
    parts_commit(parts);
}

Parts *parts_new_with_endpoint(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    bus_fake_forget(parts->bus);
    return parts;
}

void parts_beat(Parts *parts, const char *id, uint64_t session, uint64_t seq)
{
    HlMsgHeartbeat message = HOLDLINE__V1__HEARTBEAT__INIT;

    message.session = session;
    message.seq = seq;
    parts_deliver(parts, HL_TOPIC_HEARTBEAT, id, &message.base);
}

MgrActual parts_actual(const Parts *parts, const char *id)
{
    return mgr_fleet_endpoint(&parts->fleet, id)->record.presence.actual;
}
