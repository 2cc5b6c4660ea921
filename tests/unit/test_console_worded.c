/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/worded: which members of an answer are lines in English, and that the others are left alone. */
#include <string.h>

#include "lib/base/json.h"
#include "manager/console/worded.h"

static const char *marked(const char *message)
{
    if (strcmp(message, "the endpoint's own line was lost {ago} ago") == 0)
        return "{ago} ago: lost";
    return strcmp(message, "the endpoint stops") == 0 ? "<stops>" : message;
}

static json_t *load(const char *text)
{
    json_t *document = json_loads(text, 0, NULL);

    g_assert_nonnull(document);
    return document;
}

static void test_members(void)
{
    static const char *const cases[][2] = {
        { "{\"detail\": \"the endpoint stops\"}", "{\"detail\": \"<stops>\"}" },
        { "{\"rows\": [{\"detail\": \"the endpoint stops\", \"host\": \"the endpoint stops\"}, {\"detail\": \"x\"}]}",
          "{\"rows\": [{\"detail\": \"<stops>\", \"host\": \"the endpoint stops\"}, {\"detail\": \"x\"}]}" },
        { "{\"last_upgrade\": {\"detail\": \"the endpoint stops\"}, \"last_update_error\": \"the endpoint stops\"}",
          "{\"last_upgrade\": {\"detail\": \"<stops>\"}, \"last_update_error\": \"<stops>\"}" },
        { "{\"disk\": \"the endpoint stops\", \"broker_away\": \"the endpoint stops\", \"audit\": {\"rows\": 1}}",
          "{\"disk\": \"<stops>\", \"broker_away\": \"<stops>\", \"audit\": {\"rows\": 1}}" },
        { "{\"sentences\": [{\"code\": \"line.lost\", \"args\": {\"ago\": 240000}}, {\"code\": \"new\", \"args\": {}}, "
          "7]}",
          "{\"sentences\": [{\"code\": \"line.lost\", \"args\": {\"ago\": 240000}, \"text\": \"4 min ago: lost\"},"
          " {\"code\": \"new\", \"args\": {}, \"text\": \"new\"}, 7]}" },
        { "{\"detail\": null, \"last_update_result\": 7}", "{\"detail\": null, \"last_update_result\": 7}" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) document = load(cases[i][0]);
        g_autoptr(json_t) wanted = load(cases[i][1]);

        con_word_lines(document, marked, NULL);
        g_assert_true(json_equal(document, wanted));
    }
}

static bool is_marked(const char *line)
{
    return g_str_has_prefix(line, "!");
}

static const char *louder(const char *message)
{
    return strcmp(message, "the endpoint stops") == 0 ? "never" : message;
}

static void test_needs(void)
{
    g_autoptr(json_t) document = load("{\"detail\": \"the endpoint stops\"}");

    con_word_lines(document, louder, is_marked);
    g_assert_cmpstr(json_string_value(json_object_get(document, "detail")), ==, "the endpoint stops");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/worded/members", test_members);
    g_test_add_func("/console/worded/needs", test_needs);
    return g_test_run();
}
