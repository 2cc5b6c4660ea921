/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a file is that root writes: it belongs to the owner of what it replaces, else to that of its directory. */
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

#define SOMEBODY 65534
#define OTHER    1234

static uid_t write_and_look(const char *path)
{
    g_autoptr(GError) error = NULL;
    bool ok = hl_file_write_text(path, "text", 0640, &error);
    struct stat st;

    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0640);
    return st.st_uid;
}

static void test_owner(void)
{
    g_autofree char *directory = g_dir_make_tmp("hl-owner-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "file", NULL);
    g_autofree char *link = g_build_filename(directory, "link", NULL);

    if (geteuid() != 0) {
        g_test_skip("only root writes for others");
        g_rmdir(directory);
        return;
    }
    g_assert_cmpint(write_and_look(path), ==, 0);
    g_assert_cmpint(chown(directory, SOMEBODY, SOMEBODY), ==, 0);
    g_assert_cmpint(write_and_look(path), ==, 0); /* the file's own owner comes first */
    g_unlink(path);
    g_assert_cmpint(write_and_look(path), ==, SOMEBODY);
    g_assert_cmpint(chown(path, OTHER, OTHER), ==, 0);
    g_assert_cmpint(write_and_look(path), ==, OTHER);
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0); /* is replaced, and says nothing */
    g_assert_cmpint(write_and_look(link), ==, SOMEBODY);
    g_unlink(link);
    g_unlink(path);
    g_rmdir(directory);
}

/* A full disk is said with its remedy, whatever met it. */
static void test_full(void)
{
    static const int full[] = { ENOSPC, EDQUOT };

    for (gsize i = 0; i < G_N_ELEMENTS(full); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(hl_fail_errno(&error, full[i], "cannot write %s", "pki/lookout-1.key"));
        g_assert_error(error, HL_ERROR, HL_ERROR_FULL);
        g_assert_true(g_str_has_suffix(error->message, ": make room on that file system"));
    }
}

static void test_read_only(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(hl_fail_errno(&error, EROFS, "cannot lock %s", "site/lock"));
    g_assert_true(g_str_has_prefix(error->message, "cannot lock site/lock: "));
    g_assert_true(g_str_has_suffix(error->message, "mount it for writing again"));
}

/* What is in a directory's place is named as such: --output of commands that write several files. */
static void test_no_directory(void)
{
    g_autofree char *dir = g_dir_make_tmp("base-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "file", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    g_autofree char *below = g_build_filename(file, "below", NULL);
    const char *const taken[] = { file, link, fifo, "/dev/null" };
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_file_create_text(file, "", 0600, NULL));
    g_assert_cmpint(symlink("nowhere", link), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autoptr(GError) refused = NULL;

        g_assert_false(hl_dir_make(taken[i], 0700, &refused));
        g_assert_error(refused, HL_ERROR, HL_ERROR_EXISTS);
    }
    g_assert_false(hl_dir_make(below, 0700, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
    g_assert_true(hl_dir_make(dir, 0700, NULL));
    g_assert_true(hl_tree_remove(dir, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file/owner", test_owner);
    g_test_add_func("/file/full", test_full);
    g_test_add_func("/file/read-only", test_read_only);
    g_test_add_func("/file/no-directory", test_no_directory);
    return g_test_run();
}
