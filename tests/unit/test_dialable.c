/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/dialable: which registered addresses the manager dials. */
#include <glib.h>
#include <string.h>

#include "manager/core/dialable.h"

static void test_rows(void)
{
    static const struct {
        const char *address;
        bool own;
        MgrDialable stranger, trial;
    } cases[] = {
        { "192.168.7.2", false, MGR_DIALABLE, MGR_DIALABLE },
        { "fd00::8", false, MGR_DIALABLE, MGR_DIALABLE },
        { "203.0.113.20", false, MGR_DIALABLE, MGR_DIALABLE },
        { "192.168.7.1", true, MGR_DIAL_OWN, MGR_DIALABLE },
        { "fd00:0::7", true, MGR_DIAL_OWN, MGR_DIALABLE },
        { "::ffff:192.168.7.1", true, MGR_DIAL_OWN, MGR_DIALABLE },
        { "127.0.0.1", true, MGR_DIAL_LOOPBACK, MGR_DIALABLE },
        { "127.255.255.254", false, MGR_DIAL_LOOPBACK, MGR_DIALABLE },
        { "::1", true, MGR_DIAL_LOOPBACK, MGR_DIALABLE },
        { "::ffff:127.0.0.1", false, MGR_DIAL_LOOPBACK, MGR_DIALABLE },
        { "169.254.169.254", false, MGR_DIAL_LINK_LOCAL, MGR_DIAL_LINK_LOCAL },
        { "fe80::1", false, MGR_DIAL_LINK_LOCAL, MGR_DIAL_LINK_LOCAL },
        { "fe80::1%eth0", false, MGR_DIAL_LINK_LOCAL, MGR_DIAL_LINK_LOCAL },
        { "224.0.0.1", false, MGR_DIAL_MULTICAST, MGR_DIAL_MULTICAST },
        { "255.255.255.255", false, MGR_DIAL_MULTICAST, MGR_DIAL_MULTICAST },
        { "ff02::1", false, MGR_DIAL_MULTICAST, MGR_DIAL_MULTICAST },
        { "0.0.0.0", false, MGR_DIAL_UNSPECIFIED, MGR_DIAL_UNSPECIFIED },
        { "::", false, MGR_DIAL_UNSPECIFIED, MGR_DIAL_UNSPECIFIED },
        { "", false, MGR_DIAL_NO_ADDRESS, MGR_DIAL_NO_ADDRESS },
        { "printer.example", false, MGR_DIAL_NO_ADDRESS, MGR_DIAL_NO_ADDRESS },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].address);
        g_assert_cmpint(mgr_dialable(cases[i].address, cases[i].own, false), ==, cases[i].stranger);
        g_assert_cmpint(mgr_dialable(cases[i].address, cases[i].own, true), ==, cases[i].trial);
    }
    for (MgrDialable dialable = MGR_DIALABLE; dialable < MGR_DIAL_N; dialable++)
        g_assert_cmpstr(mgr_dialable_reason(dialable), !=, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dialable/rows", test_rows);
    return g_test_run();
}
