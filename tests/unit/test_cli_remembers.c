/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli/client: it remembers which of its addresses answered last, and where that is kept. */
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/support/cli_world.h"

static char *in_cache(const char *name)
{
    return g_build_filename(g_get_user_cache_dir(), name, NULL);
}

/* The one file of the cache; NULL: there is none. */
static char *remembered(void)
{
    g_autofree char *own = in_cache("holdline");
    g_autoptr(GDir) dir = g_dir_open(own, 0, NULL);
    const char *name = dir != NULL ? g_dir_read_name(dir) : NULL;

    return name != NULL ? g_build_filename(own, name, NULL) : NULL;
}

/* One call looks for the manager, those after it find it at once; and when it has moved, one more. */
static void test_remembers(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *path = NULL;

    cli_world = (CliWorld){ .kinds = { HANGS, SERVES, HANGS }, .n = 3, .kept = dir };
    cli_world_expect_found("b:2", 10);
    cli_world_expect_found("b:2", 1);
    cli_world.kinds[1] = HANGS;
    cli_world.kinds[0] = SERVES;
    cli_world_expect_found("b:1", 10);
    cli_world_expect_found("b:1", 1);
    /* the configuration has that address no longer */
    cli_world.kinds[2] = SERVES;
    cli_world.kinds[0] = HANGS;
    cli_world_expect_found("b:3", 19);
    cli_world = (CliWorld){ .kinds = { SERVES, SERVES }, .n = 2, .kept = dir };
    cli_world_expect_found("b:1", 1);
    /* nor one that somebody else wrote */
    path = remembered();
    g_assert_true(hl_file_write_text(path, "elsewhere:1", 0600, NULL));
    cli_world_expect_found("b:1", 1);
    cli_world_forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* One address, or the first in order: no file is needed. */
static void test_remembers_nothing(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *path = NULL;

    cli_world = (CliWorld){ .kinds = { SERVES }, .n = 1, .kept = dir };
    cli_world_expect_found("b:1", 1);
    cli_world = (CliWorld){ .kinds = { SERVES, HANGS }, .n = 2, .kept = dir };
    cli_world_expect_found("b:1", 1);
    path = remembered();
    g_assert_null(path);
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* Where others could have put something there, it is as before; the call itself succeeds. */
static void test_remembers_safely(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *elsewhere = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *own = in_cache("holdline");
    g_autofree char *path = NULL, *other = NULL, *text = NULL;

    g_assert_true(hl_dir_make(g_get_user_cache_dir(), 0700, NULL));
    cli_world = (CliWorld){ .kinds = { REFUSES, SERVES }, .n = 2, .kept = dir };
    g_assert_cmpint(symlink(elsewhere, own), ==, 0);
    cli_world_expect_found("b:2", 1);
    g_assert_cmpint(rmdir(elsewhere), ==, 0); /* it is empty */
    g_assert_cmpint(unlink(own), ==, 0);
    g_assert_cmpint(mkdir(own, 0777), ==, 0);
    g_assert_cmpint(chmod(own, 0777), ==, 0);
    cli_world_expect_found("b:2", 1);
    path = remembered();
    g_assert_null(path);
    g_assert_cmpint(chmod(own, 0700), ==, 0);
    cli_world_expect_found("b:2", 1);
    path = remembered();
    g_assert_nonnull(path);
    /* a link in place of the file is replaced, and not followed */
    other = g_build_filename(dir, "other", NULL);
    g_assert_true(hl_file_write_text(other, "untouched", 0600, NULL));
    g_assert_true(unlink(path) == 0 && symlink(other, path) == 0);
    cli_world_expect_found("b:2", 1);
    text = hl_file_read_text(other, 100, NULL);
    g_assert_cmpstr(text, ==, "untouched");
    cli_world_forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* Missing directories are made in one's own alone: root's in another user's home would be in that user's way. */
static void test_remembers_at_home(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *between = g_path_get_dirname(g_get_user_cache_dir());
    g_autofree char *home = g_path_get_dirname(between);
    g_autofree char *path = NULL;

    g_assert_true(hl_tree_remove(between, NULL));
    cli_world = (CliWorld){ .kinds = { REFUSES, SERVES }, .n = 2, .kept = dir };
    g_assert_cmpint(chmod(home, 0777), ==, 0); /* another's too: that it belongs to another takes root to make */
    cli_world_expect_found("b:2", 1);
    g_assert_false(g_file_test(between, G_FILE_TEST_EXISTS));
    g_assert_cmpint(chmod(home, 0700), ==, 0);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(home, 1, 1), ==, 0);
        cli_world_expect_found("b:2", 1);
        g_assert_false(g_file_test(between, G_FILE_TEST_EXISTS));
        g_assert_cmpint(chown(home, 0, 0), ==, 0);
    }
    cli_world_expect_found("b:2", 1);
    path = remembered();
    g_assert_nonnull(path);
    cli_world_forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/client/remembers", test_remembers);
    g_test_add_func("/cli/client/remembers-nothing", test_remembers_nothing);
    g_test_add_func("/cli/client/remembers-safely", test_remembers_safely);
    g_test_add_func("/cli/client/remembers-at-home", test_remembers_at_home);
    return cli_world_run();
}
