/* SPDX-License-Identifier: Apache-2.0 */
/* manager/site/owners: which permissions of a site's files are wrong. */
#include <sys/stat.h>

#include "lib/base/file.h"
#include "manager/site/owners.h"

typedef struct {
    const char *file;
    mode_t mode;
    bool is_barred;
} Row;

static const Row rows[] = {
    /* a key that was hardened is in order: it is replaced by rename */
    { "pki/ca.key", 0400, false },
    { "admins/admin/admin.key", 0400, false },
    { "manager.conf", 0444, false },
    { "audit.head", 0400, false },
    { "pki/ca.key", 0200, true },
    { "pki/ca.pem", 0000, true },
    /* written where it lies */
    { "registry.db", 0400, true },
    { "registry.db-wal", 0400, true },
    { "registry.db-shm", 0400, true },
    { "pki/journal", 0400, true },
    { "lock", 0400, true },
    { "repo/private/lock", 0400, true },
    { "broker/mosquitto.log", 0440, true },
    { "registry.db", 0600, false },
    { "pki", 0500, true },
    { "pki", 0700, false },
};

static void check(const char *site, const Row *row)
{
    g_autofree char *path = g_build_filename(site, row->file, NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *found = NULL;

    g_assert_true(hl_dir_make(dir, 0700, NULL));
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        g_assert_true(hl_file_write_text(path, "text", 0600, NULL));
    g_assert_cmpint(chmod(path, row->mode), ==, 0);
    found = mgr_site_describe_barred(site);
    g_assert_cmpint(chmod(path, 0700), ==, 0);
    g_test_message("%s %o: %s", row->file, row->mode, found != NULL ? found : "in order");
    g_assert_cmpint(found != NULL, ==, row->is_barred);
    g_assert_true(found == NULL || g_str_has_suffix(found, path));
}

static void test_barred(void)
{
    g_autofree char *site = g_dir_make_tmp("hl-owners-XXXXXX", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        check(site, &rows[i]);
    g_assert_true(hl_tree_remove(site, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/site/owners/barred", test_barred);
    return g_test_run();
}
