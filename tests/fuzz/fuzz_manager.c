/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager does with messages after the broker let them in: link, heartbeat, report, echo, admin request.
 *
 * Below 'a' the first byte picks one of them, and the rest is its payload as it is.  From 'a' on each message is built
 * from the bytes, so that it decodes, and there may be several; from 'q' on they are not committed one by one.  From
 * 0xf0 on the rest is the text that a monitor sends on its own topic.  After it all a restart would find what memory
 * has, except where several waited for one commit. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/wire_fill.h"
#include "tests/support/manager_parts.h"

#define MAX_MESSAGES 4
#define MONITOR      0xf0

static const struct {
    HlTopic topic;
    const char *id;
    const ProtobufCMessageDescriptor *type;
} kinds[] = {
    { HL_TOPIC_LINK, "e-one", &holdline__v1__link__descriptor },
    { HL_TOPIC_HEARTBEAT, "e-one", &holdline__v1__heartbeat__descriptor },
    { HL_TOPIC_REPORT, "e-one", &holdline__v1__report__descriptor },
    { HL_TOPIC_ECHO, "e-one", &holdline__v1__echo__descriptor },
    { HL_TOPIC_ADMIN_REQUEST, "admin", &holdline__v1__call__descriptor },
};

/* Beside the names of the calls and of their arguments. */
static const char *const values[] = {
    "",
    "e-one",
    "office",
    "s-1",
    "s-2",
    "b-1",
    "b-2",
    "line-lost",
    "clean-stop",
    "uninstalled",
    "moved",
    "direct",
    "poll",
    "schedule",
    "command",
    "channel",
    "update-notification",
    "detection list",
    "detection show",
    "detection acknowledge",
    "d-1",
    "quarantined",
    "completed",
    "failed",
    "manual",
    "virus",
    "agent",
    "192.0.2.7",
    "one",
    "untrusted",
    "all",
    "outdated",
    "@office",
    "@spare",
    "spare",
    "admin",
    "bob",
    "owner",
    "auditor",
    "1",
    "7d",
    "0s",
    "delivery.mode=documented",
    "mode.independent=yes",
    "line.heartbeat=5m",
    "COMMAND",
};

static GPtrArray *words; /* for wire_fill.h; ends with NULL */
static Parts *parts;
static uint64_t settings_counter;
static guint certificates; /* that there are before an input */
static char *command;      /* open, of e-one */

static void add_words(const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, " ", -1);

    for (gsize i = 0; names[i] != NULL; i++)
        if (*names[i] != '\0' && !g_ptr_array_find_with_equal_func(words, names[i], g_str_equal, NULL))
            g_ptr_array_add(words, g_strdup(names[i]));
}

static void collect_words(void)
{
    const MgrCallRow *row;

    words = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        g_ptr_array_add(words, hl_unconst(values[i]));
    for (guint n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++) {
        g_ptr_array_add(words, hl_unconst(row->name));
        add_words(row->required);
        add_words(row->optional);
    }
    g_ptr_array_add(words, NULL);
}

static void begin(void)
{
    MgrEndpoint *endpoint;

    hl_log_set_level(HL_LOG_ERROR);
    if (parts == NULL) {
        g_autofree char *csr = NULL;

        parts = parts_new();
        csr = g_strdup(PARTS_CSR);
        parts_call(parts, "monitor create", "name", "eye", "csr", csr, NULL);
        parts_commit(parts);
        timer_fake_advance(6 * HL_SECOND); /* the broker has its lists by then, and the call is answered */
        bus_fake_forget(parts->bus);
        g_assert_true(mgr_fleet_has_live_name(&parts->fleet, "eye", "monitor"));
        settings_counter = parts->fleet.settings_counter;
        certificates = g_hash_table_size(parts->fleet.certificates);
    }
    if (words == NULL)
        collect_words();
    clock_fake_set(CLOCK_FAKE_WALL, hl_clock_mono() + HL_HOUR); /* the other clock never goes back */
    endpoint = parts_add_endpoint(parts, "e-one");
    endpoint->record.direct_port = 8844;
    parts_birth(parts, "e-one", 1);
    parts_call(parts, "update-now", "selector", "e-one", NULL);
    parts_commit(parts);
    command = g_strdup(mgr_endpoint_first_target(endpoint)->record.command);
}

/* Whether an administrator changed what the next input finds. */
static bool is_as_before(void)
{
    const MgrGroup *group = mgr_fleet_group(&parts->fleet, "office");

    parts->fleet.settings_counter = settings_counter; /* a claim moves it; the registry's only grows */
    return group != NULL && g_hash_table_size(parts->fleet.groups) == 1 && group->record.version == 1 &&
           g_hash_table_size(parts->fleet.tokens) == 0 &&
           g_hash_table_size(parts->fleet.certificates) == certificates &&
           g_hash_table_size(parts->fleet.accounts) == 1 && mgr_fleet_endpoint(&parts->fleet, "e-one") != NULL;
}

static void remove_endpoint(void)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    HlWriteSet *set = hl_write_set_new();

    mgr_commands_fold_abandon(parts->commands, endpoint, "", hl_clock_wall());
    mgr_write_endpoint_removal(set, &endpoint->record);
    mgr_record_write(parts->record, set);
    mgr_status_forget(parts->status, endpoint);
    mgr_delivery_forget(parts->delivery, endpoint);
    mgr_fleet_remove_endpoint(&parts->fleet, endpoint);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_ptr_array_set_size(parts->dials, 0);
    bus_fake_forget(parts->bus);
}

static void end(void)
{
    g_clear_pointer(&command, g_free);
    if (is_as_before())
        remove_endpoint();
    else
        g_clear_pointer(&parts, parts_free);
}

static void settle(void)
{
    parts_commit(parts);
    while (parts->dials->len > 0)
        parts_end_dial(parts, MGR_REACH_REFUSED);
    timer_fake_advance(HL_SECOND);
    mgr_delivery_flush_acks(parts->delivery);
    mgr_status_flush(parts->status);
    mgr_command_calls_flush(parts->command_calls);
    mgr_commands_tick(parts->commands);
    mgr_console_tick(parts->console);
    mgr_lines_tick(mgr_arrivals_lines(parts->arrivals));
    parts_commit(parts);
}

static void deliver(guint kind, GBytes *payload)
{
    g_autofree char *topic = hl_topic_name(kinds[kind].topic, kinds[kind].id);
    g_autofree char *reply = hl_topic_name(HL_TOPIC_ADMIN_REPLY, "admin");

    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic,
                                                  .payload = payload,
                                                  .qos = hl_topic_row(kinds[kind].topic)->qos,
                                                  .response_topic = reply });
}

static void deliver_text(GBytes *payload)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_MONITOR_REQUEST, "eye");

    bus_fake_deliver(
        parts->bus,
        &(HlBusMessage){ .topic = topic, .payload = payload, .qos = hl_topic_row(HL_TOPIC_MONITOR_REQUEST)->qos });
}

/* The arguments of a call that the word COMMAND stands in are about the command that there is. */
static void name_command(HlMsgCall *call)
{
    for (size_t i = 0; i < call->n_arguments; i++) {
        if (strcmp(call->arguments[i]->value, "COMMAND") == 0) {
            free(call->arguments[i]->value);
            call->arguments[i]->value = strdup(command);
        }
    }
}

static void deliver_built(WireBytes *bytes, guint kind)
{
    ProtobufCMessage *message = wire_fill(bytes, kinds[kind].type);
    g_autoptr(GBytes) payload = NULL;

    if (kinds[kind].topic == HL_TOPIC_ADMIN_REQUEST)
        name_command((HlMsgCall *)message);
    if (kinds[kind].topic == HL_TOPIC_REPORT &&
        ((HlMsgReport *)message)->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND &&
        strcmp(((HlMsgReport *)message)->command->command, "COMMAND") == 0) {
        free(((HlMsgReport *)message)->command->command);
        ((HlMsgReport *)message)->command->command = strdup(command);
    }
    payload = hl_wire_encode(message);
    if (g_bytes_get_size(payload) <= HL_BUS_MAX_SIZE)
        deliver(kind, payload);
    hl_wire_free(message);
}

static void deliver_all_built(WireBytes *bytes, bool one_by_one)
{
    for (guint n = 0; n < MAX_MESSAGES && bytes->at < bytes->size; n++) {
        deliver_built(bytes, wire_bytes_next(bytes) % G_N_ELEMENTS(kinds));
        if (one_by_one)
            settle();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WireBytes bytes = { data, size, 1, NULL };
    g_autoptr(GBytes) payload = NULL;

    if (size == 0 || size > HL_BUS_MAX_SIZE)
        return 0;
    begin();
    bytes.words = (const char *const *)words->pdata;
    if (data[0] >= MONITOR) {
        payload = g_bytes_new(data + 1, size - 1);
        deliver_text(payload);
    } else if (data[0] >= 'a') {
        deliver_all_built(&bytes, data[0] < 'q');
    } else {
        payload = g_bytes_new(data + 1, size - 1);
        deliver(data[0] % G_N_ELEMENTS(kinds), payload);
    }
    settle();
    if (data[0] < 'q')
        parts_check_registry(parts);
    end();
    return 0;
}
