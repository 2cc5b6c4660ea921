/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of settings, and the entries of a settings document.  What is taken is printed, read again, and the
 * same; entries give back the lines that they were made of, sorted. */
#include <string.h>

#include "proto/settings.h"
#include "tests/fuzz/fuzz.h"

static void try_settings(const char *text)
{
    g_auto(HlSettings) settings = { 0 };
    g_auto(HlSettings) again = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *printed = NULL;
    g_autofree char *reprinted = NULL;

    hl_settings_init(&settings);
    hl_settings_init(&again);
    if (!hl_settings_parse(&settings, text, &error)) {
        g_assert_nonnull(error);
        return;
    }
    printed = hl_settings_print(&settings);
    if (!hl_settings_parse(&again, printed, &error))
        g_error("%s", error->message);
    reprinted = hl_settings_print(&again);
    g_assert_cmpstr(reprinted, ==, printed);
}

static void try_entries(const char *text)
{
    size_t n;
    size_t n_again;
    HlMsgSetting **entries = hl_settings_entries(text, &n);
    g_autofree char *sorted = hl_settings_text_of_entries(entries, n);
    HlMsgSetting **again = hl_settings_entries(sorted, &n_again);
    g_autofree char *sorted_again = hl_settings_text_of_entries(again, n_again);

    g_assert_cmpuint(n, ==, n_again);
    g_assert_cmpuint(strlen(sorted), ==, strlen(sorted_again));
    hl_settings_entries_free(entries, n);
    hl_settings_entries_free(again, n_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);

    try_settings(text);
    try_entries(text);
    return 0;
}
