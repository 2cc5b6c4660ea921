/* SPDX-License-Identifier: Apache-2.0 */
/* updater/install/engine: which version is enough, and what is wrong with an engine that does not start. */
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "updater/install/engine.h"

/* What is wrong with an engine that cannot be started is said: not every failure is a missing package. */
static void test_engine_start(void)
{
    g_autofree char *folder = g_dir_make_tmp("holdline-engine-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "engine", NULL);
    static const struct {
        const char *text; /* NULL: there is no file */
        int mode;
        const char *says;
    } cases[] = {
        { NULL, 0, "*is not here: install ClamAV's clamscan*No such file*" },
        { "#!/bin/sh\n", 0600, "*may not be executed: correct its mode*Permission denied*" },
        { "#!/no/such/shell\n", 0700, "*is present but does not start*is its interpreter installed*" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        UpdEngine engine = { .program = path, .deadline = HL_MINUTE };
        g_autoptr(GError) error = NULL;

        if (cases[i].text != NULL)
            g_assert_true(g_file_set_contents_full(path, cases[i].text, -1, 0, cases[i].mode, NULL));
        g_assert_null(upd_engine_version(&engine, &error));
        g_test_message("%s", error->message);
        g_assert_true(g_pattern_match_simple(cases[i].says, error->message));
        g_assert_true(unlink(path) == 0 || cases[i].text == NULL); /* or it would keep its mode */
    }
    g_assert_cmpint(rmdir(folder), ==, 0);
}

static char *complaint_about(const char *program)
{
    UpdEngine engine = { .program = hl_unconst(program), .deadline = HL_MINUTE };
    g_autoptr(GError) error = NULL;

    g_assert_null(upd_engine_version(&engine, &error));
    g_test_message("%s", error->message);
    return g_strdup(error->message);
}

/* Only root can mount, and only in a name space of its own. */
static bool mount_noexec(const char *folder)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", MS_NOEXEC, NULL) == 0;
}

/* What chmod does not mend: a mount without exec. */
static void test_engine_noexec(void)
{
    g_autofree char *folder = g_dir_make_tmp("holdline-engine-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "engine", NULL);
    g_autofree char *said = NULL;

    if (mount_noexec(folder)) {
        g_assert_true(g_file_set_contents_full(path, "#!/bin/sh\n", -1, 0, 0755, NULL));
        said = complaint_about(path);
        g_assert_nonnull(strstr(said, "mounted noexec: mount it with exec"));
        g_assert_null(strstr(said, "chmod"));
        g_assert_cmpint(umount(folder), ==, 0);
    } else {
        g_test_skip("nothing can be mounted here");
    }
    g_assert_cmpint(rmdir(folder), ==, 0);
}

/* Nor an interpreter that may not be executed. */
static void test_engine_denied(void)
{
    g_autofree char *folder = g_dir_make_tmp("holdline-engine-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "engine", NULL);
    g_autofree char *interpreter = NULL;

    g_assert_true(g_file_set_contents_full(path, "#!/proc/version\n", -1, 0, 0755, NULL));
    interpreter = complaint_about(path);
    g_assert_nonnull(strstr(interpreter, "its mode allows that, so its interpreter"));
    g_assert_null(strstr(interpreter, "chmod"));
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(rmdir(folder), ==, 0);
}

/* A service may be started without a PATH. */
static void test_engine_without_path(void)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *said = NULL;

    g_unsetenv("PATH");
    said = complaint_about("holdline-no-such-engine");
    g_assert_true(path == NULL || g_setenv("PATH", path, TRUE));
    g_assert_nonnull(strstr(said, "is not here: install ClamAV's clamscan"));
}

/* What is not the engine's fault is not put down to it. */
static void test_engine_cause(void)
{
    g_autofree char *folder = g_dir_make_tmp("holdline-engine-XXXXXX", NULL);
    g_autofree char *directory = complaint_about(folder);
    g_autofree char *full = NULL;
    struct rlimit before;
    struct rlimit none;

    g_assert_nonnull(strstr(directory, "is a directory: name the program in it"));
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none = before;
    none.rlim_cur = 3;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    full = complaint_about("/bin/true");
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_nonnull(strstr(full, "Too many open files"));
    g_assert_true(g_str_has_prefix(full, "cannot start /bin/true"));
    g_assert_cmpint(rmdir(folder), ==, 0);
}

static void test_engine_version(void)
{
    g_assert_true(upd_engine_is_at_least("1.0.9", "1.0.9"));
    g_assert_true(upd_engine_is_at_least("1.4.0", "0.103.0"));
    g_assert_true(upd_engine_is_at_least("1.10", "1.9.3"));
    g_assert_true(upd_engine_is_at_least("1.0.0-rc", "1.0"));
    g_assert_false(upd_engine_is_at_least("0.103.12", "1.0"));
    g_assert_false(upd_engine_is_at_least("1.0", "1.0.1"));
    g_assert_false(upd_engine_is_at_least("", "0.1"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/updater-engine/noexec", test_engine_noexec);
    g_test_add_func("/updater-engine/denied", test_engine_denied);
    g_test_add_func("/updater-engine/version", test_engine_version);
    g_test_add_func("/updater-engine/start", test_engine_start);
    g_test_add_func("/updater-engine/without-path", test_engine_without_path);
    g_test_add_func("/updater-engine/cause", test_engine_cause);
    return g_test_run();
}
