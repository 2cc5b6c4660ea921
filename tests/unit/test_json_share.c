/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json_share.h"

#include <string.h>

static json_t *row_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    json_t *row = hl_json_parse("row", text, strlen(text), &error);

    g_assert_no_error(error);
    return row;
}

static json_t *shared(HlJsonShare *share, const char *text)
{
    json_t *row = row_of(text);

    hl_json_share_row(share, row);
    return row;
}

static void test_values(void)
{
    static const char *const same[] = { "host", "n", "list", "settings" };
    g_autoptr(HlJsonShare) share = hl_json_share_new();
    static const char text[] = "{\"host\":\"pc\",\"n\":12,\"yes\":true,\"none\":null,\"list\":[1,\"a\"],"
                               "\"settings\":{\"applied\":{\"group\":1}}}";
    g_autoptr(json_t) one = shared(share, text);
    g_autoptr(json_t) other = shared(share, text);
    g_autofree char *printed = hl_json_print(other);

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
        g_assert_true(json_object_get(one, same[i]) == json_object_get(other, same[i]));
    g_assert_cmpstr(printed, ==, text);
}

/* What differs in whatever a hash does not look at stays as it is. */
static void test_differences(void)
{
    static const char *const rows[] = {
        "{\"a\":1}",
        "{\"a\":2}",
        "{\"a\":\"1\"}",
        "{\"a\":1.5}",
        "{\"a\":[1]}",
        "{\"a\":[2]}",
        "{\"a\":{\"b\":1,\"c\":2}}",
        "{\"a\":{\"c\":2,\"b\":1}}",
        "{\"a\":{\"b\":2,\"c\":1}}",
        "{\"a\":{}}",
        "{\"a\":[]}",
        "{\"a\":\"\"}",
        "{}",
    };
    g_autoptr(HlJsonShare) share = hl_json_share_new();

    for (gsize i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) row = shared(share, rows[i % G_N_ELEMENTS(rows)]);
        g_autofree char *printed = hl_json_print(row);

        g_assert_cmpstr(printed, ==, rows[i % G_N_ELEMENTS(rows)]);
    }
}

/* Names of which there is one in each row take the places of one another. */
static void test_many(void)
{
    g_autoptr(HlJsonShare) share = hl_json_share_new();
    g_autoptr(json_t) rows = json_array();

    for (guint i = 0; i < 10000; i++) {
        g_autofree char *text = g_strdup_printf("{\"host\":\"pc-%u\",\"actual\":\"offline\"}", i);

        json_array_append_new(rows, shared(share, text));
    }
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *host = g_strdup_printf("pc-%u", i);

        g_assert_cmpstr(hl_json_text(json_array_get(rows, i), "host"), ==, host);
        g_assert_cmpstr(hl_json_text(json_array_get(rows, i), "actual"), ==, "offline");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-share/values", test_values);
    g_test_add_func("/json-share/differences", test_differences);
    g_test_add_func("/json-share/many", test_many);
    return g_test_run();
}
