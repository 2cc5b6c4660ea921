/* SPDX-License-Identifier: Apache-2.0 */
/* One authority follows another: which step is due, what lies on disk after each step and each kill, and whom files
 * trust. */
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/core/succession.h"
#include "manager/site/succession.h"
#include "tests/support/site_keys.h"

/* --------------------------------------------------------------------------------------------------------- the step */

static void test_step(void)
{
    static const struct {
        MgrSuccessionView view;
        MgrSuccessionStep step;
    } cases[] = {
        { { .is_managed = true }, MGR_SUCCESSION_NONE },
        { { .is_forced = true }, MGR_SUCCESSION_NONE },
        { { .is_on = true, .is_managed = true, .endpoints = 1 }, MGR_SUCCESSION_WAIT },
        { { .is_on = true, .is_managed = true, .people = 1 }, MGR_SUCCESSION_WAIT },
        { { .is_on = true, .is_managed = true, .people = 1, .is_forced = true }, MGR_SUCCESSION_END },
        { { .is_on = true, .is_managed = true, .endpoints = 1, .people = 1, .is_over = true }, MGR_SUCCESSION_END },
        { { .is_over = true }, MGR_SUCCESSION_NONE },
        { { .is_on = true, .is_managed = true }, MGR_SUCCESSION_END },
        { { .is_on = true, .is_told = true }, MGR_SUCCESSION_SIGN },
        { { .is_on = true, .is_own_new = true }, MGR_SUCCESSION_BROKER },
        { { .is_on = true, .is_own_new = true, .is_forced = true }, MGR_SUCCESSION_BROKER },
        { { .is_on = true, .is_own_new = true, .is_told = true }, MGR_SUCCESSION_END },
        { { .is_on = true, .is_own_new = true, .is_told = true, .endpoints = 1 }, MGR_SUCCESSION_WAIT },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mgr_succession_step(&cases[i].view), ==, cases[i].step);
}

/* The end of an authority is believed of no clock that stands alone. */
static void test_stage(void)
{
    static const HlTime end = 10 * 365 * HL_DAY;
    static const HlTime last = 10 * 365 * HL_DAY - HL_TRUST_LAST;
    const struct {
        MgrAuthorityAge age;
        MgrAuthorityStage stage;
    } cases[] = {
        { { end, last, 0, 0, false }, MGR_AUTHORITY_GOOD },
        { { end, last, end - 31 * HL_DAY, end - 31 * HL_DAY, false }, MGR_AUTHORITY_GOOD },
        { { end, last, end - 30 * HL_DAY, end - 30 * HL_DAY, false }, MGR_AUTHORITY_LAST_MONTH },
        { { end, last, end - 30 * HL_DAY, 0, false }, MGR_AUTHORITY_GOOD }, /* the clock has jumped there */
        { { end, last, 0, end, false }, MGR_AUTHORITY_GOOD },               /* and back */
        { { end, last, last - 1, last - 1, true }, MGR_AUTHORITY_LAST_MONTH },
        { { end, last, last, last, false }, MGR_AUTHORITY_OVER },
        { { end, last, end + HL_DAY, 0, false }, MGR_AUTHORITY_DOUBTFUL },
        { { end, last, end + HL_DAY, last - 1, false }, MGR_AUTHORITY_DOUBTFUL },
        { { end, last, end + HL_DAY, 0, true }, MGR_AUTHORITY_OVER },
        { { end, last, last - 1, 0, true }, MGR_AUTHORITY_GOOD },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mgr_authority_stage(&cases[i].age), ==, cases[i].stage);
}

static void test_since(void)
{
    static const struct {
        const char *before[2], *after[2];
        MgrRolloverSince since;
    } cases[] = {
        { { "a", NULL }, { "a", NULL }, MGR_ROLLOVER_SAME },     { { "a", "b" }, { "a", "b" }, MGR_ROLLOVER_SAME },
        { { "a", NULL }, { "a", "b" }, MGR_ROLLOVER_BEGAN },     { { "a", "b" }, { "a", "c" }, MGR_ROLLOVER_BEGAN },
        { { "a", "b" }, { "a", NULL }, MGR_ROLLOVER_WITHDRAWN }, { { "a", "b" }, { "b", NULL }, MGR_ROLLOVER_ENDED },
        { { "a", NULL }, { "b", NULL }, MGR_ROLLOVER_SEVERAL },  { { "a", "b" }, { "b", "c" }, MGR_ROLLOVER_SEVERAL },
        { { "a", "b" }, { "c", NULL }, MGR_ROLLOVER_SEVERAL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mgr_rollover_since(cases[i].before, cases[i].after), ==, cases[i].since);
}

static void test_holder(void)
{
    g_assert_cmpstr(mgr_holder_name(mgr_succession_holder(false, false)), ==, "untold");
    g_assert_cmpstr(mgr_holder_name(mgr_succession_holder(false, true)), ==, "untold"); /* told of another list since */
    g_assert_cmpstr(mgr_holder_name(mgr_succession_holder(true, false)), ==, "old-certificate");
    g_assert_cmpstr(mgr_holder_name(mgr_succession_holder(true, true)), ==, "through");
}

/* When it was given certificates, in minutes before now; whether there is room for another, and whether it is through
 * once calls came with them. */
static void test_given(void)
{
    static const struct {
        int before[4]; /* 0: none */
        bool has_room, is_through;
    } cases[] = {
        { { 0 }, true, false },
        { { 1 }, true, true },
        { { 30, 1 }, true, true },
        { { 40, 30, 2 }, false, false }, /* the next one may have been refused */
        { { 90, 80, 70 }, true, false }, /* it asks again only now */
        { { 150, 140, 130, 120 }, true, true },
    };
    HlTime now = 400 * HL_DAY;
    MgrGiven fresh = { 0 };
    MgrGiven ended = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrGiven given = { 0 };

        for (gsize j = 0; j < G_N_ELEMENTS(cases[i].before) && cases[i].before[j] != 0; j++)
            mgr_given_add(&given, now - cases[i].before[j] * HL_MINUTE, MGR_GIVEN_LIVE | MGR_GIVEN_USED, now);
        g_assert_cmpint(mgr_given_has_room(&given), ==, cases[i].has_room);
        g_assert_cmpint(mgr_given_is_through(&given), ==, cases[i].is_through);
    }
    mgr_given_add(&fresh, now - 90 * HL_DAY, MGR_GIVEN_LIVE, now); /* the answer may be lost, however long ago */
    g_assert_false(mgr_given_is_through(&fresh));
    mgr_given_add(&fresh, now - 90 * HL_DAY, MGR_GIVEN_LIVE | MGR_GIVEN_USED, now);
    g_assert_true(mgr_given_is_through(&fresh));
    fresh.left = 1; /* another machine calls with one of its own */
    g_assert_false(mgr_given_is_through(&fresh));
    mgr_given_add(&ended, now - HL_DAY, MGR_GIVEN_USED, now);
    g_assert_false(mgr_given_is_through(&ended));
}

static void test_change(void)
{
    static const char *const none[] = { NULL };
    static const char *const one[] = { "a", NULL };
    static const char *const both[] = { "b", "a", NULL };
    static const char *const other[] = { "c", NULL };
    static const char *const next[] = { "b", NULL };

    g_assert_cmpint(mgr_authorities_change(NULL, both), ==, MGR_AUTHORITIES_ANNOUNCE);
    g_assert_cmpint(mgr_authorities_change(one, both), ==, MGR_AUTHORITIES_ANNOUNCE);
    g_assert_cmpint(mgr_authorities_change(both, next), ==, MGR_AUTHORITIES_ENDED);
    g_assert_cmpint(mgr_authorities_change(both, one), ==, MGR_AUTHORITIES_CANCELLED);
    g_assert_cmpint(mgr_authorities_change(both, other), ==, MGR_AUTHORITIES_OTHER);
    g_assert_cmpint(mgr_authorities_change(one, next), ==, MGR_AUTHORITIES_OTHER);
    g_assert_cmpint(mgr_authorities_change(none, next), ==, MGR_AUTHORITIES_OTHER);
}

/* ---------------------------------------------------------------------------------------------------------- on disk */

typedef struct {
    char *dir;
} Site;

static void set_up(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    site->dir = g_dir_make_tmp("hl-succession-XXXXXX", NULL);
    hl_signing_key_free(site_keys_make(site->dir));
}

static void tear_down(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(site->dir, NULL));
    g_free(site->dir);
}

static char *ids_of(const Site *site)
{
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_CA);
    g_autoptr(HlTrust) trust = hl_trust_load(path, NULL);

    g_assert_nonnull(trust);
    return hl_trust_ids(trust);
}

static bool has_next_key(const Site *site)
{
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_NEXT_AUTHORITY_KEY);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void open_authority(const Site *site, MgrAuthority *authority)
{
    g_autoptr(GError) error = NULL;

    mgr_authority_clear(authority);
    g_assert_true(mgr_authority_open(authority, site->dir, &error));
    g_assert_no_error(error);
}

static void test_steps(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autofree char *before = ids_of(site);
    g_autofree char *both = NULL;
    g_autofree char *again = NULL;
    g_autofree char *next = NULL;
    g_autofree char *after = NULL;

    open_authority(site, &authority);
    g_assert_null(authority.next);
    g_assert_true(mgr_succession_begin(site->dir, NULL));
    both = ids_of(site);
    g_assert_true(g_str_has_prefix(both, before));
    open_authority(site, &authority);
    g_assert_nonnull(authority.next);
    g_assert_cmpint(hl_cert_info(authority.next)->not_before, ==, hl_cert_info(authority.cert)->not_before);
    g_assert_cmpstr(hl_cert_info(authority.next)->cn, !=, hl_cert_info(authority.cert)->cn);
    next = hl_trust_id(authority.next);
    g_assert_true(mgr_succession_begin(site->dir, NULL)); /* there is one already */
    again = ids_of(site);
    g_assert_cmpstr(again, ==, both);
    g_assert_true(mgr_succession_end(site->dir, NULL));
    after = ids_of(site);
    g_assert_cmpstr(after, ==, next);
    g_assert_false(has_next_key(site));
    open_authority(site, &authority);
    g_assert_null(authority.next);
    g_assert_true(mgr_succession_end(site->dir, NULL)); /* nothing follows: nothing ends */
    g_free(g_steal_pointer(&again));
    again = ids_of(site);
    g_assert_cmpstr(again, ==, after);
}

/* Of one that ran to its end, and of no other, it is remembered that it was the site's. */
static void test_outlive(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autoptr(HlTrust) past = NULL;
    g_autofree char *first = ids_of(site);
    g_autofree char *ids = NULL;
    g_autofree char *word = g_build_filename(site->dir, MGR_SITE_OVER, NULL);

    g_assert_true(mgr_succession_begin(site->dir, NULL));
    g_assert_true(mgr_succession_end(site->dir, NULL));
    g_assert_null(mgr_succession_past(site->dir));
    g_free(first);
    first = ids_of(site);
    g_assert_true(hl_file_write_text(word, "", 0600, NULL));
    g_assert_true(mgr_succession_begin(site->dir, NULL));
    g_assert_true(mgr_succession_outlive(site->dir, NULL));
    g_assert_true(mgr_succession_outlive(site->dir, NULL)); /* nothing follows: nothing ends */
    past = mgr_succession_past(site->dir);
    g_assert_cmpuint(hl_trust_count(past), ==, 1);
    ids = hl_trust_ids(past);
    g_assert_cmpstr(ids, ==, first);
    g_assert_false(g_file_test(word, G_FILE_TEST_EXISTS));
    for (guint i = 0; i < HL_TRUST_MAX + 1; i++) {
        g_assert_true(mgr_succession_begin(site->dir, NULL));
        g_assert_true(mgr_succession_outlive(site->dir, NULL));
    }
    g_clear_pointer(&past, hl_trust_free);
    past = mgr_succession_past(site->dir);
    g_assert_cmpuint(hl_trust_count(past), ==, HL_TRUST_MAX);
    open_authority(site, &authority);
    g_assert_null(authority.next);
}

static void test_cancel(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *before = ids_of(site);
    g_autofree char *after = NULL;

    g_assert_true(mgr_succession_begin(site->dir, NULL));
    g_assert_true(mgr_succession_cancel(site->dir, NULL));
    after = ids_of(site);
    g_assert_cmpstr(after, ==, before);
    g_assert_false(has_next_key(site));
}

static void write_ca(const Site *site, const HlCert *cert)
{
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_CA);

    g_assert_true(hl_cert_save(cert, path, NULL));
}

/* Killed with the new certificate in place and its key not; or with a key that no certificate follows. */
static void test_interrupted(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autoptr(HlCert) next = NULL;
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autoptr(HlKey) stray = hl_key_generate(NULL);

    g_assert_true(mgr_succession_begin(site->dir, NULL));
    open_authority(site, &authority);
    next = hl_cert_copy(authority.next);
    write_ca(site, next);
    open_authority(site, &authority); /* works as it lies there */
    g_assert_true(hl_cert_has_key(next, authority.key));
    g_assert_true(mgr_succession_cancel(site->dir, NULL)); /* nothing follows: nothing is withdrawn */
    open_authority(site, &authority);
    g_assert_true(hl_cert_has_key(next, authority.key));
    g_assert_true(mgr_succession_mend(site->dir, NULL));
    g_assert_false(has_next_key(site));
    open_authority(site, &authority);
    g_assert_true(hl_cert_has_key(next, authority.key));
    g_assert_true(hl_key_save(stray, path, NULL));
    g_assert_true(mgr_succession_mend(site->dir, NULL));
    g_assert_false(has_next_key(site));
}

/* A successor whose key is lost: nothing goes on as if there were none, until it is withdrawn or its key is back. */
static void test_without_key(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autofree char *before = ids_of(site);
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_succession_begin(site->dir, NULL));
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_false(mgr_authority_open(&authority, site->dir, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, MGR_SITE_NEXT_AUTHORITY_KEY " from a backup"));
    g_assert_false(mgr_succession_begin(site->dir, NULL));
    g_assert_false(mgr_succession_end(site->dir, NULL));
    g_assert_true(mgr_succession_cancel(site->dir, NULL));
    after = ids_of(site);
    g_assert_cmpstr(after, ==, before);
    open_authority(site, &authority);
    g_assert_null(authority.next);
}

static guint count(const char *text, const char *part)
{
    guint n = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        n++;
    return n;
}

static void test_lists(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *path = mgr_site_path(site->dir, "pki/crl.pem");

    for (guint n = 1; n <= 2; n++) {
        g_auto(MgrAuthority) authority = { 0 };
        g_autofree char *text = NULL;

        open_authority(site, &authority);
        g_assert_true(mgr_authority_write_crl(&authority, site->dir, none, 1, NULL));
        text = hl_file_read_text(path, 65536, NULL);
        g_assert_cmpuint(count(text, "BEGIN X509 CRL"), ==, n);
        g_assert_true(mgr_succession_begin(site->dir, NULL));
    }
}

/* ------------------------------------------------------------------------------------------------------------ trust */

static void expect_trust(const char *text, HlErrorCode code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlTrust) trust = hl_trust_parse("x", text, strlen(text), &error);

    g_assert_null(trust);
    g_assert_error(error, HL_ERROR, (int)code);
}

static void test_trust(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_CA);
    g_autofree char *one = hl_file_read_text(path, 65536, NULL);
    g_autofree char *five = g_strconcat(one, one, one, one, one, NULL);
    g_autofree char *broken = g_strconcat(one, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NULL);
    g_autofree char *before = ids_of(site);
    g_autofree char *both = NULL;
    g_auto(GStrv) ids = NULL;
    char *stranger[] = { (char *)"0123456789abcdef", NULL };
    char *first[] = { NULL, NULL };
    g_autofree char *now = NULL;

    expect_trust("", HL_ERROR_INVALID);
    expect_trust(five, HL_ERROR_LIMIT);
    expect_trust(broken, HL_ERROR_INVALID);
    g_assert_true(mgr_succession_begin(site->dir, NULL));
    both = ids_of(site);
    ids = g_strsplit(both, ",", -1);
    g_assert_cmpuint(g_strv_length(ids), ==, 2);
    g_assert_true(hl_trust_narrow(path, NULL, NULL) && hl_trust_narrow(path, stranger, NULL) &&
                  hl_trust_narrow(path, ids, NULL));
    now = ids_of(site);
    g_assert_cmpstr(now, ==, both);
    first[0] = ids[0];
    g_assert_true(hl_trust_narrow(path, first, NULL));
    g_free(now);
    now = ids_of(site);
    g_assert_cmpstr(now, ==, before);
    g_assert_false(hl_trust_take(path, "nonsense", NULL));
    g_assert_true(hl_trust_take(path, NULL, NULL));
    g_free(now);
    now = ids_of(site);
    g_assert_cmpstr(now, ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/succession/step", test_step);
    g_test_add_func("/succession/stage", test_stage);
    g_test_add_func("/succession/holder", test_holder);
    g_test_add_func("/succession/since", test_since);
    g_test_add_func("/succession/given", test_given);
    g_test_add_func("/succession/change", test_change);
#define ADD(path, function) g_test_add("/succession/" path, Site, NULL, set_up, function, tear_down)
    ADD("steps", test_steps);
    ADD("cancel", test_cancel);
    ADD("outlive", test_outlive);
    ADD("interrupted", test_interrupted);
    ADD("without-key", test_without_key);
    ADD("lists", test_lists);
    ADD("trust", test_trust);
    return g_test_run();
}
