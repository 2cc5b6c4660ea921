/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/evictions and pki: anyone who has no certificate in force does not stay, and a revocation is
 * answered when the broker has it. */
#include <glib/gstdio.h>
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static void pass(HlTime time)
{
    timer_fake_advance(time);
}

static bool has_key(const Parts *parts)
{
    g_autofree char *key = g_build_filename(parts->dir, "pki", "evict-e-one.key", NULL);

    return g_file_test(key, G_FILE_TEST_EXISTS);
}

/* The certificate that the registry knows for it. */
static void certify(Parts *parts, const char *id)
{
    MgrCertificateRecord record = { .serial = g_strdup("0a"),
                                    .name = g_strdup(id),
                                    .kind = g_strdup("endpoint"),
                                    .issued_at = hl_clock_wall(),
                                    .expires_at = hl_clock_wall() + HL_DAY };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_certificate(set, &record);
    mgr_record_write(parts->record, set);
    mgr_fleet_add_certificate(&parts->fleet, &record);
    parts_commit(parts);
}

static HlBus *eviction(void)
{
    return bus_fake_find("e-one");
}

static char *answer(Parts *parts)
{
    g_autoptr(HlMsgCallReply) reply = parts_reply(parts);

    return reply != NULL ? g_strdup_printf("%s: %s", reply->code, reply->message) : NULL;
}

/* --------------------------------------------------------------------------------------------------------- the name */

/* A name without a certificate in force is kept for a while, and taken again from anyone who takes it back. */
static void test_kept(void)
{
    g_autoptr(Parts) parts = parts_new();

    mgr_pki_evict(parts->pki, "e-one");
    mgr_pki_evict(parts->pki, "e-one"); /* one at a time */
    g_assert_true(has_key(parts));
    for (int i = 0; i < 5; i++) {
        bus_fake_up(eviction());
        pass(9 * HL_SECOND);
        g_assert_nonnull(eviction());
        bus_fake_down(eviction(), "session taken over");
        pass(HL_MINUTE);
        g_assert_nonnull(eviction());
    }
    bus_fake_up(eviction());
    pass(10 * HL_SECOND);
    g_assert_null(eviction());
    g_assert_false(has_key(parts)); /* its key does not stay */
}

/* A name that has a certificate in force is given back at once. */
static void test_given_back(void)
{
    for (guint lost = 0; lost < 2; lost++) {
        g_autoptr(Parts) parts = parts_new();

        certify(parts, "e-one");
        mgr_pki_evict(parts->pki, "e-one");
        bus_fake_up(eviction());
        if (lost == 1)
            bus_fake_down(eviction(), "session taken over");
        timer_fake_advance(0);
        g_assert_null(eviction());
        g_assert_false(has_key(parts));
    }
}

/* A broker that does not let the manager in is asked on, with a certificate that is valid. */
static void test_not_let_in(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlBus *first;

    mgr_pki_evict(parts->pki, "e-one");
    first = eviction();
    pass(3 * HL_MINUTE);
    g_assert_true(eviction() == first);
    pass(2 * HL_MINUTE);
    g_assert_nonnull(eviction());
    bus_fake_up(eviction());
    pass(10 * HL_SECOND);
    g_assert_null(eviction());
}

/* ------------------------------------------------------------------------------------------------ several addresses */

typedef struct {
    Parts *parts;
    HlBus *one, *two; /* the posts at the two addresses */
} Pair;

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, &error));
    g_assert_no_error(error);
}

static Parts *parts_external(void)
{
    Parts *parts = parts_new();

    set_conf(parts, "broker.mode", "external");
    set_conf(parts, "broker.addresses", "one:1,two:1");
    parts->keeps_out = true;
    return parts;
}

/* Revokes it, and finds who stands where. */
static Pair begin_pair(void)
{
    Pair pair = { .parts = parts_external() };

    parts_add_endpoint(pair.parts, "e-one");
    parts_call(pair.parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(pair.parts);
    pair.two = eviction();
    g_assert_cmpstr(bus_fake_options(pair.two)->brokers[0], ==, "two:1");
    pair.one = bus_fake_find_at("e-one", "one:1");
    g_assert_nonnull(pair.one);
    return pair;
}

/* Success only once both have let the manager in; both are kept. */
static void test_every_address(void)
{
    Pair pair = begin_pair();
    g_autofree char *early = NULL;
    g_autofree char *text = NULL;

    bus_fake_up(pair.one);
    early = answer(pair.parts);
    g_assert_null(early);
    bus_fake_up(pair.two);
    text = answer(pair.parts);
    g_assert_cmpstr(text, ==, ": ");
    pass(9 * HL_SECOND);
    g_assert_nonnull(bus_fake_find_at("e-one", "one:1"));
    g_assert_nonnull(bus_fake_find_at("e-one", "two:1"));
    bus_fake_down(pair.one, HL_BUS_TAKEN_OVER); /* the client is back at one of them */
    pass(HL_MINUTE);
    bus_fake_up(pair.one);
    pass(10 * HL_SECOND);
    g_assert_null(eviction());
    parts_free(pair.parts);
}

/* Nobody answers at one of them: that keeps nobody waiting, and is tried for a minute. */
static void test_deaf_address(void)
{
    for (guint silent = 0; silent < 2; silent++) {
        Pair pair = begin_pair();
        g_autofree char *text = NULL;

        bus_fake_up(pair.one);
        if (silent == 1)
            pass(3 * HL_SECOND);
        else
            bus_fake_fail(pair.two, "connection refused", 100);
        text = answer(pair.parts);
        g_assert_cmpstr(text, ==, ": ");
        if (silent == 1)
            bus_fake_fail(pair.two, "no answer", 100);
        pass(59 * HL_SECOND);
        g_assert_nonnull(bus_fake_find_at("e-one", "two:1"));
        pass(2 * HL_SECOND);
        g_assert_null(eviction());
        parts_free(pair.parts);
    }
}

/* It answers after all: then both are kept for the usual time. */
static void test_late_address(void)
{
    Pair pair = begin_pair();

    bus_fake_up(pair.one);
    bus_fake_fail(pair.two, "connection refused", 100);
    pass(30 * HL_SECOND);
    bus_fake_up(pair.two);
    pass(9 * HL_SECOND);
    g_assert_nonnull(eviction());
    pass(HL_SECOND);
    g_assert_null(eviction());
    parts_free(pair.parts);
}

/* Both lead to one broker: the posts would take the name from each other for ever, so one of them goes. */
static void test_double_address(void)
{
    Pair pair = begin_pair();
    g_autofree char *text = NULL;

    bus_fake_up(pair.one);
    bus_fake_up(pair.two);
    bus_fake_down(pair.one, "connection lost");
    pass(100);
    bus_fake_up(pair.one);
    bus_fake_down(pair.two, "connection lost");
    text = answer(pair.parts);
    g_assert_cmpstr(text, ==, ": ");
    pass(0);
    g_assert_null(bus_fake_find_at("e-one", "two:1"));
    bus_fake_down(pair.one, HL_BUS_TAKEN_OVER); /* that is the client */
    pass(HL_MINUTE);
    bus_fake_up(pair.one);
    pass(10 * HL_SECOND);
    g_assert_null(eviction());
    parts_free(pair.parts);
}

/* A client that comes back to one of two brokers again and again is no such double. */
static void test_not_double(void)
{
    Pair pair = begin_pair();

    bus_fake_up(pair.one);
    bus_fake_up(pair.two);
    for (guint i = 0; i < 5; i++) {
        bus_fake_down(pair.one, HL_BUS_TAKEN_OVER);
        pass(100);
        bus_fake_up(pair.one);
        pass(100);
    }
    g_assert_nonnull(bus_fake_find_at("e-one", "one:1"));
    g_assert_nonnull(bus_fake_find_at("e-one", "two:1"));
    parts_free(pair.parts);
}

/* However many are revoked: so many connections at a time, and the others' turn comes. */
static void test_bounded(void)
{
    g_autoptr(Parts) parts = parts_external();
    guint ended = 0;

    for (guint i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("e-%u", i);

        mgr_pki_evict(parts->pki, name);
    }
    while (ended < 100) {
        guint running = 0;

        for (guint i = 0; i < 100; i++) {
            g_autofree char *name = g_strdup_printf("e-%u", i);
            HlBus *one = bus_fake_find_at(name, "one:1");

            if (one == NULL)
                continue;
            running++;
            bus_fake_up(one);
            bus_fake_up(bus_fake_find_at(name, "two:1"));
        }
        g_assert_cmpuint(running, ==, MIN(32, 100 - ended));
        ended += running;
        pass(10 * HL_SECOND);
    }
    g_assert_null(bus_fake_find_at("e-99", "one:1"));
}

static void evict_many(Parts *parts, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        g_autofree char *name = g_strdup_printf("e-%u", i);

        mgr_pki_evict(parts->pki, name);
    }
}

/* How many of them are under way, where the first address lets the manager in and the second one does not. */
static guint half_deaf(guint from, guint to)
{
    guint running = 0;

    for (guint i = from; i < to; i++) {
        g_autofree char *name = g_strdup_printf("e-%u", i);
        HlBus *one = bus_fake_find_at(name, "one:1");

        if (one == NULL)
            continue;
        running++;
        if (hl_bus_state(one) == HL_BUS_UP)
            continue;
        bus_fake_up(one);
        bus_fake_fail(bus_fake_find_at(name, "two:1"), "connection refused", 100);
    }
    return running;
}

/* An address where nobody answers keeps no place for a minute that others need. */
static void test_deaf_places(void)
{
    g_autoptr(Parts) parts = parts_external();

    evict_many(parts, 0, 40);
    g_assert_cmpuint(half_deaf(0, 40), ==, 32);
    pass(9 * HL_SECOND);
    g_assert_cmpuint(half_deaf(0, 40), ==, 32);
    pass(2 * HL_SECOND);
    g_assert_nonnull(bus_fake_find_at("e-39", "one:1"));
    g_assert_cmpuint(half_deaf(0, 40), ==, 32); /* eight gave their places up, the others are tried on */
    pass(HL_MINUTE);
    g_assert_cmpuint(half_deaf(0, 40), ==, 0);
}

/* Who waits for an answer does not queue behind those for whom nobody does. */
static void test_urgent(void)
{
    for (guint asked_before = 0; asked_before < 2; asked_before++) {
        g_autoptr(Parts) parts = parts_external();

        evict_many(parts, 0, 60);
        if (asked_before == 1)
            mgr_pki_evict(parts->pki, "e-one");
        g_assert_null(eviction());
        parts_add_endpoint(parts, "e-one");
        parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
        parts_commit(parts);
        g_assert_nonnull(eviction());
    }
}

/* A quick client can look like it: so the next who asks has both addresses tried again, and is told after that. */
static void test_double_doubted(void)
{
    Pair pair = begin_pair();
    g_autofree char *early = NULL;
    g_autofree char *text = NULL;

    bus_fake_up(pair.one);
    bus_fake_up(pair.two);
    bus_fake_down(pair.one, HL_BUS_TAKEN_OVER);
    pass(100);
    bus_fake_up(pair.one);
    bus_fake_down(pair.two, HL_BUS_TAKEN_OVER);
    g_free(answer(pair.parts));
    pass(0);
    g_assert_null(bus_fake_find_at("e-one", "two:1"));
    parts_call(pair.parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(pair.parts);
    g_assert_nonnull(bus_fake_find_at("e-one", "two:1"));
    early = answer(pair.parts);
    g_assert_null(early);
    bus_fake_up(bus_fake_find_at("e-one", "two:1"));
    text = answer(pair.parts);
    g_assert_cmpstr(text, ==, ": ");
    parts_free(pair.parts);
}

/* Anyone who was revoked, of whatever kind, when an external broker comes back; not who has another certificate. */
static void test_all_kinds(void)
{
    static const char *const kinds[] = { "endpoint", "admin", "monitor", "console" };
    g_autoptr(Parts) parts = parts_external();

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        MgrCertificateRecord record = { .serial = g_strdup_printf("b%u", (guint)i),
                                        .name = g_strdup_printf("one-%s", kinds[i]),
                                        .kind = g_strdup(kinds[i]),
                                        .issued_at = hl_clock_wall(),
                                        .expires_at = hl_clock_wall() + HL_DAY,
                                        .revoked_at = hl_clock_wall() };

        mgr_fleet_add_certificate(&parts->fleet, &record);
    }
    certify(parts, "e-two");
    mgr_pki_evict_revoked(parts->pki);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strdup_printf("one-%s", kinds[i]);

        g_assert_nonnull(bus_fake_find_at(name, "one:1"));
        g_assert_nonnull(bus_fake_find_at(name, "two:1"));
    }
    g_assert_null(bus_fake_find("e-two"));
}

/* ------------------------------------------------------------------------------------------------ who is connected */

/* The broker's log tells who connects, birth or not.  The manager's own connections are among them. */
static void test_connected(void)
{
    g_autoptr(Parts) parts = parts_new();

    certify(parts, "e-two");
    mgr_pki_connected(parts->pki, "e-two");
    g_assert_null(bus_fake_find("e-two"));
    mgr_pki_connected(parts->pki, "e-one");
    g_assert_nonnull(eviction());
    bus_fake_up(eviction());
    pass(10 * HL_SECOND);
    g_assert_null(eviction());
    mgr_pki_connected(parts->pki, "e-one"); /* that was the manager itself, read a little later */
    g_assert_null(eviction());
    mgr_pki_connected(parts->pki, "e-one"); /* and this was not */
    g_assert_nonnull(eviction());
    bus_fake_up(eviction());
    pass(HL_MINUTE);
    mgr_pki_connected(parts->pki, "e-one"); /* whatever became of that line of the log */
    g_assert_nonnull(eviction());
}

/* ------------------------------------------------------------------------------------------------------- the answer */

/* Success when the session is over; not before, and not if it does not come to that. */
static void test_answered(void)
{
    for (guint let_in = 0; let_in < 2; let_in++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *text = NULL;

        parts->keeps_out = true;
        parts_add_endpoint(parts, "e-one");
        parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
        parts_commit(parts);
        g_assert_null(answer(parts));
        if (let_in == 1)
            bus_fake_up(eviction());
        else
            pass(3 * HL_SECOND);
        text = answer(parts);
        if (let_in == 1)
            g_assert_cmpstr(text, ==, ": ");
        else
            g_assert_true(
                g_str_has_prefix(text, "unavailable: the end of e-one is in the registry, but its session may"));
        g_assert_nonnull(eviction());
    }
}

/* The lists cannot be written: said, tried on, and then the session is ended once more. */
static void test_lists(void)
{
    static const char *const lists[] = { "pki/crl.pem", "broker/acl" };

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *path = g_build_filename(parts->dir, lists[i], NULL);
        g_autofree char *text = NULL;

        certify(parts, "e-one");
        parts_add_endpoint(parts, "e-one");
        g_remove(path);
        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
        parts_commit(parts);
        text = answer(parts);
        g_assert_nonnull(text);
        g_assert_nonnull(strstr(text, "the end of e-one is in the registry, but the broker does not know of it yet"));
        g_assert_nonnull(strstr(text, lists[i]));
        pass(10 * HL_SECOND);
        g_assert_null(eviction());
        pass(5 * HL_SECOND); /* still full */
        g_assert_null(eviction());
        g_assert_cmpint(g_rmdir(path), ==, 0);
        pass(5 * HL_SECOND);
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
        g_assert_nonnull(eviction());
        bus_fake_up(eviction());
        pass(10 * HL_SECOND);
        g_assert_null(eviction());
        pass(HL_MINUTE);
        g_assert_null(eviction());
    }
}

/* Calls that wait are dropped with the manager, without an answer. */
static void test_stopped(void)
{
    Parts *parts = parts_new();

    parts->keeps_out = true;
    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
    parts_commit(parts);
    g_assert_nonnull(eviction());
    parts_free(parts);
}

/* ----------------------------------------------------------------------------------------------------- certificates */

/* One of the two clocks is wrong, and nobody knows which: what is issued is valid by both. */
static void test_renewed_by_both_clocks(void)
{
    static const HlTime skews[] = { 0, 80 * HL_DAY, -80 * HL_DAY, -HL_HOUR, HL_HOUR };

    for (gsize i = 0; i < G_N_ELEMENTS(skews); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autoptr(GBytes) csr = parts_make_csr();
        g_auto(MgrCertificateRecord) record = { 0 };
        g_autoptr(GError) error = NULL;
        const HlTime began = hl_cert_info(mgr_pki_authority(parts->pki))->not_before;
        HlTime clock = hl_clock_wall() + skews[i];
        g_autoptr(HlCert) cert =
            mgr_pki_renew(parts->pki, MGR_ISSUER_PRESENT, csr, "e-one", 90 * HL_DAY, clock, &record, &error);

        g_assert_no_error(error);
        g_assert_cmpint(hl_cert_info(cert)->not_before, <=, MAX(clock, began));
        g_assert_cmpint(hl_cert_info(cert)->not_before, <, hl_clock_wall());
        g_assert_cmpint(hl_cert_info(cert)->not_before, >=, began);
        g_assert_cmpint(hl_cert_info(cert)->not_after, >, MAX(clock, hl_clock_wall()));
    }
}

/* Each connect and each call asks who a name is: of the name's certificates alone, not of all there are. */
static void test_names(void)
{
    static const char *const kinds[] = { "endpoint", "admin", "admin", "monitor" };
    g_autoptr(Parts) parts = parts_new();
    GHashTable *all = parts->fleet.certificates;
    guint named = g_hash_table_size(parts->fleet.named);
    guint n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        MgrCertificateRecord record = { .serial = g_strdup_printf("c%u", (guint)i),
                                        .name = g_strdup("somebody"),
                                        .kind = g_strdup(kinds[i]),
                                        .revoked_at = i < 2 ? 1 : 0 };

        mgr_fleet_add_certificate(&parts->fleet, &record);
    }
    g_assert_cmpuint(g_hash_table_size(parts->fleet.named), ==, named + 3);
    g_assert_false(g_hash_table_contains(parts->fleet.named, "c0")); /* an endpoint's */
    parts->fleet.certificates = g_hash_table_new(g_str_hash, g_str_equal);
    g_assert_true(mgr_fleet_has_live_name(&parts->fleet, "somebody", NULL));
    g_assert_true(mgr_fleet_has_live_name(&parts->fleet, "somebody", "admin"));
    g_assert_true(mgr_fleet_has_live_name(&parts->fleet, "somebody", "monitor"));
    g_assert_false(mgr_fleet_has_live_name(&parts->fleet, "somebody", "endpoint"));
    g_assert_false(mgr_fleet_has_live_name(&parts->fleet, "nobody", NULL));
    g_assert_true(mgr_fleet_knows_name(&parts->fleet, "somebody"));
    g_assert_false(mgr_fleet_knows_name(&parts->fleet, "nobody"));
    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(&parts->fleet, "somebody"); at != NULL;
         at = at->next)
        n++;
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(kinds));
    g_assert_null(mgr_fleet_certificates_of(&parts->fleet, "nobody"));
    g_hash_table_unref(parts->fleet.certificates);
    parts->fleet.certificates = all;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/evictions/kept", test_kept);
    g_test_add_func("/manager/evictions/given-back", test_given_back);
    g_test_add_func("/manager/evictions/not-let-in", test_not_let_in);
    g_test_add_func("/manager/evictions/every-address", test_every_address);
    g_test_add_func("/manager/evictions/deaf-address", test_deaf_address);
    g_test_add_func("/manager/evictions/late-address", test_late_address);
    g_test_add_func("/manager/evictions/double-address", test_double_address);
    g_test_add_func("/manager/evictions/not-double", test_not_double);
    g_test_add_func("/manager/evictions/bounded", test_bounded);
    g_test_add_func("/manager/evictions/deaf-places", test_deaf_places);
    g_test_add_func("/manager/evictions/urgent", test_urgent);
    g_test_add_func("/manager/evictions/double-doubted", test_double_doubted);
    g_test_add_func("/manager/evictions/all-kinds", test_all_kinds);
    g_test_add_func("/manager/evictions/connected", test_connected);
    g_test_add_func("/manager/evictions/answered", test_answered);
    g_test_add_func("/manager/evictions/lists", test_lists);
    g_test_add_func("/manager/evictions/stopped", test_stopped);
    g_test_add_func("/manager/pki/renewed-by-both-clocks", test_renewed_by_both_clocks);
    g_test_add_func("/manager/evictions/names", test_names);
    return g_test_run();
}
