/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/json and json_out: JSON that comes from outside, and what is written. */
#include "lib/base/hash.h"
#include "lib/base/json_out.h"
#include "lib/base/said.h"
#include "lib/base/table.h"
#include "lib/base/text.h"
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void test_json(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = hl_json_parse("x", "{\"a\":9007199254740993}", 22, &error);

    g_assert_cmpint(json_integer_value(json_object_get(value, "a")), ==, 9007199254740993);
    g_assert_null(hl_json_parse("x", "{\"a\":1,\"a\":2}", 13, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* A member that is missing, or of another kind, is an empty text; a time that never was is null. */
static void test_json_members(void)
{
    g_autoptr(json_t) value = hl_json_parse("x", "{\"a\":\"b\",\"n\":1}", 15, NULL);
    g_autoptr(json_t) never = hl_json_time(0);
    g_autoptr(json_t) before = hl_json_time(-1);
    g_autoptr(json_t) time = hl_json_time(HL_SECOND);

    g_assert_cmpstr(hl_json_text(value, "a"), ==, "b");
    g_assert_cmpstr(hl_json_text(value, "n"), ==, "");
    g_assert_cmpstr(hl_json_text(value, "none"), ==, "");
    g_assert_cmpstr(hl_json_text(NULL, "a"), ==, "");
    g_assert_true(json_is_null(never));
    g_assert_true(json_is_null(before));
    g_assert_cmpstr(json_string_value(time), ==, "1970-01-01T00:00:01Z");
}

/* What is wrong with it is a sentence of ours, whose code and place travel: none of the library's words. */
static void test_json_faults(void)
{
    static const struct {
        const char *text, *sentence, *line;
    } cases[] = {
        { "", "json.end", NULL },
        { "{", "json.end", NULL },
        { "{\"a\": [1,", "json.end", NULL },
        { "{\n\"a\" 1}", "json.syntax", "2" },
        { "{} x", "json.syntax", "1" },
        { "{\"a\":1,\n\"a\":2}", "json.twice", "2" },
        { "{\"a\":\"\xff\"}", "json.text", "1" },
        { "{\"a\":\"\\u0000\"}", "json.text", "1" },
        { "{\"a\":99999999999999999999}", "json.number", "1" },
    };
    g_autoptr(GError) nothing = NULL;

    g_assert_null(hl_json_parse_bounded("it", NULL, 0, G_MAXSIZE, &nothing));
    g_assert_cmpstr(hl_error_sentence(nothing), ==, "json.end");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].text);
        g_assert_null(hl_json_parse_bounded("it", cases[i].text, strlen(cases[i].text), G_MAXSIZE, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_cmpstr(hl_error_sentence(error), ==, cases[i].sentence);
        g_assert_cmpstr(hl_error_argument(error, "name"), ==, "it");
        g_assert_cmpstr(hl_error_argument(error, "line"), ==, cases[i].line);
        g_assert_true(g_str_has_prefix(error->message, "it is not valid JSON: "));
    }
}

static gsize json_live;

static void *counted_malloc(size_t size)
{
    gsize *block = malloc(size + sizeof *block);

    g_assert_nonnull(block);
    *block = malloc_usable_size(block) + sizeof *block; /* with the allocator's own word */
    json_live += *block;
    return block + 1;
}

static void counted_free(void *memory)
{
    gsize *block = memory;

    if (block == NULL)
        return;
    json_live -= block[-1];
    free(block - 1);
}

/* The estimate is no less than what jansson takes, and for what is dense at most three times that. */
static void test_json_cost(void)
{
    static const struct {
        const char *before, *each, *after;
    } shapes[] = {
        { "[", "{},", "{}]" },         { "[", "[],", "[]]" },
        { "[", "{\"a\":{}},", "{}]" }, { "[", "{\"a\":\"b\",\"c\":1},", "0]" },
        { "[", "1,", "2]" },           { "[", "\"ab\",", "\"\"]" },
        { "[", "[[[[]]]],", "[]]" },   { "{\"a\":\"{[,:\\\"{{{{\",\"b\":[", "{\"cde\":[1,{}]},", "0]}" },
    };

    json_set_alloc_funcs(counted_malloc, counted_free);
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GString) text = g_string_new(shapes[i].before);
        json_t *value;
        gsize cost;

        for (int n = 0; n < 3000; n++)
            g_string_append(text, shapes[i].each);
        g_string_append(text, shapes[i].after);
        cost = hl_json_cost(text->str, text->len);
        json_live = 0;
        value = hl_json_parse("x", text->str, text->len, NULL);
        g_assert_nonnull(value);
        g_test_message("%s: %u bytes, cost %u, taken %u", shapes[i].each, (guint)text->len, (guint)cost,
                       (guint)json_live);
        g_assert_cmpuint(json_live, <=, cost + text->len);
        if (shapes[i].each[0] == '{')
            g_assert_cmpuint(cost, <=, 3 * json_live);
        json_decref(value);
        g_assert_cmpuint(json_live, ==, 0);
    }
    json_set_alloc_funcs(malloc, free);
}

static void test_json_bounds(void)
{
    static const char *const taken[] = { "[1,2,3]", "{\"a\":[{},{}]}", "\"{{{{{{{{{{{{{{{{{{,,,,\"",
                                         "[\"\\\"{{{{{{\",1]" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(json_t) value = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        gsize size = strlen(taken[i]), cost = hl_json_cost(taken[i], size);
        g_autoptr(json_t) just = hl_json_parse_bounded("x", taken[i], size, cost, &error);

        if (taken[i][0] == '"') { /* a text alone is no document of ours, and costs nothing here */
            g_assert_cmpuint(cost, ==, 0);
            g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
            g_clear_error(&error);
            continue;
        }
        g_assert_no_error(error);
        g_assert_nonnull(just);
        g_assert_null(hl_json_parse_bounded("x", taken[i], size, cost - 1, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
        g_clear_error(&error);
    }
    for (int i = 0; i < HL_JSON_DEPTH; i++)
        g_string_append_c(deep, '[');
    for (int i = 0; i < HL_JSON_DEPTH; i++)
        g_string_append_c(deep, ']');
    value = hl_json_parse_bounded("x", deep->str, deep->len, G_MAXSIZE, &error);
    g_assert_no_error(error);
    g_string_prepend_c(deep, '[');
    g_string_append_c(deep, ']');
    g_assert_null(hl_json_parse_bounded("x", deep->str, deep->len, G_MAXSIZE, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(hl_json_parse_bounded("x", "{\"a\":1]}}]", 11, G_MAXSIZE, &error)); /* closes more than it opens */
    g_clear_error(&error);
    g_assert_null(hl_json_parse_bounded("x", "[\"a\\u0000b\"]", 12, G_MAXSIZE, &error)); /* is no "a" */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* To people as above, to programs as it is, and to a terminal nothing either way. */
static void test_json_shown(void)
{
    static const char text[] =
        "{\"na\\u202eme\":[\"a\\nb\\u0085\\u202e\",{\"x\":\"https://me:pw@h/\"},1,true,\"\\udb40\\udc41 é\"]}";
    g_autoptr(json_t) value = hl_json_parse("x", text, strlen(text), NULL);
    g_autoptr(json_t) shown = hl_json_printable(value);
    g_autofree char *plain = hl_json_print(shown);
    g_autofree char *printed = hl_json_print(value);
    g_autoptr(json_t) again = hl_json_parse("x", printed, strlen(printed), NULL);

    g_assert_cmpstr(plain, ==, "{\"na\uFFFDme\":[\"a b\uFFFD\uFFFD\",{\"x\":\"https://***@h/\"},1,true,\"\uFFFD é\"]}");
    g_assert_cmpstr(
        printed, ==,
        "{\"na\\u202eme\":[\"a\\nb\\u0085\\u202e\",{\"x\":\"https://me:pw@h/\"},1,true,\"\\udb40\\udc41 é\"]}");
    g_assert_true(json_equal(value, again));
    g_assert_null(hl_json_print(NULL));
}

/* Around the room that is there at first, and beyond; only the last character is one that is escaped. */
static void test_json_sizes(void)
{
    static const gsize sizes[] = { 1, 4000, 4093, 4094, 4095, 4096, 8192, 100000 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *filler = g_strnfill(sizes[i], 'x');
        g_autoptr(json_t) value = json_pack("[s, s]", filler, "\u202e");
        g_autofree char *printed = hl_json_print(value);
        g_autofree char *expected = g_strdup_printf("[\"%s\",\"\\u202e\"]", filler);
        g_autoptr(json_t) plain = json_string(filler);
        g_autofree char *printed_plain = hl_json_print(plain);
        g_autofree char *expected_plain = g_strdup_printf("\"%s\"", filler);

        g_assert_cmpstr(printed, ==, expected);
        g_assert_cmpstr(printed_plain, ==, expected_plain);
    }
}

static void put_sample(HlJsonOut *out, const json_t *more)
{
    hl_json_out_init(out);
    hl_json_out_open(out, NULL, '{');
    hl_json_out_open(out, "empty", '{');
    hl_json_out_close(out, '}');
    hl_json_out_open(out, "list", '[');
    hl_json_out_text(out, NULL, "[");
    hl_json_out_text(out, NULL, NULL);
    hl_json_out_open(out, NULL, '[');
    hl_json_out_close(out, ']');
    hl_json_out_close(out, ']');
    hl_json_out_text(out, "a\"b", "x\n{");
    hl_json_out_integer(out, "least", G_MININT64);
    hl_json_out_bool(out, "yes", true);
    hl_json_out_value(out, "tree", more);
    hl_json_out_members(out, more);
    hl_json_out_close(out, '}');
}

/* Written member by member it is what the same tree prints. */
static void test_json_out(void)
{
    g_autoptr(json_t) more = json_pack("{s:[{s:i}, {}], s:f}", "m", "n", 1, "r", 0.5);
    g_autoptr(json_t) tree = json_pack("{s:{}, s:[s, n, []], s:s, s:I, s:b, s:O}", "empty", "list", "[", "a\"b", "x\n{",
                                       "least", (json_int_t)G_MININT64, "yes", 1, "tree", more);
    g_autofree char *expected = NULL;
    g_autofree char *text = NULL;
    g_auto(HlJsonOut) out;

    json_object_update(tree, more);
    expected = json_dumps(tree, JSON_COMPACT);
    put_sample(&out, more);
    text = hl_json_out_print(&out);
    g_assert_cmpstr(text, ==, expected);
}

static void test_json_out_broken(void)
{
    g_auto(HlJsonOut) out;

    hl_json_out_init(&out);
    hl_json_out_text(&out, NULL, "\xff");
    g_assert_null(hl_json_out_print(&out));
    hl_json_out_init(&out);
    hl_json_out_value(&out, NULL, NULL);
    g_assert_null(hl_json_out_print(&out));
}

/* Byte for byte what the library itself prints. */
static void test_json_as_library(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "[[],{},[{}]]",
        "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"\\u0001\":true,\"d\\\"e\":false}",
        "[0,-1,9,10,-10,9223372036854775807,-9223372036854775808]",
        "[0.1,-0.0,1e300,1.5,123456789.125,5e-324]",
        "\"a\\u0000b\"",
        "\"\\u00e9\\ud83d\\ude00/\\/\"",
        "null",
    };
    char controls[256];
    gsize n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(json_t) value = json_loads(texts[i], JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
        g_autofree char *printed = hl_json_print(value);
        char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        g_assert_cmpstr(printed, ==, expected);
        free(expected);
    }
    for (char c = 1; c < 0x7f; c++)
        controls[n++] = c;
    for (gsize from = 0; from < n; from++) {
        g_autoptr(json_t) value = json_stringn(controls + from, n - from);
        g_autofree char *printed = hl_json_print(value);
        char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        g_assert_cmpstr(printed, ==, expected);
        free(expected);
    }
}

/* Eight bytes are looked at together: whatever stands at whichever of their places, with whatever beside it. */
static void test_json_places(void)
{
    static const char *const fillers[] = { "x", "!", "~", " ", "#", "[", "]" }; /* beside what is escaped */

    for (gsize f = 0; f < G_N_ELEMENTS(fillers); f++)
        for (gsize at = 0; at < 19; at++)
            for (char c = 1; c < 0x7f; c++) {
                g_autofree char *text = g_strnfill(19, *fillers[f]);
                g_autoptr(json_t) value = NULL;
                g_autofree char *printed = NULL;
                char *expected;

                text[at] = c;
                value = json_string(text);
                printed = hl_json_print(value);
                expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
                g_assert_cmpstr(printed, ==, expected);
                free(expected);
            }
    for (int at = 0; at < 19; at++) {
        g_autofree char *deleted = g_strdup_printf("\"%.*s\x7f%s\"", at, "~~~~~~~~~~~~~~~~~~~", "~~~~~~~~~~~~~~~~~~~");
        g_autofree char *expected =
            g_strdup_printf("\"%.*s\\u007f%s\"", at, "~~~~~~~~~~~~~~~~~~~", "~~~~~~~~~~~~~~~~~~~");
        g_autofree char *escaped = hl_json_escape(deleted);
        g_autofree char *checked = hl_json_escape_checked(deleted, strlen(deleted));

        g_assert_cmpstr(escaped, ==, expected);
        g_assert_cmpstr(checked, ==, expected);
    }
}

/* Made by hand: not UTF-8, which no reader takes. */
static void test_json_not_utf8(void)
{
    g_autoptr(json_t) value = json_stringn_nocheck("a\xc3", 2);

    g_assert_null(hl_json_print(value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/parse", test_json);
    g_test_add_func("/json/members", test_json_members);
    g_test_add_func("/json/faults", test_json_faults);
    g_test_add_func("/json/sizes", test_json_sizes);
    g_test_add_func("/json/places", test_json_places);
    g_test_add_func("/json/as-library", test_json_as_library);
    g_test_add_func("/json/out", test_json_out);
    g_test_add_func("/json/out-broken", test_json_out_broken);
    g_test_add_func("/json/not-utf8", test_json_not_utf8);
    g_test_add_func("/json/cost", test_json_cost);
    g_test_add_func("/json/bounds", test_json_bounds);
    g_test_add_func("/json/shown", test_json_shown);
    return g_test_run();
}
