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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/public", test_public);
    return g_test_run();
}
