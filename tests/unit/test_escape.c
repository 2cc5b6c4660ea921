/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a path as text, and back. */
#include "lib/base/escape.h"
#include "lib/base/text.h"

static void test_escape(void)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        { "", "" },
        { "/srv/plain name", "/srv/plain name" },
        { "/srv/\xc3\xa9t\xc3\xa9", "/srv/\xc3\xa9t\xc3\xa9" },
        { "a\\b", "a\\\\b" },
        { "a\\x41", "a\\\\x41" },
        { "line\nfeed\ttab\x1b[0m\x7f", "line\\x0afeed\\x09tab\\x1b[0m\\x7f" },
        { "latin\xe9", "latin\\xe9" },
        { "cut\xe2\x82", "cut\\xe2\\x82" },
        { "long\xc0\xaf", "long\\xc0\\xaf" },          /* an overlong form */
        { "half\xed\xa0\x80", "half\\xed\\xa0\\x80" }, /* a surrogate */
        { "cod\xe2\x80\xae"
          "exe.txt",
          "cod\\xe2\\x80\\xaeexe.txt" }, /* right-to-left override */
        { "nel\xc2\x85", "nel\\xc2\\x85" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = hl_escape(rows[i].bytes);
        g_autofree char *bytes = hl_unescape(text);
        g_autofree char *printable = hl_text_printable(text);

        g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_cmpstr(bytes, ==, rows[i].bytes);
        g_assert_cmpstr(printable, ==, text);
    }
}

/* Each pair of bytes comes back. */
static void test_pairs(void)
{
    for (int i = 1; i < 256; i++) {
        for (int j = 1; j < 256; j++) {
            const char bytes[] = { (char)i, (char)j, '\0' };
            g_autofree char *text = hl_escape(bytes);
            g_autofree char *back = hl_unescape(text);

            g_assert_true(g_utf8_validate(text, -1, NULL));
            g_assert_cmpstr(back, ==, bytes);
        }
    }
}

static void test_malformed(void)
{
    static const char *const rows[] = { "\\", "a\\", "\\n", "\\x", "\\x4", "\\x4g", "\\x00", "\\X41", "\\\\\\" };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_null(hl_unescape(rows[i]));
    {
        g_autofree char *upper = hl_unescape("\\xE9");

        g_assert_cmpstr(upper, ==, "\xe9");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/escape/there-and-back", test_escape);
    g_test_add_func("/escape/pairs", test_pairs);
    g_test_add_func("/escape/malformed", test_malformed);
    return g_test_run();
}
