/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/common: texts that many have are kept once, and strangers can spend the room, but no memory. */
#include "lib/base/common.h"

#include <string.h>

static void test_shared(void)
{
    g_autofree char *text = g_strdup("1.4.2");
    char *first = hl_common_dup(text);
    char *second = hl_common_dup("1.4.2");
    gsize used = hl_common_used();

    g_assert_true(first == second && first != text && hl_common_find("1.4.2") == first);
    g_assert_cmpstr(first, ==, "1.4.2");
    hl_common_free(first);
    g_assert_cmpstr(second, ==, "1.4.2");
    hl_common_free(second);
    hl_common_free(hl_common_dup("1.4.2"));
    g_assert_cmpuint(hl_common_used(), ==, used);
    g_assert_null(hl_common_dup(NULL));
    g_assert_null(hl_common_find(NULL));
    g_assert_null(hl_common_find("never told"));
    hl_common_free(NULL);
    hl_common_free(g_strdup("its own"));
}

static void test_long(void)
{
    g_autofree char *text = g_strnfill(HL_COMMON_MAX + 1, 'x');
    char *first = hl_common_dup(text);
    char *second = hl_common_dup(text);

    g_assert_true(first != second);
    g_assert_cmpstr(first, ==, text);
    hl_common_free(first);
    hl_common_free(second);
    text[HL_COMMON_MAX] = '\0';
    g_assert_true(hl_common_dup(text) == hl_common_dup(text));
}

/* Last: afterwards there is no room. */
static void test_full(void)
{
    char *kept = hl_common_dup("group");

    for (guint i = 0; i < HL_COMMON_SIZE; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);
        char *copy = hl_common_dup(text);

        g_assert_cmpstr(copy, ==, text);
        hl_common_free(copy);
        g_assert_cmpuint(hl_common_used(), <=, HL_COMMON_SIZE);
    }
    g_assert_true(hl_common_dup("group") == kept);
    g_assert_cmpuint(HL_COMMON_SIZE - hl_common_used(), <, 8);
    g_assert_true(hl_common_dup("") == hl_common_find("")); /* for which there always is room */
    g_assert_cmpstr(hl_common_find(""), ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/common/shared", test_shared);
    g_test_add_func("/common/long", test_long);
    g_test_add_func("/common/full", test_full);
    return g_test_run();
}
