/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/json_skim: it takes what jansson takes, and refuses what jansson refuses, wherever a text is cut or changed.
 */
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_skim.h"

static const char *const samples[] = {
    "{}",
    "{\"a\":1}",
    "{\"id\":\"e-1\",\"list\":[1,-2.5e+1,0,[],{},[{\"x\":null}]],\"t\":true,\"f\":false}",
    " {\"a\" : [ 1 , 2 ] ,\n\t\"b\":\"\\u00e9\\n\\\\ \\\" \xc3\xa9\" }\r\n",
    "{\"a\":{\"a\":{\"a\":[0.5,1E5,1e-5,10]}},\"b\":\"\"}",
};

/* What is one object, and nothing behind it. */
static bool skims(const char *text, gsize size)
{
    gsize used = hl_json_skim(text, size, NULL, 0);

    while (used > 0 && used < size && strchr(" \n\t\r", text[used]) != NULL && text[used] != '\0')
        used++;
    return used > 0 && used == size;
}

static bool is_same(const char *text, gsize size)
{
    g_autoptr(json_t) tree = json_loadb(text, size, 0, NULL);

    return skims(text, size) == (json_is_object(tree) && strchr(" \n\t\r", *text) == NULL);
}

/* Each cut, and each byte replaced by each of those that mean something. */
static void test_like_jansson(void)
{
    static const char bytes[] = "{}[]\",:\\ntfu0123-+.eE \n\t/xz\x01";

    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autofree char *text = g_strdup(samples[i]);
        gsize size = strlen(text);

        for (gsize cut = 1; cut <= size; cut++)
            g_assert_true(is_same(text, cut));
        for (gsize at = 0; at < size; at++) {
            char was = text[at];

            for (gsize b = 0; b < sizeof bytes - 1; b++) {
                if (((unsigned char)was & 0x80) != 0) /* half of a character is for who checks the text */
                    continue;
                text[at] = bytes[b];
                if (!is_same(text, size))
                    g_error("not as jansson: %s", text);
            }
            text[at] = was;
        }
    }
}

static void test_members(void)
{
    static const char text[] =
        "{\"x\":{\"id\":\"inner\"},\"id\":\"e-1\",\"removed\":true,\"ids\":[1]},{\"id\":\"next\"}";
    HlJsonMember members[] = { { "id", NULL, 0 }, { "removed", NULL, 0 }, { "none", text, 1 } };
    g_autofree char *id = NULL;

    g_assert_cmpuint(hl_json_skim(text, strlen(text), members, G_N_ELEMENTS(members)), ==,
                     strlen(text) - strlen(",{\"id\":\"next\"}"));
    id = g_strndup(members[0].text, members[0].size);
    g_assert_cmpstr(id, ==, "\"e-1\"");
    g_assert_true(members[1].size == 4 && memcmp(members[1].text, "true", 4) == 0);
    g_assert_null(members[2].text);
    g_assert_cmpuint(hl_json_skim("{\"id\":1,\"id\":2}", 15, members, 1), ==, 0);
}

static void test_depth(void)
{
    for (guint depth = HL_JSON_DEPTH - 2; depth <= HL_JSON_DEPTH + 2; depth++) {
        g_autofree char *open = g_strnfill(depth - 1, '[');
        g_autofree char *close = g_strnfill(depth - 1, ']');
        g_autofree char *text = g_strdup_printf("{\"a\":%s%s}", open, close);

        g_assert_cmpint(hl_json_skim(text, strlen(text), NULL, 0) > 0, ==, depth <= HL_JSON_DEPTH);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/json-skim/like-jansson", test_like_jansson);
    g_test_add_func("/base/json-skim/members", test_members);
    g_test_add_func("/base/json-skim/depth", test_depth);
    return g_test_run();
}
