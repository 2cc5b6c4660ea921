/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/scan/shares: whose finds are named. */
#include "endpoint/scan/shares.h"

enum { ALL = 1000 };

static guint take_all(EpShares *shares, uint32_t uid)
{
    guint n = 0;

    while (n <= 2 * ALL && ep_shares_take(shares, uid))
        n++;
    return n;
}

/* However many there were before, the next user has a share. */
static void test_one_after_the_other(void)
{
    g_autoptr(EpShares) shares = ep_shares_new(ALL);

    g_assert_cmpuint(take_all(shares, 1000), ==, 500);
    g_assert_cmpuint(take_all(shares, 1001), ==, 250);
    g_assert_cmpuint(take_all(shares, 1000), ==, 0);
    g_assert_cmpuint(take_all(shares, 1002), ==, 125);
    ep_shares_reset(shares);
    g_assert_cmpuint(take_all(shares, 1002), ==, 500);
}

/* A person may have thousands of user ids. */
static void test_root(void)
{
    g_autoptr(EpShares) shares = ep_shares_new(ALL);
    guint n = 0;

    for (uint32_t uid = 100000; uid < 165536; uid++)
        n += ep_shares_take(shares, uid);
    g_assert_cmpuint(n, ==, ALL);
    g_assert_cmpuint(take_all(shares, 1000), ==, 0);
    g_assert_cmpuint(take_all(shares, 0), ==, ALL);
    ep_shares_reset(shares);
    g_assert_cmpuint(take_all(shares, 0), ==, ALL);
    g_assert_cmpuint(take_all(shares, 1000), ==, 500);
}

static void test_none(void)
{
    g_autoptr(EpShares) shares = ep_shares_new(0);

    g_assert_false(ep_shares_take(shares, 0));
    g_assert_false(ep_shares_take(shares, 1000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shares/one-after-the-other", test_one_after_the_other);
    g_test_add_func("/shares/root", test_root);
    g_test_add_func("/shares/none", test_none);
    return g_test_run();
}
