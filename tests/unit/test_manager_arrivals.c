/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/arrivals, with tracker, registration and applied behind it: births, wills, heartbeats, echoes;
 * who has no business here; nonsense.  For the broker that goes and comes back see test_manager_sight.c. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/core/counter.h"
#include "proto/envelope.h"
#include "tests/support/manager_parts.h"

#define DIGEST "0123456789abcdef0123456789abcdef"

typedef struct {
    HlMsgLink link;
    HlMsgRegistration registration;
    HlMsgAppliedSettings applied;
} Birth;

static void birth_init(Birth *birth, uint64_t session, const char *boot)
{
    holdline__v1__link__init(&birth->link);
    holdline__v1__registration__init(&birth->registration);
    holdline__v1__applied_settings__init(&birth->applied);
    birth->link.online = true;
    birth->link.session = session;
    birth->link.boot_id = hl_unconst(boot);
    birth->link.heartbeat_ms = 60000;
    birth->link.clock_ms = hl_clock_wall();
    birth->registration.host = hl_unconst("one");
    birth->registration.fingerprint = hl_unconst("f1");
}

static void deliver(Parts *parts, const char *id, const HlMsgLink *link, bool retained)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_LINK, id);
    g_autoptr(GBytes) payload = HL_WIRE_ENCODE(link);

    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1, .retained = retained });
}

static void be_born(Parts *parts, uint64_t session, const char *boot, bool retained)
{
    Birth birth;

    birth_init(&birth, session, boot);
    deliver(parts, "e-one", &birth.link, retained);
}

static void beat(Parts *parts, uint64_t session, uint64_t seq)
{
    HlMsgHeartbeat message = HOLDLINE__V1__HEARTBEAT__INIT;

    message.session = session;
    message.seq = seq;
    message.clock_ms = hl_clock_wall();
    parts_deliver(parts, HL_TOPIC_HEARTBEAT, "e-one", &message.base);
}

/* ---------------------------------------------------------------------------------------------------------- births */

static void test_birth(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();

    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_NEVER_SEEN);
    be_born(parts, 1, "b-1", false);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpuint(parts->fleet.online, ==, 1);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 1);
    be_born(parts, 1, "b-1", false); /* repeated on a living line: handled again, not counted as online twice */
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 2);
    g_assert_cmpuint(parts->fleet.online, ==, 1);
    be_born(parts, 2, "b-1", false); /* it reconnected; the broker's will for session 1 comes late */
    parts_will(parts, "e-one", 1);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpuint(mgr_tracker_count(parts->tracker).stale_messages, ==, 2);
    parts_will(parts, "e-one", 2);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_OFFLINE);
    g_assert_cmpuint(parts->fleet.online, ==, 0);
    parts_check_registry(parts);
}

static bool has_command(Parts *parts, const char *id)
{
    g_autoptr(HlMsgCommand) command = parts_take_command(parts, "e-one");

    return command != NULL && strcmp(command->id, id) == 0;
}

/* What the broker kept of its birth is enough to send what it lacks: its own word may be a minute away. */
static void test_missing(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    g_autofree char *command = NULL;
    Birth birth;

    birth_init(&birth, 1, "b-1");
    deliver(parts, "e-one", &birth.link, false);
    timer_fake_advance(HL_SECOND);
    bus_fake_forget(parts->bus);
    birth.link.batches = true;
    deliver(parts, "e-one", &birth.link, true);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/settings"), ==, 1);

    command = parts_issue(parts, "e-one");
    timer_fake_advance(HL_SECOND);
    g_assert_true(has_command(parts, command));
    deliver(parts, "e-one", &birth.link, true);
    g_assert_false(has_command(parts, command)); /* in its turn, not while others are read */
    timer_fake_advance(HL_SECOND);
    g_assert_true(has_command(parts, command));
    deliver(parts, "e-one", &birth.link, false); /* its own word, in its turn: it was sent that */
    timer_fake_advance(HL_SECOND);
    g_assert_false(has_command(parts, command));
    birth.link.session = 2; /* of another line nobody knows what arrived */
    deliver(parts, "e-one", &birth.link, false);
    timer_fake_advance(HL_SECOND);
    g_assert_true(has_command(parts, command));

    birth.link.batches = false; /* of an earlier version: what the broker has for it is withdrawn first, at its birth */
    deliver(parts, "e-one", &birth.link, true);
    timer_fake_advance(HL_SECOND);
    g_assert_false(has_command(parts, command));
    parts_will(parts, "e-one", 2);
    birth.link.batches = true; /* of a line that is gone */
    deliver(parts, "e-one", &birth.link, true);
    timer_fake_advance(HL_SECOND);
    g_assert_false(has_command(parts, command));
}

/* Its disk was restored: it is told which session is known. */
static void test_fence(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    g_autoptr(HlMsgAck) ack = NULL;

    be_born(parts, 9, "b-1", false);
    bus_fake_forget(parts->bus);
    be_born(parts, 3, "b-2", false);
    ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    g_assert_cmpuint(ack->fence_session, ==, 9);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 1);
}

/* It started again while the manager did not listen: the announcement went to the broker alone. */
static void test_restarted_unheard(void)
{
    static const struct {
        const char *boot;
        MgrDisplayEventKind cause;
    } cases[] = { { "b-2", MGR_DISPLAY_RESTARTED }, { "b-1", MGR_DISPLAY_STOPPED } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new_with_endpoint();
        MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");

        endpoint->record.direct_port = 8844; /* the dial does not end at once */
        be_born(parts, 1, "b-1", false);
        mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_STOPPED);
        be_born(parts, 2, cases[i].boot, true); /* the broker's copy */
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 1);
        be_born(parts, 2, cases[i].boot, false);
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 2);
        g_assert_cmpint(endpoint->record.display.cause, ==, cases[i].cause);
        g_assert_false(endpoint->restarted_unheard);
    }
}

/* Two machines with one identity: found, told, and the one that came last is asked to stay away. */
static void test_clone(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    g_autofree char *code = NULL;
    guint held_off = 0;

    for (uint64_t session = 1; session <= 12; session++) {
        Birth birth;

        birth_init(&birth, session, session % 2 == 0 ? "b-even" : "b-odd");
        birth.registration.fingerprint = (char *)(session % 2 == 0 ? "f-even" : "f-odd");
        birth.link.registration = &birth.registration;
        deliver(parts, "e-one", &birth.link, false);
        parts_pass(parts, 1);
    }
    for (HlMsgAck *ack; (ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor)) != NULL;
         hl_wire_free(ack))
        held_off += ack->hold_off_ms > 0;
    g_assert_cmpuint(held_off, >, 0);
    g_assert_cmpint(endpoint->record.presence.clone, ==, MGR_CLONE_SUSPECTED);
    parts_check_registry(parts);
    parts_call(parts, "endpoint clone keep", "endpoint", "e-one", NULL);
    parts_commit(parts);
    code = parts_end_of(parts, NULL);
    g_assert_cmpstr(code, ==, "");
    g_assert_cmpint(endpoint->record.presence.clone, ==, MGR_CLONE_KEPT);
}

/* ----------------------------------------------------------------------------------------------------------- wills */

static void test_farewells(void)
{
    static const struct {
        const char *reason;
        MgrReason shown;
        bool removed;
    } cases[] = {
        { "clean-stop", MGR_REASON_CLEAN_STOP, false }, { "uninstalled", MGR_REASON_CLEAN_STOP, true },
        { "moved", MGR_REASON_CLEAN_STOP, true },       { "line-lost", MGR_REASON_LINE_LOST, false },
        { "whatever", MGR_REASON_LINE_LOST, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new_with_endpoint();
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
        HlMsgLink will = HOLDLINE__V1__LINK__INIT;

        be_born(parts, 1, "b-1", false);
        will.session = 1;
        will.boot_id = hl_unconst("b-1");
        will.reason = hl_unconst(cases[i].reason);
        deliver(parts, "e-one", &will, false);
        g_assert_cmpint(endpoint->record.presence.actual, ==, MGR_ACTUAL_OFFLINE);
        g_assert_cmpint(mgr_presence_reason(&endpoint->record.presence), ==, cases[i].shown);
        g_assert_cmpint(endpoint->record.display.removed, ==, cases[i].removed);
        parts_check_registry(parts);
    }
}

/* Many wills at once are rather the farewell of the broker: believed when it goes on. */
static void test_many_wills(void)
{
    for (guint goes_on = 0; goes_on < 2; goes_on++) {
        g_autoptr(Parts) parts = parts_new();
        guint offline = 0;

        for (guint i = 0; i < 10; i++) {
            g_autofree char *id = g_strdup_printf("e-%u", i);

            parts_add_endpoint(parts, id);
            parts_birth(parts, id, 1);
        }
        bus_fake_forget(parts->bus);
        for (guint i = 0; i < 10; i++) {
            g_autofree char *id = g_strdup_printf("e-%u", i);

            parts_will(parts, id, 1);
            offline += parts_actual(parts, id) == MGR_ACTUAL_OFFLINE;
        }
        g_assert_cmpuint(offline, ==, 3);
        g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/manager/echo"), ==, 1); /* one question for all */
        if (goes_on == 1) {
            parts_answer_echo(parts);
            g_assert_cmpuint(parts->fleet.online, ==, 0);
        } else {
            bus_fake_down(parts->bus, "gone");
            g_assert_cmpuint(parts->fleet.online, ==, 10); /* the first three are taken back */
        }
    }
}

/* ----------------------------------------------------------------------------------------------- heartbeats, echoes */

static void test_heartbeats(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");

    be_born(parts, 2, "b-1", false);
    beat(parts, 2, 1);
    beat(parts, 2, 2);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->lost_heartbeats, ==, 0);
    beat(parts, 2, 6);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->lost_heartbeats, ==, 3);
    beat(parts, 2, 6);  /* a copy */
    beat(parts, 1, 99); /* of the session before */
    g_assert_cmpuint(mgr_tracker_count(parts->tracker).stale_messages, ==, 2);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->lost_heartbeats, ==, 3);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).heartbeats, ==, 5);
    beat(parts, 2, UINT64_MAX); /* no figure of the fleet is at the mercy of one endpoint */
    g_assert_cmpuint(mgr_tracker_count(parts->tracker).lost_heartbeats, <, 100000);
    parts_check_registry(parts);
}

/* Late: asked down the line, then Stale, then Offline; a heartbeat brings it back. */
static void test_silence(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    g_autoptr(HlMsgProbe) probe = NULL;
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;

    parts_pass(parts, 70); /* sight is clear */
    be_born(parts, 1, "b-1", false);
    parts_pass(parts, 74);
    g_assert_null(parts_take(parts, HL_TOPIC_PROBE, "e-one", &holdline__v1__probe__descriptor));
    parts_pass(parts, 2);
    probe = parts_take(parts, HL_TOPIC_PROBE, "e-one", &holdline__v1__probe__descriptor);
    g_assert_nonnull(probe);
    echo.session = 1;
    echo.nonce = probe->nonce + 1; /* not what was asked */
    parts_deliver(parts, HL_TOPIC_ECHO, "e-one", &echo.base);
    parts_pass(parts, 16);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_STALE);
    echo.nonce = probe->nonce;
    parts_deliver(parts, HL_TOPIC_ECHO, "e-one", &echo.base);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    parts_deliver(parts, HL_TOPIC_ECHO, "e-one", &echo.base); /* once */
    parts_pass(parts, 179);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_STALE);
    parts_pass(parts, 2);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_OFFLINE);
    parts_check_registry(parts);
}

/* -------------------------------------------------------------------------------------------- what it says it has */

/* The endpoint says that it has this; committed. */
static void say_applied(Parts *parts, const char *id, uint64_t counter, GBytes *digest)
{
    static uint64_t session = 0;
    Birth birth;

    birth_init(&birth, ++session, "b-1");
    birth.applied.group = hl_unconst("office");
    birth.applied.version = 1;
    birth.applied.counter = counter;
    birth.applied.digest.data = hl_unconst(g_bytes_get_data(digest, &birth.applied.digest.len));
    birth.applied.path = hl_unconst("channel");
    birth.link.applied = &birth.applied;
    deliver(parts, id, &birth.link, false);
    parts_commit(parts);
}

/* An earlier version's first birth has the broker's copy withdrawn, whatever that was. */
static void skip_withdrawal(Parts *parts, const char *id)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_SETTINGS, id);
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, topic);

    g_assert_nonnull(message);
    g_assert_cmpuint(g_bytes_get_size(message->payload), ==, 0);
}

static uint64_t counter_sent(Parts *parts, const char *id)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_SETTINGS, id, &holdline__v1__signed_envelope__descriptor);
    g_autoptr(HlMsgSettingsDocument) document = NULL;

    if (envelope == NULL)
        return 0;
    document = hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_SETTINGS,
                                &holdline__v1__settings_document__descriptor, NULL);
    g_assert_cmpuint(document->session, ==, mgr_endpoint_contact(mgr_fleet_endpoint(&parts->fleet, id))->heard_session);
    return document->counter;
}

/* An endpoint that is ahead gets its own document past what it has; the registry's number follows nobody's word. */
static void test_outrun(void)
{
    const uint64_t latest = CLOCK_FAKE_WALL + MGR_COUNTER_LEAD;
    const struct {
        uint64_t claimed, moved, sent;
        bool same;
    } cases[] = {
        { 1, 1, 0, true },           /* what it shall have */
        { 1, 2, 2, false },          /* other settings under that number */
        { 1000, 1001, 1001, false }, /* this registry is a backup */
        { latest, latest + 1, latest + 1, true },
        { latest + 1, 1, 1, false }, /* beyond belief: the endpoint decides about what it is sent */
        { UINT64_MAX, 1, 1, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new_with_endpoint();
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
        g_autoptr(GBytes) other = g_bytes_new_static(DIGEST, strlen(DIGEST));
        uint64_t before = parts->fleet.settings_counter;

        g_test_message("case %u", (unsigned)i);
        say_applied(parts, "e-one", cases[i].claimed, cases[i].same ? endpoint->group->digest : other);
        g_assert_cmpuint(endpoint->record.moved_counter, ==, cases[i].moved);
        skip_withdrawal(parts, "e-one");
        g_assert_cmpuint(counter_sent(parts, "e-one"), ==, cases[i].sent);
        g_assert_cmpuint(parts->fleet.settings_counter, ==, before);
        parts_check_registry(parts);
    }
}

/* Its own number is a day ahead of the registry's: a save and a move are newer for it all the same, at once. */
static void test_outrun_saved(void)
{
    const uint64_t latest = CLOCK_FAKE_WALL + MGR_COUNTER_LEAD;
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    g_autoptr(GBytes) other = g_bytes_new_static(DIGEST, strlen(DIGEST));

    say_applied(parts, "e-one", latest, other);
    skip_withdrawal(parts, "e-one");
    g_assert_cmpuint(counter_sent(parts, "e-one"), ==, latest + 1);
    say_applied(parts, "e-one", latest + 1, endpoint->group->digest);
    g_assert_cmpuint(counter_sent(parts, "e-one"), ==, 0);
    parts_set(parts, "office", "line.heartbeat=42s");
    g_assert_cmpuint(counter_sent(parts, "e-one"), ==, latest + 2);
    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "endpoint move", "selector", "e-one", "group", "lab", NULL);
    parts_commit(parts);
    g_assert_cmpuint(counter_sent(parts, "e-one"), ==, latest + 3);
    g_assert_cmpuint(parts->fleet.settings_counter, <, latest);
    parts_check_registry(parts);
}

/* A birth with a field beyond its bound is counted and changes nothing; clocks at the ends of time harm nobody. */
static void test_bounds(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    g_autofree char *text = g_strnfill(16000, 'x');
    static const int64_t clocks[] = { INT64_MIN, INT64_MAX, 0, -1 };
    Birth birth;

    for (guint i = 0; i < G_N_ELEMENTS(clocks); i++) {
        HlMsgHeartbeat message = HOLDLINE__V1__HEARTBEAT__INIT;

        birth_init(&birth, i + 1, "b-1");
        birth.link.clock_ms = clocks[i];
        birth.link.registration = &birth.registration;
        deliver(parts, "e-one", &birth.link, false);
        message.session = i + 1;
        message.seq = UINT64_MAX;
        message.clock_ms = clocks[i];
        parts_deliver(parts, HL_TOPIC_HEARTBEAT, "e-one", &message.base);
    }
    g_assert_cmpstr(endpoint->record.host, ==, "one");
    for (guint i = 0; i < 5; i++) {
        char *addresses[] = { text };
        uint64_t bad = mgr_arrivals_count(parts->arrivals).bad_messages;

        birth_init(&birth, 10 + i, "b-1");
        birth.link.registration = &birth.registration;
        birth.registration.host = i == 0 ? text : hl_unconst("other");
        birth.registration.fingerprint = i == 1 ? text : hl_unconst("f");
        birth.registration.addresses = addresses;
        birth.registration.n_addresses = i == 2;
        birth.applied.group = i == 3 ? text : hl_unconst("office");
        birth.applied.digest.data = (guint8 *)text;
        birth.applied.digest.len = i == 4 ? 16000 : 32;
        birth.link.applied = i >= 3 ? &birth.applied : NULL;
        deliver(parts, "e-one", &birth.link, false);
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, bad + 1);
        g_assert_cmpstr(endpoint->record.host, ==, "one");
        g_assert_cmpstr(endpoint->record.applied.group, !=, text);
    }
    parts_check_registry(parts);
}

static void test_absurd_sessions(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    HlMsgEcho echo = HOLDLINE__V1__ECHO__INIT;

    be_born(parts, HL_SESSION_MAX + 1, "b-1", false);
    be_born(parts, UINT64_MAX, "b-1", true);
    parts_will(parts, "e-one", UINT64_MAX);
    beat(parts, UINT64_MAX, 1);
    echo.session = UINT64_MAX;
    parts_deliver(parts, HL_TOPIC_ECHO, "e-one", &echo.base);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, 5);
    g_assert_cmpuint(endpoint->record.presence.session, ==, 0);
    be_born(parts, (uint64_t)hl_clock_wall(), "b-1", false);
    g_assert_cmpuint(endpoint->record.presence.session, ==, (uint64_t)hl_clock_wall());
    parts_check_registry(parts);
}

/* ----------------------------------------------------------------------------------------- who has no business here */

static void test_unknown(void)
{
    static const struct {
        bool online, retained, revoked, evicted, emptied;
    } cases[] = {
        { true, false, false, true, true }, { false, false, false, false, true }, { true, true, false, false, true },
        { true, false, true, true, false }, { false, false, true, false, false }, { true, true, true, false, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new_with_endpoint();
        const char *id = cases[i].revoked ? "e-one" : "e-ghost";
        HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;
        Birth birth;

        g_test_message("case %u", (unsigned)i);
        if (cases[i].revoked)
            mgr_fleet_endpoint(&parts->fleet, "e-one")->record.revoked_at = hl_clock_wall();
        birth_init(&birth, 1, "b-1");
        birth.link.online = cases[i].online;
        deliver(parts, id, &birth.link, cases[i].retained);
        g_assert_cmpint(bus_fake_find(id) != NULL, ==, cases[i].evicted);
        g_assert_cmpint(bus_fake_published(parts->bus, NULL), ==, cases[i].emptied ? 4 : 0);
        beat.seq = 1;
        parts_deliver(parts, HL_TOPIC_HEARTBEAT, id, &beat.base);
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).unknown_senders, ==, 2);
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, 0);
    }
}

static int64_t count_noted(Parts *parts, const char *id)
{
    int64_t n = 0;

    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), 0, &n, NULL,
                                  "SELECT count(*) FROM history WHERE what = 'unknown' AND endpoint = ?", "t", id));
    return n;
}

/* Who enrolled after the backup that was restored is noted, once; who was removed is known by its certificates. */
static void test_strangers(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    MgrCertificateRecord removed = { .serial = g_strdup("0a"),
                                     .name = g_strdup("e-removed"),
                                     .kind = g_strdup("endpoint"),
                                     .expires_at = hl_clock_wall() + HL_DAY,
                                     .revoked_at = hl_clock_wall() };

    mgr_fleet_add_certificate(&parts->fleet, &removed);
    for (uint64_t session = 1; session < 4; session++) {
        parts_birth(parts, "e-ghost", session);
        parts_birth(parts, "e-removed", session);
        parts_will(parts, "e-will", session);
    }
    g_assert_cmpint(count_noted(parts, "e-ghost"), ==, 1);
    g_assert_cmpint(count_noted(parts, "e-removed"), ==, 0);
    g_assert_cmpint(count_noted(parts, "e-will"), ==, 0);
}

static void test_malformed(void)
{
    static const HlTopic topics[] = { HL_TOPIC_LINK, HL_TOPIC_HEARTBEAT, HL_TOPIC_REPORT, HL_TOPIC_ECHO };
    static const guint8 nonsense[] = { 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f };
    g_autoptr(Parts) parts = parts_new_with_endpoint();

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *topic = hl_topic_name(topics[i], "e-one");
        g_autofree char *unknown = hl_topic_name(topics[i], "e-ghost");
        g_autoptr(GBytes) payload = g_bytes_new_static(nonsense, sizeof nonsense);
        g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

        bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic, .payload = payload });
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, i + 1);
        bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic, .payload = empty }); /* a topic was emptied */
        g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).bad_messages, ==, i + 1);
        bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = unknown, .payload = payload });
    }
    g_assert_null(bus_fake_find("e-ghost"));
    bus_fake_deliver_text(parts->bus, "holdline/v1/admin/request/admin", "nonsense");
    g_assert_cmpuint(mgr_dispatch_count(parts->dispatch).bad_messages, ==, 1);
    g_assert_cmpuint(parts_commit(parts), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/arrivals/birth", test_birth);
    g_test_add_func("/manager/arrivals/missing", test_missing);
    g_test_add_func("/manager/arrivals/fence", test_fence);
    g_test_add_func("/manager/arrivals/restarted-unheard", test_restarted_unheard);
    g_test_add_func("/manager/arrivals/clone", test_clone);
    g_test_add_func("/manager/arrivals/farewells", test_farewells);
    g_test_add_func("/manager/arrivals/many-wills", test_many_wills);
    g_test_add_func("/manager/arrivals/heartbeats", test_heartbeats);
    g_test_add_func("/manager/arrivals/silence", test_silence);
    g_test_add_func("/manager/arrivals/outrun", test_outrun);
    g_test_add_func("/manager/arrivals/outrun-saved", test_outrun_saved);
    g_test_add_func("/manager/arrivals/bounds", test_bounds);
    g_test_add_func("/manager/arrivals/absurd-sessions", test_absurd_sessions);
    g_test_add_func("/manager/arrivals/unknown", test_unknown);
    g_test_add_func("/manager/arrivals/strangers", test_strangers);
    g_test_add_func("/manager/arrivals/malformed", test_malformed);
    return g_test_run();
}
