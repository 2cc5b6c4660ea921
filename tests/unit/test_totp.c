/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes: the vectors of RFC 6238 and RFC 4648, the steps around now, and that each counts once. */
#include <string.h>

#include "manager/core/totp.h"

static const uint8_t key[] = "12345678901234567890";
#define KEY key, sizeof key - 1

static void test_vectors(void)
{
    static const struct {
        int64_t seconds;
        uint32_t code;
    } rows[] = { { 59, 94287082 },         { 1111111109, 7081804 },  { 1111111111, 14050471 },
                 { 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(mgr_totp_at(KEY, rows[i].seconds / 30, 8), ==, rows[i].code);
}

static void test_check(void)
{
    static const struct {
        const char *code;
        int64_t seconds, last, step;
    } rows[] = {
        { "050471", 1111111111, 0, 37037037 },
        { "050 471", 1111111111, 0, 37037037 },
        { "081804", 1111111111, 0, 37037036 },        /* the step before */
        { "050471", 1111111109, 0, 37037037 },        /* the step after */
        { "081804", 1111111140, 0, 0 },               /* two steps ago */
        { "050471", 1111111111, 37037037, 0 },        /* was used */
        { "081804", 1111111111, 37037037, 0 },        /* older than the one that was used */
        { "050471", 1111111111, 37037036, 37037037 }, /* the one before was used */
        { "050471", 1111111111, 37037037 + 20, 0 },
        { "050471", 1111111111, 37037037 + 21, 37037037 }, /* while the clock was ahead */
        { "050472", 1111111111, 0, 0 },
        { "0050471", 1111111111, 0, 0 },
        { "50471", 1111111111, 0, 0 },
        { "-50471", 1111111111, 0, 0 },
        { "05047a", 1111111111, 0, 0 },
        { "", 1111111111, 0, 0 },
        { NULL, 1111111111, 0, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s at %" G_GINT64_FORMAT, rows[i].code, rows[i].seconds);
        g_assert_cmpint(mgr_totp_check(KEY, rows[i].code, rows[i].seconds * HL_SECOND, rows[i].last), ==, rows[i].step);
    }
}

static void test_text(void)
{
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "MY" },
                                           { "fo", "MZXQ" },
                                           { "foo", "MZXW6" },
                                           { "foob", "MZXW6YQ" },
                                           { "fooba", "MZXW6YTB" },
                                           { "foobar", "MZXW6YTBOI" } };
    g_autofree char *uri = mgr_totp_uri(KEY, "a b&c");

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = mgr_totp_text((const uint8_t *)rows[i][0], strlen(rows[i][0]));

        g_assert_cmpstr(text, ==, rows[i][1]);
    }
    g_assert_cmpstr(uri, ==,
                    "otpauth://totp/Holdline:a%20b%26c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Holdline");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/totp/vectors", test_vectors);
    g_test_add_func("/totp/check", test_check);
    g_test_add_func("/totp/text", test_text);
    return g_test_run();
}
