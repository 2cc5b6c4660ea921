/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/places: what is announced is loaded as it was stored, and when certificates of earlier authorities
 * ended. */
#include "lib/base/unconst.h"
#include "manager/store/places.h"
#include "tests/support/registry_fixture.h"

#define BEGAN 100 /* the present authority */

static char **list(const char *text)
{
    return g_strsplit(text, ",", -1);
}

/* Announces these authorities, made of what was announced before, and gives what was stored. */
static MgrPlaceRecord announce(Fixture *fixture, MgrPlaceRecord *before, const char *authorities, HlTime at)
{
    MgrPlaceRecord loaded = { 0 };
    g_auto(MgrPlaceRecord) record = { .counter = (uint64_t)at,
                                      .base = before->counter,
                                      .brokers = list("a:1,b:2"),
                                      .servers = list("https://a:3"),
                                      .keys = list("k1,k2"),
                                      .authorities = list(authorities),
                                      .changed_at = at,
                                      .keys_since = 7,
                                      .authorities_since = at,
                                      .changed_by = g_strdup("ann") };

    record.ended = mgr_place_ended(before, record.authorities, at);
    mgr_write_place(fixture->set, &record);
    fixture_commit(fixture);
    mgr_place_record_clear(before);
    g_assert_true(mgr_registry_load_place(fixture->db, &loaded, NULL));
    g_assert_cmpuint(loaded.counter, ==, at);
    g_assert_cmpstrv(loaded.brokers, record.brokers);
    g_assert_cmpstrv(loaded.servers, record.servers);
    g_assert_cmpstrv(loaded.keys, record.keys);
    g_assert_cmpstrv(loaded.authorities, record.authorities);
    g_assert_cmpint(loaded.changed_at, ==, at);
    g_assert_cmpint(loaded.keys_since, ==, 7);
    g_assert_cmpint(loaded.authorities_since, ==, at);
    g_assert_cmpstr(loaded.changed_by, ==, "ann");
    return loaded;
}

static HlTime end_of(const MgrPlaceRecord *place, const char *authority)
{
    const MgrCertificateRecord certificate = {
        .authority = hl_unconst(authority), .issued_at = 10, .used_at = 20, .expires_at = 90000
    };

    return mgr_place_end_of(place, &certificate, BEGAN);
}

/* Of three authorities two have ended, each at its own time, whatever is announced afterwards. */
static void test_ended(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrPlaceRecord) place = { 0 };

    place = announce(fixture, &place, "one", 1000);
    place = announce(fixture, &place, "two,one", 2000);
    g_assert_cmpint(end_of(&place, "one"), ==, 90000);
    place = announce(fixture, &place, "two", 3000);
    g_assert_cmpint(end_of(&place, "one"), ==, 3000);
    g_assert_cmpint(end_of(&place, "two"), ==, 90000);
    place = announce(fixture, &place, "three,two", 4000);
    g_assert_cmpint(end_of(&place, "one"), ==, 3000);
    place = announce(fixture, &place, "three", 5000);
    g_assert_cmpint(end_of(&place, "one"), ==, 3000);
    g_assert_cmpint(end_of(&place, "two"), ==, 5000);
    g_assert_cmpint(end_of(&place, "three"), ==, 90000);
    g_assert_cmpint(end_of(&place, ""), ==, 90000);
}

/* After a restore it is not known of each: then the last change of the authorities, or while two count, the time until
 * which the certificate was good for certain. */
static void test_not_known(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrPlaceRecord) place = { 0 };

    place = announce(fixture, &place, "two", 3000);
    g_assert_cmpint(end_of(&place, "one"), ==, 3000);
    place = announce(fixture, &place, "three,two", 4000);
    g_assert_cmpint(end_of(&place, "one"), ==, BEGAN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/places/ended", Fixture, NULL, fixture_set_up, test_ended, fixture_tear_down);
    g_test_add("/places/not-known", Fixture, NULL, fixture_set_up, test_not_known, fixture_tear_down);
    return g_test_run();
}
