/* SPDX-License-Identifier: Apache-2.0 */
/* Who is outdated: the components that a scan method takes, against those that the repository has. */
#include <glib.h>

#include "proto/components.h"
#include "proto/settings.h"

static const char repository[] = "agent=3 rules=2 virus=5";

static void check(int method, const char *have, bool expected)
{
    g_assert_cmpint(hl_components_behind(have, repository, hl_scan_components[method]), ==, expected);
}

static void test_only(void)
{
    g_autofree char *both = hl_components_only(repository, "virus,rules");
    g_autofree char *none = hl_components_only(repository, "vir,usrules");
    g_autofree char *empty = hl_components_only("", "virus");

    g_assert_cmpstr(both, ==, "rules=2 virus=5");
    g_assert_cmpstr(none, ==, "");
    g_assert_cmpstr(empty, ==, "");
}

static void test_methods(void)
{
    check(HL_SCAN_CONVENTIONAL, "rules=2 virus=5", false);
    check(HL_SCAN_CONVENTIONAL, "rules=2 virus=4", true);
    check(HL_SCAN_CONVENTIONAL, "agent=3 rules=2", true);
    check(HL_SCAN_SMART, "agent=3 rules=2", false);
    check(HL_SCAN_SMART, "rules=2 virus=5", true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outdated/only", test_only);
    g_test_add_func("/outdated/methods", test_methods);
    return g_test_run();
}
