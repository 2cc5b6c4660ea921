/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli/elements: what is printed is what a tree of the same answer would be, however the server wrote it. */
#include <string.h>

#include "manager/cli/elements.h"

static char *printed(const CliElements *elements, guint limit, const json_t *rest)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    cli_elements_print(elements, limit, rest, out);
    g_assert_cmpint(fclose(out), ==, 0);
    return text;
}

static void check(const CliElements *elements, guint limit, const json_t *rest, const char *wanted)
{
    char *text = printed(elements, limit, rest);

    g_assert_cmpstr(text, ==, wanted);
    free(text); /* the library's */
}

/* One part. */
static void check_part(const char *part, const char *wanted)
{
    g_autoptr(CliElements) elements = cli_elements_new("list");
    g_autoptr(json_t) rest = cli_elements_take(elements, part, NULL);

    g_assert_nonnull(rest);
    check(elements, 0, rest, wanted);
}

static void test_forms(void)
{
    static const char *const cases[][2] = {
        { "{\"list\":[{\"id\":\"a\",\"n\":[1,{}]},{\"id\":\"b\"}]}",
          "{\"list\":[{\"id\":\"a\",\"n\":[1,{}]},{\"id\":\"b\"}]}\n" },
        { "{\"list\":[]}", "{\"list\":[]}\n" },
        { "{}", "{\"list\":[]}\n" },
        { "{\"other\":1}", "{\"list\":[],\"other\":1}\n" },
        /* with something beside the list, before or behind it */
        { "{\"other\":{\"list\":[2]},\"list\":[{\"id\":\"a\"}]}",
          "{\"list\":[{\"id\":\"a\"}],\"other\":{\"list\":[2]}}\n" },
        { "{\"list\":[{\"id\":\"a\"}],\"other\":1}", "{\"list\":[{\"id\":\"a\"}],\"other\":1}\n" },
        /* not as our server writes it */
        { " { \"list\" : [ {\"id\" : \"a\"} ] } ", "{\"list\":[{\"id\":\"a\"}]}\n" },
        { "{\"list\":[{\"id\":\"a\"} , {\"id\":\"b\"}]}", "{\"list\":[{\"id\":\"a\"},{\"id\":\"b\"}]}\n" },
        { "{\"list\":[1,\"x\"]}", "{\"list\":[1,\"x\"]}\n" },
        /* positions are bytes; brackets in texts are none; what deceives is an escape */
        { "{\"list\":[{\"id\":\"総務部\"},{\"id\":\"]}\\\"\"}]}",
          "{\"list\":[{\"id\":\"総務部\"},{\"id\":\"]}\\\"\"}]}\n" },
        { "{\"list\":[{\"id\":\"a\u202eb\"}]}", "{\"list\":[{\"id\":\"a\\u202eb\"}]}\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check_part(cases[i][0], cases[i][1]);
}

static void test_broken(void)
{
    static const char *const parts[] = {
        "",
        "{\"list\":[{\"id\":\"a\"},]}",
        "{\"list\":[{\"id\":\"a\"}",
        "{\"list\":[{\"id\":\"a\"}]}x",
        "{\"list\":[{\"id\":\"a\",\"id\":\"b\"}]}",
        "{\"list\":[{\"id\":\"a\"}{\"id\":\"b\"}]}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(CliElements) elements = cli_elements_new("list");
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) none = json_object();

        g_assert_null(cli_elements_take(elements, parts[i], &error));
        g_assert_true(g_str_has_prefix(error->message, "the server's answer is not valid JSON: "));
        check(elements, 0, none, "{\"list\":[]}\n");
    }
}

static void test_order(void)
{
    g_autoptr(CliElements) elements = cli_elements_new("list");
    g_autoptr(json_t) first = NULL;
    g_autoptr(json_t) last = NULL;

    first =
        cli_elements_take(elements, "{\"list\":[{\"id\":\"c\"},{\"id\":\"b\",\"removed\":true},{\"id\":\"a\"}]}", NULL);
    last = cli_elements_take(elements, "{\"count\":5,\"list\":[{\"id\":\"a\",\"n\":2},{\"n\":1}]}", NULL);
    cli_elements_sort(elements);
    check(elements, 3, last, "{\"list\":[{\"n\":1},{\"id\":\"a\"},{\"id\":\"a\",\"n\":2}],\"count\":5}\n");
    cli_elements_leave_out_removed(elements);
    check(elements, 0, first, "{\"list\":[{\"n\":1},{\"id\":\"a\"},{\"id\":\"a\",\"n\":2},{\"id\":\"c\"}]}\n");
    cli_elements_forget(elements); /* the call failed half-way, and is made again */
    check(elements, 0, first, "{\"list\":[]}\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/elements/forms", test_forms);
    g_test_add_func("/cli/elements/broken", test_broken);
    g_test_add_func("/cli/elements/order", test_order);
    return g_test_run();
}
