/* SPDX-License-Identifier: Apache-2.0 */
/* Which packages are a release of the component 'program', and which may follow those of before. */
#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "updater/publisher/program.h"

static void free_package(gpointer package)
{
    upd_package_free(package);
}

/* "NAME VERSION ARCH, ...". */
static GPtrArray *packages_of(const char *text)
{
    g_auto(GStrv) entries = g_strsplit(text, ", ", -1);
    GPtrArray *packages = g_ptr_array_new_with_free_func(free_package);

    for (gsize i = 0; entries[i] != NULL && *entries[i] != '\0'; i++) {
        g_auto(GStrv) words = g_strsplit(entries[i], " ", 3);
        g_autofree char *path = g_strdup_printf("%zu.deb", i);

        g_ptr_array_add(packages, upd_package_new(path, words[0], words[1], words[2]));
    }
    return packages;
}

#define COMMON   "holdline-common 2 all"
#define OF(arch) "holdline-updater 2 " arch ", holdline-endpoint 2 " arch

static void test_sets(void)
{
    static const struct {
        const char *packages, *why; /* NULL: they are a release */
    } cases[] = {
        { COMMON ", " OF("amd64"), NULL },
        { COMMON ", " OF("amd64") ", " OF("arm64"), NULL },
        { COMMON ", " OF("amd64") ", holdline-tray 2 amd64", NULL },
        { "", "holdline-endpoint is missing" },
        { COMMON, "holdline-endpoint is missing" },
        { COMMON ", holdline-updater 2 amd64", "holdline-endpoint is missing for amd64" },
        { OF("amd64"), "holdline-common is missing for amd64" },
        { COMMON ", " OF("amd64") ", holdline-tray 3 amd64", "one version" },
        { COMMON ", " OF("amd64") ", holdline-server 2 amd64", "none of an endpoint's" },
        { COMMON ", " OF("amd64") ", holdline-updater 2 amd64", "name one of them" },
        { COMMON ", " OF("amd64") ", holdline-updater 2 all", "name one of them" },
        { COMMON ", " OF("amd64") ", " OF("arm64") ", holdline-tray 2 amd64", "holdline-tray is missing for arm64" },
        { COMMON ", " OF("amd64") ", holdline-updater 2 arm64", "holdline-endpoint is missing for arm64" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) packages = packages_of(cases[i].packages);
        g_autoptr(GError) error = NULL;
        bool good = upd_program_check(packages, &error);

        if (good != (cases[i].why == NULL) || (!good && strstr(error->message, cases[i].why) == NULL))
            g_error("%s: %s", cases[i].packages, good ? "taken" : error->message);
    }
}

static void test_select(void)
{
    g_autoptr(GPtrArray) packages =
        packages_of(COMMON ", holdline-server 2 amd64, " OF("amd64") ", holdline-doc 2 all");
    g_autoptr(GString) left_out = g_string_new(NULL);

    upd_program_select(packages, left_out);
    g_assert_cmpuint(packages->len, ==, 3);
    g_assert_cmpstr(left_out->str, ==, "holdline-doc_all, holdline-server_amd64");
}

/* What a real package says, and what is none. */
static void test_read(void)
{
    g_autofree char *tool = g_find_program_in_path("dpkg-deb");
    g_autofree char *dir = g_dir_make_tmp("holdline-program-XXXXXX", NULL);
    g_autofree char *tree = g_build_filename(dir, "tree", "DEBIAN", NULL);
    g_autofree char *root = g_build_filename(dir, "tree", NULL);
    g_autofree char *control = g_build_filename(tree, "control", NULL);
    g_autofree char *path = g_build_filename(dir, "-x.deb", NULL);
    g_autofree char *other = g_build_filename(dir, "page.deb", NULL);
    const char *paths[] = { path, other };
    const char *argv[] = { "dpkg-deb", "--root-owner-group", "-b", root, path, NULL };
    g_autoptr(GPtrArray) packages = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) listed = NULL;

    if (tool == NULL) {
        g_test_skip("no dpkg-deb here");
        return;
    }
    g_assert_true(hl_dir_make(tree, 0755, NULL) &&
                  hl_file_write_text(control,
                                     "Package: holdline-endpoint\nVersion: 1:0.2.0~rc1-1\nArchitecture: amd64\n"
                                     "Maintainer: A <a@example.org>\nDescription: a test\n",
                                     0644, NULL) &&
                  hl_exec(argv, NULL, &error));
    g_assert_true(hl_file_write_text(other, "<html>", 0644, NULL));
    packages = upd_program_read(paths, 1, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(((const UpdPackage *)packages->pdata[0])->package, ==, "holdline-endpoint");
    g_assert_cmpstr(((const UpdPackage *)packages->pdata[0])->version, ==, "1:0.2.0~rc1-1");
    g_assert_cmpstr(((const UpdPackage *)packages->pdata[0])->arch, ==, "amd64");
    listed = upd_program_list(dir, NULL);
    g_assert_cmpuint(g_strv_length(listed), ==, 2);
    g_assert_null(upd_program_read(paths, 2, &error));
    g_assert_nonnull(strstr(error->message, "page.deb is not a Debian package"));
    g_assert_true(hl_tree_remove(dir, NULL));
}

static void test_follows(void)
{
    g_autoptr(json_t) history =
        json_pack("{s:[{s:{s:{s:s}}, s:{s:s}}, {s:{s:{s:s}}, s:{s:s}}]}", "releases", "files", "a.deb", "sha256", "aa",
                  "program", "version", "0.1-1", "files", "a.deb", "sha256", "bb", "program", "version", "0.2-1");
    g_autoptr(json_t) old = json_pack("{s:s}", "a.deb", "aa");
    g_autoptr(json_t) more = json_pack("{s:s, s:s}", "a.deb", "bb", "b.deb", "cc");
    g_autoptr(json_t) fresh = json_pack("{s:s}", "a.deb", "dd");
    g_autoptr(json_t) nothing = json_object();
    g_autoptr(GError) error = NULL;

    g_assert_true(upd_program_may_follow(nothing, "0.1-1", old, false, NULL));
    g_assert_true(upd_program_may_follow(history, "0.3-1", fresh, false, NULL));
    g_assert_true(upd_program_may_follow(history, "0.2-1", more, false, NULL)); /* another architecture, other bounds */
    g_assert_true(upd_program_may_follow(history, "0.1-1", old, true, NULL));
    g_assert_false(upd_program_may_follow(history, "0.1-1", old, false, NULL));
    g_assert_false(upd_program_may_follow(history, "0.1-1", fresh, true, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/program/packages/sets", test_sets);
    g_test_add_func("/program/packages/select", test_select);
    g_test_add_func("/program/packages/read", test_read);
    g_test_add_func("/program/packages/follows", test_follows);
    return g_test_run();
}
