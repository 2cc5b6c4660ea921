/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/display_name: names in any script, and nothing that deceives a reader. */
#include <string.h>

#include "manager/core/display_name.h"

static void test_names(void)
{
    static const char *const good[] = {
        "", "Sales", "総務部", "Außendienst Süd", "مبيعات", "営業部　東京", "R&D (2nd floor)", "한국 지사",
    };
    static const char *const bad[] = {
        " x",         "x ",   "a,b",    "a\nb", "a\tb", "a\u202eb", /* the other direction */
        "a\u200bb",                                                 /* nothing to be seen */
        "a\xc2\x85!", "\xff", "\ue000",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = mgr_display_name_parse(good[i], &error);

        g_assert_no_error(error);
        g_assert_cmpstr(name, ==, good[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("bad %zu", i);
        g_assert_null(mgr_display_name_parse(bad[i], &error));
        g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_INVALID);
    }
}

static void test_length(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = NULL;
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < MGR_DISPLAY_NAME_CHARS; i++)
        g_string_append(text, "か\u3099"); /* two characters that are one when composed */
    name = mgr_display_name_parse(text->str, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_utf8_strlen(name, -1), ==, MGR_DISPLAY_NAME_CHARS);
    g_string_append(text, "x");
    g_assert_null(mgr_display_name_parse(text->str, &error));
    g_assert_nonnull(strstr(error->message, "at most 64"));
}

static void test_same(void)
{
    static const char *const same[][2] = { { "ＬＡＢ", "lab" }, { "Café", "CAFE\u0301" }, { "ｶﾅ", "カナ" } };

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *a = mgr_display_name_key(same[i][0]);
        g_autofree char *b = mgr_display_name_key(same[i][1]);

        g_assert_cmpstr(a, ==, b);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/display-name/names", test_names);
    g_test_add_func("/display-name/length", test_length);
    g_test_add_func("/display-name/same", test_same);
    return g_test_run();
}
