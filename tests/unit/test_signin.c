/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody may try to sign in. */
#include "manager/core/signin.h"

static void test_delays(void)
{
    MgrSignin *signin = mgr_signin_new();
    HlTime now = 1000, last = 0;

    for (guint i = 1; i <= 20; i++) {
        mgr_signin_try(signin, "a", now);
        g_assert_cmpint(mgr_signin_wait(signin, "a", now), ==, i < 5 ? 0 : MIN(HL_SECOND << (i - 5), 15 * HL_MINUTE));
        last = now;
        now += mgr_signin_wait(signin, "a", now);
        g_assert_cmpint(mgr_signin_wait(signin, "a", now), ==, 0);
    }
    g_assert_cmpint(mgr_signin_wait(signin, "b", last), ==, 0);
    mgr_signin_try(signin, "a", now);
    g_assert_cmpint(mgr_signin_wait(signin, "a", now + HL_HOUR), ==, 0);
    mgr_signin_try(signin, "a", now + HL_HOUR);
    g_assert_cmpint(mgr_signin_wait(signin, "a", now + HL_HOUR), ==, 0); /* forgotten */
    mgr_signin_free(signin);
}

/* Others do not crowd out somebody who guesses: the oldest is forgotten, and they are not. */
static void test_crowd(void)
{
    MgrSignin *signin = mgr_signin_new();
    HlTime now = 0;

    for (guint i = 0; i < 20000; i++) {
        g_autofree char *key = g_strdup_printf("%u", i);

        mgr_signin_try(signin, key, now++);
        if (i % 1000 == 0)
            for (guint n = 0; n < 3; n++)
                mgr_signin_try(signin, "guesser", now++);
    }
    g_assert_cmpint(mgr_signin_wait(signin, "guesser", now), >, 0);
    mgr_signin_free(signin);
}

static void test_places(void)
{
    static const char *const rows[][2] = { { "192.0.2.7", "192.0.2.7" },
                                           { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
                                           { "2001:db8:1:2::9", "2001:db8:1:2::/64" },
                                           { "not an address", "" },
                                           { "", "" } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *place = mgr_signin_place(rows[i][0]);

        g_assert_cmpstr(place, ==, rows[i][1]);
    }
}

/* None of the keys is counted when one of them has to wait. */
static void test_may(void)
{
    MgrSignin *signin = mgr_signin_new();
    const char *const both[] = { "account ann", "address 192.0.2.7", NULL };
    const char *const other[] = { "account bob", "address 192.0.2.7", NULL };
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 5; i++)
        g_assert_true(mgr_signin_may(signin, both, 0, NULL));
    g_assert_false(mgr_signin_may(signin, other, 0, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_cmpstr(error->message, ==, "too many tries that failed: try again in 1 s");
    g_assert_cmpint(mgr_signin_wait(signin, "account bob", 0), ==, 0);
    g_assert_true(mgr_signin_may(signin, other, HL_SECOND, NULL));
    mgr_signin_take_back(signin, "account bob");
    mgr_signin_take_back(signin, "address 192.0.2.7");
    g_assert_cmpint(mgr_signin_wait(signin, "address 192.0.2.7", HL_SECOND), ==, 0);
    g_assert_true(mgr_signin_may(signin, other, HL_SECOND, NULL));
    mgr_signin_free(signin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signin/delays", test_delays);
    g_test_add_func("/signin/crowd", test_crowd);
    g_test_add_func("/signin/places", test_places);
    g_test_add_func("/signin/may", test_may);
    return g_test_run();
}
