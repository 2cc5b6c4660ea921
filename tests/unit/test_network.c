/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/network: which addresses are the Internet's. */
#include "lib/base/network.h"

/* What is not the Internet's is nobody's business from outside, in whatever form it is written. */
static void test_public(void)
{
    static const char *const inside[] = {
        "0.0.0.0",         "10.1.2.3",  "100.64.0.1",  "127.0.0.1",        "169.254.169.254", "172.16.0.1",
        "172.31.255.255",  "192.0.0.1", "192.168.1.1", "198.18.0.1",       "203.0.113.5",     "224.0.0.1",
        "255.255.255.255", "::",        "::1",         "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "100::1",          "2001::1",   "2001:db8::1", "2002:7f00:1::",    "fc00::1",         "fd12::1",
        "fe80::1%eth0",    "fec0::1",   "ff02::1",     "::7f00:1",         "not an address",  ""
    };
    static const char *const outside[] = { "1.1.1.1",     "172.32.0.1",   "100.128.0.1",
                                           "192.169.0.1", "2606:4700::1", "::ffff:8.8.8.8" };

    for (gsize i = 0; i < G_N_ELEMENTS(inside); i++) {
        g_test_message("%s", inside[i]);
        g_assert_false(hl_address_is_public(inside[i]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(outside); i++)
        g_assert_true(hl_address_is_public(outside[i]));
}

/* What an administrator types once is in every endpoint's settings for years. */
static void test_host(void)
{
    g_autofree char *label = g_strnfill(64, 'a');
    g_autofree char *longest = g_strconcat(label + 1, ".example.org", NULL);
    g_autofree char *too_long = g_strconcat(label, ".example.org", NULL);
    g_autofree char *most = g_strnfill(254, 'a');
    const char *const good[] = { "localhost",   "av",           "av.example.org", "xn--4gq48lf9j.example",
                                 "pc_1",        "3com.example", "192.0.2.1",      "::1",
                                 "2001:db8::5", longest };
    const char *const bad[] = { "",         "999.1.1.1", "10.0.0", "-x.org",    "x-.org", "example.org.", "a..b",
                                ".",        "a b",       "[::1]",  "a:1",       "::1::",  "a/b",          "a@b",
                                "\xc3\xa9", too_long,    most,     "1.2.3.4.5", "a,b.org" };

    for (gsize i = 1; i < 253; i++)
        most[i] = i % 50 == 0 ? '.' : 'a';
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_test_message("%s", good[i]);
        g_assert_true(hl_host_is_valid(good[i]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(hl_host_is_valid(bad[i]));
    }
    most[253] = '\0';
    g_assert_true(hl_host_is_valid(most));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/public", test_public);
    g_test_add_func("/network/host", test_host);
    return g_test_run();
}
