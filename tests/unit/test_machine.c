/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/identity/machine: what is a machine id.  One that many machines share makes them one endpoint. */
#include <string.h>

#include "endpoint/identity/machine.h"
#include "lib/base/file.h"
#include "lib/pki/digest.h"

#define GOOD "0123456789abcdef0123456789abcdef"

static const struct {
    const char *text;
    const char *part; /* of the message; NULL: it is a machine id */
} cases[] = {
    { GOOD "\n", NULL },
    { GOOD, NULL },
    { "00000000000000000000000000000001\n", NULL },
    { "", "is empty" },
    { "\n", "is empty" },
    { "uninitialized\n", "'uninitialized'" },
    { "uninitialized", "'uninitialized'" },
    { "00000000000000000000000000000000\n", "not all 0" },
    { "0123456789ABCDEF0123456789ABCDEF\n", "32 lower-case" },
    { "0123456789abcdef0123456789abcde\n", "32 lower-case" },
    { "0123456789abcdef0123456789abcdef0\n", "32 lower-case" },
    { "01234567-89ab-cdef-0123-456789abcdef\n", "32 lower-case" },
    { "0123456789abcdef0123456789abcdeg\n", "32 lower-case" },
    { GOOD "\n" GOOD "\n", "32 lower-case" },
    { "master\n", "32 lower-case" },
};

static void test_machine_id(void)
{
    g_autofree char *directory = g_dir_make_tmp("hl-machine-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "machine-id", NULL);
    g_autofree char *missing = g_build_filename(directory, "missing", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(ep_machine_id(missing, &error));
    g_assert_nonnull(strstr(error->message, "set identity.machine_id"));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = NULL;

        g_clear_error(&error);
        g_assert_true(hl_file_write_text(path, cases[i].text, 0600, NULL));
        id = ep_machine_id(path, &error);
        g_test_message("'%s': %s", cases[i].text, error != NULL ? error->message : id);
        if (cases[i].part == NULL) {
            g_assert_no_error(error);
            g_assert_cmpuint(strlen(id), ==, 32);
            continue;
        }
        g_assert_null(id);
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, cases[i].part));
        g_assert_nonnull(strstr(error->message, "systemd-machine-id-setup")); /* the remedy */
    }
    g_assert_true(hl_tree_remove(directory, NULL));
}

/* The administrator's own words for a machine are any text. */
static void test_override(void)
{
    g_autofree char *print = ep_machine_fingerprint("uninitialized", NULL);
    g_autofree char *expected = hl_sha256_hex("uninitialized", strlen("uninitialized"));

    g_assert_cmpstr(print, ==, expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machine/id", test_machine_id);
    g_test_add_func("/machine/override", test_override);
    return g_test_run();
}
