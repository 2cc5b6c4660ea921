/* SPDX-License-Identifier: Apache-2.0 */
/* updater/install/engine: which version is enough, and what is wrong with an engine that does not start. */
#include <unistd.h>

#include "lib/base/file.h"
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
        { "#!/no/such/shell\n", 0700, "*is here and does not start*what runs it installed*" },
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
    g_test_add_func("/updater-engine/version", test_engine_version);
    g_test_add_func("/updater-engine/start", test_engine_start);
    return g_test_run();
}
