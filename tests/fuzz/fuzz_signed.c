/* SPDX-License-Identifier: Apache-2.0 */
/* Settings and commands after their envelope: what an endpoint does with content that the manager's key did sign.  The
 * input is a list of messages, which are signed here and handed to the rules one after another.
 *
 *   a message is TYPE, its length in two bytes, and the message
 *   TYPE   S settings that came by the channel, P settings that came by a poll, C a command
 *   a settings document whose digest is empty gets the right one */
#include <string.h>

#include "endpoint/core/command.h"
#include "endpoint/core/link.h"
#include "endpoint/core/schedule.h"
#include "endpoint/core/settings_gate.h"
#include "lib/base/ident.h"
#include "proto/command.h"
#include "proto/envelope.h"
#include "proto/settings.h"
#include "tests/fuzz/fuzz.h"

#define ENDPOINT     "e-1"
#define NOW          ((HlTime)1795385700 * HL_SECOND) /* 2026-11-22 */
#define MESSAGES_MAX 16

/* What one endpoint has so far. */
typedef struct {
    HlSettings values;
    EpSettingsView settings;
    GHashTable *journal; /* ids */
} Endpoint;

/* Through the envelope and back, as the wire has it. */
static gpointer carry(const char *context, const ProtobufCMessage *inner)
{
    static HlSigningKey *key = NULL;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(HlMsgEnvelope) arrived = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (key == NULL)
        key = hl_signing_key_generate(NULL);
    envelope = hl_envelope_sign(key, context, inner);
    bytes = HL_WIRE_ENCODE(envelope);
    arrived = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, NULL);
    if (arrived == NULL) /* its encoding may be longer than what came */
        return NULL;
    return hl_envelope_open(arrived, hl_signing_key_public(key), context, inner->descriptor, NULL);
}

/* ------------------------------------------------------------------------------------------------------ settings */

static void put_in_force(Endpoint *endpoint, const HlMsgSettingsDocument *document, HlSettings *values, GBytes *digest,
                         const char *path)
{
    EpSettingsView *view = &endpoint->settings;
    HlSchedule schedule;
    g_autofree char *printed = hl_settings_print(values);
    g_auto(HlSettings) again = { 0 };

    g_assert_cmpstr(document->endpoint, ==, ENDPOINT);
    g_assert_true(document->expires_ms == 0 || document->expires_ms > NOW);
    g_assert_true(!view->applied || document->counter > view->counter);
    g_assert_true(hl_schedule_parse(values->update_schedule, &schedule, NULL)); /* the scheduler relies on it */
    g_assert_true(hl_schedule_parse(values->scan_schedule, &schedule, NULL));
    hl_settings_init(&again);
    g_assert_true(hl_settings_parse(&again, printed, NULL)); /* as it is stored */
    HL_IGNORE(hl_settings_check_change(&endpoint->values, values, NULL));
    hl_settings_clear(&endpoint->values);
    endpoint->values = *values;
    memset(values, 0, sizeof *values);
    g_clear_pointer(&view->digest, g_bytes_unref);
    view->applied = true;
    view->counter = document->counter;
    view->digest = g_bytes_ref(digest);
    view->path = path;
    view->independent = endpoint->values.independent;
}

static void judge_settings(Endpoint *endpoint, const HlMsgSettingsDocument *document, const char *path)
{
    g_autofree char *text = hl_settings_text_of_entries(document->settings, document->n_settings);
    g_autoptr(GBytes) computed = hl_settings_digest(text);
    g_autoptr(GBytes) stated =
        document->digest.len == 0 ? g_bytes_ref(computed) : g_bytes_new(document->digest.data, document->digest.len);
    g_auto(HlSettings) values = { 0 };
    EpSettingsOffer offer = { .endpoint = document->endpoint,
                              .counter = document->counter,
                              .expires = document->expires_ms,
                              .digest = stated,
                              .computed = computed,
                              .path = path };

    hl_settings_init(&values);
    if (!hl_settings_parse(&values, text, NULL))
        return;
    offer.independent = values.independent;
    if (ep_settings_judge(&offer, &endpoint->settings) != EP_SETTINGS_TAKE)
        return;
    put_in_force(endpoint, document, &values, computed, path);
    g_assert_cmpint(ep_settings_judge(&offer, &endpoint->settings), ==, EP_SETTINGS_ALREADY);
}

static void try_settings(Endpoint *endpoint, const uint8_t *data, size_t size, const char *path)
{
    g_autoptr(HlMsgSettingsDocument) came =
        hl_wire_decode(&holdline__v1__settings_document__descriptor, data, size, NULL);
    g_autoptr(HlMsgSettingsDocument) document =
        came == NULL ? NULL : (HlMsgSettingsDocument *)carry(HL_ENVELOPE_SETTINGS, &came->base);

    if (document != NULL)
        judge_settings(endpoint, document, path);
}

/* ------------------------------------------------------------------------------------------------------ commands */

/* Every path through its states that the bits choose: a final state never changes. */
static void live(uint64_t events)
{
    EpCommandState state = EP_COMMAND_RECEIVED;

    for (; events > 0; events /= EP_COMMAND_N_EVENTS) {
        EpCommandState before = state;
        bool changed = ep_command_step(&state, (EpCommandEvent)(events % EP_COMMAND_N_EVENTS));

        g_assert_true(!changed || !ep_command_is_final(before));
        g_assert_true(changed || state == before);
    }
}

static void judge_command(Endpoint *endpoint, const HlMsgCommand *command)
{
    EpCommandOffer offer = { .endpoint = command->endpoint,
                             .id = command->id,
                             .kind_known = hl_command_kind_from_wire((int)command->kind) != HL_KIND_UNKNOWN,
                             .expires = command->expires_ms };
    EpCommandView view = { .endpoint = ENDPOINT,
                           .known = g_hash_table_contains(endpoint->journal, command->id),
                           .under_way = g_hash_table_size(endpoint->journal),
                           .independent = endpoint->settings.independent,
                           .now = NOW };

    switch (ep_command_judge(&offer, &view)) {
    case EP_COMMAND_TAKE:
        g_assert_true(offer.kind_known && !view.independent);
        /* FALLTHROUGH */
    case EP_COMMAND_REJECT_UNKNOWN:
    case EP_COMMAND_REJECT_INDEPENDENT: { /* journalled, all of them */
        HlTime room = command->expires_ms - NOW - 1;
        HlTime wait = ep_spread(MIN((HlTime)command->window_ms, room), command->timeout_ms);

        g_assert_cmpstr(command->endpoint, ==, ENDPOINT);
        g_assert_true(hl_ident_is_valid(command->id));
        g_assert_true(room >= 0 && room < EP_COMMAND_MAX_LIFETIME);
        g_assert_cmpint(NOW + wait, <, command->expires_ms); /* it can still start */
        g_hash_table_add(endpoint->journal, g_strdup(command->id));
        view.known = true;
        g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REPEAT);
        live((uint64_t)command->issued_ms);
        return;
    }
    case EP_COMMAND_REPEAT:
        g_assert_true(view.known);
        return;
    case EP_COMMAND_REFUSE_WRONG_ENDPOINT:
    case EP_COMMAND_REFUSE_EXPIRED:
    case EP_COMMAND_REFUSE_REPLAYED:
    case EP_COMMAND_REFUSE_INVALID:
    case EP_COMMAND_REFUSE_LIMIT:
        return;
    }
}

static void try_command(Endpoint *endpoint, const uint8_t *data, size_t size)
{
    g_autoptr(HlMsgCommand) came = hl_wire_decode(&holdline__v1__command__descriptor, data, size, NULL);
    g_autoptr(HlMsgCommand) command = came == NULL ? NULL : (HlMsgCommand *)carry(HL_ENVELOPE_COMMAND, &came->base);

    if (command != NULL)
        judge_command(endpoint, command);
}

static void try_message(Endpoint *endpoint, uint8_t type, const uint8_t *data, size_t size)
{
    if (type == 'S')
        try_settings(endpoint, data, size, "channel");
    else if (type == 'P')
        try_settings(endpoint, data, size, "poll");
    else if (type == 'C')
        try_command(endpoint, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Endpoint endpoint = { .settings = { .endpoint = ENDPOINT, .now = NOW },
                          .journal = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    size_t at = 0;

    hl_settings_init(&endpoint.values);
    for (int i = 0; i < MESSAGES_MAX && size - at > 3; i++) {
        size_t length = MIN((size_t)data[at + 1] << 8 | data[at + 2], size - at - 3);

        try_message(&endpoint, data[at], data + at + 3, length);
        at += 3 + length;
    }
    hl_settings_clear(&endpoint.values);
    g_clear_pointer(&endpoint.settings.digest, g_bytes_unref);
    g_hash_table_unref(endpoint.journal);
    return 0;
}
