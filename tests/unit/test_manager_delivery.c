/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/delivery: what goes down, on which occasion, by which path; acknowledgements; and what does not
 * go: to the revoked, down a line that is dead, beyond the size of a message. */
#include <string.h>

#include "proto/envelope.h"
#include "tests/support/manager_parts.h"

/* The document that was sent to the endpoint; NULL: none. */
static HlMsgSettingsDocument *take_settings(Parts *parts, const char *id)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_SETTINGS, id, &holdline__v1__signed_envelope__descriptor);
    g_autoptr(GError) error = NULL;
    HlMsgSettingsDocument *document;

    if (envelope == NULL)
        return NULL;
    document = hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_SETTINGS,
                                &holdline__v1__settings_document__descriptor, &error);
    g_assert_no_error(error);
    return document;
}

static void expect_settings(Parts *parts, const char *path)
{
    g_autoptr(HlMsgSettingsDocument) document = take_settings(parts, "e-one");

    g_assert_cmpstr(document != NULL ? document->path : "none", ==, path);
    g_assert_null(take_settings(parts, "e-one"));
}

/* A command leaves after it is written as sent. */
static void expect_command(Parts *parts, const char *id)
{
    g_autoptr(HlMsgCommand) command = NULL;

    parts_commit(parts);
    command = parts_take_command(parts, "e-one");
    g_assert_cmpstr(command != NULL ? command->id : NULL, ==, id);
    g_assert_null(parts_take_command(parts, "e-one"));
}

/* An endpoint that is up, has no settings, and (with a command) one command; delivered to by mode. */
static MgrEndpoint *start(Parts *parts, const char *mode, char **command)
{
    g_autofree char *setting = g_strdup_printf("delivery.mode=%s", mode);
    MgrEndpoint *endpoint;

    parts_set(parts, "office", setting);
    endpoint = parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    if (command != NULL)
        *command = parts_issue(parts, "e-one");
    bus_fake_forget(parts->bus);
    return endpoint;
}

/* ------------------------------------------------------------------------------------------------------- occasions */

static void test_occasions(void)
{
    static const struct {
        const char *mode;
        bool in_unreachable_net, independent;
        struct {
            const char *settings;
            bool command;
        } sent[MGR_OCCASION_N];
    } cases[] = {
        { "channel",
          false,
          false,
          { [MGR_OCCASION_LINE] = { "channel", true }, [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
        { "channel",
          true,
          false,
          { [MGR_OCCASION_LINE] = { "channel", true }, [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
        { "channel", false, true, { [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
        { "documented",
          false,
          false,
          { [MGR_OCCASION_DIAL] = { "direct", true },
            [MGR_OCCASION_ANNOUNCED] = { NULL, true },
            [MGR_OCCASION_UPDATED] = { "update-notification", true },
            [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
        { "documented",
          true,
          false,
          { [MGR_OCCASION_ANNOUNCED] = { NULL, true },
            [MGR_OCCASION_UPDATED] = { "update-notification", true },
            [MGR_OCCASION_POLL] = { "poll", true },
            [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
        { "documented", false, true, { [MGR_OCCASION_BUNDLE] = { "bundle", false } } },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (MgrOccasion occasion = 0; occasion < MGR_OCCASION_N; occasion++) {
            g_autoptr(Parts) parts = parts_new();
            g_autofree char *id = NULL;
            MgrEndpoint *endpoint = start(parts, cases[i].mode, &id);

            g_test_message("case %u, occasion %u", (unsigned)i, occasion);
            endpoint->record.display.in_unreachable_net = cases[i].in_unreachable_net;
            if (cases[i].independent) {
                endpoint->record.display.independent = true;
                parts_set(parts, "office", "mode.independent=yes");
                bus_fake_forget(parts->bus);
            }
            mgr_delivery_all(parts->delivery, endpoint, occasion);
            expect_settings(parts,
                            cases[i].sent[occasion].settings != NULL ? cases[i].sent[occasion].settings : "none");
            expect_command(parts, cases[i].sent[occasion].command ? id : NULL);
            parts_check_registry(parts);
        }
    }
}

/* Settings that end the independent mode are the only ones that it takes. */
static void test_independent_ends(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "channel", NULL);

    parts_set(parts, "office", "mode.independent=yes");
    expect_settings(parts, "channel"); /* those that begin it too */
    endpoint->record.display.independent = true;
    parts_set(parts, "office", "privilege.scan=no");
    expect_settings(parts, "none");
    parts_set(parts, "office", "mode.independent=no");
    expect_settings(parts, "channel");
}

/* B18: once a day is enough, where a schedule of minutes or hours brings them. */
static void test_once_a_day(void)
{
    static const struct {
        const char *once, *schedule, *path;
        bool by_schedule;
        HlTime ago;
        const char *expected;
    } cases[] = {
        { "yes", "every 30m", "update-notification", true, HL_HOUR, "none" },
        { "no", "every 30m", "update-notification", true, HL_HOUR, "update-notification" },
        { "yes", "daily 12:30", "update-notification", true, HL_HOUR, "update-notification" },
        { "yes", "every 30m", "direct", true, HL_HOUR, "update-notification" },
        { "yes", "every 30m", "update-notification", false, HL_HOUR, "update-notification" },
        { "yes", "every 30m", "update-notification", true, HL_DAY, "update-notification" },
        { "yes", "every 30m", "update-notification", true, -HL_HOUR, "update-notification" }, /* the clock was set */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        MgrEndpoint *endpoint = start(parts, "documented", NULL);
        g_autofree char *once = g_strdup_printf("update.settings-once-a-day=%s", cases[i].once);
        g_autofree char *schedule = g_strdup_printf("update.schedule=%s", cases[i].schedule);

        g_test_message("case %u", (unsigned)i);
        parts_set(parts, "office", schedule);
        parts_set(parts, "office", once);
        bus_fake_forget(parts->bus);
        endpoint->updated_by_schedule = cases[i].by_schedule;
        endpoint->record.applied.at = hl_clock_wall() - cases[i].ago;
        mgr_set_text(&endpoint->record.applied.path, cases[i].path);
        mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_UPDATED);
        expect_settings(parts, cases[i].expected);
    }
}

static void test_what_is_signed(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "channel", NULL);
    g_autoptr(HlMsgSettingsDocument) document = NULL;

    parts_add_group(parts, "lab", "line.heartbeat=5m");
    bus_fake_forget(parts->bus);
    parts_call(parts, "endpoint move", "selector", "e-one", "group", "lab", NULL);
    parts_commit(parts);
    document = take_settings(parts, "e-one");
    g_assert_cmpstr(document->endpoint, ==, "e-one");
    g_assert_cmpstr(document->group, ==, "lab");
    g_assert_cmpuint(document->version, ==, 1);
    g_assert_cmpuint(document->counter, ==, endpoint->record.moved_counter);
    g_assert_cmpuint(document->counter, >, endpoint->group->record.counter); /* the move orders, not the save */
    /* once it says that it has them, they are not sent again */
    endpoint->record.applied.counter = document->counter;
    endpoint->record.applied.digest = g_bytes_ref(endpoint->group->digest);
    mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_LINE);
    expect_settings(parts, "none");
}

/* -------------------------------------------------------------------------------------------------------- regroup */

static void test_regroup(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autofree char *topic = hl_topic_name(HL_TOPIC_SETTINGS, "e-one");
    g_autoptr(HlBusMessage) withdrawn = NULL;
    MgrEndpoint *endpoint = start(parts, "documented", &id);

    /* documented: what the broker keeps is withdrawn, nothing else goes */
    mgr_delivery_regroup(parts->delivery, endpoint);
    withdrawn = bus_fake_take(parts->bus, topic);
    g_assert_cmpuint(g_bytes_get_size(withdrawn->payload), ==, 0);
    g_assert_true(withdrawn->retained);
    expect_settings(parts, "none");
    expect_command(parts, NULL);
    /* by channel from now on: everything that is missing, at once */
    parts_set(parts, "office", "delivery.mode=channel");
    expect_settings(parts, "channel");
    expect_command(parts, id);
    parts_check_registry(parts);
}

/* ------------------------------------------------------------------------------------------------- who gets nothing */

static void test_revoked(void)
{
    static const char *const modes[] = { "channel", "documented" };

    for (gsize m = 0; m < G_N_ELEMENTS(modes); m++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *id = NULL;
        MgrEndpoint *endpoint = start(parts, modes[m], &id);

        endpoint->record.revoked_at = hl_clock_wall();
        for (MgrOccasion occasion = 0; occasion < MGR_OCCASION_N; occasion++)
            mgr_delivery_all(parts->delivery, endpoint, occasion);
        expect_settings(parts, "none");
        expect_command(parts, NULL);
        endpoint->record.revoked_at = 0;
    }
}

/* A group that is saved dials those who are to be notified; not who is revoked, and not a tombstone. */
static void test_not_notified(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "documented", NULL);

    endpoint->record.direct_port = 8844;
    g_ptr_array_set_size(parts->dials, 0);
    mgr_endpoint_make_contact(endpoint)->notify = (MgrNotify){ 0 };
    parts_set(parts, "office", "privilege.scan=no");
    g_assert_cmpuint(parts->dials->len, ==, 1);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    endpoint->record.display.removed = true;
    parts_set(parts, "office", "privilege.scan=yes");
    g_assert_cmpuint(parts->dials->len, ==, 0);
    endpoint->record.display.removed = false;
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    parts_set(parts, "office", "privilege.scan=no");
    g_assert_cmpuint(parts->dials->len, ==, 0);
}

static HlCommandState state_of(const Parts *parts, const char *command)
{
    return mgr_endpoint_find_target(mgr_fleet_endpoint(&parts->fleet, "e-one"), command)->record.state;
}

/* The manager's line is down, or takes no more: nothing goes, nothing counts as sent, and the next birth makes up. */
static void test_down(void)
{
    for (guint refused = 0; refused < 2; refused++) {
        g_autoptr(Parts) parts = parts_new();
        MgrEndpoint *endpoint = start(parts, "channel", NULL);
        g_autofree char *id = NULL;
        MgrDeliveryCounts before = mgr_delivery_count(parts->delivery);
        MgrDeliveryCounts after;

        if (refused == 1)
            bus_fake_refuse(parts->bus, true);
        else
            bus_fake_down(parts->bus, "gone");
        g_assert_cmpint(mgr_down_is_up(parts->down), ==, refused == 1);
        mgr_delivery_all(parts->delivery, endpoint, MGR_OCCASION_LINE);
        mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), endpoint, mgr_endpoint_answered_session(endpoint));
        mgr_delivery_flush_acks(parts->delivery);
        if (refused == 1) {
            parts_call(parts, "update-now", "selector", "e-one", NULL);
            parts_commit(parts);
            g_assert_null(parts_reply(parts)); /* the admin's answer is lost with the rest */
            id = g_strdup(mgr_endpoint_first_target(endpoint)->record.command);
            g_assert_cmpint(state_of(parts, id), ==, HL_STATE_QUEUED);
        }
        after = mgr_delivery_count(parts->delivery);
        g_assert_cmpuint(after.settings, ==, before.settings);
        g_assert_cmpuint(after.commands, ==, before.commands);
        g_assert_cmpuint(bus_fake_published(parts->bus, NULL), ==, 0);
        if (refused == 1)
            bus_fake_refuse(parts->bus, false);
        else
            bus_fake_up(parts->bus);
        parts_birth(parts, "e-one", 2);
        expect_settings(parts, "channel");
        expect_command(parts, id);
        parts_check_registry(parts);
    }
}

static void test_endpoint_down(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;

    start(parts, "channel", NULL);
    parts_will(parts, "e-one", 1);
    parts_set(parts, "office", "privilege.scan=no");
    id = parts_issue(parts, "e-one");
    expect_settings(parts, "none");
    expect_command(parts, NULL);
    parts_birth(parts, "e-one", 2);
    expect_settings(parts, "channel");
    expect_command(parts, id);
}

/* Past its end a command is not sent any more, no matter who comes. */
static void test_command_expiry(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autofree char *topic = hl_topic_name(HL_TOPIC_COMMAND, "e-one");
    g_autoptr(HlBusMessage) sent = NULL;

    start(parts, "channel", NULL);
    parts_will(parts, "e-one", 1);
    id = parts_issue(parts, "e-one");
    clock_fake_advance(4 * HL_DAY - HL_MINUTE);
    parts_birth(parts, "e-one", 2);
    parts_commit(parts);
    sent = bus_fake_take(parts->bus, topic);
    g_assert_nonnull(sent);
    g_assert_cmpint(sent->expiry, ==, HL_MINUTE); /* the broker drops it at its end */
    clock_fake_advance(HL_MINUTE);
    parts_birth(parts, "e-one", 3);
    expect_command(parts, NULL);
}

/* ----------------------------------------------------------------------------------------------------------- sizes */

/* What no message takes is refused, and nothing of it is published or counted. */
static void test_too_large(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "channel", NULL);
    g_autofree char *filler = g_strnfill(HL_BUS_MAX_SIZE, 'x');
    g_autoptr(GBytes) largest = g_bytes_new(filler, HL_BUS_MAX_SIZE);
    g_autofree char *text = g_strdup_printf("%s\nof.a.later.version=%s\n", endpoint->group->record.settings, filler);
    MgrGroupRecord record = { .name = g_strdup("office"),
                              .version = 7,
                              .counter = 7,
                              .settings = g_steal_pointer(&text),
                              .changed_by = g_strdup("admin") };
    g_autofree char *more = g_strnfill(HL_BUS_MAX_SIZE + 1, 'x');
    g_autoptr(GBytes) too_large = g_bytes_new(more, HL_BUS_MAX_SIZE + 1);

    g_assert_true(mgr_down_send(parts->down, HL_TOPIC_SETTINGS, "e-one", largest, 0));
    g_assert_false(mgr_down_send(parts->down, HL_TOPIC_SETTINGS, "e-one", too_large, 0));
    bus_fake_forget(parts->bus);
    mgr_fleet_put_group(&parts->fleet, &record);
    mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_LINE);
    g_assert_cmpuint(bus_fake_published(parts->bus, NULL), ==, 0);
}

/* A call whose answer is too large is answered all the same. */
static void test_answer_too_large(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *filler = g_strnfill(HL_BUS_MAX_SIZE, 'x');
    MgrEndpoint *endpoint = start(parts, "channel", NULL);
    g_autofree char *code = NULL;

    mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->update_error, filler);
    parts_call(parts, "endpoint show", "endpoint", "e-one", NULL);
    code = parts_end_of(parts, NULL);
    g_assert_cmpstr(code, ==, "too-large");
}

/* A list is cut where it must be: by its size, not only by its length. */
static void test_long_list(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *filler = g_strnfill(HL_BUS_MAX_SIZE / 3, 'x');
    guint n = 0;
    bool more = true;

    for (guint i = 0; i < 7; i++) {
        g_autofree char *id = g_strdup_printf("e-%u", i);

        mgr_set_text(&mgr_endpoint_make_seldom(&parts_add_endpoint(parts, id)->record)->update_error, filler);
    }
    parts_call(parts, "endpoint list", NULL);
    while (more) {
        g_autoptr(HlMsgCallReply) reply = parts_reply(parts);
        g_autoptr(json_t) document = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(reply);
        g_assert_cmpstr(reply->code, ==, "");
        document = hl_json_parse("reply", reply->json, strlen(reply->json), &error);
        g_assert_no_error(error);
        n += (guint)json_array_size(json_object_get(document, "endpoints"));
        more = reply->more;
    }
    g_assert_cmpuint(n, ==, 7);
    g_assert_null(parts_reply(parts));
}

/* ------------------------------------------------------------------------------------------------ acknowledgements */

static HlMsgAck *take_ack(Parts *parts)
{
    return parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
}

static void test_acks(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "channel", NULL);
    g_autoptr(HlMsgAck) ack = NULL;
    g_autoptr(HlMsgAck) fence = NULL;
    g_autoptr(HlMsgAck) hold_off = NULL;

    mgr_set_text(&endpoint->record.spool, "s-1");
    endpoint->record.report_seq = 7;
    mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), endpoint, mgr_endpoint_answered_session(endpoint));
    mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), endpoint, mgr_endpoint_answered_session(endpoint));
    g_assert_null(take_ack(parts));
    mgr_delivery_flush_acks(parts->delivery);
    ack = take_ack(parts);
    g_assert_cmpstr(ack->spool, ==, "s-1");
    g_assert_cmpuint(ack->seq, ==, 7);
    g_assert_cmpuint(ack->poll_ms + ack->fence_session + ack->hold_off_ms, ==, 0);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_null(take_ack(parts)); /* once */

    endpoint->record.display.in_unreachable_net = true;
    mgr_notices_fence(mgr_delivery_notices(parts->delivery), endpoint, 5, 99);
    fence = take_ack(parts);
    g_assert_cmpuint(fence->fence_session, ==, 99);
    g_assert_cmpuint(fence->seq, ==, 7);
    g_assert_cmpuint(fence->poll_ms, ==, 30 * HL_MINUTE);
    mgr_notices_hold_off(mgr_delivery_notices(parts->delivery), endpoint,
                         &(MgrHoldOff){ .answered = 5, .boot_id = "b-9", .time = HL_MINUTE });
    hold_off = take_ack(parts);
    g_assert_cmpuint(hold_off->hold_off_ms, ==, HL_MINUTE);
    g_assert_cmpstr(hold_off->hold_off_boot, ==, "b-9");
}

/* Who is removed while an acknowledgement waits gets none, and the others theirs. */
static void test_forget(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *one = start(parts, "channel", NULL);
    MgrEndpoint *two = parts_add_endpoint(parts, "e-two");

    mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), one, mgr_endpoint_answered_session(one));
    mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), two, mgr_endpoint_answered_session(two));
    mgr_delivery_forget(parts->delivery, one);
    mgr_delivery_forget(parts->delivery, one);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_null(take_ack(parts));
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-two/ack"), ==, 1);

    mgr_notices_ack_later(mgr_delivery_notices(parts->delivery), two, mgr_endpoint_answered_session(two));
    parts_call(parts, "endpoint remove", "endpoint", "e-two", NULL);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-two/ack"), ==, 1);
}

/* --------------------------------------------------------------------------------------------------------- the rest */

static void test_certificate(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "documented", NULL);
    g_autoptr(HlMsgCommand) command = NULL;
    g_autofree char *pem = hl_cert_print(mgr_pki_authority(parts->pki));

    mgr_delivery_certificate(parts->delivery, endpoint, mgr_pki_authority(parts->pki));
    command = parts_take_command(parts, "e-one");
    g_assert_cmpint(command->kind, ==, HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE);
    g_assert_cmpstr(command->endpoint, ==, "e-one");
    g_assert_cmpint(command->expires_ms - command->issued_ms, ==, HL_DAY);
    g_assert_cmpmem(command->certificate.data, command->certificate.len, pem, strlen(pem));
}

static void test_clear_retained(void)
{
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_SERVER, HL_TOPIC_LINK, HL_TOPIC_STATUS_ENDPOINT };
    g_autoptr(Parts) parts = parts_new();

    mgr_delivery_clear_retained(parts->delivery, "e-gone");
    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *topic = hl_topic_name(topics[i], "e-gone");
        g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, topic);

        g_assert_true(message->retained);
        g_assert_cmpuint(g_bytes_get_size(message->payload), ==, 0);
    }
    g_assert_cmpuint(bus_fake_published(parts->bus, NULL), ==, 0);
}

static void test_probe(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = start(parts, "channel", NULL);
    g_autofree char *topic = hl_topic_name(HL_TOPIC_PROBE, "e-one");
    g_autoptr(HlBusMessage) message = NULL;

    mgr_delivery_probe(parts->delivery, endpoint, 5);
    message = bus_fake_take(parts->bus, topic);
    g_assert_cmpint(message->qos, ==, 0);
    g_assert_cmpint(message->expiry, ==, 30 * HL_SECOND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/delivery/occasions", test_occasions);
    g_test_add_func("/manager/delivery/independent-ends", test_independent_ends);
    g_test_add_func("/manager/delivery/once-a-day", test_once_a_day);
    g_test_add_func("/manager/delivery/what-is-signed", test_what_is_signed);
    g_test_add_func("/manager/delivery/regroup", test_regroup);
    g_test_add_func("/manager/delivery/revoked", test_revoked);
    g_test_add_func("/manager/delivery/not-notified", test_not_notified);
    g_test_add_func("/manager/delivery/down", test_down);
    g_test_add_func("/manager/delivery/endpoint-down", test_endpoint_down);
    g_test_add_func("/manager/delivery/command-expiry", test_command_expiry);
    g_test_add_func("/manager/delivery/too-large", test_too_large);
    g_test_add_func("/manager/delivery/answer-too-large", test_answer_too_large);
    g_test_add_func("/manager/delivery/long-list", test_long_list);
    g_test_add_func("/manager/delivery/acks", test_acks);
    g_test_add_func("/manager/delivery/forget", test_forget);
    g_test_add_func("/manager/delivery/certificate", test_certificate);
    g_test_add_func("/manager/delivery/clear-retained", test_clear_retained);
    g_test_add_func("/manager/delivery/probe", test_probe);
    return g_test_run();
}
