/* SPDX-License-Identifier: Apache-2.0 */
/* release.json and the versions of packages.  What is taken is printed and read again, and can become a file's name and
 * a package's; versions have an order: the same both ways. */
#include <string.h>

#include "lib/base/package_version.h"
#include "proto/program.h"
#include "tests/fuzz/fuzz.h"

static void try_release(const char *text)
{
    g_autoptr(HlProgramRelease) release = hl_program_release_parse(text, NULL);
    g_autoptr(HlProgramRelease) again = NULL;
    g_autofree char *printed = NULL;
    g_autofree char *printed_again = NULL;

    if (release == NULL)
        return;
    g_assert_true(hl_package_version_ok(release->version));
    g_assert_cmpuint(release->files->len, <=, HL_PROGRAM_MAX_FILES);
    g_assert_nonnull(hl_program_release_find(release, HL_PROGRAM_MAIN));
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];

        g_assert_true(hl_program_file_name_ok(file->name) && strchr(file->name, '/') == NULL);
        g_assert_cmpuint(file->length, <=, HL_PROGRAM_MAX_LENGTH);
    }
    printed = hl_program_release_print(release);
    g_assert_cmpuint(strlen(printed), <=, HL_PROGRAM_MAX_RECORD);
    again = hl_program_release_parse(printed, NULL);
    g_assert_nonnull(again);
    printed_again = hl_program_release_print(again);
    g_assert_cmpstr(printed, ==, printed_again);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void try_versions(char *text)
{
    char *second = strchr(text, '\n');

    if (second == NULL)
        return;
    *second++ = '\0';
    if (!hl_package_version_ok(text) || !hl_package_version_ok(second))
        return;
    g_assert_cmpint(sign(hl_package_version_compare(text, second)), ==,
                    -sign(hl_package_version_compare(second, text)));
    g_assert_cmpint(hl_package_version_compare(text, text), ==, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);

    try_release(text);
    try_versions(text);
    return 0;
}
