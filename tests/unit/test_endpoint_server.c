/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon: the server says that it is elsewhere.  What is refused; the new place before the old one is given
 * up, on a bus in memory; and a restart at every step. */
#include <string.h>

#include "endpoint/daemon/link/presence.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define TOPIC(leaf) "holdline/v1/endpoint/" PARTS_ID "/" leaf
#define OLD         "127.0.0.1:8883" /* of the enrolment */
#define NEW         "mq.new.example:8883"
#define NEWER       "[fd00::1]:8883"
#define WINDOW      HL_MINUTE

typedef struct {
    EndpointParts *parts;
    EpPoll *poll;
    EpPresence *presence;
} Fixture;

typedef struct {
    const char *endpoint; /* NULL: this one */
    uint64_t counter;
    const char *brokers[3];
    const HlSigningKey *signed_by; /* NULL: the server's */
    const HlSigningKey *keys[2];   /* none: the one of now */
    bool other_authority, both_authorities, wrong_digest;
} Offer;

static void on_server_came(GBytes *envelope, gpointer user)
{
    const Fixture *f = user;
    EpLinkView view = ep_presence_view(f->presence);

    ep_server_offer(f->parts->server, envelope, view.broker, view.session);
}

static void on_changed(EpServerChange change, gpointer user)
{
    const Fixture *f = user;

    ep_presence_server_changed(f->presence, change);
}

static void make(Fixture *f)
{
    EndpointParts *parts = f->parts;
    EpPresenceOptions options;
    g_autoptr(GError) error = NULL;

    parts->server_changed = on_changed;
    parts->server_user = f;
    f->poll = ep_poll_new(&(EpPollOptions){ parts->identity, parts->settings, parts->spool, parts->trouble });
    options = parts_presence(parts, parts->spool, f->poll);
    options.server_came = on_server_came;
    options.user = f;
    f->presence = ep_presence_new(&options, &error);
    g_assert_no_error(error);
}

static void drop(Fixture *f)
{
    f->parts->server_changed = NULL;
    g_clear_pointer(&f->presence, ep_presence_free);
    g_clear_pointer(&f->poll, ep_poll_free);
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    f->parts = parts_new();
    parts_line_up(f->parts); /* reports are seen */
    make(f);
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    drop(f);
    parts_free(f->parts);
    bus_fake_reset();
}

/* As after kill -9. */
static void restart(Fixture *f)
{
    drop(f);
    parts_restart(f->parts);
    parts_line_up(f->parts);
    make(f);
}

static HlBus *bus(void)
{
    return bus_fake_find(PARTS_ID);
}

static void answer_by(const Fixture *f, const HlSigningKey *key)
{
    HlMsgLineNotice notice = HOLDLINE__V1__LINE_NOTICE__INIT;
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) payload = NULL;

    notice.endpoint = (char *)PARTS_ID;
    notice.session = ep_presence_view(f->presence).session;
    notice.issued_ms = hl_clock_wall();
    envelope = hl_envelope_sign(key, HL_ENVELOPE_LINE, &notice.base);
    ack.notice = envelope;
    payload = HL_WIRE_ENCODE(&ack);
    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = TOPIC("ack"), .payload = payload, .qos = 1 });
}

static void answer(const Fixture *f)
{
    answer_by(f, f->parts->signing_key);
}

static GBytes *envelope_of(const Fixture *f, Offer it)
{
    HlMsgServerDocument document = HOLDLINE__V1__SERVER_DOCUMENT__INIT;
    g_autoptr(HlKey) stranger_key = hl_key_generate(NULL);
    g_autoptr(HlCert) stranger = hl_cert_make_ca(stranger_key, "Other CA", 0, hl_clock_wall() + HL_DAY, NULL);
    g_autofree char *ca = hl_cert_print(it.other_authority || it.both_authorities ? stranger : f->parts->ca);
    g_autofree char *own = hl_cert_print(f->parts->ca);
    ProtobufCBinaryData keys[2];
    gsize n_keys = 0;
    char *servers[] = { (char *)"https://new.example:8843" };
    g_autoptr(GBytes) digest = NULL;
    g_autoptr(HlMsgEnvelope) envelope = NULL;

    if (it.keys[0] == NULL)
        it.keys[0] = f->parts->signing_key;
    for (; n_keys < G_N_ELEMENTS(keys) && it.keys[n_keys] != NULL; n_keys++)
        keys[n_keys].data = hl_unconst(g_bytes_get_data(hl_signing_key_public(it.keys[n_keys]), &keys[n_keys].len));
    document.endpoint = hl_unconst(it.endpoint != NULL ? it.endpoint : PARTS_ID);
    document.counter = it.counter;
    document.brokers = hl_unconst(it.brokers);
    document.n_brokers = g_strv_length(document.brokers);
    document.servers = servers;
    document.n_servers = 1;
    document.authorities = (char *[]){ ca, own };
    document.n_authorities = it.both_authorities ? 2 : 1;
    document.signing_keys = keys;
    document.n_signing_keys = n_keys;
    digest = hl_server_digest(&document);
    document.digest.data = hl_unconst(g_bytes_get_data(digest, &document.digest.len));
    if (it.wrong_digest)
        servers[0] = (char *)"https://newer.example:8843";
    envelope = hl_envelope_sign(it.signed_by != NULL ? it.signed_by : f->parts->signing_key, HL_ENVELOPE_SERVER,
                                &document.base);
    return HL_WIRE_ENCODE(envelope);
}

static void offer(const Fixture *f, Offer it)
{
    g_autoptr(GBytes) payload = envelope_of(f, it);

    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = TOPIC("server"), .payload = payload, .qos = 1 });
}

/* Of two addresses in a document this endpoint begins with the second, because its id says so. */
static void check_brokers(const Fixture *f, const char *expected)
{
    g_auto(GStrv) list = ep_server_brokers(f->parts->server, NULL);
    g_autofree char *text = g_strjoinv(" ", list);
    g_autofree char *used = g_strjoinv(" ", hl_unconst(bus_fake_options(bus())->brokers));

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpstr(used, ==, expected);
}

static void check_told(const Fixture *f, uint64_t counter, const char *state)
{
    const HlMsgReport *report = parts_last(f->parts, HOLDLINE__V1__REPORT__BODY_SERVER);
    HlMsgAppliedServer wire;

    g_assert_nonnull(report);
    g_assert_cmpuint(report->server->counter, ==, counter);
    g_assert_cmpstr(report->server->state, ==, state);
    g_assert_true(ep_server_wire(f->parts->server, &wire));
    g_assert_cmpuint(wire.counter, ==, counter);
    g_assert_cmpstr(wire.state, ==, state);
}

static bool reconnects(void)
{
    return bus_fake_is_closing(bus(), NULL);
}

/* -------------------------------------------------------------------------------------------------------- the tests */

static void refused(const Fixture *f, EpRefusedReason reason, Offer it)
{
    uint64_t before = parts_refused(f->parts, EP_REFUSED_SERVER, reason);
    HlMsgAppliedServer wire;

    offer(f, it);
    g_assert_cmpuint(parts_refused(f->parts, EP_REFUSED_SERVER, reason), ==, before + 1);
    g_assert_false(ep_server_wire(f->parts->server, &wire) && wire.counter == it.counter && it.counter != 5);
}

static void test_refused(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);

    bus_fake_up(bus());
    answer(f);
    refused(f, EP_REFUSED_UNTRUSTED, (Offer){ .counter = 9, .brokers = { NEW }, .signed_by = stranger });
    refused(f, EP_REFUSED_WRONG_ENDPOINT, (Offer){ .counter = 9, .brokers = { NEW }, .endpoint = "e-other" });
    refused(f, EP_REFUSED_INVALID, (Offer){ .counter = 9, .brokers = { NEW }, .wrong_digest = true });
    refused(f, EP_REFUSED_INVALID, (Offer){ .counter = 9 });
    refused(f, EP_REFUSED_INVALID, (Offer){ .counter = 9, .brokers = { "no address" } });
    refused(f, EP_REFUSED_INVALID, (Offer){ .counter = 9, .brokers = { NEW }, .other_authority = true });
    check_brokers(f, OLD);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    check_told(f, 5, HL_SERVER_TRIAL);
    refused(f, EP_REFUSED_REPLAYED, (Offer){ .counter = 4, .brokers = { NEWER } });
    refused(f, EP_REFUSED_COLLISION, (Offer){ .counter = 5, .brokers = { NEWER } });
    restart(f);
    bus_fake_up(bus());
    refused(f, EP_REFUSED_REPLAYED, (Offer){ .counter = 4, .brokers = { NEWER } });
    check_brokers(f, OLD " " NEW);
}

/* A disk that is full at whatever write: nothing of the offer holds, in memory as in the store, and nothing is told of
 * it; it is retained, and the trouble's retry brings it again. */
static void test_full_disk(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bool struck = true;

    bus_fake_up(bus());
    answer(f);
    for (guint n = 1; struck; n++) {
        guint retries = f->parts->retries;
        HlMsgAppliedServer wire;

        g_assert_cmpuint(n, <, 50);
        db_faults_from(DB_FAULTS_WRITES, n);
        offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_WRITES, 0);
        if (!struck)
            break;
        g_assert_false(ep_server_wire(f->parts->server, &wire));
        g_assert_null(parts_last(f->parts, HOLDLINE__V1__REPORT__BODY_SERVER));
        check_brokers(f, OLD);
        timer_fake_advance(HL_MINUTE);
        g_assert_cmpuint(f->parts->retries, ==, retries + 1);
        g_assert_false(reconnects());
        restart(f);
        bus_fake_up(bus());
        answer(f);
        g_assert_false(ep_server_wire(f->parts->server, &wire));
    }
    check_told(f, 5, HL_SERVER_TRIAL);
    check_brokers(f, OLD " " NEW);
}

/* The same when it is adopted: the offer stays one until it can be stored, and the line is not given up for that. */
static void test_full_disk_adopting(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    timer_fake_advance(WINDOW);
    bus_fake_up(bus());
    db_faults_from(DB_FAULTS_WRITES, 1);
    answer(f);
    g_assert_true(db_faults_struck());
    db_faults_at(DB_FAULTS_WRITES, 0);
    check_told(f, 5, HL_SERVER_TRIAL);
    timer_fake_advance(WINDOW);
    g_assert_false(reconnects());
    check_told(f, 5, HL_SERVER_APPLIED);
    check_brokers(f, NEW);
}

static void test_there_already(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { OLD, NEW } });
    check_told(f, 5, HL_SERVER_APPLIED);
    check_brokers(f, NEW " " OLD);
    g_assert_false(reconnects());
    timer_fake_advance(HL_DAY);
    g_assert_false(reconnects());
}

static void test_moves(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_auto(GStrv) urls = NULL;

    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEWER, NEW } });
    g_assert_false(reconnects()); /* not all at once */
    check_brokers(f, OLD " " NEW " " NEWER);
    timer_fake_advance(WINDOW);
    g_assert_true(reconnects());
    check_brokers(f, NEW " " NEWER);
    bus_fake_up(bus()); /* there */
    g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, NEW);
    check_told(f, 5, HL_SERVER_TRIAL); /* a broker, and nobody has answered */
    answer(f);
    check_told(f, 5, HL_SERVER_APPLIED);
    check_brokers(f, NEW " " NEWER);
    restart(f);
    check_brokers(f, NEW " " NEWER);
    urls = ep_server_urls(f->parts->server);
    g_assert_cmpstr(urls[0], ==, "https://new.example:8843");
    g_assert_cmpstr(urls[1], ==, "https://127.0.0.1:8443"); /* of the enrolment: the last resort */
}

static void test_goes_back(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    timer_fake_advance(WINDOW);
    g_assert_true(reconnects());
    bus_fake_down(bus(), "closed to reconnect");
    bus_fake_fail(bus(), "refused", HL_SECOND);
    check_brokers(f, OLD " " NEW);
    bus_fake_up(bus());
    check_told(f, 5, HL_SERVER_WENT_BACK);
    g_assert_cmpstr(parts_last(f->parts, HOLDLINE__V1__REPORT__BODY_SERVER)->server->detail, ==, NEW ": refused");
    g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, OLD);
    answer(f);
    /* tried again, and it is there */
    timer_fake_advance(11 * HL_MINUTE + WINDOW);
    check_brokers(f, NEW);
    bus_fake_up(bus());
    answer(f);
    check_told(f, 5, HL_SERVER_APPLIED);
}

/* Somebody's broker under the new address: it lets everybody in, and no manager is there. */
static void test_no_manager(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    timer_fake_advance(WINDOW);
    bus_fake_up(bus());
    timer_fake_advance(31 * HL_SECOND);
    check_told(f, 5, HL_SERVER_WENT_BACK);
    g_assert_true(reconnects());
    check_brokers(f, OLD " " NEW);
}

/* Killed in the trial, and the old place is closed meanwhile. */
static void test_killed(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    timer_fake_advance(WINDOW);
    check_brokers(f, NEW);
    restart(f);
    check_brokers(f, OLD " " NEW);
    bus_fake_fail(bus(), "refused", HL_SECOND);
    bus_fake_up(bus());
    g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, NEW);
    answer(f);
    check_told(f, 5, HL_SERVER_APPLIED);
    /* nobody there any more: what ever held is tried again */
    check_brokers(f, NEW);
    bus_fake_down(bus(), "gone");
    for (guint i = 0; i < 12; i++) {
        bus_fake_fail(bus(), "refused", HL_SECOND);
    }
    check_brokers(f, NEW " " OLD);
}

/* Killed in a trial, and told of a newer place before the manager's own time for spreading is known again: the trial
 * comes by that time, not by the one that a program takes for granted when it starts. */
static void test_told_again(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;

    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW } });
    timer_fake_advance(WINDOW);
    check_brokers(f, NEW);
    restart(f);
    bus_fake_up(bus());
    g_assert_cmpstr(ep_presence_view(f->presence).broker, ==, OLD);
    answer(f);
    offer(f, (Offer){ .counter = 6, .brokers = { NEWER } });
    state.online = true;
    state.epoch = 1;
    state.reconnect_window_ms = HL_SECOND;
    payload = HL_WIRE_ENCODE(&state);
    bus_fake_deliver(bus(), &(HlBusMessage){ .topic = "holdline/v1/manager/state", .payload = payload, .qos = 1 });
    timer_fake_advance(HL_SECOND);
    g_assert_true(reconnects());
    check_brokers(f, NEWER);
    bus_fake_up(bus());
    answer(f);
    check_told(f, 6, HL_SERVER_APPLIED);
}

/* Whether a notice that this key signs is heard. */
static bool is_heard(const Fixture *f, const HlSigningKey *key)
{
    f->parts->time.known = false;
    answer_by(f, key);
    return f->parts->time.known;
}

/* A new signing key is held beside the old one, then alone, across restarts. */
static void test_keys(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) new = hl_signing_key_generate(NULL);
    const HlSigningKey *old = f->parts->signing_key;

    bus_fake_up(bus());
    g_assert_true(is_heard(f, old));
    g_assert_false(is_heard(f, new));
    offer(f, (Offer){ .counter = 5, .brokers = { OLD }, .keys = { new, old } });
    check_told(f, 5, HL_SERVER_APPLIED);
    g_assert_true(is_heard(f, old));
    g_assert_true(is_heard(f, new));
    restart(f);
    bus_fake_up(bus());
    g_assert_true(is_heard(f, old));
    g_assert_true(is_heard(f, new));
    offer(f, (Offer){ .counter = 6, .brokers = { OLD }, .keys = { new }, .signed_by = new });
    check_told(f, 6, HL_SERVER_APPLIED);
    g_assert_false(is_heard(f, old));
    g_assert_true(is_heard(f, new));
    refused(f, EP_REFUSED_UNTRUSTED, (Offer){ .counter = 7, .brokers = { OLD }, .keys = { new, old } });
    restart(f);
    bus_fake_up(bus());
    g_assert_false(is_heard(f, old));
    g_assert_true(is_heard(f, new));
}

/* A place that nobody has confirmed yet: its keys count, and those that it leaves out do not, also while the endpoint
 * stays at the old place because nobody answers at the new one. */
static void test_keys_of_offer(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) new = hl_signing_key_generate(NULL);
    const HlSigningKey *old = f->parts->signing_key;

    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 5, .brokers = { NEW }, .keys = { new, old } });
    check_told(f, 5, HL_SERVER_TRIAL);
    g_assert_true(is_heard(f, old));
    g_assert_true(is_heard(f, new));
    offer(f, (Offer){ .counter = 6, .brokers = { NEW }, .keys = { new }, .signed_by = new });
    check_told(f, 6, HL_SERVER_TRIAL);
    g_assert_false(is_heard(f, old));
    g_assert_true(is_heard(f, new));
    restart(f);
    bus_fake_up(bus());
    g_assert_false(is_heard(f, old));
    g_assert_true(is_heard(f, new));
}

static void check_trusted(const Fixture *f, guint n)
{
    g_autoptr(HlTrust) file = hl_trust_load(f->parts->identity->ca_path, NULL);

    g_assert_cmpuint(hl_trust_count(f->parts->identity->trust), ==, n);
    g_assert_cmpuint(hl_trust_count(file), ==, n);
}

/* Another authority is trusted beside its own one, in the file too, as long as the server says; its own is not given up
 * while it has a certificate of that. */
static void test_authorities(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *own = hl_cert_print(f->parts->ca);
    const char *path = f->parts->identity->ca_path;

    bus_fake_up(bus());
    answer(f);
    check_trusted(f, 1);
    offer(f, (Offer){ .counter = 5, .brokers = { OLD }, .both_authorities = true });
    check_told(f, 5, HL_SERVER_APPLIED);
    check_trusted(f, 2);
    refused(f, EP_REFUSED_INVALID, (Offer){ .counter = 6, .brokers = { OLD }, .other_authority = true });
    check_trusted(f, 2);
    g_assert_true(hl_file_write_text(path, own, 0644, NULL)); /* put back from a backup */
    restart(f);
    check_trusted(f, 2);
    bus_fake_up(bus());
    answer(f);
    offer(f, (Offer){ .counter = 7, .brokers = { OLD } });
    check_told(f, 7, HL_SERVER_APPLIED);
    check_trusted(f, 1);
}

static bool letter(const Fixture *f, Offer it)
{
    g_autoptr(GBytes) envelope = envelope_of(f, it);

    return ep_server_letter(f->parts->server, envelope);
}

static void check_issuer(const Fixture *f, bool is_own)
{
    g_assert_cmpint(hl_trust_issuer(f->parts->identity->trust, f->parts->identity->cert) != NULL, ==, is_own);
}

/* From somebody who cannot be known: the sealing key alone counts, and it leaves the own authority out only once that
 * has ended.  The identity is then still one after a restart, with a certificate that is of no authority in the file.
 */
static void test_letter(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);
    const Offer other = { .counter = 5, .brokers = { OLD }, .other_authority = true };
    Offer forged = other;
    Offer foreign = other;
    Offer earlier = other;

    forged.signed_by = stranger;
    foreign.endpoint = "e-other";
    earlier.counter = 4;
    g_assert_false(letter(f, other));
    clock_fake_jump_wall(hl_cert_info(f->parts->identity->cert)->not_after - hl_clock_wall());
    g_assert_false(letter(f, forged));
    g_assert_false(letter(f, foreign));
    check_issuer(f, true);
    check_trusted(f, 1);
    g_assert_true(letter(f, other));
    check_issuer(f, false);
    check_trusted(f, 1);
    g_assert_false(letter(f, earlier));
    restart(f);
    check_issuer(f, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/endpoint-server/" path, Fixture, NULL, set_up, function, tear_down)
    ADD("refused", test_refused);
    ADD("full-disk", test_full_disk);
    ADD("full-disk-adopting", test_full_disk_adopting);
    ADD("there-already", test_there_already);
    ADD("moves", test_moves);
    ADD("goes-back", test_goes_back);
    ADD("no-manager", test_no_manager);
    ADD("killed", test_killed);
    ADD("told-again", test_told_again);
    ADD("keys", test_keys);
    ADD("keys-of-offer", test_keys_of_offer);
    ADD("authorities", test_authorities);
    ADD("letter", test_letter);
    return g_test_run();
}
