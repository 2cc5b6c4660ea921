/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/letters: what goes to many is signed together, for those that open it; it is counted how often
 * something is signed. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

#define COUNT  100 /* one slice of delivery.c */
#define LEGACY 3   /* of them: endpoints of an earlier version */

static char *id_of(guint number)
{
    return g_strdup_printf("e-%03u", number);
}

/* Its birth, or what the broker has kept of it. */
static void say_born(Parts *parts, const char *id, uint64_t session, const char *program, bool batches, bool retained)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;

    registration.host = hl_unconst(id);
    registration.program_version = hl_unconst(program);
    link.online = true;
    link.session = session;
    link.boot_id = hl_unconst("b-1");
    link.heartbeat_ms = 60000;
    link.clock_ms = hl_clock_wall();
    link.registration = &registration;
    link.batches = batches;
    if (retained)
        parts_deliver_retained(parts, HL_TOPIC_LINK, id, &link.base);
    else
        parts_deliver(parts, HL_TOPIC_LINK, id, &link.base);
}

static void born(Parts *parts, const char *id, uint64_t session, const char *program, bool batches)
{
    say_born(parts, id, session, program, batches, false);
}

static Parts *start(void)
{
    Parts *parts = parts_new();

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);

        parts_add_endpoint(parts, id);
        born(parts, id, 1, "0.2.0", i >= LEGACY);
    }
    bus_fake_forget(parts->bus);
    return parts;
}

static uint64_t signatures(const Parts *parts)
{
    return mgr_delivery_count(parts->delivery).signatures;
}

static HlMsgEnvelope *take(Parts *parts, HlTopic topic, guint number)
{
    g_autofree char *id = id_of(number);

    return parts_take(parts, topic, id, &holdline__v1__signed_envelope__descriptor);
}

static void test_command(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = signatures(parts);
    g_autofree char *command = parts_issue(parts, "all");

    g_assert_cmpuint(signatures(parts) - before, ==, LEGACY + 1);
    g_assert_cmpuint(mgr_delivery_count(parts->delivery).commands, ==, COUNT);
    for (guint i = 0; i < COUNT; i++) {
        g_autoptr(HlMsgEnvelope) envelope = take(parts, HL_TOPIC_COMMAND, i);
        g_autofree char *id = id_of(i);
        g_autoptr(HlMsgCommand) opened = hl_envelope_open(
            envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_COMMAND, &holdline__v1__command__descriptor, NULL);

        g_assert_nonnull(opened);
        g_assert_cmpstr(opened->endpoint, ==, id);
        g_assert_cmpstr(opened->id, ==, command);
        g_assert_true((envelope->path.len > 0) == (i >= LEGACY));
    }
}

/* Settings that still wait for their turn take the command with them, once. */
static void test_command_behind_settings(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *command = NULL;

    mgr_delivery_push_settings(parts->delivery, mgr_fleet_endpoint(&parts->fleet, "e-050"));
    command = parts_issue(parts, "all");
    g_assert_nonnull(command);
    g_assert_cmpuint(mgr_delivery_count(parts->delivery).commands, ==, COUNT);
}

static void test_settings(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = signatures(parts);

    parts_set(parts, "office", "line.heartbeat=90s");
    g_assert_cmpuint(signatures(parts) - before, ==, LEGACY + 1);
    for (guint i = 0; i < COUNT; i++) {
        g_autoptr(HlMsgEnvelope) envelope = take(parts, HL_TOPIC_SETTINGS, i);
        g_autofree char *id = id_of(i);
        g_autoptr(HlMsgSettingsDocument) opened =
            hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_SETTINGS,
                             &holdline__v1__settings_document__descriptor, NULL);

        g_assert_nonnull(opened);
        g_assert_cmpstr(opened->endpoint, ==, id);
    }
}

static void test_acknowledgements(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = signatures(parts);

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);
        MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, id);

        endpoint->record.report_seq = i + 1;
        mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), endpoint, mgr_endpoint_answered_session(endpoint));
    }
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(signatures(parts) - before, ==, LEGACY + 1);
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);
        g_autoptr(HlMsgAck) ack = parts_take(parts, HL_TOPIC_ACK, id, &holdline__v1__ack__descriptor);
        g_autoptr(HlMsgLineNotice) notice =
            hl_envelope_open(ack->notice, hl_signing_key_public(parts->key), HL_ENVELOPE_LINE,
                             &holdline__v1__line_notice__descriptor, NULL);

        g_assert_nonnull(notice);
        g_assert_cmpuint(notice->seq, ==, i + 1);
        g_assert_cmpuint(ack->seq, ==, i + 1);
        g_assert_cmpstr(notice->endpoint, ==, id);
    }
}

/* All of them have their settings already. */
static void settle(const Parts *parts)
{
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);
        MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, id);

        endpoint->record.applied.counter = mgr_endpoint_desired_counter(endpoint);
        endpoint->record.applied.digest = g_bytes_ref(endpoint->group->digest);
    }
}

/* A manager that was started again need not wait for births to be repeated: the broker has kept them. */
static void test_restarted(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = signatures(parts);

    settle(parts);
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);

        mgr_fleet_endpoint(&parts->fleet, id)->takes_batches = false; /* nothing of it is stored */
        say_born(parts, id, 1, "0.2.0", i >= LEGACY, true);
    }
    say_born(parts, "e-050", 0, "0.1.0", false, true); /* left at another broker: of a session that has ended */
    g_assert_cmpuint(signatures(parts), ==, before);
    g_free(parts_issue(parts, "all"));
    g_assert_cmpuint(signatures(parts) - before, ==, LEGACY + 1);
}

static void expect_greeting(Parts *parts, guint number, uint64_t session)
{
    g_autofree char *id = id_of(number);
    g_autoptr(HlMsgAck) ack = parts_take(parts, HL_TOPIC_ACK, id, &holdline__v1__ack__descriptor);
    g_autoptr(HlMsgLineNotice) notice = NULL;

    g_assert_nonnull(ack);
    notice = hl_envelope_open(ack->notice, hl_signing_key_public(parts->key), HL_ENVELOPE_LINE,
                              &holdline__v1__line_notice__descriptor, NULL);
    g_assert_nonnull(notice);
    g_assert_cmpstr(notice->endpoint, ==, id);
    g_assert_cmpuint(notice->session, ==, session);
    g_assert_null(parts_take(parts, HL_TOPIC_ACK, id, &holdline__v1__ack__descriptor));
}

/* Many births are one signature; of one that was born twice meanwhile the last birth is answered. */
static void test_births(void)
{
    g_autoptr(Parts) parts = start();
    uint64_t before = signatures(parts);

    settle(parts);
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = id_of(i);

        born(parts, id, 2, "0.2.0", i >= LEGACY);
    }
    born(parts, "e-050", 3, "0.2.0", true);
    g_assert_cmpuint(signatures(parts), ==, before);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(signatures(parts) - before, ==, LEGACY + 1);
    for (guint i = 0; i < COUNT; i++)
        expect_greeting(parts, i, i == 50 ? 3 : 2);
    mgr_delivery_flush_acks(parts->delivery); /* once */
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-050/ack"), ==, 0);
}

static void announce(Parts *parts)
{
    g_auto(MgrPlaceRecord) next = mgr_location_next(parts->location, "owner");

    mgr_location_announce(parts->location, &next);
}

/* The answer to a birth tells the time, by which the endpoint judges what follows: nothing overtakes it. */
static void test_birth_first(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *command = NULL;

    settle(parts);
    born(parts, "e-050", 2, "0.2.0", true);
    command = parts_issue(parts, "e-050");
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-050/command"), ==, 1);
    expect_greeting(parts, 50, 2);
    born(parts, "e-051", 2, "0.2.0", true);
    mgr_fleet_endpoint(&parts->fleet, "e-051")->record.applied.counter = 0;
    mgr_delivery_all(parts->delivery, mgr_fleet_endpoint(&parts->fleet, "e-051"), MGR_OCCASION_LINE);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-051/settings"), ==, 1);
    expect_greeting(parts, 51, 2);
    born(parts, "e-052", 2, "0.2.0", true);
    mgr_delivery_certificate(parts->delivery, mgr_fleet_endpoint(&parts->fleet, "e-052"),
                             mgr_pki_authority(parts->pki));
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-052/command"), ==, 1);
    expect_greeting(parts, 52, 2);
    born(parts, "e-053", 2, "0.2.0", true);
    announce(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-053/server"), ==, 1);
    expect_greeting(parts, 53, 2);
}

/* What else is heard before the answer has gone was not born: an old line, and a copy that is to stay away. */
static void test_birth_of_another(void)
{
    g_autoptr(Parts) parts = start();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-050");

    settle(parts);
    born(parts, "e-050", 5, "0.2.0", true);
    born(parts, "e-050", 3, "0.2.0", true);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->heard_session, ==, 3);
    mgr_delivery_flush_acks(parts->delivery);
    expect_greeting(parts, 50, 5);
    born(parts, "e-050", 6, "0.2.0", true);
    endpoint->record.presence.clone = MGR_CLONE_KEPT;
    endpoint->record.presence.kept_machine = endpoint->record.presence.machine + 1;
    born(parts, "e-050", 9, "0.2.0", true);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->heard_session, ==, 9);
    g_assert_cmpuint(endpoint->record.presence.session, ==, 6);
    bus_fake_forget(parts->bus); /* the copy was asked to stay away */
    mgr_delivery_flush_acks(parts->delivery);
    expect_greeting(parts, 50, 6);
}

/* Documents are for the line that counts, whichever was heard last: it would refuse those of another session. */
static void test_documents_of_another(void)
{
    g_autoptr(Parts) parts = start();
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-050");

    settle(parts);
    born(parts, "e-050", 5, "0.2.0", true);
    born(parts, "e-050", 3, "0.2.0", true);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->heard_session, ==, 3);
    bus_fake_forget(parts->bus);
    parts_set(parts, "office", "line.heartbeat=90s");
    announce(parts);
    {
        g_autoptr(HlMsgEnvelope) settings = take(parts, HL_TOPIC_SETTINGS, 50);
        g_autoptr(HlMsgEnvelope) server = take(parts, HL_TOPIC_SERVER, 50);
        g_autoptr(HlMsgSettingsDocument) first =
            hl_envelope_open(settings, hl_signing_key_public(parts->key), HL_ENVELOPE_SETTINGS,
                             &holdline__v1__settings_document__descriptor, NULL);
        g_autoptr(HlMsgServerDocument) second =
            hl_envelope_open(server, hl_signing_key_public(parts->key), HL_ENVELOPE_SERVER,
                             &holdline__v1__server_document__descriptor, NULL);

        g_assert_cmpuint(first->session, ==, 5);
        g_assert_cmpuint(second->session, ==, 5);
    }
}

/* It is removed before its birth was answered. */
static void test_birth_forgotten(void)
{
    g_autoptr(Parts) parts = start();

    settle(parts);
    born(parts, "e-050", 2, "0.2.0", true);
    mgr_delivery_forget(parts->delivery, mgr_fleet_endpoint(&parts->fleet, "e-050"));
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-050/ack"), ==, 0);
}

/* One that is asked for by itself is signed alone, and goes at once. */
static void test_alone(void)
{
    g_autoptr(Parts) parts = start();
    g_autofree char *command G_GNUC_UNUSED = parts_issue(parts, "e-050");
    g_autoptr(HlMsgEnvelope) envelope = take(parts, HL_TOPIC_COMMAND, 50);

    g_assert_nonnull(envelope);
    g_assert_cmpuint(envelope->path.len, ==, 0);
}

/* The line goes between the two: what was gathered is taken back, and goes at the next birth. */
static void test_not_sent(void)
{
    g_autoptr(Parts) parts = start();
    GHashTableIter iter;
    gpointer command = NULL;
    const MgrCommand *issued;

    parts_call(parts, "update-now", "selector", "all", NULL);
    bus_fake_refuse(parts->bus, true); /* the answer does not go either */
    parts_commit(parts);
    g_hash_table_iter_init(&iter, parts->fleet.commands);
    g_assert_true(g_hash_table_iter_next(&iter, NULL, &command));
    issued = command;
    g_assert_cmpuint(issued->counts[HL_STATE_QUEUED], ==, COUNT);
    g_assert_cmpuint(mgr_delivery_count(parts->delivery).commands, ==, 0);
    bus_fake_refuse(parts->bus, false);
    born(parts, "e-007", 2, "0.2.0", true);
    parts_commit(parts);
    {
        g_autoptr(HlMsgCommand) again = parts_take_command(parts, "e-007");

        g_assert_nonnull(again);
    }
    parts_check_registry(parts);
}

/* An endpoint whose program is an earlier one again would find settings at the broker that it cannot open. */
static void test_earlier_program(void)
{
    g_autoptr(Parts) parts = start();
    HlBusMessage *kept;

    parts_set(parts, "office", "line.heartbeat=90s");
    bus_fake_forget(parts->bus);
    born(parts, "e-050", 2, "0.1.0", false);
    kept = bus_fake_take(parts->bus, "holdline/v1/endpoint/e-050/settings");
    g_assert_nonnull(kept);
    g_assert_cmpuint(g_bytes_get_size(kept->payload), ==, 0);
    bus_fake_message_free(kept);
    {
        g_autoptr(HlMsgEnvelope) envelope = take(parts, HL_TOPIC_SETTINGS, 50); /* it has not said that it has them */

        g_assert_nonnull(envelope);
        g_assert_cmpuint(envelope->path.len, ==, 0);
    }
    bus_fake_forget(parts->bus);
    born(parts, "e-050", 3, "0.1.0", false); /* again: nothing has changed */
    kept = bus_fake_take(parts->bus, "holdline/v1/endpoint/e-050/settings");
    g_assert_true(kept == NULL || g_bytes_get_size(kept->payload) > 0);
    if (kept != NULL)
        bus_fake_message_free(kept);
}

/* Whether the next document of settings at the broker is the empty one, which withdraws what is kept. */
static bool takes_withdrawal(Parts *parts)
{
    HlBusMessage *kept = bus_fake_take(parts->bus, "holdline/v1/endpoint/e-050/settings");
    bool is_empty = kept != NULL && g_bytes_get_size(kept->payload) == 0;

    if (kept != NULL)
        bus_fake_message_free(kept);
    return is_empty;
}

/* The broker took it not, or had no time to say so: until it has. */
static void test_earlier_program_again(void)
{
    g_autoptr(Parts) parts = start();

    settle(parts);
    bus_fake_refuse(parts->bus, true);
    born(parts, "e-050", 2, "0.1.0", false);
    bus_fake_refuse(parts->bus, false);
    g_assert_false(takes_withdrawal(parts));
    mgr_down_clear_missed(parts->down, 0);
    g_assert_true(takes_withdrawal(parts));
    mgr_down_clear_missed(parts->down, 0);
    g_assert_false(takes_withdrawal(parts));
    born(parts, "e-050", 3, "0.2.0", true);
    bus_fake_forget(parts->bus);
    bus_fake_set_acks(parts->bus, BUS_FAKE_ACKS_LATER);
    born(parts, "e-050", 4, "0.1.0", false);
    g_assert_true(takes_withdrawal(parts));
    bus_fake_down(parts->bus, "gone");
    bus_fake_forget(parts->bus);
    bus_fake_up(parts->bus);
    g_assert_true(takes_withdrawal(parts));
}

/* The manager before this one learnt of it, and was killed before it had the broker withdraw anything. */
static void test_earlier_program_restarted(void)
{
    g_autoptr(Parts) parts = parts_new();

    g_free(parts_add_endpoint(parts, "e-050")->record.program);
    mgr_fleet_endpoint(&parts->fleet, "e-050")->record.program = g_strdup("0.1.0");
    bus_fake_forget(parts->bus);
    born(parts, "e-050", 2, "0.1.0", false);
    g_assert_true(takes_withdrawal(parts));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/letters/command", test_command);
    g_test_add_func("/manager/letters/command-behind-settings", test_command_behind_settings);
    g_test_add_func("/manager/letters/settings", test_settings);
    g_test_add_func("/manager/letters/acknowledgements", test_acknowledgements);
    g_test_add_func("/manager/letters/restarted", test_restarted);
    g_test_add_func("/manager/letters/births", test_births);
    g_test_add_func("/manager/letters/birth-first", test_birth_first);
    g_test_add_func("/manager/letters/birth-of-another", test_birth_of_another);
    g_test_add_func("/manager/letters/documents-of-another", test_documents_of_another);
    g_test_add_func("/manager/letters/birth-forgotten", test_birth_forgotten);
    g_test_add_func("/manager/letters/alone", test_alone);
    g_test_add_func("/manager/letters/not-sent", test_not_sent);
    g_test_add_func("/manager/letters/earlier-program", test_earlier_program);
    g_test_add_func("/manager/letters/earlier-program-again", test_earlier_program_again);
    g_test_add_func("/manager/letters/earlier-program-restarted", test_earlier_program_restarted);
    return g_test_run();
}
