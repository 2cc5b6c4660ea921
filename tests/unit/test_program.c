/* SPDX-License-Identifier: Apache-2.0 */
/* proto/program and the versions of packages: their order is dpkg's, and a release.json is what it should be or none.
 */
#include "proto/program.h"

#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/package_version.h"

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ENTRY \
    "{\"name\":\"holdline-endpoint_amd64.deb\",\"package\":\"holdline-endpoint\",\"sha256\":\"" SHA "\",\"length\":5}"

/* -------------------------------------------------------------------------------------------------------- versions */

/* In their order. */
static const char *const versions[] = { "0",          "0.1",      "0.1.0~",      "0.1.0~rc1-1", "0.1.0~rc2",
                                        "0.1.0~rc10", "0.1.0",    "0.1.0-1~b1",  "0.1.0-1",     "0.1.0-1+b1",
                                        "0.1.0-2",    "0.1.0-10", "0.1.0a",      "0.1.0a1",     "0.1.0+git",
                                        "0.1.0.1",    "0.2.0-1",  "0.10.0-1",    "1.0-1-1",     "1.0-1-2",
                                        "20261128",   "1:0",      "1:0.0.1~a-1", "2:0" };

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_order(void)
{
    for (int i = 0; i < (int)G_N_ELEMENTS(versions); i++) {
        g_assert_true(hl_package_version_ok(versions[i]));
        for (int k = 0; k < (int)G_N_ELEMENTS(versions); k++)
            g_assert_cmpint(sign(hl_package_version_compare(versions[i], versions[k])), ==, sign(i - k));
    }
    g_assert_cmpint(hl_package_version_compare("1.0", "1.0-0"), ==, 0);
    g_assert_cmpint(hl_package_version_compare("0:1.0", "1.0"), ==, 0);
    g_assert_cmpint(hl_package_version_compare("1.007", "1.7"), ==, 0);
    g_assert_cmpint(hl_package_version_compare("1.99999999999999999999998", "1.99999999999999999999999"), <, 0);
}

/* Where there is a dpkg, it agrees. */
static void test_as_dpkg(void)
{
    g_autofree char *dpkg = g_find_program_in_path("dpkg");

    if (dpkg == NULL) {
        g_test_skip("no dpkg here");
        return;
    }
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(versions); i++) {
        const char *argv[] = { dpkg, "--compare-versions", versions[i], "lt", versions[i + 1], NULL };

        if (!hl_exec(argv, NULL, NULL))
            g_error("dpkg has %s not before %s", versions[i], versions[i + 1]);
    }
}

static void test_no_versions(void)
{
    static const char *const texts[] = { "",     "a",   "-1",  "1.0-",    ":1", "x:1",  "1:",    "1: 0",
                                         "1.0 ", "1/0", "1\n", "1.0_rc1", "~1", "1:-1", "1:2:3", "1234567890:1" };
    g_autofree char *longest = g_strnfill(HL_PACKAGE_VERSION_MAX, '1');
    g_autofree char *too_long = g_strnfill(HL_PACKAGE_VERSION_MAX + 1, '1');

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        if (hl_package_version_ok(texts[i]))
            g_error("'%s' is no version", texts[i]);
    g_assert_true(hl_package_version_ok(longest));
    g_assert_false(hl_package_version_ok(too_long));
}

/* A program knows its upstream version alone. */
static void test_reached(void)
{
    g_assert_true(hl_package_version_reached("0.2.0", "0.2.0-1"));
    g_assert_true(hl_package_version_reached("0.2.0-1", "0.2.0-1"));
    g_assert_true(hl_package_version_reached("0.10.0", "0.2.0-1"));
    g_assert_false(hl_package_version_reached("0.2.0-1", "0.2.0-2"));
    g_assert_false(hl_package_version_reached("0.1.0", "0.2.0-1"));
    g_assert_false(hl_package_version_reached("0.2.0", "1:0.1.0-1"));
    g_assert_false(hl_package_version_reached("simulated", "0.2.0-1"));
    g_assert_true(hl_package_version_same_upstream("0.2.0", "0.2.0-1"));
    g_assert_true(hl_package_version_same_upstream("0.2.0-2", "0:0.2.0-1"));
    g_assert_false(hl_package_version_same_upstream("0.2.0", "1:0.2.0"));
    g_assert_false(hl_package_version_same_upstream("0.2.0", "0.2.0~rc1"));
}

static void test_suits(void)
{
    g_assert_true(hl_program_suits(NULL, NULL, "0.1.0-1"));
    g_assert_true(hl_program_suits("0.1.0-1", "0.1.0-1", "0.1.0-1"));
    g_assert_false(hl_program_suits("0.1.0-2", NULL, "0.1.0-1"));
    g_assert_false(hl_program_suits(NULL, "0.1.0~rc1", "0.1.0-1"));
}

/* -------------------------------------------------------------------------------------------------------- releases */

static void test_round_trip(void)
{
    g_autoptr(HlProgramRelease) release = hl_program_release_new();
    g_autoptr(HlProgramRelease) again = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    release->release = 2026112801;
    release->version = g_strdup("0.2.0-1");
    release->min_version = g_strdup("0.1.0-1");
    hl_program_release_add(release, "holdline-endpoint_amd64.deb", "holdline-endpoint", SHA, 5);
    text = hl_program_release_print(release);
    g_assert_cmpstr(
        text, ==, "{\"release\":2026112801,\"version\":\"0.2.0-1\",\"min_version\":\"0.1.0-1\",\"files\":[" ENTRY "]}");
    again = hl_program_release_parse(text, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->release, ==, 2026112801);
    g_assert_cmpstr(again->version, ==, "0.2.0-1");
    g_assert_cmpstr(again->min_version, ==, "0.1.0-1");
    g_assert_null(again->max_version);
    g_assert_cmpuint(hl_program_release_find(again, "holdline-endpoint")->length, ==, 5);
    g_assert_null(hl_program_release_find(again, "holdline-tray"));
}

#define RECORD(release, version, more, files) \
    "{\"release\":" release ",\"version\":\"" version "\"" more ",\"files\":[" files "]}"
#define FILE_OF(name, package, sha, length) \
    "{\"name\":\"" name "\",\"package\":\"" package "\",\"sha256\":\"" sha "\",\"length\":" length "}"

static void test_refused(void)
{
    static const struct {
        const char *text, *member;
    } cases[] = {
        { RECORD("0", "0.2.0", "", ENTRY), "'release'" },
        { RECORD("\"7\"", "0.2.0", "", ENTRY), "'release'" },
        { RECORD("7", "0.2 0", "", ENTRY), "'version'" },
        { RECORD("7", "0.2.0", ",\"min_version\":7", ENTRY), "'min_version'" },
        { RECORD("7", "0.2.0", ",\"max_version\":\"\"", ENTRY), "'max_version'" },
        { RECORD("7", "0.2.0", "", ""), "'files'" },
        { RECORD("7", "0.2.0", "", "{}"), "'name'" },
        { RECORD("7", "0.2.0", "", FILE_OF("../x.deb", "holdline-endpoint", SHA, "5")), "'name'" },
        { RECORD("7", "0.2.0", "", FILE_OF("-x.deb", "holdline-endpoint", SHA, "5")), "'name'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.sh", "holdline-endpoint", SHA, "5")), "'name'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.deb", "-i", SHA, "5")), "'package'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.deb", "holdline-endpoint", "aa", "5")), "'sha256'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.deb", "holdline-endpoint", SHA, "0")), "'length'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.deb", "holdline-endpoint", SHA, "268435457")), "'length'" },
        { RECORD("7", "0.2.0", "", ENTRY "," ENTRY), "'package'" },
        { RECORD("7", "0.2.0", "", ENTRY "," FILE_OF("holdline-endpoint_amd64.deb", "x", SHA, "5")), "'name'" },
        { RECORD("7", "0.2.0", "", FILE_OF("x.deb", "holdline-tray", SHA, "5")), "lists no package" },
        { "[]", "'release'" },
        { "", "release.json" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(hl_program_release_parse(cases[i].text, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        if (strstr(error->message, cases[i].member) == NULL)
            g_error("%s: %s", cases[i].text, error->message);
    }
}

static void test_too_many(void)
{
    GString *text = g_string_new("{\"release\":7,\"version\":\"1\",\"files\":[" ENTRY);
    g_autofree char *all = NULL;

    for (int i = 1; i < HL_PROGRAM_MAX_FILES; i++)
        g_string_append_printf(text, "," FILE_OF("%d.deb", "p%d", SHA, "5"), i, i);
    all = g_strconcat(text->str, "]}", NULL);
    {
        g_autoptr(HlProgramRelease) most = hl_program_release_parse(all, NULL);

        g_assert_nonnull(most);
    }
    g_string_append(text, "," FILE_OF("x.deb", "x", SHA, "5") "]}");
    g_assert_null(hl_program_release_parse(text->str, NULL));
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/program/version/order", test_order);
    g_test_add_func("/program/version/as-dpkg", test_as_dpkg);
    g_test_add_func("/program/version/none", test_no_versions);
    g_test_add_func("/program/version/reached", test_reached);
    g_test_add_func("/program/suits", test_suits);
    g_test_add_func("/program/release/round-trip", test_round_trip);
    g_test_add_func("/program/release/refused", test_refused);
    g_test_add_func("/program/release/too-many", test_too_many);
    return g_test_run();
}
